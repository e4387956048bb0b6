"""An event with two co-hosts, and who agreed to hear from them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from flask import Flask

from tests.conftest import NOW
from tests.factories import make_event, make_signup, make_user
from tests.signin import sign_in
from webapp.db import db
from webapp.events.models import CoHost, Event
from webapp.signup.models import Consent, Signup

HOSTS = "/manage/events/evening/hosts"


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def agree(event: Event, name: str, *keys: str, proved: bool = True, **values: Any) -> Signup:
    """A sign-up that agreed to hear from the hosts with these keys."""
    given = {"email": f"{name.lower().replace(' ', '')}@example.org", "proved_at": NOW if proved else None}  # fmt: skip
    signup = make_signup(event, name, **(given | values))
    for key in keys:
        db.session.add(
            Consent(
                signup_id=signup.id, kind="contact", host_key=key, wording=f"{key} may write to me",
                version="1", agreed_at=NOW - dt.timedelta(hours=1),
            )
        )  # fmt: skip
    db.session.flush()
    return signup


@pytest.fixture
def event_id(app: Flask) -> int:
    """Ada's "evening" of "friends", with "wiphalas" and "codepink"."""
    with app.app_context():
        event = make_event(make_user(), slug="evening")
        for position, (key, name) in enumerate((("wiphalas", "Wiphalas"), ("codepink", "CODEPINK"))):  # fmt: skip
            db.session.add(CoHost(event_id=event.id, position=position, key=key, name=name))
        db.session.commit()
        return event.id


@pytest.fixture
def ada(event_id: int, client: Any) -> Any:
    sign_in(client, 1)
    return client
