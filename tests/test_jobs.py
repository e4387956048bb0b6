"""Jobs: a fault costs one turn, and how each is doing can be read without a commit every second."""

from __future__ import annotations

import datetime as dt
import logging
import time
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from tests.conftest import NOW
from webapp import jobs
from webapp.db import db
from webapp.errors import Refused
from webapp.jobs import Job, JobRun


class Work:
    """A job that does what it is told: a number of items, or a fault."""

    def __init__(self) -> None:
        self.next: int | Exception = 0

    def __call__(self, at: dt.datetime) -> int:
        if isinstance(self.next, Exception):
            raise self.next
        return self.next


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def turn(app: Flask, work: Work) -> Any:
    """One turn, so many seconds after NOW, on the wall's and on the process's clock; answers how the job
    is doing according to the database."""
    app.extensions.pop("job_turns", None)

    def run(seconds: float, result: int | Exception = 0) -> JobRun | None:
        work.next = result
        with time_machine.travel(NOW + dt.timedelta(seconds=seconds), tick=False):
            jobs.run_once(app, Job("testing", 1.0, work))
        with app.app_context():
            return db.session.get(JobRun, "testing")

    return run


def after(seconds: float) -> dt.datetime:
    return NOW + dt.timedelta(seconds=seconds)


@pytest.fixture
def monotonic(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process's own clock follows the wall's."""
    monkeypatch.setattr(jobs.time, "monotonic", lambda: time.time())


def test_the_first_turn_is_written_down(turn: Any) -> None:
    run = turn(0)
    assert (run.ran_at, run.done_at, run.done, run.failed_at) == (NOW, None, 0, None)
    assert not run.is_failing


def test_a_job_that_looks_every_second_writes_once_a_minute(
    turn: Any, monotonic: None, app: Flask, count_queries: Any
) -> None:
    turn(0)
    with count_queries() as counted:
        for second in range(1, 60):
            assert turn(second).ran_at == NOW
    # Only what the test itself read.
    assert {text.split()[0] for text in counted.statements} == {"SELECT"}
    assert turn(60).ran_at == after(60)
    assert turn(61).ran_at == after(60)


def test_what_was_done_within_the_minute_is_not_forgotten(turn: Any, monotonic: None) -> None:
    turn(0)
    assert turn(1, 7).done_at is None
    turn(2)
    run = turn(60)
    assert (run.ran_at, run.done_at, run.done) == (after(60), after(1), 7)


def test_a_fault_and_its_end_are_written_at_once(
    turn: Any, monotonic: None, caplog: pytest.LogCaptureFixture
) -> None:
    turn(0)
    with caplog.at_level(logging.ERROR):
        run = turn(1, RuntimeError("ana@example.org is in the way"))
    assert "job testing failed" in caplog.text
    assert run.is_failing
    assert (run.ran_at, run.failed_at) == (NOW, after(1))
    # Where it was, and nothing of what it said.
    assert run.error.startswith("RuntimeError (")
    assert "ana" not in run.error
    turn(2, RuntimeError())
    run = turn(3)
    assert not run.is_failing
    assert (run.ran_at, run.failed_at) == (after(3), after(2))


def test_a_fault_rolls_back_what_the_turn_began(turn: Any, app: Flask) -> None:
    def half_done(at: dt.datetime) -> int:
        db.session.add(JobRun(name="half"))
        db.session.flush()
        raise RuntimeError

    app.extensions.pop("job_turns", None)
    assert jobs.run_once(app, Job("testing", 1.0, half_done)) == 0
    with app.app_context():
        assert set(jobs.runs()) == {"testing"}


def test_a_database_that_is_away_stops_nothing(
    turn: Any, monotonic: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    turn(0)
    away = sa.exc.OperationalError("SELECT 1", {"email": "ana@example.org"}, Exception("gone"))
    with monkeypatch.context() as patched:

        def gone(*_: Any) -> None:
            raise away

        patched.setattr(jobs, "_write", gone)
        turn(1, away)
    assert "could not be written down: OperationalError" in caplog.text
    run = turn(2)
    assert (run.ran_at, run.failed_at) == (after(2), after(1))


def test_two_workers_share_one_line(turn: Any, app: Flask) -> None:
    turn(0, RuntimeError())
    # Another process: it has not seen the fault, and takes nothing of it away.
    app.extensions.pop("job_turns")
    run = turn(5, 3)
    assert (run.ran_at, run.done, run.failed_at) == (after(5), 3, NOW)
    assert not run.is_failing


def test_every_registered_job_is_known_by_a_name_of_its_own(app: Flask) -> None:
    names = [job.name for job in jobs.registered()]
    assert {"mail", "spool", "visits", "privacy"} <= set(names)
    assert names == sorted(names)


def test_a_batch_that_is_refused_holds_up_no_other(app: Flask) -> None:
    """Each batch stays once it is done; of one that is refused in the middle (its event was deleted) nothing
    is left, and the next thing that was found is done all the same."""
    left = {"first": 2, "gone": 2, "last": 1}

    def some(name: str) -> int:
        left[name] -= 1
        if left[name] < 0:
            return 0
        db.session.add(JobRun(name=f"{name} {left[name]}"))
        db.session.flush()
        if (name, left[name]) == ("gone", 0):
            raise Refused("There is no such event any more.")
        return 5

    with app.app_context():
        assert jobs.batch_by_batch(lambda: left, some) == 20
        db.session.rollback()
        assert set(jobs.runs()) == {"first 1", "first 0", "gone 1", "last 0"}
