"""Background work: small functions that look for due rows and finish them, each on its own rhythm.

There is no queue to lose: the truth is rows in the database (an outbox row, a visit that fell silent,
an event past its end), claimed by conditional updates, so any number of workers on any number of
machines may run the same job at once and a killed one costs one interval.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
import os
import threading
from collections.abc import Callable

from flask import Flask

from webapp import clock
from webapp.db import db

log = logging.getLogger(__name__)

Run = Callable[[dt.datetime], int]


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


def run_once(app: Flask, job: Job) -> int:
    """One turn of one job in its own context. A fault is logged, rolled back and tried next time."""
    with app.app_context():
        try:
            return job.run(clock.now())
        except Exception:
            log.exception("job %s failed; it will be tried again", job.name)
            db.session.rollback()
            return 0


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
