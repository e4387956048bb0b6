"""The schedule of an event's mails: one timeline, its reminders, and what waits for a person's OK."""

from __future__ import annotations

from collections.abc import Callable

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp import clock, headers
from webapp.accounts.access import signed_in
from webapp.db import db
from webapp.errors import Refused
from webapp.events import access
from webapp.mail import forecasting, masking
from webapp.mail.outbox import Lane
from webapp.mailing import composing, operations, previewing, queries, timeline, words
from webapp.mailing.models import FOLLOW_UPS, Mailing
from webapp.mailing.operations import following
from webapp.mailing.reminders import Anchor, Rule
from webapp.permissions import permission

blueprint = Blueprint("mailing", __name__, url_prefix="/manage/events/<slug>/mail/schedule")

OFFERS = (*FOLLOW_UPS, "report_published")
# The mail's own page may style itself and do nothing else: no script, no picture, no form, no link.
_MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; sandbox; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)
_DEFAULT_STAY = 20


def _done(slug: str, act: Callable[[], str]) -> ResponseReturnValue:
    """Does it or says why not, and goes back to the schedule."""
    try:
        said = act()
    except Refused as refusal:
        db.session.rollback()
        flash(str(refusal))
        return redirect(url_for(".index", slug=slug))
    flash(said, "good")
    db.session.commit()
    return redirect(url_for(".index", slug=slug))


def _mailing(mailing_id: int) -> Mailing:
    """The mailing of this page's event, or 404."""
    return queries.one(access.current().id, mailing_id) or abort(404)


@blueprint.get("")
@permission("event")
def index(slug: str) -> str:
    event, at = access.current(), clock.now()
    return render_template(
        "mailing/schedule.html",
        event=event,
        at=at,
        schedule=timeline.schedule(event, at),
        words=words,
        default_stay=_DEFAULT_STAY,
    )


# Reminders


def _rule(amount: str, unit: str, anchor: str) -> Rule:
    """What was typed. Raises Refused."""
    try:
        minutes = int(amount.strip()) * words.UNITS[unit]
    except (ValueError, KeyError):
        raise Refused(_("How long before, please? A whole number."), "amount") from None
    named: Anchor = "end" if anchor == "end" else "start"
    return Rule(minutes, named)


def _was() -> Rule:
    """The reminder the form stands at, by its time: "start-60"."""
    anchor, _dash, minutes = request.form.get("was", "").partition("-")
    if anchor not in ("start", "end") or not (minutes.isdecimal() and len(minutes) < 7):
        abort(400)
    return Rule(int(minutes), "end" if anchor == "end" else "start")


def _typed() -> Rule:
    form = request.form
    return _rule(form.get("amount", ""), form.get("unit", ""), form.get("anchor", ""))


@blueprint.post("/reminders")
@permission("event")
def reminders(slug: str) -> ResponseReturnValue:
    event, at, me = access.current(), clock.now(), signed_in()

    act = request.form.get("act", "")

    def do() -> str:
        if act == "add":
            operations.add_reminder(event, _typed(), at, me)
        elif act == "change":
            operations.change_reminder(event, _was(), _typed(), at, me)
        elif act in ("on", "off"):
            operations.switch_reminder(event, _was(), at, me, on=act == "on")
        else:
            operations.remove_reminder(event, _was(), at, me)
        return said[act]

    said = {
        "add": _("One more reminder is on the list."),
        "change": _("The reminder goes out at its new time."),
        "off": _("The reminder is switched off."),
        "on": _("The reminder is switched on again."),
        "remove": _("The reminder is removed."),
    }
    if act not in said:
        abort(400)
    return _done(slug, do)


# Looking at a mailing, stopping it, sending it at once


def _html(html: str) -> Response:
    response = make_response(html)
    response.headers["Content-Security-Policy"] = _MAIL_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


@blueprint.get("/<int:mailing_id>")
@permission("event")
def show(slug: str, mailing_id: int) -> str:
    """What it says to a real person, whom it goes to, and when it will be through."""
    event, at, mailing = access.current(), clock.now(), _mailing(mailing_id)
    selection = operations.audience(mailing, event)
    chosen = previewing.people(selection)
    is_open = mailing.state in ("held", "planned", "draft")
    count = queries.count(selection) if is_open else mailing.total
    known = queries.known(event)
    headers.allow_frame("'self'")
    return render_template(
        "mailing/show.html",
        event=event,
        at=at,
        mailing=mailing,
        name=words.name(mailing, known.by_door),
        whom=words.chosen(mailing)
        if mailing.kind == "blast"
        else words.whom(mailing.kind, known.by_door),
        count=count,
        chosen=chosen,
        person=request.args.get("person", ""),
        preview=previewing.preview(mailing, event, at, chosen, request.args.get("person")),
        forecast=forecasting.forecast(count, _lane(mailing), at) if is_open else None,
        words=words,
        text_key=composing.text_key(mailing),
        links_shown=masking.shows_links(),
    )


def _lane(mailing: Mailing) -> Lane:
    return "reminder" if mailing.kind in ("changed", "event_cancelled", "reminder") else "blast"


@blueprint.get("/<int:mailing_id>/html")
@permission("event")
def html(slug: str, mailing_id: int) -> Response:
    """The mail's own page, for the frame in ``show``. Whatever stands in it can do nothing here."""
    event, mailing = access.current(), _mailing(mailing_id)
    chosen = previewing.people(operations.audience(mailing, event))
    person = request.args.get("person")
    return _html(previewing.preview(mailing, event, clock.now(), chosen, person).html)


@blueprint.post("/<int:mailing_id>/stop")
@permission("event")
def stop(slug: str, mailing_id: int) -> ResponseReturnValue:
    def act() -> str:
        operations.stop(_mailing(mailing_id), clock.now(), signed_in())
        return _("Stopped. Nobody gets this mail.")

    return _done(slug, act)


@blueprint.post("/<int:mailing_id>/now")
@permission("event")
def now(slug: str, mailing_id: int) -> ResponseReturnValue:
    def act() -> str:
        operations.send_now(_mailing(mailing_id), clock.now(), signed_in())
        return _("It is going out now.")

    return _done(slug, act)


# What follows the evening


def _minutes() -> int:
    typed = (request.values.get("minutes") or "").strip()
    return int(typed) if typed.isdecimal() and len(typed) < 6 else _DEFAULT_STAY


@blueprint.get("/after/<kind>")
@permission("event")
def offer(slug: str, kind: str) -> str:
    """A mail that follows the event, before a person says that it is all right."""
    if kind not in OFFERS:
        abort(404)
    event, at = access.current(), clock.now()
    minutes = _minutes()
    mailing = following.draft(event, kind, minutes)
    selection = following.selection(event, kind, minutes)
    chosen = previewing.people(selection)
    count = queries.count(selection)
    known = queries.known(event)
    plan = queries.plan_of(event.id)
    headers.allow_frame("'self'")
    return render_template(
        "mailing/offer.html",
        event=event,
        at=at,
        kind=kind,
        minutes=minutes,
        name=words.name(mailing, known.by_door),
        whom=words.whom(kind, known.by_door),
        known=known,
        count=count,
        why_not=following.why_not(event, kind, at),
        recording_url=(plan.recording_url if plan else None) or "",
        chosen=chosen,
        person=request.args.get("person", ""),
        preview=previewing.preview(mailing, event, at, chosen, request.args.get("person")),
        forecast=forecasting.forecast(count, "blast", at),
        words=words,
        text_key=composing.text_key(mailing),
    )


@blueprint.get("/after/<kind>/html")
@permission("event")
def offer_html(slug: str, kind: str) -> Response:
    if kind not in OFFERS:
        abort(404)
    event, minutes = access.current(), _minutes()
    chosen = previewing.people(following.selection(event, kind, minutes))
    mailing = following.draft(event, kind, minutes)
    person = request.args.get("person")
    return _html(previewing.preview(mailing, event, clock.now(), chosen, person).html)


@blueprint.post("/after/<kind>")
@permission("event")
def let_go(slug: str, kind: str) -> ResponseReturnValue:
    """The OK: it is held for ten minutes more, and then goes out."""
    if kind not in OFFERS:
        abort(404)

    def act() -> str:
        operations.follow_up(access.current(), kind, clock.now(), signed_in(), minutes=_minutes())
        return _("It goes out in ten minutes. Until then you can stop it here.")

    return _done(slug, act)


@blueprint.post("/recording")
@permission("event")
def recording(slug: str) -> ResponseReturnValue:
    def act() -> str:
        url = request.form.get("recording", "")
        operations.set_recording(access.current(), url, clock.now(), signed_in())
        return _("Mails after the event lead to the recording.") if url.strip() else _("Mails after the event name no recording.")  # fmt: skip

    return _done(slug, act)
