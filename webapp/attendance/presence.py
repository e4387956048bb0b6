"""How long people are in the room: their pages' pulses, gathered in memory and written in batches.

A pulse costs no query. Each process gathers its own and writes them every few seconds; a write that
fails keeps them. Silence up to ``SILENCE`` is bridged, longer silence ends the visit at its last pulse,
and a return is a new visit (DESIGN rule 7).
"""

from __future__ import annotations

import atexit
import dataclasses
import datetime as dt
import logging
import os
import re
import threading
import time
from typing import Any

import sqlalchemy as sa
from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError

from webapp import clock, jobs, tokens
from webapp.attendance import operations
from webapp.attendance.models import Visit
from webapp.attendance.queries import OWN_CHANNELS, SILENCE
from webapp.db import db
from webapp.events.models import Event
from webapp.signup import queries as signup_queries

log = logging.getLogger(__name__)

Stretch = tuple[dt.datetime, dt.datetime]
Key = tuple[int, str]
_CHUNK = 400
# Ends that were inferred, or came with the event's end: a pulse that arrives later may take them back.
_REOPENS = ("timeout", "unknown", "closed")
_visits: Any = Visit.__table__


def end_of(event: Event) -> dt.datetime:
    """When presence stops counting: End as pressed, otherwise the latest moment it can be live."""
    return event.ended_at or event.closes_by


def merged(stretches: list[Stretch]) -> list[Stretch]:
    """In order of time, joined where the silence between them is short enough to be bridged."""
    result: list[Stretch] = []
    for start, end in sorted(stretches):
        if result and start - result[-1][1] <= SILENCE:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


@dataclasses.dataclass(slots=True)
class Heard:
    """What one connection sent since the last write."""

    person_key: int
    is_registered: bool
    identity: str
    stretches: list[Stretch]


def _never_pulsed() -> sa.ColumnElement[bool]:
    """A visit made by pressing Join of which no pulse ever came. One made by a pulse has another uid."""
    return sa.and_(
        Visit.last_seen_at == Visit.started_at,
        sa.or_(Visit.connection.is_(None), Visit.connection == Visit.uid),
    )


class _Timeline:
    """The visits of one connection while its pulses are laid onto them."""

    def __init__(self, event_id: int, connection: str, heard: Heard, rows: list[Any]) -> None:
        self.event_id, self.connection = event_id, connection
        self.changed: list[dict[str, Any]] = []
        self.new: list[dict[str, Any]] = []
        self.made: dict[str, Any] = {
            "event_id": event_id,
            "person_key": heard.person_key,
            "identity": heard.identity,
            "is_registered": heard.is_registered,
            "is_crew": False,
            "name": None,
            "name_key": None,
            "channel": "room",
            "connection": connection,
        }
        self.visit: dict[str, Any] | None = None
        for row in rows:
            if self.visit is not None and self.visit["end_reason"] is None:
                # A visit that was written late (the door's spool) has a successor already.
                self._close(row.started_at if row.started_at - self._last <= SILENCE else None)
            self.visit = dict(row._mapping)
            # A return belongs to whoever the visit belongs to by now.
            self.made |= {
                name: self.visit[name]
                for name in (
                    "person_key",
                    "identity",
                    "is_registered",
                    "is_crew",
                    "name",
                    "name_key",
                )
            }

    @property
    def _known(self) -> dict[str, Any]:
        return self.visit or {}

    @property
    def _last(self) -> dt.datetime:
        """The last moment the visit is known to have lasted to."""
        seen: dt.datetime = self._known["last_seen_at"]
        return max(seen, self._known["ended_at"] or seen)

    def _keep(self) -> None:
        if self.visit is not None and "id" in self.visit and self.visit not in self.changed:
            self.changed.append(self.visit)

    def _close(self, end: dt.datetime | None) -> None:
        """Ends the open visit by silence; at its last pulse, unless an ``end`` is known."""
        visit = self._known
        joined = visit["connection"] in (None, visit["uid"])
        if end is None and joined and visit["last_seen_at"] == visit["started_at"]:
            visit |= {"ended_at": None, "end_reason": "unknown"}
        else:
            end = max(end or visit["last_seen_at"], visit["started_at"])
            visit |= {"ended_at": end, "end_reason": "timeout"}
        self._keep()

    def _begin(self, start: dt.datetime, end: dt.datetime) -> None:
        self.visit = {
            **self.made,
            "uid": tokens.public_id(),
            "started_at": start,
            "last_seen_at": end,
            "ended_at": None,
            "end_reason": None,
        }
        self.new.append(self.visit)

    def pulses(self, start: dt.datetime, end: dt.datetime) -> None:
        """Lays one stretch of pulses onto the visits. What is older than the last known is old news."""
        visit = self.visit
        if visit is None:
            self._begin(start, end)
        elif end <= self._last:
            return
        elif start - self._last > SILENCE:
            if visit["end_reason"] is None:
                self._close(None)
            self._begin(start, end)
        elif visit["end_reason"] is None or visit["end_reason"] in _REOPENS:
            visit |= {"last_seen_at": end, "ended_at": None, "end_reason": None}
            self._keep()
        else:
            self._begin(max(start, self._last), end)

    def leave(self, at: dt.datetime) -> None:
        """Goodbye at ``at``. After a long silence it proves nothing about the time in between."""
        visit = self.visit
        if visit is None or visit["end_reason"] is not None:
            return
        if at - self._last > SILENCE:
            self._close(None)
            return
        end = max(at, self._last)
        visit |= {"last_seen_at": end, "ended_at": end, "end_reason": "left"}
        self._keep()


class Presence:
    """The pulses one process has heard and not written yet. Threads may share it."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._lock = threading.Lock()
        # One write at a time in a process: two would lay the same pulses onto the same visits.
        self._writing = threading.Lock()
        self._heard: dict[Key, Heard] = {}
        self._pid: int | None = None
        self._stop = threading.Event()

    def __len__(self) -> int:
        return len(self._heard)

    def pulse(
        self,
        event_id: int,
        person_key: int,
        connection: str,
        at: dt.datetime,
        *,
        is_registered: bool,
        identity: str,
    ) -> None:
        """Remembers that the page ``connection`` (opaque, ours or the browser's) is there at ``at``.

        Letters, digits, - and _ of the connection count, 64 at most; without any it is ignored, so
        that nothing a browser sends can make a whole batch unwritable.
        """
        connection = cleaned(connection)
        if not connection:
            return
        self._begin_thread()
        with self._lock:
            heard = self._heard.setdefault(
                (event_id, connection), Heard(person_key, is_registered, identity, [])
            )
            heard.stretches = merged([*heard.stretches, (at, at)])

    def leave(self, event_id: int, person_key: int, connection: str, at: dt.datetime) -> None:
        """The page says goodbye at ``at``: writes what it sent before and closes its visit, and commits.

        Raises what the database raises; the pulses are kept then.
        """
        connection = cleaned(connection)
        key = (event_id, connection)
        with self._writing:
            with self._lock:
                heard = self._heard.pop(key, None)
            self._write_or_keep(
                event_id,
                {connection: heard or Heard(person_key, False, "anonymous", [])},
                leaving=at,
            )

    def flush(self, at: dt.datetime) -> int:
        """Writes everything heard, a commit for each event; answers how many connections that were.

        What could not be written is kept for the next time, and the first fault is raised at the end.
        """
        with self._writing:
            with self._lock:
                batch, self._heard = self._heard, {}
            by_event: dict[int, dict[str, Heard]] = {}
            for (event_id, connection), heard in batch.items():
                by_event.setdefault(event_id, {})[connection] = heard
            fault: SQLAlchemyError | None = None
            for event_id in sorted(by_event):
                try:
                    self._write_or_keep(event_id, by_event[event_id])
                except SQLAlchemyError as error:
                    fault = fault or error
            if fault is not None:
                raise fault
            return len(batch)

    def _write_or_keep(
        self, event_id: int, batch: dict[str, Heard], leaving: dt.datetime | None = None
    ) -> None:
        try:
            _write(event_id, batch, leaving)
            db.session.commit()
        except BaseException:
            db.session.rollback()
            with self._lock:
                for connection, heard in batch.items():
                    newer = self._heard.get((event_id, connection))
                    if newer is not None:
                        newer.stretches = merged([*heard.stretches, *newer.stretches])
                    elif heard.stretches:
                        self._heard[(event_id, connection)] = heard
            raise

    def _begin_thread(self) -> None:
        """One writing thread for each process, made with its first pulse: threads do not survive a
        fork, and what the parent heard is the parent's to write."""
        if self._pid == os.getpid() or self._app.config["TESTING"]:
            return
        if self._pid is not None:
            self._lock, self._writing = threading.Lock(), threading.Lock()
            self._heard, self._stop = {}, threading.Event()
        with self._lock:
            if self._pid == os.getpid():
                return
            self._pid = os.getpid()
        atexit.register(self._at_exit, self._pid)
        threading.Thread(target=self._run, name="pulses", daemon=True).start()

    def _run(self) -> None:
        # By the clock, however long a turn takes: the next one comes no later for it.
        due = time.monotonic()
        while True:
            due = max(due + self._app.config["PULSE_FLUSH_SECONDS"], time.monotonic())
            if self._stop.wait(due - time.monotonic()):
                return
            self._turn()

    def _turn(self) -> None:
        if not self._heard:
            return
        with self._app.app_context():
            try:
                self.flush(clock.now())
            except Exception:
                log.exception("pulses could not be written; they are kept and tried again")

    def _at_exit(self, pid: int) -> None:
        if pid == os.getpid():
            self._stop.set()
            self._turn()


def cleaned(connection: str) -> str:
    """The name a tab gave itself, without whatever does not belong into a name."""
    return re.sub(r"[^A-Za-z0-9_-]", "", connection)[:64]


def _rows(event_id: int, batch: dict[str, Heard]) -> dict[str, list[Any]]:
    """The visits each connection's pulses could belong to, by start: its open ones, otherwise its last
    closed one. Locked until the commit where the engine has row locks."""
    found: dict[str, list[Any]] = {}
    connections = list(batch)
    for i in range(0, len(connections), _CHUNK):
        part = connections[i : i + _CHUNK]
        opened = sa.select(_visits).where(
            _visits.c.event_id == event_id,
            _visits.c.end_reason.is_(None),
            _visits.c.channel.in_(OWN_CHANNELS),
            _visits.c.connection.in_(part),
        )
        for row in db.session.execute(opened.order_by(_visits.c.id).with_for_update()):
            found.setdefault(row.connection, []).append(row)
        rest = [connection for connection in part if connection not in found]
        if not rest:
            continue
        closed = sa.select(_visits).where(
            _visits.c.event_id == event_id,
            # By person, which is indexed; by uid too, for a visit that became a sign-up's meanwhile.
            sa.or_(
                _visits.c.person_key.in_([batch[connection].person_key for connection in rest]),
                _visits.c.uid.in_(rest),
            ),
            _visits.c.connection.in_(rest),
            _visits.c.channel.in_(OWN_CHANNELS),
        )
        for row in db.session.execute(closed.order_by(_visits.c.id).with_for_update()):
            last = found.get(row.connection)
            if last is None or row.started_at >= last[0].started_at:
                found[row.connection] = [row]
    for rows in found.values():
        rows.sort(key=lambda row: (row.started_at, row.id))
    return found


def _write(event_id: int, batch: dict[str, Heard], leaving: dt.datetime | None) -> None:
    event = db.session.get(Event, event_id, populate_existing=True)
    if event is None:
        return
    end = end_of(event)
    changed: list[dict[str, Any]] = []
    new: list[dict[str, Any]] = []
    rows = _rows(event_id, batch)
    # Asked behind the lock on the visits: who has just said so is among them.
    unrecorded = signup_queries.without_stay(event_id)
    is_on = signup_queries.keys_that_are_on(
        event_id, {h.person_key for c, h in batch.items() if h.is_registered and c not in rows}
    )
    for connection, heard in batch.items():
        known = rows.get(connection, [])
        # A page that was opened by the link of a sign-up which is no longer on begins no visit.
        if not known and heard.is_registered and heard.person_key not in is_on:
            continue
        # Also somebody who came in as a guest on this device and turned out to be one of them.
        if unrecorded and {heard.person_key, *(row.person_key for row in known)} & unrecorded:
            continue
        timeline = _Timeline(event_id, connection, heard, known)
        for first, last in heard.stretches:
            # Who was there before and after the end was there at the end; later pulses are ignored.
            if first < end:
                timeline.pulses(first, min(last, end))
        # A goodbye after the end changes nothing: the sweep closes the visit with the event.
        if leaving is not None and leaving < end:
            timeline.leave(leaving)
        changed += timeline.changed
        new += timeline.new
    if changed:
        names = ("last_seen_at", "ended_at", "end_reason")
        # Only forward: a pulse never takes back what another process has seen since.
        db.session.connection().execute(
            sa.update(_visits)
            .where(
                _visits.c.id == sa.bindparam("b_id"),
                _visits.c.last_seen_at <= sa.bindparam("b_last_seen_at"),
            )
            .values({name: sa.bindparam(f"b_{name}") for name in names}),
            [
                {"b_id": visit["id"]} | {f"b_{name}": visit[name] for name in names}
                for visit in changed
            ],
        )
    if new:
        db.session.connection().execute(sa.insert(_visits), new)
    if changed or new:
        operations.mark_changed([event_id])


def _end(where: list[sa.ColumnElement[bool]], reason: str, ended_at: Any) -> int:
    """Closes the open visits that match, leaving those another process is just writing."""
    chosen = (
        sa.select(Visit.id)
        .where(Visit.end_reason.is_(None), *where)
        .with_for_update(skip_locked=True)
    )
    result: Any = db.session.execute(
        sa.update(Visit)
        .where(Visit.id.in_(chosen), Visit.end_reason.is_(None))
        .values(end_reason=reason, ended_at=ended_at),
        execution_options={"synchronize_session": False},
    )
    return int(result.rowcount)


def _sweep_event(event: Event, at: dt.datetime) -> int:
    mine = Visit.event_id == event.id
    room = Visit.channel == "room"
    # Whatever else happened: of those who asked for it, no stay is left behind.
    unrecorded = signup_queries.without_stay(event.id)
    done = operations.forget_stay(event.id, unrecorded)
    if event.phase(at) == "over":
        end = end_of(event)
        done += _end(
            [
                mine,
                room,
                Visit.last_seen_at >= end - SILENCE,
                Visit.person_key.not_in(unrecorded),
            ],
            "closed",
            sa.case(
                (Visit.started_at > end, Visit.started_at),
                else_=sa.literal(end, Visit.ended_at.type),
            ),
        )
        # Who went through our door to another place: nobody can say how long they stayed.
        elsewhere = Visit.channel.in_([name for name in OWN_CHANNELS if name != "room"])
        done += _end([mine, elsewhere], "unknown", None)
        silent = [mine, room]
    else:
        silent = [mine, room, Visit.last_seen_at < at - SILENCE]
    done += _end([*silent, _never_pulsed()], "unknown", None)
    done += _end([*silent, ~_never_pulsed()], "timeout", Visit.last_seen_at)
    if done:
        operations.mark_changed([event.id])
    return done


@jobs.every(15, "visits")
def sweep(at: dt.datetime) -> int:
    """Ends the visits that fell silent by ``at``, and all those of events that are over.

    Answers how many. Runs any number of times, in any number of processes, to the same end.
    """
    event_ids = db.session.scalars(
        sa.select(Visit.event_id)
        .where(Visit.end_reason.is_(None), Visit.channel.in_(OWN_CHANNELS))
        .distinct()
    ).all()
    done = 0
    for event_id in sorted(event_ids):
        event = db.session.get(Event, event_id, populate_existing=True)
        if event is not None:
            done += _sweep_event(event, at)
        db.session.commit()
    return done


def current() -> Presence:
    """The buffer of this process."""
    presence: Presence = current_app.extensions["presence"]
    return presence


def init_app(app: Flask) -> None:
    app.extensions["presence"] = Presence(app)
