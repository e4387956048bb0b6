"""A story begins on a morning in March, with a mail server that takes what it is sent."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask

from tests.flows.story import Organiser, Story
from tests.receiver import Receiver

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
    with time_machine.travel(MORNING, tick=False) as traveller:
        yield Story(app, receiver, traveller)
    engine = app.extensions.pop("door_engine", None)
    if engine is not None:
        engine.dispose()


Announce = Callable[..., Organiser]


@pytest.fixture
def announce(story: Story, tmp_path: Path) -> Announce:
    """Loads the evening's file with ``changes`` to its "event" object, and ``more`` to the whole, as
    Ada's event; answers Ada, signed in."""

    def announce(more: dict[str, Any] | None = None, **changes: Any) -> Organiser:
        data = json.loads((FILES / "bolivia.json").read_text(encoding="utf-8"))
        data["event"] |= changes
        file = tmp_path / f"{data['event']['slug']}.json"
        file.write_text(json.dumps(data | (more or {}), ensure_ascii=False), encoding="utf-8")
        password = "a good long password"
        if not story.slug:
            story.flask("accounts", "create", "ada@example.org", "--role", "organiser", "--name", "Ada",
                        "--password", password)  # fmt: skip
        story.announce(str(file), owner="ada@example.org")
        ada = Organiser(story, "ada@example.org", password)
        ada.signs_in()
        return ada

    return announce
