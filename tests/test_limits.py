"""Counting in this process: exact in every stretch, and nothing is kept for ever."""

from __future__ import annotations

import datetime as dt

import time_machine
from flask import Flask
from limits import parse

from tests.conftest import NOW
from webapp import limits

TWICE = parse("2 per minute")


def at(seconds: float) -> time_machine.travel:
    return time_machine.travel(NOW + dt.timedelta(seconds=seconds), tick=False)


def test_never_more_than_the_limit_in_any_stretch_of_its_length() -> None:
    moments = limits.Moments()
    taken = []
    for second in range(0, 300, 5):
        with at(second):
            if moments.hit(TWICE, "ana"):
                taken.append(second)
    assert all(
        sum(start <= second <= start + 60 for second in taken) <= 2 for start in range(0, 240)
    )
    assert len(taken) == 10


def test_keys_and_limits_are_counted_apart() -> None:
    moments = limits.Moments()
    with at(0):
        assert [moments.hit(TWICE, "ana") for _ in range(3)] == [True, True, False]
        assert moments.hit(TWICE, "ben")
        assert moments.hit(parse("3 per minute"), "ana")


def test_what_no_longer_counts_is_forgotten() -> None:
    with at(0):
        moments = limits.Moments()
        moments.hit(parse("10 per hour"), "ana")
        moments.hit(TWICE, "ben")
    with at(120):
        moments.hit(TWICE, "cleo")
    assert len(moments._kept) == 2, "Ana's hour runs on, Ben's minute is over"


def test_a_store_that_does_not_answer_refuses_nobody(app: Flask) -> None:
    app.config["RATELIMIT_ENABLED"] = True

    class Away:
        def hit(self, *_: object) -> bool:
            raise ConnectionError

    with app.app_context():
        app.extensions["rate_counter"] = Away()
        assert limits.allows("1 per hour", "test", "ana")
        app.extensions["rate_counter"] = limits.Moments()
        assert [limits.allows("1 per hour", "test", "ana") for _ in range(2)] == [True, False]
