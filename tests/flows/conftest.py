"""A story begins on a morning in March, with a mail server that takes what it is sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from flask import Flask

from tests.flows.story import Story
from tests.receiver import Receiver
from webapp.attendance.presence import Presence

# Before the clocks change in London, so that the calendar entries have to know about it.
MORNING = dt.datetime(2027, 3, 18, 9, 0, tzinfo=dt.UTC)
FILES = Path(__file__).parent / "files"


@pytest.fixture
def receiver(app: Flask) -> Iterator[Receiver]:
    with Receiver() as server:
        server.use(app)
        yield server


@pytest.fixture
def story(app: Flask, receiver: Receiver) -> Iterator[Story]:
    """With the limits and the patience of the real thing."""
    app.config.update(RATELIMIT_ENABLED=True, SIGNUP_MIN_SECONDS=2.0)
    app.extensions.pop("rate_counter", None)
    app.extensions["presence"] = Presence(app)
    with time_machine.travel(MORNING, tick=False) as traveller:
        yield Story(app, receiver, traveller)
    app.extensions["presence"] = Presence(app)
    app.extensions.pop("rate_counter", None)
    engine = app.extensions.pop("door_engine", None)
    if engine is not None:
        engine.dispose()
