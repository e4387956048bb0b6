"""A mail that waits for a person's OK: what it says, whom it would go to, the button that lets it go, and the
one that throws it away."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp import clock, headers
from webapp.accounts.access import signed_in
from webapp.db import LARGEST_ID
from webapp.events import access
from webapp.mail import forecasting
from webapp.mailing import composing, operations, previewing, queries, words
from webapp.mailing.models import FIRST_MAILS, OFFERS
from webapp.mailing.operations import offers
from webapp.mailing.pages import DEFAULT_STAY, done, html_of
from webapp.permissions import permission
from webapp.signup.invitations import queries as invited

blueprint = Blueprint("offers", __name__, url_prefix="/manage/events/<slug>/mail/schedule/offer")


def _number(kind: str) -> int:
    """What this mail is about besides its kind: minutes, or the id of one of the event's lists. 404 for a
    kind or list that there is not."""
    if kind not in OFFERS:
        abort(404)
    name = {"stayed": "minutes", "confirm": "list"}.get(kind, "")
    typed = (request.values.get(name) or "").strip()
    number = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 11 else 0
    if kind == "stayed":
        # Left out, it is the usual one. What cannot be a number of minutes is 0, and refused where it is asked.
        return number if typed else DEFAULT_STAY
    if kind == "confirm" and (number > LARGEST_ID or invited.list_of(access.current().id, number) is None):  # fmt: skip
        abort(404)
    return number


def _query(kind: str, number: int) -> dict[str, int]:
    return {"stayed": {"minutes": number}, "confirm": {"list": number}}.get(kind, {})


@blueprint.get("/<kind>")
@permission("event")
def show(slug: str, kind: str) -> ResponseReturnValue:
    """What one of those who would get it sees, before a person says that it is all right."""
    number = _number(kind)
    event, at = access.current(), clock.now()
    if kind == "stayed" and not offers.SHORTEST_STAY <= number <= offers.LONGEST_STAY:
        flash(_("How many minutes, please? From 1 to 1440."))
        return redirect(url_for("mailing.index", slug=slug) + "#afterwards")
    is_underway = offers.underway(event, kind, number)
    if is_underway is not None:
        return redirect(url_for("mailing.show", slug=slug, mailing_id=is_underway.id))
    mailing = offers.draft(event, kind, number)
    selection = offers.as_it_stands(mailing, event)
    found = offers.reached(kind, event, selection)
    chosen = previewing.people(mailing, event, selection)
    known = queries.known(event)
    plan = queries.plan_of(event.id)
    headers.allow_frame("'self'")
    return render_template(
        "mailing/offer.html",
        event=event,
        at=at,
        kind=kind,
        number=number,
        query=_query(kind, number),
        is_first=kind in FIRST_MAILS,
        name=words.name(mailing, known.by_door),
        whom=words.whom(kind, known.by_door),
        known=known,
        count=found.people,
        out=found.out,
        why_not=offers.why_not(event, kind, at),
        recording_url=(plan.recording_url if plan else None) or "",
        chosen=chosen,
        person=request.args.get("person", ""),
        preview=previewing.preview(mailing, event, at, chosen, request.args.get("person")),
        forecast=forecasting.forecast(found.people, "blast", at, not_before=at + operations.HOLD),
        words=words,
        text_key=composing.text_key(mailing),
    )


@blueprint.get("/<kind>/html")
@permission("event")
def html(slug: str, kind: str) -> Response:
    event, number = access.current(), _number(kind)
    mailing = offers.draft(event, kind, number)
    chosen = previewing.people(mailing, event, offers.as_it_stands(mailing, event))
    person = request.args.get("person")
    return html_of(previewing.preview(mailing, event, clock.now(), chosen, person).html)


@blueprint.post("/<kind>")
@permission("event")
def send(slug: str, kind: str) -> ResponseReturnValue:
    """The OK: it is held for ten minutes more, and then goes out."""
    number = _number(kind)

    def act() -> str:
        operations.approve(access.current(), kind, clock.now(), signed_in(), number=number)
        return _("It goes out in ten minutes. Until then you can stop it here.")

    return done(slug, act)


@blueprint.post("/<kind>/dismiss")
@permission("event")
def dismiss(slug: str, kind: str) -> ResponseReturnValue:
    """Nobody gets it, and it no longer waits."""
    number = _number(kind)
    if kind not in FIRST_MAILS:
        abort(404)

    def act() -> str:
        operations.dismiss(access.current(), kind, clock.now(), signed_in(), number=number)
        return _("Thrown away. Nobody gets this mail; you can still send it later.")

    return done(slug, act)
