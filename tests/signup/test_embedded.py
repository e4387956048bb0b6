"""The form inside another site's page: no cookie of ours, and otherwise the same."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.conftest import NOW
from webapp.signup.models import Signup

FORM = "/embed/events/evening/signup"
PERSON = {"name": "Ana Álvarez", "email": "ana@example.org", "consent": "yes"}


@pytest.fixture(autouse=True)
def no_waiting(app: Any) -> None:
    app.config["SIGNUP_MIN_SECONDS"] = 0


def send(visitor: Any, *, query: str = "", **values: Any) -> Any:
    page = visitor.client.page(FORM + query)
    hidden = {"form_token": page.field("form_token")}
    return visitor.client.post(FORM + query, data=hidden | PERSON | values)


def signups(app: Any) -> list[tuple[Any, ...]]:
    from webapp.db import db

    with app.app_context():
        return [(s.name, s.status, s.source, s.language) for s in db.session.query(Signup)]


def test_nothing_of_ours_is_kept_in_the_browser_and_the_form_works_without(app, make, visitor):
    """As in a browser that keeps no cookies of other sites at all."""
    make()
    visitor.client._cookies = None  # a browser that has nowhere to put one
    answer = visitor.client.get(f"{FORM}?from=Partner")
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")
    answer = send(visitor, **{"from": "Partner"})
    assert (answer.status_code, answer.location) == (303, f"{FORM}/thanks")
    assert "Set-Cookie" not in answer.headers
    thanks = visitor.client.get(answer.location)
    assert "Set-Cookie" not in thanks.headers
    assert "look into your mail" in thanks.text
    assert "ana@example.org" not in thanks.text
    assert signups(app) == [("Ana Álvarez", "confirmed", "partner", "en")]


def test_only_these_pages_may_be_framed_by_others(app, make, visitor):
    make()
    for path in (FORM, f"{FORM}/thanks"):
        answer = visitor.client.get(path)
        assert "frame-ancestors *;" in answer.headers["Content-Security-Policy"]
        assert "X-Frame-Options" not in answer.headers
    for path in ("/events/evening/signup", "/events/evening", "/events/evening/my-link"):
        answer = visitor.client.get(path)
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Frame-Options"] == "DENY"


def test_it_is_kept_as_briefly_as_the_page_of_the_event_and_knows_nobody(app, make, visitor):
    make()
    visitor.send("evening")
    answer = visitor.client.get(FORM)
    assert answer.headers["Cache-Control"] == "public, max-age=2"
    assert "ana@example.org" not in answer.text
    assert "csrf_token" not in answer.text
    # Forms have a token of their own each; a form sent twice is one sign-up.
    first, second = (visitor.client.page(FORM).field("form_token") for _number in range(2))
    assert first != second


def test_a_form_sent_twice_is_one_sign_up(app, make, visitor, house):
    make()
    token = visitor.client.page(FORM).field("form_token")
    for _press in range(2):
        answer = visitor.client.post(FORM, data=PERSON | {"form_token": token})
        assert answer.status_code == 303
    assert len(signups(app)) == 1
    assert len(house.mails()) == 1


def test_two_people_whose_page_came_from_one_cache_both_sign_up(app, make, visitor, house):
    """The page may be kept for two seconds on its way, and then two of them have the same token: which form
    came twice is told by token and address together."""
    make()
    token = visitor.client.page(FORM).field("form_token")
    for name, email in (("Ana Álvarez", "ana@example.org"), ("Ben", "ben@example.org")):
        values = PERSON | {"form_token": token, "name": name, "email": email}
        assert app.test_client().post(FORM, data=values).status_code == 303
    assert [row[:2] for row in signups(app)] == [("Ana Álvarez", "confirmed"), ("Ben", "confirmed")]
    assert sorted(mail.to_address for mail in house.mails()) == [
        "ana@example.org",
        "ben@example.org",
    ]


@pytest.mark.parametrize("token", ["", "made-up", "foreign", "session", "old"])
def test_without_its_own_token_it_comes_back_filled_in(app, make, visitor, clock, token):
    make()
    make(slug="other")
    if token == "foreign":
        token = visitor.client.page("/embed/events/other/signup").field("form_token")
    elif token == "session":
        token = visitor.form("evening")
    elif token == "old":
        token = visitor.client.page(FORM).field("form_token")
        clock.shift(dt.timedelta(minutes=30))
        app.config["WTF_CSRF_TIME_LIMIT"] = 60
    answer = visitor.client.post(FORM, data=PERSON | {"form_token": token})
    assert answer.status_code == 400
    assert answer.parsed.field("name") == "Ana Álvarez"
    assert answer.parsed.field("form_token") not in ("", token)
    assert signups(app) == []


@pytest.mark.case("D49")
def test_a_robot_is_asked_for_one_more_click_there_too(app, make, visitor):
    make()
    app.config["SIGNUP_MIN_SECONDS"] = 2
    answer = send(visitor)
    page = answer.parsed
    assert "One more click" in page.text
    assert f'action="{FORM}"' in page.text
    fields = {name: page.field(name) for name in ("form_token", "name", "email", "consent", "person")}  # fmt: skip
    assert visitor.client.post(FORM, data=fields).status_code == 303
    assert [row[:2] for row in signups(app)] == [("Ana Álvarez", "confirmed")]


def test_every_page_on_the_way_stays_in_the_frame(app, make, visitor):
    make()
    for values in ({"email": "ana@gmial.com"}, {"email": "ana"}, {"homepage": "x"}):
        answer = send(visitor, **values)
        assert f'action="{FORM}" target="_self"' in answer.text
        assert "frame-ancestors *" in answer.headers["Content-Security-Policy"]
        assert '<base target="_blank">' in answer.text


def test_it_speaks_the_language_of_its_address(app, make, visitor):
    make()
    page = visitor.client.page(f"{FORM}?lang=es")
    assert page.tree.get("lang") == "es"
    assert 'class="languages"' not in page.text
    send(visitor, query="?lang=es")
    assert [row[3] for row in signups(app)] == ["es"]


def test_a_form_behind_a_secret_link_opens_there_only_with_its_key(app, make, visitor):
    make(invitation_only=True, invitation_key="open-sesame")
    assert "by invitation" in visitor.client.page(FORM).text
    answer = visitor.client.get(f"{FORM}?key=open-sesame")
    assert answer.headers["Cache-Control"] == "no-store"
    assert send(visitor, query="?key=open-sesame", key="open-sesame").status_code == 303


def test_closed_and_unknown_events_say_so(app, make, visitor):
    make(closes_at=NOW - dt.timedelta(hours=1))
    assert "Sign-up is closed" in visitor.client.page(FORM).text
    make(slug="draft", state="draft")
    assert visitor.client.get("/embed/events/draft/signup").status_code == 404
    assert visitor.client.get("/embed/events/draft/signup/thanks").status_code == 404
