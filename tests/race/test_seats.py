"""Exactly N places: many people at once, on real connections, with a control that must overbook."""

from __future__ import annotations

import datetime as dt
import json
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import NOW
from tests.factories import make_event, make_signup
from tests.race import crowd
from webapp.db import db, reading
from webapp.errors import Refused
from webapp.events.models import Event
from webapp.mail.models import OutgoingMail
from webapp.signup import operations, queries, statements
from webapp.signup.models import Signup
from webapp.signup.operations import queueing

THREADS = 16
ROOT = Path(__file__).resolve().parents[2]


def _event(app: Flask, capacity: int | None, *, waitlist: bool = False) -> int:
    with app.app_context():
        event = make_event(capacity=capacity, waitlist=waitlist)
        db.session.commit()
        return event.id


def _together(app: Flask, event_id: int, people: list[int]) -> Counter[str]:
    """Everybody at once: threads with a connection each, let go together."""
    workers = min(THREADS, len(people))
    gate = threading.Barrier(workers)
    first = threading.local()

    def one(number: int) -> str:
        if not hasattr(first, "passed"):
            first.passed = True
            gate.wait(timeout=30)
        return crowd.sign_up(app, event_id, number)

    with ThreadPoolExecutor(workers) as pool:
        return Counter(pool.map(one, people))


def _confirmed(app: Flask, event_id: int) -> int:
    with app.app_context():
        return queries.counts(event_id)["confirmed"]


@pytest.mark.case("D01")
def test_twenty_places_and_two_hundred_people(app: Flask) -> None:
    event_id = _event(app, 20)
    outcomes = _together(app, event_id, list(range(200)))
    assert outcomes == {"confirmed": 20, "full": 180}
    assert _confirmed(app, event_id) == 20


@pytest.mark.case("D01")
def test_twenty_places_and_a_hundred_and_eighty_who_wait(app: Flask) -> None:
    event_id = _event(app, 20, waitlist=True)
    outcomes = _together(app, event_id, list(range(200)))
    assert outcomes == {"confirmed": 20, "waitlisted": 180}
    assert _confirmed(app, event_id) == 20


def _with_two_who_leave(app: Flask) -> tuple[int, list[int]]:
    """Two places, two people in them and three who wait."""
    with app.app_context():
        event = make_event(capacity=2, starts_at=NOW + dt.timedelta(days=7))
        leaving = [make_signup(event).id for _ in range(2)]
        for number in range(3):
            waits = {"status": "waitlisted", "confirmed_at": None}
            make_signup(event, f"Waits {number}", waitlisted_at=NOW + dt.timedelta(seconds=number), **waits)  # fmt: skip
        db.session.commit()
        return event.id, leaving


def _leave_together(app: Flask, leaving: list[int], before: Callable[[], None] = lambda: None) -> None:  # fmt: skip
    gate = threading.Barrier(len(leaving))

    def one(signup_id: int) -> None:
        with app.app_context():
            gate.wait(timeout=30)
            before()
            operations.cancel(db.session.get_one(Signup, signup_id), NOW)
            db.session.commit()

    with ThreadPoolExecutor(len(leaving)) as pool:
        list(pool.map(one, leaving))


def _offered(app: Flask, event_id: int) -> list[str | None]:
    with app.app_context():
        offered = sa.select(Signup.name).where(
            Signup.event_id == event_id, Signup.status == "offered"
        )
        return list(db.session.scalars(offered.order_by(Signup.name)))


@pytest.mark.case("D09")
def test_two_who_leave_at_once_make_way_for_two(app: Flask) -> None:
    for _round in range(10):
        event_id, leaving = _with_two_who_leave(app)
        _leave_together(app, leaving)
        assert _offered(app, event_id) == ["Waits 0", "Waits 1"]
        with app.app_context():
            offers = db.session.scalars(
                sa.select(OutgoingMail.to_name).where(
                    OutgoingMail.event_id == event_id, OutgoingMail.message == "offer"
                )
            )
            assert sorted(offers) == ["Waits 0", "Waits 1"]


@pytest.mark.case("D09")
def test_with_a_look_before_the_lock_both_make_way_for_the_same(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """The control: if both look who is first before either writes, as a careless program would, one
    person gets two offers and a place stays empty."""
    event_id, leaving = _with_two_who_leave(app)
    seen, looked = threading.local(), threading.Barrier(len(leaving))

    def look() -> None:
        with reading():
            seen.first = db.session.scalars(
                queries.waiting_in_order(event_id).with_only_columns(Signup.id).limit(1)
            ).one()
            db.session.rollback()
        looked.wait(timeout=30)

    monkeypatch.setattr(
        queueing, "_first", lambda event_id, number: [db.session.get_one(Signup, seen.first)]
    )
    _leave_together(app, leaving, look)
    assert _offered(app, event_id) == ["Waits 0"]


@pytest.mark.case("D03")
def test_a_limit_that_comes_while_people_sign_up_holds_nobody_up(app: Flask) -> None:
    """Without a limit many share the event's lock. They wait for the organiser who sets one, find it, and
    must then count one after another without waiting for each other for ever."""
    for _round in range(5):
        event_id = _event(app, None)
        # So that the process knows the event as one without a limit.
        crowd.sign_up(app, event_id, 0)
        with ThreadPoolExecutor(4) as pool, app.app_context():
            db.session.execute(sa.update(Event).where(Event.id == event_id).values(capacity=2))
            waiting = [pool.submit(crowd.sign_up, app, event_id, number) for number in range(1, 5)]
            # All of them stand at the event's row by now, or come later and have it easier.
            time.sleep(0.2)
            db.session.commit()
            outcomes = Counter(one.result(timeout=30) for one in waiting)
        assert outcomes == {"confirmed": 1, "full": 3}
        assert _confirmed(app, event_id) == 2


@pytest.mark.case("D03")
def test_one_place_and_two_people_again_and_again(app: Flask) -> None:
    for _round in range(30):
        event_id = _event(app, 1)
        assert _together(app, event_id, [1, 2]) == {"confirmed": 1, "full": 1}


@pytest.mark.case("D08")
def test_one_person_in_ten_windows(app: Flask) -> None:
    event_id = _event(app, 20)
    outcomes = _together(app, event_id, [7] * 10)
    assert outcomes == {"confirmed": 1, "known": 9}
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Signup)) == 1


def _processes(uri: str, event_id: int, people: int, *flags: str) -> Counter[str]:
    """Two processes, each with its share of the people."""
    shares = [(0, people // 2), (people // 2, people)]
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.race.crowd", uri, str(event_id), str(first), str(last), *flags],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for first, last in shares
    ]  # fmt: skip
    outcomes: Counter[str] = Counter()
    pipes: list[Any] = [(process.stdin, process.stdout) for process in running]
    # Without a lock they go step by step: both have counted before either writes.
    for word in ["ready", *(["counted"] * (people // 2) if "--unlocked" in flags else [])]:
        for _stdin, stdout in pipes:
            assert stdout.readline() == f"{word}\n"
        for stdin, _stdout in pipes:
            stdin.write("go\n")
            stdin.flush()
    for process, (_stdin, stdout) in zip(running, pipes, strict=True):
        outcomes.update(json.loads(stdout.readline()))
        assert process.wait(timeout=60) == 0
        process.communicate()
    return outcomes


@pytest.mark.case("D01")
def test_two_processes_share_the_places(app: Flask) -> None:
    event_id = _event(app, 20)
    outcomes = _processes(app.config["SQLALCHEMY_DATABASE_URI"], event_id, 60)
    assert outcomes == {"confirmed": 20, "full": 40}
    assert _confirmed(app, event_id) == 20


@pytest.mark.case("D04")
def test_a_process_killed_with_a_seat_in_its_hand_keeps_none(app: Flask) -> None:
    """Twice killed between the seat and the commit: the last place is free at once, and is given once."""
    event_id, uri = _event(app, 1), app.config["SQLALCHEMY_DATABASE_URI"]
    for number in range(2):
        killed = subprocess.run(
            [sys.executable, "-m", "tests.race.crowd", uri, str(event_id), str(number), str(number + 1), "--killed"],
            cwd=ROOT, input="go\n", capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert (killed.returncode, killed.stdout) == (-signal.SIGKILL, "ready\n"), killed.stderr
        assert _confirmed(app, event_id) == 0
    assert _together(app, event_id, list(range(3))) == {"confirmed": 1, "full": 2}
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(OutgoingMail)) == 1


@pytest.mark.case("D02")
def test_with_the_lock_off_it_overbooks(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: without the lock, and if somebody else counts before one writes, the tests above
    would fail.

    SQLite has one writer, so there the count is taken out of the transaction, in two processes.
    """
    # An odd number: two at a time would fill an even one exactly.
    event_id = _event(app, 11)
    if app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite"):
        _processes(app.config["SQLALCHEMY_DATABASE_URI"], event_id, 40, "--unlocked")
    else:
        monkeypatch.setattr(statements, "_LOCK", statements._EVENT)
        count, gate, first = statements.seats_claimed, threading.Barrier(THREADS), threading.local()

        def together(connection: sa.Connection, event_id: int) -> int:
            """All threads have counted once before the first of them writes."""
            taken = count(connection, event_id)
            if not hasattr(first, "passed"):
                first.passed = True
                gate.wait(timeout=30)
            return taken

        monkeypatch.setattr(statements, "seats_claimed", together)
        _together(app, event_id, list(range(60)))
    assert _confirmed(app, event_id) > 11


def test_lock_event_refuses_what_is_gone(context: Flask) -> None:
    with pytest.raises(Refused):
        operations.lock_event(99)
