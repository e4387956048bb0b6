"""Background work: small functions that look for due rows and finish them, each on its own rhythm.

There is no queue to lose: the truth is rows in the database (an outbox row, a visit that fell silent,
an event past its end), claimed by conditional updates, so any number of workers on any number of
machines may run the same job at once and a killed one costs one interval.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import logging
import os
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from webapp import clock
from webapp.db import Base, db, reading
from webapp.errors import Refused

log = logging.getLogger(__name__)

Run = Callable[[dt.datetime], int]
T = TypeVar("T")

# How often a process writes down that a job goes well; trouble and its end are written at once.
NOTE_EVERY = 60.0


class JobRun(Base):
    """How a job is doing, over all workers. ``ran_at`` is its last turn without a fault and ``done_at``
    the last one that found something to do (``done`` items); ``error`` says where the last fault was."""

    __tablename__ = "job_runs"

    name: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    ran_at: Mapped[dt.datetime | None]
    done_at: Mapped[dt.datetime | None]
    done: Mapped[int] = mapped_column(default=0)
    failed_at: Mapped[dt.datetime | None]
    error: Mapped[str] = mapped_column(sa.String(200), default="")

    @property
    def is_failing(self) -> bool:
        """Whether no turn went well since the last fault."""
        return self.failed_at is not None and (self.ran_at is None or self.ran_at < self.failed_at)


@dataclasses.dataclass(frozen=True, slots=True)
class Job:
    """``run(at)`` does what is due at ``at``, commits per item, and answers how many items it did."""

    name: str
    every: float
    run: Run


_jobs: dict[str, Job] = {}


def every(seconds: float, name: str) -> Callable[[Run], Run]:
    """Registers a job; it runs again at once while it finds work, otherwise after ``seconds``."""

    def register(run: Run) -> Run:
        _jobs[name] = Job(name, seconds, run)
        return run

    return register


def registered() -> list[Job]:
    return sorted(_jobs.values(), key=lambda job: job.name)


def to_the_end(some: Callable[[], int], *, breath: float = 0.0) -> int:
    """Calls ``some`` until it answers 0 and commits after each time; answers the sum. It can be stopped at
    any point and goes on there the next time. ``breath`` seconds between two batches leave the one writer's
    place to whoever signs up at the moment. A refusal ends it quietly: the event was deleted since."""
    done = 0
    try:
        while batch := some():
            db.session.commit()
            done += batch
            time.sleep(breath)
    except Refused as refusal:
        db.session.rollback()
        log.info("left where it was: %s", refusal)
    # Finding nothing more to do is often written down as well.
    db.session.commit()
    return done


def batch_by_batch(
    find: Callable[[], Iterable[T]], some: Callable[[T], int], *, breath: float = 0.0
) -> int:
    """Does ``some`` with each that ``find`` answers, to its end as above. Looked for in a transaction that
    only reads: most often there is nothing."""
    with reading():
        found = list(find())
        db.session.commit()
    return sum(to_the_end(functools.partial(some, one), breath=breath) for one in found)


def run_once(app: Flask, job: Job) -> int:
    """One turn of one job in its own context. A fault is logged, rolled back and tried next time."""
    at, done, error = clock.now(), 0, ""
    with app.app_context():
        try:
            done = job.run(at)
        except Exception as fault:
            log.exception("job %s failed; it will be tried again", job.name)
            db.session.rollback()
            error = _place(fault)
    _note(app, job.name, at, done, error)
    return done


def _place(fault: Exception) -> str:
    """The kind of fault and the line of ours it came from. Not its own words: a database quotes the
    values it stumbled over, and those may be somebody's address."""
    ours = [f for f in traceback.extract_tb(fault.__traceback__) if "webapp" in f.filename]
    place = f" ({Path(ours[-1].filename).name}:{ours[-1].lineno})" if ours else ""
    return f"{type(fault).__name__}{place}"[:200]


@dataclasses.dataclass(slots=True)
class _Turns:
    """What this process knows of a job and has perhaps not written yet."""

    values: dict[str, object] = dataclasses.field(default_factory=dict)
    was_failing: bool = False
    written: float | None = None


def _note(app: Flask, name: str, at: dt.datetime, done: int, error: str) -> None:
    """Remembers how a turn went, and writes it down when it is news or a minute has passed: a job that
    looks every second does not commit every second."""
    kept: dict[str, _Turns] = app.extensions.setdefault("job_turns", {})
    turns = kept.setdefault(name, _Turns())
    if error:
        turns.values |= {"failed_at": at, "error": error}
    else:
        turns.values["ran_at"] = at
        if done:
            turns.values |= {"done_at": at, "done": done}
    is_news = bool(error) != turns.was_failing or turns.written is None
    if not is_news and turns.written and time.monotonic() - turns.written < NOTE_EVERY:
        return
    turns.was_failing, turns.written = bool(error), time.monotonic()
    with app.app_context():
        try:
            _write(name, turns.values)
            db.session.commit()
        except SQLAlchemyError as fault:
            # Kept in memory: it is written when a turn goes well again, or in a minute.
            db.session.rollback()
            log.warning("how job %s went could not be written down: %s", name, _place(fault))
            return
    turns.values = {}


def _write(name: str, values: dict[str, object]) -> None:
    change = sa.update(JobRun).where(JobRun.name == name).values(**values)
    if db.session.connection().execute(change).rowcount:
        return
    try:
        with db.session.begin_nested():
            db.session.add(JobRun(name=name, **values))
    except IntegrityError:
        # Another worker wrote the first line at the same moment.
        db.session.connection().execute(change)


def runs() -> dict[str, JobRun]:
    """How each job is doing, by its name; a job that never had a turn is missing."""
    return {run.name: run for run in db.session.scalars(sa.select(JobRun))}


def _loop(app: Flask, job: Job, stop: threading.Event) -> None:
    while not stop.is_set():
        done = run_once(app, job)
        stop.wait(0 if done else job.every)


def work(app: Flask, stop: threading.Event, *, parent: int | None = None) -> None:
    """Runs every job until ``stop`` is set, one thread for each, so that a slow mail server holds up
    nothing else. With ``parent``, also ends when that process is gone: a killed parent leaves no orphan.
    """
    threads = [
        threading.Thread(target=_loop, args=(app, job, stop), name=job.name, daemon=True)
        for job in registered()
    ]
    for thread in threads:
        thread.start()
    while not stop.wait(0.5):
        if parent is not None and os.getppid() != parent:
            stop.set()
    for thread in threads:
        thread.join(timeout=5)
