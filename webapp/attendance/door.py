"""The door: 1,200 people come in five minutes, and nobody waits for a database.

What the door must know of an event is kept in this process for two seconds, and longer while the
database does not answer. A join is one insert on a connection of its own with short patience; if that
fails, the visit goes to the spool and the person goes in.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
import time
from typing import Any, Literal

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from webapp import templating, tokens
from webapp.agenda import queries as agenda
from webapp.attendance import spool, tickets
from webapp.attendance.models import Visit
from webapp.attendance.tickets import Ticket
from webapp.db import db, is_sqlite, reading, to_ms, tune_sqlite
from webapp.events.models import Event, Phase
from webapp.prepared import Prepared, PreparedInsert

log = logging.getLogger(__name__)
SECONDS = 2.0
_ONCE = "ON CONFLICT (uid) DO NOTHING"
# A guest's key may be that of a sign-up which the very same browser made, and which has a place: then it
# is the sign-up's visit. Asked with the insert, so that the door takes equally long for everybody.
_IS_OWN = "EXISTS (SELECT 1 FROM signups WHERE signups.person_key = :person_key AND signups.event_id = :event_id AND signups.status = 'confirmed')"
_INSERT = PreparedInsert(
    Visit.__tablename__, _ONCE,
    instead={
        "identity": f"CASE WHEN {_IS_OWN} THEN 'identified' ELSE :identity END",
        "is_registered": f"CASE WHEN {_IS_OWN} THEN true ELSE :is_registered END",
        "name": f"CASE WHEN {_IS_OWN} THEN NULL ELSE :name END",
        "name_key": f"CASE WHEN {_IS_OWN} THEN NULL ELSE :name_key END",
    },
)  # fmt: skip
# Only for a sign-up that is on. One that is erased has no key any more.
_INSERT_OF_SIGNUP = PreparedInsert(
    Visit.__tablename__, _ONCE,
    where="EXISTS (SELECT 1 FROM signups WHERE signups.person_key = :person_key"
    " AND signups.event_id = :event_id"
    " AND signups.status IN ('pending','confirmed','waitlisted','offered'))",
)  # fmt: skip
_STANDING = Prepared(
    "SELECT status, erased_at FROM signups WHERE event_id = :event_id AND public_id = :public_id"
)

# How a sign-up stands at the door: "on"; "cancelled" or "declined"; or "gone", for one that is erased or
# that nobody knows.
Standing = Literal["on", "cancelled", "declined", "gone"]
# What came of pressing Join: "in" the database, "spooled" to the disk, or how the sign-up stands instead.
Entered = Literal["in", "spooled"] | Standing


@dataclasses.dataclass(frozen=True, slots=True)
class Target:
    label: str
    url: str
    language: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class Facts:
    """What the door needs to know of an event. ``event`` is detached: its columns only."""

    event: Event
    items: tuple[agenda.Item, ...]
    targets: tuple[Target, ...]
    until: float
    # The page that leads to the meeting, by language: the same for everybody who comes in.
    away: dict[str, str] = dataclasses.field(default_factory=dict)

    def phase(self, at: dt.datetime) -> Phase:
        return self.event.phase(at)

    @property
    def measures(self) -> bool:
        """Whether our own room measures presence."""
        return self.event.presence == "room"


def _load(event_id: int) -> Facts | None:
    event = db.session.get(Event, event_id, populate_existing=True)
    if event is None:
        return None
    targets = tuple(Target(t.label, t.url, t.language) for t in event.targets)
    items = tuple(agenda.running_order(event))
    db.session.expunge(event)
    return Facts(event, items, targets, time.monotonic() + SECONDS)


def facts(event_id: int) -> Facts | None:
    """The event's facts, at most two seconds old; older ones while the database does not answer.
    Raises the database's error only if this process never saw the event."""
    cache: dict[int, Facts] = current_app.extensions.setdefault("door_cache", {})
    kept = cache.get(event_id)
    if kept is not None and kept.until > time.monotonic():
        return kept
    try:
        # As a reader, and done at once: on SQLite the join that follows needs the one writer's place.
        with reading():
            fresh = _load(event_id)
    except SQLAlchemyError as error:
        if kept is None:
            raise
        log.error("the door works from memory: %s", error)
        # Asked again in two seconds, not by everybody at once.
        cache[event_id] = kept = dataclasses.replace(kept, until=time.monotonic() + SECONDS)
        return kept
    finally:
        db.session.rollback()
    if fresh is None:
        cache.pop(event_id, None)
        return None
    cache[event_id] = fresh
    return fresh


def engine() -> Engine:
    """Connections of the door's own: they give up after DOOR_TIMEOUT seconds instead of queueing."""
    kept: Engine | None = current_app.extensions.get("door_engine")
    if kept is None:
        config = current_app.config
        uri, patience = config["SQLALCHEMY_DATABASE_URI"], config["DOOR_TIMEOUT"]
        if is_sqlite(uri):
            kept = sa.create_engine(uri, connect_args={"timeout": patience})
            tune_sqlite(
                kept, synchronous=config["SQLITE_SYNCHRONOUS"], busy_ms=int(patience * 1000)
            )
        else:
            kept = sa.create_engine(
                uri,
                pool_size=config["DATABASE_POOL_SIZE"],
                pool_timeout=patience,
                connect_args={
                    "connect_timeout": max(1, round(patience)),
                    "options": f"-c statement_timeout={int(patience * 1000)}",
                },
            )
        current_app.extensions["door_engine"] = kept
    return kept


def insert(connection: sa.Connection, row: dict[str, Any]) -> int:
    """Stores one visit (the columns as they lie, times in milliseconds) unless its uid is there already;
    answers 1 or 0."""
    return _INSERT.run(connection, row)


def visit_row(ticket: Ticket, found: Facts, uid: str, at: dt.datetime, name: str | None, name_key: str | None) -> dict[str, Any]:  # fmt: skip
    """The visit as plain columns. In our room it is open; through the door to another app, nobody can
    say how long it lasts."""
    moment = to_ms(at)
    return {
        "uid": uid,
        "event_id": ticket.event_id,
        "person_key": ticket.person_key,
        "identity": ticket.identity,
        "is_registered": ticket.is_registered,
        "is_crew": False,
        "name": name,
        "name_key": name_key,
        "channel": "room" if found.measures else "link",
        "connection": uid if found.measures else None,
        "started_at": moment,
        "last_seen_at": moment,
        "ended_at": None,
        "end_reason": None if found.measures else "unknown",
    }


def standing(connection: sa.Connection, event_id: int, public_id: str) -> Standing:
    row = _STANDING.first(connection, {"event_id": event_id, "public_id": public_id})
    if row is None or row[1] is not None:
        return "gone"
    status: str = row[0]
    return status if status in ("cancelled", "declined") else "on"  # type: ignore[return-value]  # one of the two


def withdrawn(ticket: Ticket) -> Standing | None:
    """How the sign-up behind a link stands if it is no longer on; None if it is, for a guest, and where
    the database does not answer."""
    if ticket.public_id is None:
        return None
    try:
        with reading(), engine().begin() as connection:
            found = standing(connection, ticket.event_id, ticket.public_id)
    except SQLAlchemyError as error:
        log.error("whether a sign-up is still on cannot be asked: %s", error)
        return None
    return None if found == "on" else found


def enter(ticket: Ticket, found: Facts, uid: str, at: dt.datetime, *, name: str | None = None, name_key: str | None = None) -> Entered:  # fmt: skip
    """Logs that somebody went in at ``at``: durable when this returns, in the database or in the spool.
    The same ``uid`` twice is one visit. Of a sign-up that is no longer on nothing is logged."""
    row = visit_row(ticket, found, uid, at, name, name_key)
    try:
        with engine().begin() as connection:
            return _write(connection, row, ticket.public_id)
    except IntegrityError as error:
        # The event's row is gone since the facts were read; there is nothing left to count for.
        log.warning("a visit found no event: %s", error.orig)
        return "in"
    except SQLAlchemyError as error:
        log.error("the database did not take a visit, the spool does: %s", error)
        spool.keep(row | {"signup": ticket.public_id})
        return "spooled"


def _write(connection: sa.Connection, row: dict[str, Any], public_id: str | None) -> Entered:
    """Asks how a sign-up stands with the insert itself, and a second time only if no row was written."""
    if public_id is None:
        insert(connection, row)
    elif not _INSERT_OF_SIGNUP.run(connection, row):
        found = standing(connection, row["event_id"], public_id)
        if found != "on":
            return found
        # The same press twice, or a link from after the tie to the visits was cut: its key is nobody's.
        insert(connection, row)
    return "in"


def store(connection: sa.Connection, row: dict[str, Any]) -> int:
    """Stores a visit from the spool unless it is there already; answers 1 or 0. Whoever went in while
    nobody could be asked, by a link that was no longer on, was there: as a guest."""
    row = dict(row)
    public_id = row.pop("signup", None)
    if public_id is None:
        return insert(connection, row)
    if _INSERT_OF_SIGNUP.run(connection, row):
        return 1
    if standing(connection, row["event_id"], public_id) != "on":
        row |= {"person_key": tokens.person_key(), "identity": "anonymous", "is_registered": False}
    return insert(connection, row)


def guest_url(event: Event) -> str:
    """The guests' door of the event, for everybody: the same link whoever gets it."""
    return templating.absolute_url("attendance.guest", token=tickets.public_link(event.id))


def new_uid() -> str:
    """A visit's id, made before anything is written."""
    return tokens.public_id()
