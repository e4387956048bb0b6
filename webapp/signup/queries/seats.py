"""How many there are, who holds a seat, and who waits for one."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection

import sqlalchemy as sa

from webapp.db import db
from webapp.events.models import OVERRUN, Event
from webapp.signup import statements
from webapp.signup.models import LIVE, SEATED, STATUSES, Signup


def counts(event_id: int) -> dict[str, int]:
    """Sign-ups by status, all six named. Erased ones keep their status and are counted."""
    found = dict.fromkeys(STATUSES, 0)
    rows = db.session.execute(
        sa.select(Signup.status, sa.func.count())
        .where(Signup.event_id == event_id)
        .group_by(Signup.status)
    )
    for status, number in rows:
        found[status] = number
    return found


# Since when somebody is on the waiting list. That they all have it says a constraint; what orders them does not
# hang on it.
_waits_since = sa.func.coalesce(Signup.waitlisted_at, Signup.created_at)


@dataclasses.dataclass(frozen=True, slots=True)
class ListedCounts:
    """Whom the organiser's list shows: by status, all six named; those who are pending by the reason, too; and
    how many were erased, who stand on no list, though ``counts`` has them."""

    statuses: dict[str, int]
    reasons: dict[str, int]
    erased: int

    @property
    def people(self) -> int:
        return sum(self.statuses.values())


def counts_present(event_id: int) -> tuple[dict[str, int], int]:
    """Sign-ups of people who are still there by status, all six named, and how many were erased. One query."""
    found, erased = dict.fromkeys(STATUSES, 0), 0
    rows = db.session.execute(
        sa.select(Signup.status, sa.func.count(), sa.func.count(Signup.erased_at))
        .where(Signup.event_id == event_id)
        .group_by(Signup.status)
    )
    for status, all_, without_person in rows:
        found[status] = all_ - without_person
        erased += without_person
    return found, erased


def counts_listed(event_id: int) -> ListedCounts:
    """One query, and one more where somebody is pending."""
    found, erased = counts_present(event_id)
    reasons: dict[str, int] = {}
    if found["pending"]:
        pending = db.session.execute(
            sa.select(Signup.pending_reason, sa.func.count())
            .where(
                Signup.event_id == event_id,
                # Written out: only then do both engines look into the index on event and status.
                sa.text("signups.status = 'pending'"),
                Signup.erased_at.is_(None),
            )
            .group_by(Signup.pending_reason)
        )
        reasons = {reason or "": number for reason, number in pending}
    return ListedCounts(found, reasons, erased)


def counts_of(event_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """``counts`` of several events in one query, and by "signed_up" how many are, as ``is_signed_up`` says."""
    on = sa.func.coalesce(sa.func.sum(sa.case((is_signed_up(), 1), else_=0)), 0)
    found = {event_id: dict.fromkeys((*STATUSES, "signed_up"), 0) for event_id in event_ids}
    rows = db.session.execute(
        sa.select(Signup.event_id, Signup.status, sa.func.count(), on)
        .where(Signup.event_id.in_(event_ids))
        .group_by(Signup.event_id, Signup.status)
    )
    for event_id, status, number, signed_up in rows:
        found[event_id][status] = number
        found[event_id]["signed_up"] += int(signed_up)
    return found


def is_signed_up() -> sa.ColumnElement[bool]:
    """SQL, what "signed up" means wherever it stands: a place, an offer, a place on the waiting list, or not
    decided yet. What was cancelled or declined is not, nor what looked like a robot's. Erased people are."""
    return sa.and_(
        Signup.status.in_(LIVE), sa.or_(Signup.pending_reason.is_(None), Signup.pending_reason != "click")
    )  # fmt: skip


def signed_up_of(event_ids: Collection[int]) -> dict[int, int]:
    """How many are signed up for each of several events, in one query."""
    rows = db.session.execute(
        sa.select(Signup.event_id, sa.func.count())
        .where(Signup.event_id.in_(event_ids), is_signed_up())
        .group_by(Signup.event_id)
    )
    return dict.fromkeys(event_ids, 0) | dict(rows.tuples().all())


def counts_of_all() -> dict[str, int]:
    """Sign-ups of all events by status, all six named."""
    rows = db.session.execute(sa.select(Signup.status, sa.func.count()).group_by(Signup.status))
    return dict.fromkeys(STATUSES, 0) | dict(rows.tuples().all())


def seats_taken(event_id: int) -> int:
    """Sign-ups that hold a seat: confirmed, or offered one. An erased person needs none any more."""
    db.session.flush()
    return statements.seats_taken(db.session.connection(), event_id)


def seats_claimed(event_id: int) -> int:
    """Seats taken, and one for each who waits for one."""
    db.session.flush()
    return statements.seats_claimed(db.session.connection(), event_id)


def has_seat(event: Event) -> bool:
    """Whether one more person fits, after all who wait. Only true for as long as the event is locked."""
    return event.capacity is None or seats_claimed(event.id) < event.capacity


def over_by(event: Event) -> int:
    """How many people more have a seat than there are places: the number of places was lowered."""
    return max(seats_taken(event.id) - event.capacity, 0) if event.capacity is not None else 0


def waiting_in_order(event_id: int) -> sa.Select[tuple[Signup]]:
    """Who waits for a place, the first in order first."""
    return (
        sa.select(Signup)
        .where(
            Signup.event_id == event_id,
            sa.text("signups.status = 'waitlisted'"),
            Signup.erased_at.is_(None),
        )
        .order_by(_waits_since, Signup.id)
    )


def position(signup: Signup) -> int:
    """Where a person stands on the waiting list: 1 is next."""
    since = signup.waitlisted_at or signup.created_at
    before = sa.or_(_waits_since < since, sa.and_(_waits_since == since, Signup.id <= signup.id))
    found = waiting_in_order(signup.event_id).where(before).order_by(None).subquery()
    return int(db.session.scalar(sa.select(sa.func.count()).select_from(found)) or 0)


def with_seats_to_move(at: dt.datetime) -> list[int]:
    """The events with an offer whose time is over at ``at``, or with a free seat and somebody who waits."""
    waits = sa.exists().where(
        Signup.event_id == Event.id,
        sa.text("signups.status IN ('waitlisted','offered')"),
        Signup.erased_at.is_(None),
    )
    capacities = dict(
        db.session.execute(
            sa.select(Event.id, Event.capacity).where(
                Event.state == "published",
                Event.ended_at.is_(None),
                Event.ends_at > at - OVERRUN,
                waits,
            )
        )
        .tuples()
        .all()
    )
    if not capacities:
        return []

    def number(*statuses: str) -> sa.ColumnElement[int]:
        return sa.func.count().filter(Signup.status.in_(statuses))

    rows = db.session.execute(
        sa.select(
            Signup.event_id,
            number(*SEATED),
            number("waitlisted"),
            sa.func.min(Signup.offer_expires_at).filter(Signup.status == "offered"),
        )
        .where(Signup.event_id.in_(capacities), Signup.erased_at.is_(None))
        .group_by(Signup.event_id)
        .order_by(Signup.event_id)
    )
    found = []
    for event_id, taken, waiting, expires_at in rows:
        capacity = capacities[event_id]
        is_free = capacity is None or taken < capacity
        if (waiting and is_free) or (expires_at is not None and expires_at <= at):
            found.append(event_id)
    return found
