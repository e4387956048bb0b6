"""The organiser's page of invitations."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from webapp import clock
from webapp.accounts.access import signed_in
from webapp.db import db
from webapp.errors import Refused
from webapp.events import access
from webapp.events.models import Event
from webapp.mail.models import OutgoingMail
from webapp.permissions import permission
from webapp.signup import forms
from webapp.signup.invitations import operations, queries
from webapp.signup.invitations.models import Invitation

blueprint = Blueprint("invitations", __name__, url_prefix="/manage/events/<slug>/signups")
PAGE = 50
# So many lines are named after people were typed.
NAMED = 20
STATES = ("listed", "queued", "answered", "withdrawn")


def _state() -> sa.ColumnElement[str]:
    """SQL: where an invitation stands; who signed up by another way has answered, too."""
    return sa.case(
        (sa.and_(Invitation.state != "answered", queries.has_signup()), "answered"),
        else_=Invitation.state,
    )


def _counts(event: Event) -> dict[str, int]:
    state = _state().label("state")
    rows = db.session.execute(
        sa.select(state, sa.func.count()).where(Invitation.event_id == event.id).group_by(state)
    )
    return dict.fromkeys(STATES, 0) | dict(rows.tuples().all())


def _rows(event: Event, page: int) -> list[Any]:
    """(the invitation, where it stands, what became of the latest mail), newest first."""
    latest = (
        sa.select(OutgoingMail.state)
        .where(OutgoingMail.person == Invitation.public_id)
        .order_by(OutgoingMail.id.desc())
        .limit(1)
        .correlate(Invitation)
        .scalar_subquery()
    )
    return list(
        db.session.execute(
            sa.select(Invitation, _state(), latest)
            .where(Invitation.event_id == event.id)
            .order_by(Invitation.id.desc())
            .offset((page - 1) * PAGE)
            .limit(PAGE + 1)
        ).all()
    )


def _list(status: int = 200, problem: str = "") -> ResponseReturnValue:
    event = access.current()
    page = max(1, min(request.args.get("page", 1, type=int), 100_000))
    rows = _rows(event, page)
    html = render_template(
        "signup/invitations.html", event=event, tab="signups", rows=rows[:PAGE], page=page,
        has_more=len(rows) > PAGE, counts=_counts(event), problem=problem,
        people=forms.shown(request.form.get("people", "")),
        to_invite=queries.number_to_invite(event), to_remind=queries.number_to_ask_again(event),
    )  # fmt: skip
    return html, status


@blueprint.get("/invitations")
@permission("event")
def index(slug: str) -> ResponseReturnValue:
    return _list()


def _in_one(lines: list[tuple[int, str]]) -> str:
    """What there is to say about lines, in one sentence; of very many, the first."""
    words = [_("line %(n)d: %(why)s", n=line, why=why) for line, why in sorted(lines)]
    more = len(words) - NAMED
    if more > 0:
        words[NAMED:] = [ngettext("and %(num)s more", "and %(num)s more", more)]
    return "; ".join(words) + "."


@blueprint.post("/invitations")
@permission("event")
def add(slug: str) -> ResponseReturnValue:
    """People who are typed or pasted come onto the list. Nothing is sent."""
    lines: list[tuple[int, str]] = []
    try:
        text = request.form.get("people", "")
        found = operations.add_typed(
            access.current(), text, clock.now(), by=signed_in(), said=lines
        )
        made, rest = found.pop("made", 0), found.total()
        if not made:
            raise Refused(f"{_('Nobody new is among them:')} {_in_one(lines)}", "nobody")
        said = ngettext("%(num)s person is on the list now.", "%(num)s people are on the list now.", made)  # fmt: skip
        if rest:
            said += " " + ngettext("%(num)s was left out.", "%(num)s were left out.", rest)
        if lines:
            said += f" {_('To look at:')} {_in_one(lines)}"
        flash(said, "good")
        db.session.commit()
    except Refused as refusal:
        db.session.rollback()
        return _list(422, str(refusal))
    return redirect(url_for("invitations.index", slug=slug), 303)


@blueprint.post("/invitations/<int:invitation_id>/withdraw")
@permission("event")
def withdraw(slug: str, invitation_id: int) -> ResponseReturnValue:
    found = db.session.scalar(
        sa.select(Invitation).where(
            Invitation.id == invitation_id, Invitation.event_id == access.current().id
        )
    )
    if found is None:
        abort(404)
    operations.withdraw(found, clock.now())
    flash(_("Withdrawn."), "good")
    db.session.commit()
    return redirect(url_for("invitations.index", slug=slug), 303)
