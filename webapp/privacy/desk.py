"""The privacy desk: who is still named where, until when, what has gone, and the proof of it."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection, Sequence
from typing import Literal

import sqlalchemy as sa

from webapp.audit.models import AuditEntry
from webapp.db import db, to_ms
from webapp.events.models import Event
from webapp.mail.models import SuppressedAddress, Unsubscribe
from webapp.privacy import queries
from webapp.privacy.holdings import HOLDINGS, Holding
from webapp.privacy.models import FrozenFigures
from webapp.signup.models import Signup

PAGE = 50
Kind = Literal["overdue", "holding", "gone"]


def overview(at: dt.datetime) -> dict[Kind, list[int]]:
    """The ids of all events of each kind at ``at``, in one query: what goes next comes first, what is gone
    from the latest back. Events that nobody signed up for are of no kind."""
    rows = db.session.execute(
        sa.select(
            Event.id,
            Event.is_sample,
            queries.due_at_ms() <= sa.literal(to_ms(at), sa.BigInteger()),
            queries.HOLDS_SOMEBODY,
            sa.exists().where(Signup.event_id == Event.id),
        ).order_by(queries.due_at_ms(), Event.id)
    )
    found: dict[Kind, list[int]] = {"overdue": [], "holding": [], "gone": []}
    for event_id, is_sample, is_overdue, holds, had_signups in rows:
        if holds:
            found["overdue" if is_overdue else "holding"].append(event_id)
        elif had_signups and not is_sample:
            found["gone"].append(event_id)
    found["gone"].reverse()
    return found


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """An event at the desk: how many of its sign-ups still name somebody, and how many were erased."""

    event: Event
    named: int
    erased: int

    @property
    def due_at(self) -> dt.datetime:
        return queries.due_at(self.event)


def lines(event_ids: Sequence[int]) -> list[Line]:
    """These events as they stand at the desk, in their order. Two queries."""
    events = {
        event.id: event
        for event in db.session.scalars(sa.select(Event).where(Event.id.in_(event_ids)))
    }
    people = _people(event_ids)
    return [Line(events[one], *people.get(one, (0, 0))) for one in event_ids]


def _people(event_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """By event: sign-ups with a name, and without one any more. Invented people count as neither."""
    rows = db.session.execute(
        sa.select(
            Signup.event_id,
            sa.func.sum(sa.case((Signup.erased_at.is_(None), 1), else_=0)),
            sa.func.sum(sa.case((Signup.erased_at.is_(None), 0), else_=1)),
        )
        .where(Signup.event_id.in_(event_ids), Signup.is_sample.is_(False))
        .group_by(Signup.event_id)
    )
    return {event_id: (int(named), int(erased)) for event_id, named, erased in rows}


@dataclasses.dataclass(frozen=True, slots=True)
class Left:
    """What is left in one place: rows that say something about a person, of all rows of the event."""

    holding: Holding
    named: int
    rows: int


def proof(event: Event) -> list[Left]:
    """Counted now, in every place that may say something about a person of this event."""
    found = []
    for holding in HOLDINGS:
        named, rows = db.session.execute(
            sa.select(
                sa.func.coalesce(sa.func.sum(sa.case((holding.named, 1), else_=0)), 0),
                sa.func.count(),
            )
            .select_from(holding.source)
            .where(holding.event_id == event.id)
        ).one()
        found.append(Left(holding, int(named), int(rows)))
    return found


@dataclasses.dataclass(frozen=True, slots=True)
class Erased:
    """Erasure so far, over all events: sign-ups without a person, those of them that were erased one by
    one on somebody's wish, and what is kept of addresses beside the events."""

    signups: int
    by_wish: int
    refused_addresses: int
    unsubscribed: int


def erased() -> Erased:
    def count(where: sa.ColumnElement[bool]) -> int:
        return db.session.scalar(sa.select(sa.func.count()).where(where)) or 0

    return Erased(
        signups=count(Signup.erased_at.is_not(None)),
        by_wish=count(AuditEntry.action == "signup.erased"),
        refused_addresses=count(SuppressedAddress.id > 0),
        unsubscribed=count(Unsubscribe.id > 0),
    )


def last_erasure(event: Event) -> dt.datetime | None:
    """When somebody's data of the event was last deleted."""
    return db.session.scalar(
        sa.select(sa.func.max(Signup.erased_at)).where(Signup.event_id == event.id)
    )


def ties_cut(event: Event) -> dt.datetime | None:
    """When nothing tied a visit of the event to a person any more; None while something does."""
    return db.session.scalar(
        sa.select(FrozenFigures.cut_at).where(FrozenFigures.event_id == event.id)
    )
