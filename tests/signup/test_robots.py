"""Robots are asked for one more click; crowds behind one address are let in; mailboxes are not flooded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from tests.conftest import Page
from tests.signin import sign_in
from tests.signup.conftest import later


def _fields(page: Page) -> dict[str, str]:
    """The hidden fields of a page, as its button would send them."""
    return dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.text))


@pytest.mark.case("D49")
def test_the_trap_leads_to_one_more_click(make: Any, visitor: Any, house: Any) -> None:
    slug = make()
    answer = visitor.send(slug, homepage="https://spam.example", consent_friends="yes")
    assert answer.status_code == 200
    page = Page(answer)
    assert "I am a person" in page.text
    held = house.signup()
    assert (held.status, held.pending_reason) == ("pending", "click")
    assert house.mails() == []
    answer = visitor.client.post(f"/events/{slug}/signup", data=_fields(page))
    assert answer.status_code == 303
    assert (house.signup().status, house.signup().pending_reason) == ("confirmed", None)
    assert house.messages() == ["confirmed"]


@pytest.mark.case("D49")
def test_a_form_sent_at_once_needs_one_more_click(
    app: Flask, make: Any, visitor: Any, house: Any, clock: Any
) -> None:
    app.config["SIGNUP_MIN_SECONDS"] = 2.0
    slug = make()
    token = visitor.form(slug)
    clock.move_to(later(seconds=1))
    page = Page(visitor.send(slug, token=token))
    assert "I am a person" in page.text
    assert visitor.client.post(f"/events/{slug}/signup", data=_fields(page)).status_code == 303
    assert house.signup().status == "confirmed"
    clock.move_to(later(seconds=10))
    token = visitor.form(slug)
    clock.move_to(later(seconds=12))
    assert visitor.send(slug, token=token, email="ben@example.org").status_code == 303


def test_the_click_is_good_for_its_own_form_and_event_only(
    make: Any, visitor: Any, house: Any
) -> None:
    slug, other = make(), make(slug="other")
    fields = _fields(Page(visitor.send(slug, homepage="x")))
    assert "I am a person" in visitor.client.post(f"/events/{other}/signup", data=fields).text
    assert "I am a person" in visitor.client.post(
        f"/events/{slug}/signup", data=fields | {"csrf_token": visitor.form(slug), "person": "x"}
    ).text  # fmt: skip
    assert house.mails() == []


@pytest.mark.case("D49")
def test_an_organiser_sees_who_did_not_click_and_can_let_them_in(
    make: Any, visitors: Any, house: Any
) -> None:
    slug = make(ada=True)
    visitors().send(slug, homepage="x")
    client = visitors().client
    sign_in(client, 1)
    page = client.page(f"/manage/events/{slug}/signups?status=pending")
    assert "Looked like a robot" in page.text
    signup = house.signup()
    path = f"/manage/events/{slug}/signups/{signup.public_id}"
    answer = client.post(f"{path}/approve", data={"csrf_token": page.field("csrf_token")})
    assert answer.status_code == 303
    assert house.signup().status == "confirmed"
    assert house.messages() == ["confirmed"]


def test_the_real_form_takes_the_place_of_one_that_was_held(
    make: Any, visitors: Any, house: Any
) -> None:
    slug = make()
    visitors().send(slug, homepage="x", name="Robot")
    assert visitors().send(slug, name="Ana").status_code == 303
    assert (house.signup().name, house.signup().status) == ("Ana", "confirmed")


@pytest.fixture
def limited(app: Flask) -> Iterator[None]:
    """Limits as in production, counted from nothing."""
    app.config["RATELIMIT_ENABLED"] = True
    app.extensions.pop("rate_counter", None)
    yield
    app.extensions.pop("rate_counter", None)


@pytest.mark.case("D52")
@pytest.mark.usefixtures("limited")
def test_a_hall_behind_one_address_can_sign_up(make: Any, visitors: Any, house: Any) -> None:
    slug = make()
    for number in range(60):
        assert visitors().send(slug, email=f"person{number}@example.org").status_code == 303
    assert len(house.signups()) == 60


@pytest.mark.case("D52")
@pytest.mark.usefixtures("limited")
def test_a_larger_crowd_pays_with_a_click_and_nobody_is_refused(
    make: Any, visitors: Any, house: Any
) -> None:
    slug = make()
    clicks = 0
    for number in range(125):
        person = visitors()
        answer = person.send(slug, email=f"person{number}@example.org")
        if answer.status_code == 200:
            clicks += 1
            answer = person.client.post(f"/events/{slug}/signup", data=_fields(Page(answer)))
        assert answer.status_code == 303
    assert clicks == 5
    assert len(house.signups()) == 125
    assert all(signup.status == "confirmed" for signup in house.signups())
