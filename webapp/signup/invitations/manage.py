"""The organiser's pages of invitations, and of mails to many that wait before they leave."""

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
from webapp.signup.imports.models import SignupImport
from webapp.signup.invitations import mails, operations
from webapp.signup.invitations.models import HeldMailing, Invitation
from webapp.signup.models import Signup

blueprint = Blueprint("invitations", __name__, url_prefix="/manage/events/<slug>/signups")
PAGE = 50
STATES = ("listed", "queued", "answered", "withdrawn")


def _has_signup() -> sa.ColumnElement[bool]:
    return sa.exists().where(
        Signup.event_id == Invitation.event_id, Signup.email_key == Invitation.email_key
    )


def _state() -> sa.ColumnElement[str]:
    """SQL: where an invitation stands; who signed up by another way has answered, too."""
    return sa.case(
        (sa.and_(Invitation.state != "answered", _has_signup()), "answered"), else_=Invitation.state
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
        to_invite=operations.number(event.id, "invite"), to_remind=operations.number(event.id, "remind"),
        held=operations.open_mailings(event.id, ("invite", "remind")),
    )  # fmt: skip
    return html, status


@blueprint.get("/invitations")
@permission("event")
def index(slug: str) -> ResponseReturnValue:
    return _list()


@blueprint.post("/invitations")
@permission("event")
def add(slug: str) -> ResponseReturnValue:
    """People who are typed or pasted come onto the list. Nothing is sent."""
    try:
        found = operations.add_typed(
            access.current(), request.form.get("people", ""), clock.now(), by=signed_in()
        )
        made, rest = found.pop("made", 0), found.total()
        if not made:
            raise Refused(_("Nobody new is among them: they are here already, or that is no address."), "nobody")  # fmt: skip
        said = ngettext("%(num)s person is on the list now.", "%(num)s people are on the list now.", made)  # fmt: skip
        if rest:
            said += " " + ngettext("%(num)s row was left out: here already, or no address.", "%(num)s rows were left out: here already, or no address.", rest)  # fmt: skip
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


def _import(import_id: int) -> SignupImport:
    found: SignupImport | None = db.session.scalar(
        sa.select(SignupImport).where(
            SignupImport.id == import_id, SignupImport.event_id == access.current().id
        )
    )
    if found is None or found.kind != "registered" or found.state != "stored":
        abort(404)
    return found


def _mailing(kind: str, row: SignupImport | None, status: int = 200, problem: str = "") -> ResponseReturnValue:  # fmt: skip
    """What would be sent to how many, and what waits to be sent."""
    event = access.current()
    import_id = row.id if row is not None else None
    reached, out = operations.reach(event, kind, import_id)
    sample = operations.first(event.id, kind) if row is None else None
    preview = mails.preview(event, sample, again=kind == "remind") if sample is not None else None
    page = render_template(
        "signup/held.html", event=event, tab="signups", kind=kind, row=row, reached=reached, out=out,
        preview=preview, held=operations.open_mailing(event.id, kind, import_id), problem=problem,
        last=operations.last_mailing(event.id, kind, import_id),
        minutes=int(operations.HOLD.total_seconds() // 60),
    )  # fmt: skip
    return page, status


def _hold(kind: str, row: SignupImport | None) -> ResponseReturnValue:
    try:
        operations.hold(
            access.current(), kind, clock.now(), by=signed_in(), import_id=row.id if row else None
        )
        db.session.commit()
    except Refused as refusal:
        db.session.rollback()
        return _mailing(kind, row, 409, str(refusal))
    return redirect(request.path, 303)


def _kind(word: str) -> str:
    if word not in ("invite", "remind"):
        abort(404)
    return word


@blueprint.get("/invitations/<mailing>")
@permission("event")
def show_mailing(slug: str, mailing: str) -> ResponseReturnValue:
    return _mailing(_kind(mailing), None)


@blueprint.post("/invitations/<mailing>")
@permission("event")
def hold(slug: str, mailing: str) -> ResponseReturnValue:
    return _hold(_kind(mailing), None)


@blueprint.get("/import/<int:import_id>/mail")
@permission("event")
def show_confirming(slug: str, import_id: int) -> ResponseReturnValue:
    return _mailing("confirm", _import(import_id))


@blueprint.post("/import/<int:import_id>/mail")
@permission("event")
def hold_confirming(slug: str, import_id: int) -> ResponseReturnValue:
    return _hold("confirm", _import(import_id))


@blueprint.post("/held/<int:held_id>/cancel")
@permission("event")
def cancel(slug: str, held_id: int) -> ResponseReturnValue:
    held = db.session.scalar(
        sa.select(HeldMailing).where(
            HeldMailing.id == held_id, HeldMailing.event_id == access.current().id
        )
    )
    if held is None:
        abort(404)
    kind, import_id = held.kind, held.import_id
    try:
        operations.cancel(held, clock.now(), by=signed_in())
        flash(_("Cancelled. No mail was sent."), "good")
        db.session.commit()
    except Refused as refusal:
        db.session.rollback()
        flash(str(refusal), "bad")
    if kind == "confirm":
        return redirect(url_for("invitations.show_confirming", slug=slug, import_id=import_id), 303)  # fmt: skip
    return redirect(url_for("invitations.index", slug=slug), 303)
