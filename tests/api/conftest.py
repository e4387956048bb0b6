"""A program with a token."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from webapp.db import db


class Program:
    """Asks with a token, and without any cookie."""

    def __init__(self, app: Flask, token: str) -> None:
        self.app = app
        self.token = token

    def get(self, path: str, **headers: str) -> Any:
        given = {"Authorization": f"Bearer {self.token}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return self.app.test_client().get(f"/api/v1{path}", headers=given, buffered=True)

    def json(self, path: str) -> Any:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        assert answer.mimetype == "application/json"
        return answer.json


@pytest.fixture
def program(cast: Any) -> Any:
    """Makes a program with the token of a member of the cast, or with any text as token."""
    return lambda who: Program(cast.app, cast.bearers.get(who, who))


@pytest.fixture
def document(cast: Any) -> Any:
    answer = cast.app.test_client().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    return answer.json


@pytest.fixture
def change(cast: Any) -> Any:
    """Runs a function in the app and commits what it did."""

    def change(act: Any) -> Any:
        with cast.app.app_context():
            result = act()
            db.session.commit()
            return result

    return change
