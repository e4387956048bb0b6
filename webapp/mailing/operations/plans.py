"""What an event has from the beginning: what its people were told, and two reminders. And the reminders as
organisers change them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError

from webapp.accounts.models import User
from webapp.audit import operations as audit
from webapp.db import db
from webapp.errors import Refused
from webapp.events import operations as events
from webapp.events.models import Event
from webapp.mailing import queries, reminders
from webapp.mailing.models import Mailing, MailPlan
from webapp.mailing.reminders import Rule
from webapp.mailing.told import Facts

By = User | str
# More reminders than this nobody wants to get.
MOST_REMINDERS = 6


def make(event: Event, at: dt.datetime, first: Sequence[Mailing] | None = None) -> MailPlan:
    """The event's plan, made if it has none yet: with the ``first`` reminders, or else the usual ones."""
    plan = queries.plan_of(event.id)
    if plan is not None:
        return plan
    plan = MailPlan(
        event_id=event.id,
        told=Facts.of(event).kept(),
        seen_sequence=event.ics_sequence,
        seen_cancelled=event.state == "cancelled",
        looked_at=at,
    )
    try:
        with db.session.begin_nested():
            db.session.add(plan)
            db.session.add_all(queries.defaults(event.id, at) if first is None else first)
    except IntegrityError:
        # Another worker was a moment sooner.
        return db.session.get_one(MailPlan, event.id)
    return plan


def _check(event: Event, rule: Rule, at: dt.datetime) -> None:
    if not reminders.SHORTEST <= rule.minutes <= reminders.LONGEST:
        raise Refused(_("Between five minutes and sixty days before, please."), "amount")
    if rule.due(event) <= at:
        raise Refused(_("That moment has passed already."), "past")


def _is_there(event: Event, rule: Rule) -> bool:
    return queries.reminder(event.id, rule.anchor, rule.minutes) is not None


def _found(event: Event, rule: Rule, at: dt.datetime) -> Mailing:
    """The reminder as it is now, held until the commit."""
    make(events.locked(event), at)
    db.session.flush()
    found = queries.reminder(event.id, rule.anchor, rule.minutes)
    if found is None:
        raise Refused(_("This reminder is no longer there."), "gone")
    if found.state == "sending":
        raise Refused(_("This reminder is going out just now."), "sending")
    return found


def _record(event: Event, action: str, at: dt.datetime, by: By, rule: Rule) -> None:
    audit.record(
        action, at=at, actor=by, event_id=event.id, minutes=rule.minutes, anchor=rule.anchor
    )


def add_reminder(event: Event, rule: Rule, at: dt.datetime, by: By) -> Mailing:
    """One more reminder. Raises Refused "amount", "past", "twice", "many"."""
    make(events.locked(event), at)
    _check(event, rule, at)
    if _is_there(event, rule):
        raise Refused(_("There is a reminder at that time already."), "twice")
    known = [one for one in queries.of_event(event.id) if one.kind == "reminder"]
    if len([one for one in known if one.state != "stopped"]) >= MOST_REMINDERS:
        raise Refused(_("Six reminders are plenty. Change one of them instead."), "many")
    mailing = Mailing(
        event_id=event.id, kind="reminder", state="planned", anchor=rule.anchor, number=rule.minutes,
        due_at=rule.due(event), created_at=at,
    )  # fmt: skip
    db.session.add(mailing)
    db.session.flush()
    _record(event, "reminder.added", at, by, rule)
    return mailing


def change_reminder(event: Event, was: Rule, rule: Rule, at: dt.datetime, by: By) -> None:
    """Another time for a reminder that has not gone out. Raises Refused as ``add_reminder``."""
    mailing = _found(event, was, at)
    if rule == was:
        return
    if mailing.state == "done":
        raise Refused(_("This reminder has gone out. Add another one instead."), "done")
    _check(event, rule, at)
    if _is_there(event, rule):
        raise Refused(_("There is a reminder at that time already."), "twice")
    mailing.anchor, mailing.number = rule.anchor, rule.minutes
    mailing.due_at = rule.due(event)
    if mailing.state == "skipped":
        mailing.state = "planned"
    db.session.flush()
    _record(event, "reminder.changed", at, by, rule)


def remove_reminder(event: Event, rule: Rule, at: dt.datetime, by: By) -> None:
    """It is no longer on the list. Raises Refused for one that has gone out: that stays on record."""
    mailing = _found(event, rule, at)
    if mailing.state == "done" or mailing.turn:
        raise Refused(_("This reminder has gone out."), "done")
    db.session.delete(mailing)
    _record(event, "reminder.removed", at, by, rule)
    db.session.flush()


def switch_reminder(event: Event, rule: Rule, at: dt.datetime, by: By, *, on: bool) -> None:
    """Off: it does not go out. On again: it does, if its time has not passed meanwhile."""
    mailing = _found(event, rule, at)
    if on and mailing.state == "off":
        _check(event, rule, at)
        mailing.state, mailing.due_at = "planned", rule.due(event)
        _record(event, "reminder.on", at, by, rule)
    elif not on and mailing.state in ("planned", "skipped"):
        mailing.state = "off"
        _record(event, "reminder.off", at, by, rule)
    elif not on and mailing.state == "done":
        raise Refused(_("This reminder has gone out."), "done")
    db.session.flush()
