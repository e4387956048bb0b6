"""Signing up as people do: through the pages, at a fixed time."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import NOW, PageClient
from tests.factories import make_event, make_user
from webapp.db import db
from webapp.events.models import Event
from webapp.mail.models import OutgoingMail
from webapp.signup.models import Signup


@pytest.fixture
def clock() -> Iterator[Any]:
    """It is NOW, and stays so until the test moves on."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def make(app: Flask, clock: Any) -> Callable[..., str]:
    """Makes a committed event, Ada's if ``ada`` is set; answers its slug."""

    def make(ada: bool = False, **values: Any) -> str:
        with app.app_context():
            if ada:
                values["owner"] = make_user("Ada")
            event = make_event(**({"slug": "evening", "host_url": "https://friends.example.org"} | values))  # fmt: skip
            db.session.commit()
            return event.slug

    return make


class Visitor:
    """One person's browser."""

    def __init__(self, client: FlaskClient, app: Flask) -> None:
        self.client = client
        self.app = app

    def form(self, slug: str, query: str = "") -> str:
        """Opens the form and answers its token."""
        page = self.client.page(f"/events/{slug}/signup{query}")
        return page.field("csrf_token")

    def send(self, slug: str = "evening", *, token: str | None = None, **values: Any) -> Any:
        data = {"name": "Ana Álvarez", "email": "ana@example.org", "consent": "yes", **values}
        return self.client.post(
            f"/events/{slug}/signup",
            data={"csrf_token": token or self.form(slug), **data},
        )


@pytest.fixture
def visitor(app: Flask, clock: Any) -> Visitor:
    app.test_client_class = PageClient
    return Visitor(app.test_client(), app)


@pytest.fixture
def visitors(app: Flask, clock: Any) -> Callable[[], Visitor]:
    app.test_client_class = PageClient
    return lambda: Visitor(app.test_client(), app)


class House:
    """What stands in the database, seen from outside the requests."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def signups(self) -> list[Signup]:
        with self.app.app_context():
            rows = list(db.session.scalars(sa.select(Signup).order_by(Signup.id)))
            db.session.expunge_all()
            return rows

    def signup(self) -> Signup:
        (only,) = self.signups()
        return only

    def mails(self) -> list[OutgoingMail]:
        with self.app.app_context():
            rows = list(db.session.scalars(sa.select(OutgoingMail).order_by(OutgoingMail.id)))
            db.session.expunge_all()
            return rows

    def messages(self) -> list[str]:
        return [mail.message for mail in self.mails()]

    def change(self, slug: str = "evening", **values: Any) -> None:
        """Changes the event, as its organiser would."""
        with self.app.app_context():
            event = db.session.scalar(sa.select(Event).where(Event.slug == slug))
            assert event is not None
            for name, value in values.items():
                setattr(event, name, value)
            db.session.commit()
        self.forget()

    def forget(self) -> None:
        """What the process remembered for two seconds."""
        self.app.extensions.get("signup_cache", {}).clear()

    def link(self, kind: str, number: int = -1) -> str:
        """The path of a link ("my", "join", "confirm") in a mail, the latest one if not said otherwise."""
        mail = self.mails()[number]
        found = re.search(rf"http://turnout\.test(/{kind}/\S+)", mail.text)
        assert found, mail.text
        return found[1]


@pytest.fixture
def house(app: Flask) -> House:
    return House(app)


def later(**values: float) -> dt.datetime:
    return NOW + dt.timedelta(**values)
