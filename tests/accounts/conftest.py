"""Accounts with a password, and an app that counts tries as a real one does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.conftest import PageClient
from tests.factories import make_user
from webapp import create_app
from webapp.accounts import passwords
from webapp.db import db
from webapp.limits import limiter

PASSWORD = "four little words"
# Argon2 is slow on purpose; one hash serves all tests.
HASH = passwords.make_hash(PASSWORD)


@pytest.fixture
def make(app: Flask) -> Any:
    """Makes an account with PASSWORD in a context of its own; answers its id."""

    def maker(name: str = "Ada", **values: Any) -> int:
        with app.app_context():
            user_id: int = make_user(name, **({"password_hash": HASH} | values)).id
            db.session.commit()
            return user_id

    return maker


@pytest.fixture
def limited(app: Flask, database_uri: str, tmp_path: Path) -> Iterator[PageClient]:
    """A browser at a site with its limits switched on, over the same database."""
    before = limiter.enabled
    site = create_app(
        "testing",
        environ={},
        instance=tmp_path,
        SQLALCHEMY_DATABASE_URI=database_uri,
        RATELIMIT_ENABLED=True,
    )
    site.test_client_class = PageClient
    limiter.reset()
    client: Any = site.test_client()
    yield client
    limiter.reset()
    limiter.enabled = before
    with site.app_context():
        db.session.remove()
        db.engine.dispose()


def signs_in(client: Any, email: str = "ada@example.org", password: str = PASSWORD, **data: str) -> Any:  # fmt: skip
    return client.send("/sign-in", {"email": email, "password": password, **data})
