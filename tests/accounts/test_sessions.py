"""How long a sign-in lasts: 20 hours, for an admin half an hour without a sign of life, and never longer
than the account."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from tests.accounts.conftest import PASSWORD, signs_in
from tests.conftest import NOW, Page
from webapp import clock
from webapp.accounts import operations, queries
from webapp.accounts.models import User, UserSession
from webapp.db import db

NEW = "another four words"


@pytest.fixture
def later(make: Any) -> Any:
    """The clock, which stands still until a test moves it."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield lambda **ahead: traveller.shift(dt.timedelta(**ahead))


def is_in(client: Any) -> bool:
    answer = client.get("/account")
    assert answer.status_code in (200, 302)
    return bool(answer.status_code == 200)


def test_an_organiser_stays_signed_in_for_twenty_hours(client: Any, make: Any, later: Any) -> None:
    make()
    signs_in(client)
    later(hours=19, minutes=59)
    assert is_in(client)
    later(minutes=1)
    assert not is_in(client), "twenty hours after the sign-in, however busy"


def test_an_idle_admin_is_signed_out_after_half_an_hour(client: Any, make: Any, later: Any) -> None:
    make(role="admin")
    signs_in(client)
    later(minutes=30)
    assert is_in(client)
    later(minutes=30, milliseconds=1)
    assert not is_in(client)
    assert client.get("/admin/users").location.startswith("/sign-in?next=")


def test_an_admin_who_reads_is_not_idle(client: Any, make: Any, later: Any, app: Flask) -> None:
    """GETs write nothing into the database; that somebody is there stands in the cookie."""
    make(role="admin")
    signs_in(client)
    for _ in range(6):
        later(minutes=20)
        assert is_in(client)
    with app.app_context():
        assert db.session.scalars(sa.select(UserSession)).one().last_seen_at == NOW
    later(minutes=31)
    assert not is_in(client)


def test_what_an_admin_does_is_noted_in_the_database(
    client: Any, make: Any, later: Any, app: Flask
) -> None:
    make(role="admin")
    signs_in(client)
    later(minutes=10)
    client.send("/account/sign-out-elsewhere", at="/account")
    with app.app_context():
        row = db.session.scalars(sa.select(UserSession)).one()
        assert row.last_seen_at == NOW + dt.timedelta(minutes=10)
    # Also a browser that lost the note in its cookie is not idle then.
    with client.session_transaction() as cookie:
        cookie.pop("seen", None)
    later(minutes=29)
    assert is_in(client)


def test_a_copied_cookie_ages_by_itself(client: Any, make: Any, later: Any, app: Flask) -> None:
    """Somebody else's reading keeps a stolen old cookie of an admin alive no longer than half an hour."""
    make(role="admin")
    signs_in(client)
    with client.session_transaction() as cookie:
        taken = dict(cookie)
    for _ in range(2):
        later(minutes=20)
        assert is_in(client)
    thief = app.test_client()
    with thief.session_transaction() as cookie:
        cookie.update(taken)
    assert not is_in(thief)
    assert is_in(client)


def test_a_note_that_is_none_is_no_sign_of_life(client: Any, make: Any, later: Any) -> None:
    make(role="admin")
    signs_in(client)
    with client.session_transaction() as cookie:
        cookie["seen"] = "tomorrow"
    later(minutes=31)
    assert not is_in(client)


def test_an_organiser_who_becomes_admin_is_held_to_an_admins_half_hour(
    client: Any, make: Any, later: Any, app: Flask
) -> None:
    ada = make()
    signs_in(client)
    later(hours=1)
    assert is_in(client)
    later(hours=1)
    with app.app_context():
        operations.set_role(db.session.get_one(User, ada), "admin", at=clock.now())
        db.session.commit()
    assert not is_in(client)


def test_a_disabled_account_is_out_at_once_and_stays_out(
    client: Any, make: Any, app: Flask
) -> None:
    ada = make()
    signs_in(client)
    with app.app_context():
        user = db.session.get_one(User, ada)
        # Even if its sessions had been forgotten.
        user.disabled_at = clock.now()
        db.session.commit()
    assert not is_in(client)
    assert signs_in(app.test_client()).status_code == 400


def test_a_session_of_nobody_opens_nothing(client: Any, make: Any) -> None:
    make()
    for secret in ("", "x", "' OR 1=1", "ü" * 50, None):
        with client.session_transaction() as cookie:
            cookie["_user_id"] = secret
        assert not is_in(client)


def test_the_account_shows_where_one_is_signed_in(client: Any, make: Any, app: Flask) -> None:
    make()
    firefox = "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/130.0"
    phone = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36"
    client.environ_base["HTTP_USER_AGENT"] = firefox
    signs_in(client)
    other = app.test_client()
    other.environ_base["HTTP_USER_AGENT"] = phone
    signs_in(other)
    strange = app.test_client()
    strange.environ_base["HTTP_USER_AGENT"] = "<script>x</script>"
    signs_in(strange)
    text = client.page("/account").text
    shown = re.findall(r"<li>(.*?)(?: <span|<br>)", text)
    assert sorted(shown) == ["An unknown browser", "Chrome on Android", "Firefox on Windows"]
    assert re.search(r'Firefox on Windows <span class="badge">this one</span>', text)


def test_signing_out_everywhere_else(client: Any, make: Any, app: Flask) -> None:
    make()
    make("Ben")
    signs_in(client)
    others = [app.test_client() for _ in range(2)]
    for other in others:
        signs_in(other)
    bens = app.test_client()
    signs_in(bens, "ben@example.org")
    answer = client.send("/account/sign-out-elsewhere", at="/account")
    assert answer.location == "/account"
    page = client.page("/account")
    assert "Every other browser is signed out." in page.text
    assert "Sign out everywhere else" not in page.text, "there is no other any more"
    assert [is_in(other) for other in others] == [False, False]
    assert is_in(bens)


def test_a_new_password_of_ones_own(client: Any, make: Any, app: Flask) -> None:
    make()
    signs_in(client)
    other = app.test_client()
    signs_in(other)
    answer = client.send("/account", {"current": PASSWORD, "new": NEW})
    assert (answer.status_code, answer.location) == (302, "/account")
    assert "Your password is changed" in client.page("/account").text
    assert not is_in(other)
    assert signs_in(app.test_client()).status_code == 400
    assert signs_in(app.test_client(), password=NEW).status_code == 302


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"current": ""}, "Your password is missing."),
        ({"new": ""}, "The new password is missing."),
        ({"current": "wrong"}, "That is not your password."),
        ({"new": "short"}, "A password needs 8 to 200 characters."),
        ({"new": "x" * 201}, "A password needs 8 to 200 characters."),
    ],
)
def test_a_password_that_is_not_changed(
    client: Any, make: Any, app: Flask, data: dict[str, str], sentence: str
) -> None:
    make()
    signs_in(client)
    answer = client.send("/account", {"current": PASSWORD, "new": NEW, **data})
    assert answer.status_code == 400
    page = Page(answer)
    assert sentence in page.text
    # No password is sent back, right or wrong.
    assert PASSWORD not in page.text
    assert NEW not in page.text
    assert signs_in(app.test_client()).status_code == 302


def test_the_password_cannot_be_guessed_at_an_open_browser(limited: Any, make: Any) -> None:
    ada = make()
    with time_machine.travel(NOW, tick=False) as clock_:
        signs_in(limited)
        token = limited.page("/account").field("csrf_token")

        def guess(password: str) -> str:
            data = {"csrf_token": token, "current": password, "new": NEW}
            return str(limited.post("/account", data=data).text)

        for number in range(10):
            assert "That is not your password." in guess(f"guess {number}")
        assert "Those were too many tries. Please try again in an hour." in guess(PASSWORD)
        clock_.shift(dt.timedelta(hours=1, seconds=1))
        limited.post("/account", data={"csrf_token": token, "current": PASSWORD, "new": NEW})
    with limited.application.app_context():
        assert queries.by_id(ada)
        assert signs_in(limited, password=NEW).status_code == 302


def test_the_own_account_needs_a_sign_in(client: Any) -> None:
    assert client.get("/account").location == "/sign-in?next=%2Faccount"
