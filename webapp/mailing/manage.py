"""The schedule of an event's mails: one timeline, its reminders, and what waits for a person's OK."""

from __future__ import annotations

import datetime as dt

from flask import (
    Blueprint,
    Response,
    abort,
    render_template,
    request,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp import clock, headers
from webapp.accounts.access import signed_in
from webapp.errors import Refused
from webapp.events import access
from webapp.mail import forecasting, masking
from webapp.mail.outbox import Lane
from webapp.mailing import composing, operations, previewing, queries, timeline, words
from webapp.mailing.models import Mailing
from webapp.mailing.pages import DEFAULT_STAY, done, html_of
from webapp.mailing.reminders import Anchor, Rule
from webapp.permissions import permission

blueprint = Blueprint("mailing", __name__, url_prefix="/manage/events/<slug>/mail/schedule")


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
        default_stay=DEFAULT_STAY,
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
    return done(slug, do)


# Looking at a mailing, stopping it, sending it at once


@blueprint.get("/<int:mailing_id>")
@permission("event")
def show(slug: str, mailing_id: int) -> str:
    """What it says to a real person, whom it goes to, and when it will be through."""
    event, at, mailing = access.current(), clock.now(), _mailing(mailing_id)
    chosen = previewing.people(mailing, event, operations.audience(mailing, event))
    is_open = mailing.state in ("held", "planned", "draft")
    found = operations.reach(mailing, event)
    is_planned = mailing.kind == "reminder" and is_open
    known = queries.known(event)
    headers.allow_frame("'self'")
    return render_template(
        "mailing/show.html",
        event=event,
        at=at,
        mailing=mailing,
        name=words.name(mailing, known.by_door),
        whom=words.chosen(mailing, event)
        if mailing.kind == "blast"
        else words.whom(mailing.kind, known.by_door),
        count=found.people,
        out=found.out,
        why_nobody=words.why_nobody(words.choice_of(mailing)),
        unheard=queries.unheard_with_place(event.id) if is_planned else 0,
        chosen=chosen,
        person=request.args.get("person", ""),
        preview=previewing.preview(mailing, event, at, chosen, request.args.get("person")),
        forecast=forecasting.forecast(
            found.people, _lane(mailing), at, not_before=_leaves(mailing, at)
        )
        if is_open
        else None,
        words=words,
        text_key=composing.text_key(mailing),
        links_shown=masking.shows_links(),
    )


def _leaves(mailing: Mailing, at: dt.datetime) -> dt.datetime | None:
    """When the first of them leaves, looked at at ``at``: a draft is held once it is sent."""
    if mailing.state == "draft":
        return at + operations.HOLD
    return mailing.held_until or mailing.due_at


def _lane(mailing: Mailing) -> Lane:
    return "reminder" if mailing.kind in ("changed", "event_cancelled", "reminder") else "blast"


@blueprint.get("/<int:mailing_id>/html")
@permission("event")
def html(slug: str, mailing_id: int) -> Response:
    """The mail's own page, for the frame in ``show``. Whatever stands in it can do nothing here."""
    event, mailing = access.current(), _mailing(mailing_id)
    chosen = previewing.people(mailing, event, operations.audience(mailing, event))
    person = request.args.get("person")
    return html_of(previewing.preview(mailing, event, clock.now(), chosen, person).html)


@blueprint.post("/<int:mailing_id>/stop")
@permission("event")
def stop(slug: str, mailing_id: int) -> ResponseReturnValue:
    def act() -> str:
        operations.stop(_mailing(mailing_id), clock.now(), signed_in())
        return _("Stopped. Nobody gets this mail.")

    return done(slug, act)


@blueprint.post("/<int:mailing_id>/now")
@permission("event")
def now(slug: str, mailing_id: int) -> ResponseReturnValue:
    def act() -> str:
        operations.send_now(_mailing(mailing_id), clock.now(), signed_in())
        return _("It is going out now.")

    return done(slug, act)


@blueprint.post("/recording")
@permission("event")
def recording(slug: str) -> ResponseReturnValue:
    def act() -> str:
        url = request.form.get("recording", "")
        operations.set_recording(access.current(), url, clock.now(), signed_in())
        return _("Mails after the event lead to the recording.") if url.strip() else _("Mails after the event name no recording.")  # fmt: skip

    return done(slug, act)
