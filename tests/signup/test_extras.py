"""Access needs, companions, the stay that is not recorded, and the person's time zone."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.conftest import Page
from tests.signin import sign_in
from tests.signup.test_manage import PATH
from webapp.events.models import Event
from webapp.signup import extras

NEEDS = ["Live captions", "Sign language"]


def test_what_the_event_offers_is_asked_and_kept(make: Any, visitor: Any, house: Any) -> None:
    make(access_needs=NEEDS, ask_companions=True)
    page = visitor.client.page("/events/evening/signup").text
    assert "What would help you to take part?" in page
    assert "How many more are coming with you?" in page
    assert "Let me in without recording how long I stay" in page
    done = visitor.send(
        access=["Sign language", "Forged"], access_note=" A seat\nnear the door ", companions="3",
        no_stay="yes", timezone="America/La_Paz",
    )  # fmt: skip
    assert done.status_code == 303
    signup = house.signup()
    assert signup.access_needs == ["Sign language"]
    assert signup.access_note == "A seat near the door"
    assert (signup.companions, signup.no_stay, signup.timezone) == (3, True, "America/La_Paz")


def test_those_brought_along_take_no_place_and_the_tool_says_so(
    make: Any, visitors: Any, visitor: Any, house: Any
) -> None:
    """They watch beside somebody, and are counted apart as watching together."""
    make(ada=True, ask_companions=True, capacity=2)
    visitors().send(email="ana@example.org", companions="20")
    visitors().send(email="ben@example.org", companions="20")
    visitors().send(email="cleo@example.org", companions="0")
    assert [s.status for s in house.signups()] == ["confirmed", "confirmed", "waitlisted"]
    sign_in(visitor.client, 1)
    for page in ("form", "settings"):
        assert "no place of their own" in visitor.client.page(f"/manage/events/evening/{page}").text


def test_what_the_event_does_not_ask_is_neither_shown_nor_kept(
    make: Any, visitor: Any, house: Any
) -> None:
    make(presence="door")
    page = visitor.client.page("/events/evening/signup").text
    for words in ("What would help", "How many more", "without recording"):
        assert words not in page
    visitor.send(access="Live captions", access_note="A seat", companions="3", no_stay="yes", timezone="Mars")  # fmt: skip
    signup = house.signup()
    assert (signup.access_needs, signup.access_note, signup.timezone) == (None, None, None)
    assert (signup.companions, signup.no_stay) == (0, False)


@pytest.mark.parametrize("companions", ["-1", "21", "two", "1.5", "٣", "9999"])
def test_a_number_that_cannot_be_is_said_and_nothing_is_lost(
    make: Any, visitor: Any, house: Any, companions: str
) -> None:
    make(access_needs=NEEDS, ask_companions=True)
    answer = visitor.send(companions=companions, access="Live captions", access_note="A seat")
    assert answer.status_code == 422
    page = Page(answer).text
    assert "Please give a whole number from 0 to 20." in page
    assert 'value="Live captions" checked' in page
    assert 'value="A seat"' in page
    assert f'value="{companions}"' in page
    assert house.signups() == []


def test_nothing_gets_lost_on_the_pages_in_between(make: Any, visitor: Any, house: Any) -> None:
    from tests.signup.test_slips import _fields

    make(access_needs=NEEDS, ask_companions=True)
    answer = visitor.send(email="ana@gmial.com", homepage="x", access="Live captions", companions="2", no_stay="yes")  # fmt: skip
    data = _fields(Page(answer)) | {"email": "ana@gmail.com"}
    answer = visitor.client.post("/events/evening/signup", data=data)
    assert "I am a person" in answer.text
    visitor.client.post("/events/evening/signup", data=_fields(Page(answer)))
    signup = house.signup()
    assert signup.status == "confirmed"
    assert (signup.access_needs, signup.companions, signup.no_stay) == (["Live captions"], 2, True)


@pytest.mark.case("D44")
def test_organisers_see_it_and_take_it_along(app: Flask, make: Any, visitors: Any, house: Any) -> None:  # fmt: skip
    make(ada=True, access_needs=NEEDS, ask_companions=True)
    visitors().send(access=NEEDS, access_note="=1+1 <script>", companions="1", no_stay="yes")
    ada = visitors().client
    sign_in(ada, 1)
    page = ada.page(f"{PATH}/{house.signup().public_id}").text
    assert "Live captions, Sign language; =1+1 &lt;script&gt;" in page
    assert "1 more person" in page
    assert "not recorded, as they wish" in page
    token = ada.page(PATH).field("csrf_token")
    lines = ada.post(f"{PATH}/export", data={"csrf_token": token}).text.splitlines()
    assert "What would help them,Coming with them,Tags" in lines[0]
    assert "Live captions; Sign language; =1+1 <script>,1,," in lines[1]


def test_a_note_alone_is_no_formula_in_the_file(app: Flask, make: Any, visitors: Any) -> None:
    make(ada=True, access_needs=NEEDS)
    visitors().send(access_note="=1+1")
    ada = visitors().client
    sign_in(ada, 1)
    token = ada.page(PATH).field("csrf_token")
    lines = ada.post(f"{PATH}/export", data={"csrf_token": token}).text.splitlines()
    assert ",'=1+1,," in lines[1]


def test_a_need_that_is_no_longer_offered_stays_with_who_has_it(app: Flask) -> None:
    event = Event(access_needs=["Captions"], ask_companions=False, presence="room", mode="online")
    raw = {"access": ["Ramp", "Captions"]}
    assert extras.read(event, raw)[0].access_needs == ("Captions",)
    assert extras.read(event, raw, ("Ramp",))[0].access_needs == ("Captions", "Ramp")
