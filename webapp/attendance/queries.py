"""What is going on right now, for the board and the cockpit. The evening's figures are in ``figures``."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from webapp.attendance import log
from webapp.attendance.models import Visit
from webapp.db import db
from webapp.events.models import Event
from webapp.signup import queries as signups
from webapp.signup.models import Signup

# Hidden tabs wake once a minute, so a silence up to this long says nothing (DESIGN rule 7).
SILENCE = dt.timedelta(seconds=150)
# Visits our own door made; the others are what a platform or a file says.
OWN_CHANNELS = ("room", "link", "door")


@dataclasses.dataclass(frozen=True, slots=True)
class LiveCounts:
    """Counts as of ``as_of`` (aware UTC).

    ``doors``: people who pressed Join, each sign-up or guest once, whatever happened after.
    ``present``: people with an open visit heard from within ``SILENCE``; None where presence is not
    measured by our own room. ``visited_signups`` and ``not_joined`` split the confirmed sign-ups.
    """

    doors: int
    present: int | None
    visited_signups: int
    not_joined: int
    as_of: dt.datetime


def _people(event_id: int, counts_as: dict[int, int], *where: sa.ColumnElement[bool]) -> int:
    """How many people the matching visits are, guests told apart by name as in the figures."""
    here = Visit.event_id == event_id, *where
    number = db.session.scalar(sa.select(sa.func.count(sa.distinct(Visit.person_key))).where(*here))
    if not counts_as:
        return number or 0
    # Only those who share a name with somebody can be fewer than they look.
    named = sa.select(Visit.name_key).where(Visit.event_id == event_id, Visit.name_key.is_not(None))
    namesakes = sa.select(Signup.person_key).where(
        Signup.event_id == event_id, Signup.name_key.in_(named), Signup.person_key.is_not(None)
    )
    keys = db.session.scalars(
        sa.select(sa.distinct(Visit.person_key)).where(
            *here, sa.or_(Visit.name_key.is_not(None), Visit.person_key.in_(namesakes))
        )
    ).all()
    return (number or 0) - len(keys) + len({counts_as.get(key, key) for key in keys})


def _has_visit() -> sa.ColumnElement[bool]:
    # Asked for no column, SQLite answers from the index without reading the visit.
    visit: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(Visit)
    here = Visit.event_id == Signup.event_id, Visit.person_key == Signup.person_key
    return visit.where(*here).correlate(Signup).exists()


def has_come() -> sa.ColumnElement[bool]:
    """SQL: this sign-up has at least one visit, or had one when its visits became nobody's."""
    return sa.or_(Signup.attended.is_(True), _has_visit())


def has_not_come() -> sa.ColumnElement[bool]:
    """SQL: the others. Said so, and not as "not (one or the other)", PostgreSQL compares the two tables as
    wholes instead of asking for each sign-up."""
    return sa.and_(Signup.attended.is_not(True), ~_has_visit())


def visits_of(event_id: int, person_key: int | None, limit: int = 200) -> list[Visit]:
    """One person's visits, the first one first; none once nobody knows any more whose they were."""
    if person_key is None:
        return []
    return list(
        db.session.scalars(
            sa.select(Visit)
            .where(Visit.event_id == event_id, Visit.person_key == person_key)
            .order_by(Visit.started_at, Visit.id)
            .limit(limit)
        )
    )


def live_counts(event: Event, at: dt.datetime) -> LiveCounts:
    """Who came so far and who is there at ``at`` (aware). Seven queries at most, whatever the crowd."""
    counts_as, _ambiguous = log.same_names(event.id)
    present = None
    if event.presence == "room":
        present = _people(
            event.id,
            counts_as,
            Visit.end_reason.is_(None),
            Visit.channel.in_(OWN_CHANNELS),
            Visit.last_seen_at >= at - SILENCE,
        )
    visited = has_come()
    # Counted each for itself: never a subtraction of people from sign-ups.
    came, missing = db.session.execute(
        sa.select(
            sa.func.coalesce(sa.func.sum(sa.case((visited, 1), else_=0)), 0),
            sa.func.coalesce(sa.func.sum(sa.case((visited, 0), else_=1)), 0),
        ).where(Signup.event_id == event.id, Signup.status == "confirmed")
    ).one()
    return LiveCounts(
        doors=_people(event.id, counts_as, Visit.channel.in_(OWN_CHANNELS)),
        present=present,
        visited_signups=int(came),
        not_joined=int(missing),
        as_of=at,
    )


def registered_attended(events: Collection[Event]) -> dict[int, int | None]:
    """By event: confirmed sign-ups with at least one visit (DESIGN section 5), all in one query.

    None is unknown: no source has seen anybody there, and no room of ours would have.
    """
    number = (
        sa.select(sa.func.count(Signup.id))
        .where(Signup.event_id == Event.id, Signup.status == "confirmed", has_come())
        .correlate(Event)
        .scalar_subquery()
    )
    rows = db.session.execute(
        sa.select(Event.id, number).where(
            Event.id.in_([event.id for event in events]),
            sa.exists().where(Visit.event_id == Event.id),
        )
    )
    seen = {row[0]: row[1] for row in rows}
    measured = {e.id for e in events if e.presence == "room" and e.mode != "in_person"}
    return {e.id: seen.get(e.id, 0 if e.id in measured else None) for e in events}


@dataclasses.dataclass(frozen=True, slots=True)
class SourceCount:
    """Sign-ups of one source as it is written in them: those that are on, the confirmed, and those of these
    who came."""

    source: str | None
    signups: int
    confirmed: int
    came: int


def by_source(event_id: int) -> list[SourceCount]:
    """Sign-ups by where they came from, erased ones with them. One query."""
    came = sa.or_(
        Signup.attended.is_(True),
        sa.exists().where(Visit.event_id == event_id, Visit.person_key == Signup.person_key),
    )
    is_confirmed = Signup.status == "confirmed"
    rows = db.session.execute(
        sa.select(
            Signup.source,
            sa.func.coalesce(sa.func.sum(sa.case((signups.is_signed_up(), 1), else_=0)), 0),
            sa.func.coalesce(sa.func.sum(sa.case((is_confirmed, 1), else_=0)), 0),
            sa.func.coalesce(sa.func.sum(sa.case((sa.and_(is_confirmed, came), 1), else_=0)), 0),
        )
        .where(Signup.event_id == event_id)
        .group_by(Signup.source)
        .order_by(Signup.source)
    )
    return [SourceCount(row[0], int(row[1]), int(row[2]), int(row[3])) for row in rows]


def open_visits() -> int:
    """Visits of all events that have not ended, as far as our own room knows."""
    # Written out: only then do both engines see that the partial index covers it.
    return db.session.scalar(sa.select(sa.func.count()).select_from(Visit).where(sa.text("end_reason IS NULL"))) or 0  # fmt: skip
