"""Exactly N places: many people at once, on real connections, with a control that must overbook."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.factories import make_event
from tests.race import crowd
from webapp.db import db
from webapp.errors import Refused
from webapp.signup import operations, queries, statements
from webapp.signup.models import Signup

THREADS = 16
ROOT = Path(__file__).resolve().parents[2]


def _event(app: Flask, capacity: int) -> int:
    with app.app_context():
        event = make_event(capacity=capacity)
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
        count, gate, first = statements.seats_taken, threading.Barrier(THREADS), threading.local()

        def together(connection: sa.Connection, event_id: int) -> int:
            """All threads have counted once before the first of them writes."""
            taken = count(connection, event_id)
            if not hasattr(first, "passed"):
                first.passed = True
                gate.wait(timeout=30)
            return taken

        monkeypatch.setattr(statements, "seats_taken", together)
        _together(app, event_id, list(range(60)))
    assert _confirmed(app, event_id) > 11


def test_lock_event_refuses_what_is_gone(context: Flask) -> None:
    with pytest.raises(Refused):
        operations.lock_event(99)
