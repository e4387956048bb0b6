"""What time does to mailings: reminders fall due, holds end."""

from __future__ import annotations

import datetime as dt

from webapp.db import db
from webapp.events.models import Event
from webapp.mailing import queries
from webapp.mailing.models import FIRST_MAILS, FOLLOW_UPS, Mailing
from webapp.mailing.operations import notices, sending
from webapp.mailing.reminders import rule_of


def remind(mailing_id: int, at: dt.datetime) -> bool:
    """Works a reminder's time out anew and lets it go if that has come. Answers whether anything changed.

    A time that has passed when it becomes known (the event was moved nearer, or was new) is passed over:
    people have just had another mail. One that has gone out goes out once more only if the event moved by
    at least the reminder's own lead.
    """
    mailing = sending.locked(mailing_id)
    if mailing is None or mailing.state not in ("planned", "skipped", "done"):
        return False
    event = db.session.get_one(Event, mailing.event_id, populate_existing=True)
    rule = rule_of(mailing)
    due = rule.due(event)
    if mailing.state != "planned":
        return _again(mailing, due, at, rule.lead)
    if mailing.due_at != due:
        mailing.due_at = due
        if due <= at:
            mailing.state = "skipped"
        return True
    if due > at:
        return False
    if not rule.is_of_use(event, at) or event.state != "published" or _is_overtaken(mailing, at):
        mailing.state = "skipped"
        return True
    sending.fix(mailing, queries.to_remind(event.id, due))
    sending.let_go(mailing, at)
    return True


def _again(mailing: Mailing, due: dt.datetime, at: dt.datetime, lead: dt.timedelta) -> bool:
    if due <= at or mailing.due_at == due:
        return False
    if mailing.state == "done":
        if mailing.due_at is not None and due - mailing.due_at < lead:
            return False
        mailing.turn += 1
        mailing.total = mailing.queued = mailing.passed_over = 0
    mailing.state, mailing.due_at = "planned", due
    mailing.released_at = mailing.done_at = None
    return True


def _is_overtaken(mailing: Mailing, at: dt.datetime) -> bool:
    """Whether a later reminder of the same event is due as well: nobody wants both at once."""
    return any(
        other.id != mailing.id
        and other.kind == "reminder"
        and other.state == "planned"
        and other.due_at is not None
        and mailing.due_at is not None
        and mailing.due_at < other.due_at <= at
        for other in queries.of_event(mailing.event_id)
    )


def end_hold(mailing_id: int, at: dt.datetime) -> bool:
    """Lets a held mailing go whose time has come; answers whether it went."""
    mailing = sending.locked(mailing_id)
    if mailing is None or mailing.state != "held":
        return False
    if mailing.held_until is None or mailing.held_until > at:
        return False
    return release(mailing, at)


def release(mailing: Mailing, at: dt.datetime) -> bool:
    """Lets a held mailing go; answers whether it went. Needs its lock."""
    if mailing.kind in ("changed", "event_cancelled"):
        return notices.release(mailing, at)
    event = db.session.get_one(Event, mailing.event_id, populate_existing=True)
    # An end that was pressed by mistake and taken back: thanks come when it is really over.
    if mailing.kind in FOLLOW_UPS and event.phase(at) != "over":
        return False
    if mailing.kind in FIRST_MAILS and event.phase(at) not in ("before", "live"):
        mailing.state, mailing.done_at, mailing.held_until = "stopped", at, None
        return False
    if queries.count(queries.fixed_for(mailing, event.id)) == 0:
        # All of them have left: who came since is asked about anew, and no draft is lost.
        mailing.state = "draft" if mailing.kind == "blast" else "stopped"
        mailing.done_at, mailing.held_until = at, None
        return False
    # Not to whoever would be chosen by now: the OK was given for the people who were counted then.
    sending.let_go(mailing, at)
    return True
