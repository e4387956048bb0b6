"""What is on, what follows and how late it is: the same for the cockpit and the chair's phone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from flask import flash, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from webapp import clock, templating
from webapp.agenda import operations, queries
from webapp.agenda.operations import By, PressResult
from webapp.agenda.queries import Item
from webapp.attendance import queries as attendance
from webapp.db import db, to_ms
from webapp.errors import Refused
from webapp.events.models import Event
from webapp.events.operations import UNDO
from webapp.signup import queries as signups
from webapp.templating import number

# A press that claims to be older than this was not made this evening.
OLDEST_PRESS = dt.timedelta(hours=24)


def minutes_between(start: dt.datetime, end: dt.datetime) -> int:
    return round((end - start).total_seconds() / 60)


def duration(minutes: int) -> str:
    """ "41 min", "2 h 05 min", "3 days"."""
    if minutes < 60:
        return _("%(n)d min", n=minutes)
    if minutes < 48 * 60:
        return _("%(h)d h %(m)02d min", h=minutes // 60, m=minutes % 60)
    return ngettext("%(num)s day", "%(num)s days", minutes // (24 * 60))


def status(event: Event, at: dt.datetime) -> str:
    """Where the evening stands, in a few words."""
    phase = event.phase(at)
    if phase == "draft":
        return _("Draft: nobody sees it yet")
    if phase == "cancelled":
        return _("Called off")
    if phase == "before":
        return _("Starts in %(time)s", time=duration(minutes_between(at, event.starts_at)))
    if phase == "live":
        since = max(minutes_between(event.live_from, at), 0)
        return _("Live for %(time)s", time=duration(since))
    if event.ended_at:
        return _("Ended %(time)s", time=templating.time(event.ended_at, event.timezone))
    return _("Over")


def forecast(event: Event, items: Sequence[Item], at: dt.datetime) -> str:
    """ "At this pace it ends 20:52, 7 minutes late"; empty where there is nothing to forecast."""
    if not items or event.phase(at) not in ("before", "live"):
        return ""
    found = queries.forecast(event, items, at)
    time = templating.time(found.ends_at, event.timezone)
    begun = any(item.started_at for item in items)
    ends = _("At this pace it ends %(time)s", time=time) if begun else _("By the plan it ends %(time)s", time=time)  # fmt: skip
    over = found.minutes_over
    if over > 0:
        return ngettext("%(ends)s, %(num)s minute late", "%(ends)s, %(num)s minutes late", over, ends=ends)  # fmt: skip
    if over < 0:
        return ngettext("%(ends)s, %(num)s minute early", "%(ends)s, %(num)s minutes early", -over, ends=ends)  # fmt: skip
    return _("%(ends)s, on time", ends=ends)


def introduction(item: Item) -> str:
    """Two lines with which a chair introduces somebody: those written for it, else the start of the bio."""
    if item.lead is None:
        return item.summary.split("\n")[0]
    lines = [line for line in (item.lead.intro or item.lead.bio).split("\n") if line.strip()]
    return " ".join(lines[:2])


def say(item: Item) -> str:
    """How to say the name of whoever leads the item: "Say: KLOW-dya tur-BAY"; empty where nobody wrote it."""
    if item.lead is None or not item.lead.say:
        return ""
    return _("Say: %(sounds)s", sounds=item.lead.say)


def lateness(item: Item) -> str:
    if item.started_at is None:
        return ""
    late = minutes_between(item.planned_start, item.started_at)
    if late > 0:
        return ngettext("%(num)s minute later than planned", "%(num)s minutes later than planned", late)  # fmt: skip
    if late < 0:
        return ngettext("%(num)s minute earlier than planned", "%(num)s minutes earlier than planned", -late)  # fmt: skip
    return _("as planned")


def left(item: Item | None, at: dt.datetime) -> str:
    """The clock of the running item: "08:12 left", or "01:05 over"."""
    if item is None or item.started_at is None:
        return ""
    seconds = item.minutes * 60 - int((at - item.started_at).total_seconds())
    time = f"{abs(seconds) // 60:02d}:{abs(seconds) % 60:02d}"
    return _("%(time)s left", time=time) if seconds >= 0 else _("%(time)s over", time=time)


def can_undo(event: Event, at: dt.datetime) -> bool:
    return event.ended_at is not None and at - event.ended_at <= UNDO


def state(event: Event, items: Sequence[Item], at: dt.datetime) -> dict[str, Any]:
    """All that the page's scripts need to draw the evening, also while the network is away. Moments
    are milliseconds since 1970."""
    now, following = queries.current(items), queries.upcoming(items)
    return {
        "at": to_ms(at),
        "zone": event.timezone,
        "phase": event.phase(at),
        "status": status(event, at),
        "forecast": forecast(event, items, at),
        "ended": event.ended_at is not None,
        "undo": can_undo(event, at),
        "now": now.key if now else None,
        "next": following.key if following else None,
        "items": [
            {
                "key": item.key,
                "heading": item.heading,
                "about": item.lead.about if item.lead else "",
                "say": say(item),
                "introduction": introduction(item),
                "minutes": item.minutes,
                "planned": to_ms(item.planned_start),
                "late": lateness(item),
                "started": to_ms(item.started_at) if item.started_at else None,
                "ended": to_ms(item.ended_at) if item.ended_at else None,
                "skipped": item.skipped_at is not None,
            }
            for item in items
        ],
    }


def words() -> dict[str, str]:
    """What the scripts say by themselves, in the reader's language."""
    return {
        "start": _("Start: {name}"),
        "next": _("Next: {name}"),
        "then": _("Started then: {name}"),
        "skips": _("{name} does not take place"),
        "kicker": _("Now speaking, {place} of {count}"),
        "first": _("Not started yet. First comes"),
        "started": _("Started {time}"),
        "left": _("{time} left"),
        "over": _("{time} over"),
        "saved": _("Saved"),
        "saving": _("Saving …"),
        "offline": _("Offline, {n} waiting. It is kept on this device and sent by itself."),
        "reload": _("{n} waiting. Please reload this page and sign in if it asks."),
        "stale": _("Somebody had already moved on; nothing was changed."),
        "skipped": _("Does not take place"),
        "last": _("Nobody comes after this."),
        "over_now": _("The evening has ended"),
        "thanks": _("Thank you"),
    }


def figures(event: Event, at: dt.datetime) -> dict[str, str]:
    """The counts of the moment as people read them; what is not measured is named unknown."""
    live = attendance.live_counts(event, at)
    return {
        "present": number(live.present),
        "doors": number(live.doors),
        "confirmed": number(signups.counts(event.id)["confirmed"]),
        "not_joined": number(live.not_joined),
        "as_of": _("as of %(time)s (%(zone)s)",
                   time=at.astimezone(clock.zone(event.timezone)).strftime("%H:%M:%S"),
                   zone=templating.zone_name(event.timezone)),
    }  # fmt: skip


def _age() -> dt.timedelta:
    """How long ago the page says that it was: the age of the press (milliseconds), and the minutes that
    somebody who presses late says it has been going on for."""
    age = dt.timedelta(milliseconds=_given("age")) + dt.timedelta(minutes=_given("ago"))
    return min(age, OLDEST_PRESS)


def _given(name: str) -> int:
    text = request.form.get(name, "")
    return int(text) if text.isdecimal() and len(text) <= 9 else 0


def _said(
    event: Event, items: Sequence[Item], result: PressResult, act: str, key: str | None
) -> str:
    now = next((item for item in items if item.key == result.current_key), None)
    named = next((item for item in items if item.key == key), None)
    if result.outcome == "stale":
        if now:
            return _("Nothing was changed: somebody had already moved on. On now: %(name)s.", name=now.heading)  # fmt: skip
        return _("Nothing was changed: somebody had been quicker.")
    if result.outcome == "repeated":
        return _("That press had arrived before; it counted once.")
    if named and act == "skip":
        return _("%(name)s: does not take place.", name=named.heading)
    if named and act == "unskip":
        return _("%(name)s: takes place after all.", name=named.heading)
    if act == "end" and event.ended_at:
        return _("Ended at %(time)s. You can take that back for five minutes.", time=templating.time(event.ended_at, event.timezone))  # fmt: skip
    if act == "undo_end":
        return _("The evening goes on.")
    if now is None or now.started_at is None:
        return _("Back to the beginning: nothing has started.")
    if act == "back":
        return _("Back to %(name)s.", name=now.heading)
    return _("%(name)s: started %(time)s.", name=now.heading, time=templating.time(now.started_at, event.timezone))  # fmt: skip


def take_press(event: Event, by: By, page: str) -> ResponseReturnValue:
    """Takes the press of this request. Answers JSON to scripts and sends browsers back to ``page``."""
    at = clock.now()
    act = request.form.get("act", "")
    as_json = request.accept_mimetypes.best == "application/json"
    try:
        result = operations.press(
            event,
            press_id=request.form.get("press_id", ""),
            act=act,
            session_key=request.form.get("session_key"),
            expected_key=request.form.get("expected_key"),
            at=at - _age(),
            received_at=at,
            by=by,
        )
    except Refused as refused:
        db.session.rollback()
        if as_json:
            return jsonify(error=str(refused), state=state(event, queries.running_order(event), at)), 409  # fmt: skip
        flash(str(refused))
        return redirect(page)
    items = queries.running_order(event)
    said = _said(event, items, result, act, request.form.get("session_key"))
    answer = {"outcome": result.outcome, "said": said, "state": state(event, items, at)}
    db.session.commit()
    if as_json:
        return jsonify(answer)
    flash(said, "good" if result.outcome != "stale" else "message")
    return redirect(page)
