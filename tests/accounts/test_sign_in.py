"""Signing in and out: who gets in, what everybody else is told, and where it leads."""

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
from tests.factories import make_user
from tests.signin import sign_in
from webapp import clock, tokens
from webapp.accounts import operations, passwords, views
from webapp.accounts.models import User, UserSession
from webapp.db import db

WRONG = "E-mail and password do not belong together."


def secret_of(client: Any) -> str | None:
    """What the browser's cookie holds."""
    with client.session_transaction() as cookie:
        return cookie.get("_user_id")


def live_sessions(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(sa.select(sa.func.count()).where(UserSession.ended_at.is_(None))) or 0  # fmt: skip


def test_the_right_password_opens_the_events(client: Any, app: Flask, make: Any) -> None:
    make()
    answer = signs_in(client)
    assert (answer.status_code, answer.location) == (302, "/manage/")
    assert client.get("/account").status_code == 200
    assert live_sessions(app) == 1


@pytest.mark.parametrize("email", ["ADA@example.org", " ada@EXAMPLE.org ", "Ada@Example.Org"])
def test_letter_case_and_spaces_of_the_address_do_not_matter(
    client: Any, make: Any, email: str
) -> None:
    make()
    assert signs_in(client, email).status_code == 302


@pytest.mark.parametrize("password", [PASSWORD.upper(), f" {PASSWORD}", f"{PASSWORD} ", PASSWORD[:-1]])  # fmt: skip
def test_of_the_password_everything_matters(
    client: Any, app: Flask, make: Any, password: str
) -> None:
    make()
    assert signs_in(client, password=password).status_code == 400
    assert live_sessions(app) == 0


@pytest.mark.parametrize(
    ("email", "password", "sentence"),
    [
        ("", PASSWORD, "Your e-mail address is missing."),
        ("ada@example.org", "", "Your password is missing."),
        ("ada@example.org", "wrong", WRONG),
        ("nobody@example.org", PASSWORD, WRONG),
        ("not an address", PASSWORD, WRONG),
        ("' OR 1=1 --", PASSWORD, WRONG),
    ],
)
def test_what_is_wrong_is_said_and_the_address_kept(
    client: Any, app: Flask, make: Any, email: str, password: str, sentence: str
) -> None:
    make()
    answer = signs_in(client, email, password)
    assert answer.status_code == 400
    page = Page(answer)
    assert sentence in page.text
    assert page.field("email") == email
    # A password is never sent back.
    assert PASSWORD not in page.text
    assert live_sessions(app) == 0
    assert secret_of(client) is None


# Known and unknown alike


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hashes that Argon2 was asked to compare with."""
    asked: list[str] = []
    verify = passwords._hasher.verify

    def watched(stored: str, password: str) -> bool:
        asked.append(stored)
        return verify(stored, password)

    class Watched:
        """The hasher itself has no place for an attribute."""

        def __getattr__(self, name: str) -> Any:
            return getattr(hasher, name)

        verify = staticmethod(watched)

    hasher = passwords._hasher
    monkeypatch.setattr(passwords, "_hasher", Watched())
    return asked


@pytest.mark.case("D28")
def test_known_and_unknown_take_the_same_work_and_get_the_same_answer(
    client: Any, app: Flask, make: Any, verified: list[str], count_queries: Any
) -> None:
    make()
    make("Ben", disabled_at=NOW)
    make("Cleo", password_hash=None)
    answers, queries = set(), set()
    for name in ("ada", "ben", "cleo", "nobody"):
        with count_queries() as counted:
            answer = signs_in(client, f"{name}@example.org", "a wrong password")
        # The address that was typed comes back, and each form has a token of its own.
        text = answer.text.replace(f"{name}@example.org", "…")
        text = re.sub(r'name="csrf_token" type="hidden" value="[^"]+"', "", text)
        answers.add((answer.status_code, text))
        queries.add(len(counted))
    assert len(answers) == 1
    assert next(iter(answers))[0] == 400
    assert queries == {1}, "one look at the accounts, whoever it is"
    assert len(verified) == 4, "one password compared for each"
    # The one that stands for nobody costs as much as a real one.
    costs = {stored.split("$")[3] for stored in verified}
    assert len(costs) == 1


@pytest.mark.case("D28")
def test_the_right_password_of_a_disabled_account_says_no_more(
    client: Any, app: Flask, make: Any, verified: list[str]
) -> None:
    make("Ben", disabled_at=NOW)
    make("Cleo", password_hash=None)
    for name, password in (("ben", PASSWORD), ("cleo", ""), ("cleo", PASSWORD)):
        answer = signs_in(client, f"{name}@example.org", password)
        assert answer.status_code == 400
        assert (WRONG in answer.text) == bool(password)
    assert live_sessions(app) == 0
    assert len(verified) == 2


def test_an_account_disabled_while_its_password_is_compared_does_not_get_in(
    client: Any, app: Flask, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = make()
    fits = passwords.fits

    def slowly(stored: str | None, password: str) -> bool:
        with app.app_context():
            operations.disable(db.session.get_one(User, ada), at=clock.now())
            db.session.commit()
        return fits(stored, password)

    # Nobody waits for Argon2: the other request writes in the meantime, on SQLite as well.
    monkeypatch.setattr(views.passwords, "fits", slowly)
    assert signs_in(client).status_code == 400
    assert live_sessions(app) == 0


def test_an_old_hash_is_made_anew_with_the_next_sign_in(client: Any, app: Flask, make: Any) -> None:
    from argon2 import PasswordHasher

    weak = PasswordHasher(memory_cost=8, time_cost=1, parallelism=1).hash(PASSWORD)
    ada = make(password_hash=weak)
    assert signs_in(client).status_code == 302
    with app.app_context():
        kept = db.session.get_one(User, ada).password_hash
    assert kept != weak
    assert kept is not None
    assert not passwords.is_outdated(kept)
    assert signs_in(app.test_client()).status_code == 302


# Sessions


@pytest.mark.case("D26")
def test_a_sign_in_begins_a_new_session_and_ends_the_old_one(
    client: Any, app: Flask, make: Any
) -> None:
    ada = make()
    make("Ben")
    old = sign_in(client, ada)
    token = client.page("/account").field("csrf_token")
    assert signs_in(client, "ben@example.org").status_code == 302
    new = secret_of(client)
    assert new
    assert new != old
    # Whoever kept the old cookie has nothing, and the old page's form opens nothing either.
    thief = app.test_client()
    with thief.session_transaction() as cookie:
        cookie["_user_id"] = old
    assert thief.get("/account").status_code == 302
    stale = client.post("/account/sign-out-elsewhere", data={"csrf_token": token})
    assert stale.status_code == 400
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(UserSession.id))) == 2
    assert live_sessions(app) == 1


@pytest.mark.case("D26")
def test_a_session_that_somebody_planted_beforehand_is_worth_nothing(
    client: Any, app: Flask, make: Any
) -> None:
    make()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = "planted"
        cookie["seen"] = 1
    assert signs_in(client).status_code == 302
    assert secret_of(client) != "planted"
    thief = app.test_client()
    with thief.session_transaction() as cookie:
        cookie["_user_id"] = "planted"
    assert thief.get("/account").status_code == 302


@pytest.mark.case("D26")
def test_signing_out_ends_the_session_on_the_server(client: Any, app: Flask, make: Any) -> None:
    make()
    signs_in(client)
    secret = secret_of(client)
    copy = app.test_client()
    with copy.session_transaction() as cookie:
        cookie["_user_id"] = secret
    assert copy.get("/account").status_code == 200
    answer = client.send("/sign-out", at="/account")
    assert (answer.status_code, answer.location) == (302, "/sign-in")
    assert client.get("/account").status_code == 302
    assert copy.get("/account").status_code == 302
    assert secret_of(client) is None
    assert live_sessions(app) == 0


def test_the_database_holds_no_secret_that_opens_a_session(
    client: Any, app: Flask, make: Any
) -> None:
    make()
    signs_in(client)
    secret = secret_of(client)
    assert secret
    assert len(secret) >= 32
    with app.app_context():
        row = db.session.scalars(sa.select(UserSession)).one()
        assert row.token_hash == tokens.digest(secret)
        assert secret not in str(vars(row))


def test_signing_out_twice_or_without_a_session_is_no_fault(
    client: Any, app: Flask, make: Any
) -> None:
    make()
    signs_in(client)
    token = client.page("/account").field("csrf_token")
    other = app.test_client()
    with client.session_transaction() as mine, other.session_transaction() as its:
        its.update(mine)
    assert client.post("/sign-out", data={"csrf_token": token}).status_code == 302
    assert other.post("/sign-out", data={"csrf_token": token}).status_code == 302


# Forgery


@pytest.mark.case("D25")
@pytest.mark.parametrize("token", [None, "", "made-up", "of somebody else"])
def test_a_sign_in_without_its_token_is_refused(
    client: Any, app: Flask, make: Any, token: str | None
) -> None:
    make()
    client.page("/sign-in")
    if token == "of somebody else":
        token = app.test_client().page("/sign-in").field("csrf_token")
    data = {"email": "ada@example.org", "password": PASSWORD}
    answer = client.post("/sign-in", data=data | ({"csrf_token": token} if token is not None else {}))  # fmt: skip
    assert answer.status_code == 400
    page = Page(answer)
    # The form comes back with a token that is good.
    assert page.field("email") == "ada@example.org"
    assert "please send it once more" in page.text
    assert live_sessions(app) == 0
    again = client.post("/sign-in", data=data | {"csrf_token": page.field("csrf_token")})
    assert again.status_code == 302


@pytest.mark.case("D25")
@pytest.mark.parametrize("token", [None, "made-up"])
@pytest.mark.parametrize("path", ["/sign-out", "/account/sign-out-elsewhere"])
def test_nobody_is_signed_out_by_another_site(
    client: Any, app: Flask, make: Any, path: str, token: str | None
) -> None:
    make()
    signs_in(client)
    signs_in(app.test_client())
    answer = client.post(path, data={"csrf_token": token} if token else {})
    assert answer.status_code == 400
    assert client.get("/account").status_code == 200
    assert live_sessions(app) == 2


@pytest.mark.case("D17")
def test_looking_at_sign_out_signs_nobody_out(client: Any, make: Any) -> None:
    make()
    signs_in(client)
    assert client.get("/sign-out").status_code == 405
    assert client.get("/account").status_code == 200


# Where it leads


def test_a_page_behind_the_sign_in_is_come_back_to(client: Any, make: Any) -> None:
    make()
    asked = client.get("/account?a=1&b=ü")
    assert asked.status_code == 302
    page = client.page(asked.location)
    assert page.field("next") == "/account?a=1&b=ü"
    answer = signs_in(client, next=page.field("next"))
    assert answer.location == "/account?a=1&b=%C3%BC"


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/", "//evil.example/", "///evil.example", "/\\evil.example", "\\\\evil.example",
        "/\t/evil.example", "/\n/evil.example", " //evil.example", "javascript:alert(1)", "evil.example",
        "http:evil.example", "https:/evil.example", "/%09/evil.example\r\nLocation: https://evil.example", "",
        "data:text/html,x", "/\x00/evil",
    ],
)  # fmt: skip
def test_no_address_leads_to_another_site(client: Any, make: Any, address: str) -> None:
    make()
    answer = signs_in(client, next=address)
    assert (answer.status_code, answer.location) == (302, "/manage/")
    # Nor does a wrong password carry it along.
    assert client.page("/sign-in").field("next") == "/manage/"


@pytest.mark.parametrize(
    "address",
    ["/manage/events/evening/signups?q=a&page=2", "/admin/users", "/", "/account#x", "/a//b"],
)
def test_own_pages_are_led_to(client: Any, make: Any, address: str) -> None:
    make()
    assert signs_in(client, next=address).location == address


def test_what_is_sent_without_a_session_is_not_lost_in_a_redirect(client: Any) -> None:
    """A form sent after the sign-in ran out is told so, instead of being led to an empty page."""
    token = client.page("/sign-in").field("csrf_token")
    answer = client.post("/account", data={"csrf_token": token})
    assert answer.status_code == 401
    assert "sign in" in answer.text


# Too many tries


def test_ten_tries_an_hour_for_one_address(limited: Any, make: Any) -> None:
    make()
    with time_machine.travel(NOW, tick=False) as clock_:
        for number in range(10):
            answer = signs_in(limited, "Ada@example.org ", "wrong")
            assert answer.status_code == 400, number
            clock_.shift(dt.timedelta(minutes=1))
        answer = signs_in(limited)
        assert answer.status_code == 429, "the right password, too: it might be the eleventh guess"
        page = Page(answer)
        assert re.search(
            r"Those were too many tries\. Please try again in \d+ minutes\.", page.text
        )
        assert page.field("email") == "ada@example.org"
        assert PASSWORD not in page.text
        # Somebody else still gets in.
        make("Ben")
        assert signs_in(limited, "ben@example.org").status_code == 302
        clock_.shift(dt.timedelta(hours=1))
        assert signs_in(limited).status_code == 302


@pytest.mark.case("D28")
def test_an_address_without_an_account_is_counted_like_one(limited: Any, make: Any) -> None:
    with time_machine.travel(NOW, tick=False):
        statuses = [signs_in(limited, "nobody@example.org", "wrong").status_code for _ in range(11)]
    assert statuses == [400] * 10 + [429]


def test_twenty_tries_an_hour_from_one_network(limited: Any, make: Any) -> None:
    make()
    with time_machine.travel(NOW, tick=False):
        for number in range(20):
            assert signs_in(limited, f"p{number}@example.org", "wrong").status_code == 400
        assert signs_in(limited).status_code == 429
        # From another network it is another count.
        limited.environ_base["REMOTE_ADDR"] = "198.51.100.7"
        assert signs_in(limited).status_code == 302


def test_a_household_of_addresses_is_one_network(limited: Any, make: Any) -> None:
    """Whoever has one IPv6 address has 2^64 of them."""
    with time_machine.travel(NOW, tick=False):
        for number in range(20):
            limited.environ_base["REMOTE_ADDR"] = f"2001:db8:1:2::{number + 1:x}"
            assert signs_in(limited, f"p{number}@example.org", "wrong").status_code == 400
        limited.environ_base["REMOTE_ADDR"] = "2001:db8:1:2:ffff::1"
        assert signs_in(limited, "other@example.org", "wrong").status_code == 429
        limited.environ_base["REMOTE_ADDR"] = "2001:db8:1:3::1"
        assert signs_in(limited, "other@example.org", "wrong").status_code == 400


def test_no_limit_where_it_is_switched_off(client: Any, make: Any) -> None:
    for _ in range(11):
        assert signs_in(client, "nobody@example.org", "wrong").status_code == 400


def test_looking_at_the_page_is_no_try(limited: Any, make: Any) -> None:
    make()
    with time_machine.travel(NOW, tick=False):
        for _ in range(30):
            limited.page("/sign-in")
        assert signs_in(limited).status_code == 302


def test_a_stranger_is_nobody(context: Flask) -> None:
    make_user("Ada")
    assert views.who("ada@example.org", "") is None
    assert views.who("", "") is None
