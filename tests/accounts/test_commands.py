"""``flask accounts …``: the first admin and the tokens of programs, made and taken back."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.accounts.conftest import PASSWORD, signs_in
from webapp import clock
from webapp.accounts import operations, queries
from webapp.accounts.models import User
from webapp.db import db


@pytest.fixture
def flask(app: Flask) -> Any:
    """Runs a command; answers (exit code, what was printed)."""

    def run(*arguments: str) -> tuple[int, str]:
        result = app.test_cli_runner().invoke(args=["accounts", *arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit), result
        return result.exit_code, result.output

    return run


def test_the_first_admin_is_made_and_signs_in(flask: Any, client: Any, app: Flask) -> None:
    code, said = flask("create", "Dora@example.org", "--role", "admin", "--name", "Dora")
    assert code == 0
    found = re.fullmatch(
        r"Dora@example\.org can sign in now and is admin\.\nPassword \(shown only now\): (\S+)\n",
        said,
    )
    assert found
    assert signs_in(client, "dora@example.org", found[1]).status_code == 302
    assert client.get("/admin/users").status_code == 200


def test_a_given_password_is_not_printed(flask: Any, client: Any) -> None:
    code, said = flask("create", "ada@example.org", "--role", "organiser", "--password", PASSWORD)
    assert (code, said) == (0, "ada@example.org can sign in now and is organiser.\n")
    assert signs_in(client).status_code == 302
    assert client.get("/admin/users").status_code == 404


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("nobody", "--role", "admin"), "Error: That is not an e-mail address. It should look like name@example.org."),
        (("ADA@example.org", "--role", "admin"), "Error: There is already an account for ADA@example.org."),
        (("b@example.org", "--role", "admin", "--password", "short"), "Error: A password needs at least 8 characters."),
        (("b@example.org", "--role", "owner"), "'owner' is not one of 'organiser', 'admin'"),
        (("b@example.org",), "Missing option '--role'"),
    ],
)  # fmt: skip
def test_a_mistake_ends_with_a_sentence(
    flask: Any, make: Any, app: Flask, arguments: tuple[str, ...], sentence: str
) -> None:
    make()
    code, said = flask("create", *arguments)
    assert code != 0
    assert sentence in said
    assert "Traceback" not in said
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(User.id))) == 1


def test_a_token_works_until_it_is_taken_back(
    flask: Any, client: Any, make: Any, app: Flask
) -> None:
    make()
    code, said = flask("token", "Ada@example.org", "--label", "board")
    assert code == 0
    text = said.strip()
    headers = {"Authorization": f"Bearer {text}"}
    assert client.get("/api/v1/events", headers=headers).status_code == 200
    with app.app_context():
        found = queries.token_by_text(text)
        assert found
        assert found.label == "board"
        operations.revoke_token(found, at=clock.now())
        db.session.commit()
    assert client.get("/api/v1/events", headers=headers).status_code == 401


def test_a_token_of_a_disabled_account_opens_nothing(
    flask: Any, client: Any, make: Any, app: Flask
) -> None:
    ada = make()
    text = flask("token", "ada@example.org")[1].strip()
    headers = {"Authorization": f"Bearer {text}"}
    assert client.get("/api/v1/events", headers=headers).status_code == 200
    with app.app_context():
        operations.disable(db.session.get_one(User, ada), at=clock.now())
        db.session.commit()
    assert client.get("/api/v1/events", headers=headers).status_code == 401
    code, said = flask("token", "ada@example.org")
    assert (code, said) == (1, "Error: ada@example.org is disabled.\n")


def test_a_token_for_nobody(flask: Any) -> None:
    code, said = flask("token", "nobody@example.org")
    assert code == 1
    assert said == (
        "Error: There is no account for nobody@example.org. "
        "Make one: flask accounts create nobody@example.org --role organiser\n"
    )
