"""What mailings there are for an event, and what has fallen due."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from webapp.audit.models import AuditEntry
from webapp.db import db
from webapp.events.models import OVERRUN, Event
from webapp.mailing.models import Mailing, MailPlan
from webapp.mailing.reminders import DEFAULTS
from webapp.signup.models import Tag

# What calendars hold and people come by; as ``events.operations`` writes it into the log.
_WHEN_AND_WHERE = frozenset({"starts_at", "ends_at", "mode", "targets"})


def plan_of(event_id: int) -> MailPlan | None:
    return db.session.get(MailPlan, event_id)


def tags(event_id: int) -> list[str]:
    """The organisers' own words for some of the event's people."""
    return list(
        db.session.scalars(sa.select(Tag.name).where(Tag.event_id == event_id).order_by(Tag.key))
    )


def of_event(event_id: int) -> list[Mailing]:
    """Every mailing of the event with what was written for it, in the order they were made. Two queries."""
    return list(
        db.session.scalars(
            sa.select(Mailing)
            .where(Mailing.event_id == event_id)
            .order_by(Mailing.id)
            .options(selectinload(Mailing.texts))
        )
    )


def one(event_id: int, mailing_id: int) -> Mailing | None:
    """The mailing, if it is this event's."""
    return db.session.scalar(
        sa.select(Mailing).where(Mailing.id == mailing_id, Mailing.event_id == event_id)
    )


def reminder(event_id: int, anchor: str, minutes: int) -> Mailing | None:
    return db.session.scalar(
        sa.select(Mailing).where(
            Mailing.event_id == event_id,
            Mailing.kind == "reminder",
            Mailing.anchor == anchor,
            Mailing.number == minutes,
            Mailing.state != "stopped",
        )
    )


def defaults(event_id: int, at: dt.datetime) -> list[Mailing]:
    """The reminders that an event has before anybody thought of them; rows that are not kept yet."""
    return [
        Mailing(
            event_id=event_id, kind="reminder", state="planned", anchor=rule.anchor,
            number=rule.minutes, created_at=at,
        )
        for rule in DEFAULTS
    ]  # fmt: skip


def notice(event_id: int) -> Mailing | None:
    """The mail about a changed or called-off event that has not gone out yet."""
    return db.session.scalar(
        sa.select(Mailing).where(
            Mailing.event_id == event_id,
            Mailing.kind.in_(("changed", "event_cancelled")),
            Mailing.state == "held",
        )
    )


def edits_since(event_id: int, moment: dt.datetime) -> list[dt.datetime]:
    """When somebody changed when or where the event is, after ``moment``, in order."""
    rows = db.session.execute(
        sa.select(AuditEntry.at, AuditEntry.details)
        .where(
            AuditEntry.event_id == event_id,
            AuditEntry.action == "event.changed",
            AuditEntry.at > moment,
        )
        .order_by(AuditEntry.at)
    )
    return [at for at, details in rows if _WHEN_AND_WHERE & set(details.get("fields", ()))]


# What has fallen due


def without_plan(at: dt.datetime, limit: int = 100) -> list[int]:
    """Events that nobody has looked at yet and that are not over."""
    return list(
        db.session.scalars(
            sa.select(Event.id)
            .outerjoin(MailPlan, MailPlan.event_id == Event.id)
            .where(MailPlan.event_id.is_(None), Event.ends_at > at - OVERRUN)
            .order_by(Event.id)
            .limit(limit)
        )
    )


def changed_events() -> list[int]:
    """Events whose time, place or state is another than when they were looked at last."""
    return list(
        db.session.scalars(
            sa.select(Event.id)
            .join(MailPlan, MailPlan.event_id == Event.id)
            .where(
                sa.or_(
                    Event.ics_sequence != MailPlan.seen_sequence,
                    sa.and_(Event.state == "cancelled", MailPlan.seen_cancelled.is_(False)),
                )
            )
            .order_by(Event.id)
        )
    )


def waiting_reminders(at: dt.datetime) -> list[tuple[Mailing, Event]]:
    """The reminders of events that are coming or live, with their events."""
    rows = db.session.execute(
        sa.select(Mailing, Event)
        .join(Event, Event.id == Mailing.event_id)
        .where(
            Mailing.kind == "reminder",
            Mailing.state.in_(("planned", "skipped", "done")),
            Event.state != "cancelled",
            Event.ends_at > at - OVERRUN,
        )
        .order_by(Mailing.id)
    )
    return list(rows.tuples())


def in_state(*states: str) -> list[Mailing]:
    """Mailings of all events that are held or being sent, the oldest first."""
    # Written out: only then do both engines see that the partial index answers it.
    words = ",".join(f"'{state}'" for state in states if state in ("held", "sending"))
    return list(
        db.session.scalars(
            sa.select(Mailing).where(sa.text(f"mailings.state IN ({words})")).order_by(Mailing.id)
        )
    )
