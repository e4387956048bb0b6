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
from typing import Any

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
from webapp.prepared import PreparedInsert

log = logging.getLogger(__name__)
SECONDS = 2.0
_INSERT = PreparedInsert(Visit.__tablename__, "ON CONFLICT (uid) DO NOTHING")


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


def enter(ticket: Ticket, found: Facts, uid: str, at: dt.datetime, *, name: str | None = None, name_key: str | None = None) -> None:  # fmt: skip
    """Logs that somebody went in at ``at``: durable when this returns, in the database or in the spool.
    The same ``uid`` twice is one visit."""
    row = visit_row(ticket, found, uid, at, name, name_key)
    try:
        with engine().begin() as connection:
            insert(connection, row)
    except IntegrityError as error:
        # The event's row is gone since the facts were read; there is nothing left to count for.
        log.warning("a visit found no event: %s", error.orig)
    except SQLAlchemyError as error:
        log.error("the database did not take a visit, the spool does: %s", error)
        spool.keep(row)


def guest_url(event: Event) -> str:
    """The guests' door of the event, for everybody: the same link whoever gets it."""
    return templating.absolute_url("attendance.guest", token=tickets.public_link(event.id))


def new_uid() -> str:
    """A visit's id, made before anything is written."""
    return tokens.public_id()
