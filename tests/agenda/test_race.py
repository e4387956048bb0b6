"""Two people press Next at the same instant, on connections of their own."""

from __future__ import annotations

import datetime as dt
import threading

import pytest

from tests.agenda.evening import agenda
from tests.conftest import NOW
from tests.factories import make_event
from webapp import tokens
from webapp.agenda import drafting, operations, queries
from webapp.db import db
from webapp.events.models import Event

ROUNDS = 6
START = NOW + dt.timedelta(hours=1)


@pytest.fixture
def event_id(app):
    with app.app_context():
        event = make_event(starts_at=START)
        operations.replace(event, agenda(), NOW)
        db.session.commit()
        return event.id


def together(app, event_id, presses):
    """Runs the presses (each its own keyword arguments) at once; answers their outcomes."""
    barrier = threading.Barrier(len(presses))
    outcomes = [None] * len(presses)

    def one(number, values):
        with app.app_context():
            barrier.wait()
            event = db.session.get(Event, event_id)
            outcomes[number] = operations.press(event, by="a hand", **values).outcome
            db.session.commit()

    threads = [threading.Thread(target=one, args=pair) for pair in enumerate(presses)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def rounds(app, event_id, *, hands=4, same_id=False):
    keys = [item["key"] for item in agenda()]
    expected, found = None, []
    for number, key in enumerate(keys[:ROUNDS]):
        at = START + dt.timedelta(minutes=number)
        one_id = tokens.public_id()
        found.append(
            together(
                app,
                event_id,
                [
                    {
                        "press_id": one_id if same_id else tokens.public_id(),
                        "act": "start",
                        "session_key": key,
                        "expected_key": expected,
                        "at": at,
                        "received_at": at,
                    }
                    for _hand in range(hands)
                ],
            )
        )
        expected = key
    return found


def started(app, event_id):
    with app.app_context():
        items = queries.running_order(db.session.get(Event, event_id))
        return [(item.started_at - START).seconds // 60 for item in items if item.started_at]


def test_one_of_many_hands_starts_the_next_speaker(app, event_id):
    found = rounds(app, event_id)
    assert [sorted(outcomes) for outcomes in found] == [["applied"] + 3 * ["stale"]] * ROUNDS
    assert started(app, event_id) == list(range(ROUNDS))


def test_one_press_sent_many_times_at_once_counts_once(app, event_id):
    found = rounds(app, event_id, same_id=True)
    assert [sorted(outcomes) for outcomes in found] == [["applied"] + 3 * ["repeated"]] * ROUNDS


def test_without_the_lock_two_hands_both_believe_they_did_it(app, event_id, monkeypatch):
    """The control: with the lock off, the same race doubles. Otherwise the tests above prove nothing."""
    real, both_have_looked, done = queries.running_order, threading.Barrier(2), threading.local()

    def look_then_wait(event):
        items = real(event)
        if not hasattr(done, "once"):
            done.once = True
            if db.engine.dialect.name == "sqlite":
                # There the lock is the transaction itself: without it, looking and writing are two.
                db.session.commit()
            both_have_looked.wait(timeout=10)
        return items

    monkeypatch.setattr(drafting, "lock_row", lambda statement: statement)
    monkeypatch.setattr(operations.events, "start", lambda *_: None)
    monkeypatch.setattr(queries, "running_order", look_then_wait)
    press = {"act": "start", "session_key": "opening", "expected_key": None}
    presses = [
        {"press_id": tokens.public_id(), "at": START, "received_at": START, **press} for _ in "ab"
    ]
    assert together(app, event_id, presses) == ["applied", "applied"]
