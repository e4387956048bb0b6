# ruff: noqa: F811 - the fixtures are those of the sign-up, imported by name
"""The page behind a personal link, and the page after the form."""

from __future__ import annotations

from typing import Any

import icalendar
import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import NOW, Page
from tests.factories import make_session, make_speaker
from tests.signup.conftest import clock, house, later, make, visitor, visitors  # noqa: F401 - fixtures
from webapp.db import db
from webapp.events.models import Event
from webapp.signup.models import Consent


@pytest.fixture
def signed_up(make: Any, visitor: Any, house: Any) -> Any:
    """Ana's browser after the form, and her link."""
    visitor.send(make(capacity=2, title="Bolivia Shows: An Alternative"), consent_friends="yes")
    return visitor.client, house.link("my")


def test_what_the_page_shows(app: Flask, signed_up: Any, house: Any) -> None:
    with app.app_context():
        event = db.session.get(Event, 1)
        assert event is not None
        make_session(event, "Opening", speakers=[(make_speaker(event, "Kate Hudson", affiliation="CND"), "chair")])  # fmt: skip
        db.session.commit()
    client, my = signed_up
    page = client.page(my)
    for words in (
        "Ana Álvarez, you have a place", "Tuesday, 6 April 2027, 19:00 to 20:45", "London time",
        "Opening", "Kate Hudson, CND", house.link("join"), f"{my}/calendar.ics",
        "https://calendar.google.com/calendar/render?", "https://outlook.live.com/calendar/",
        "http://turnout.test/events/evening", "ana@example.org", "30 days after the event",
    ):  # fmt: skip
        assert words in page.text, words
    assert 'name="robots" content="noindex"' in page.text


def test_the_calendar_file(signed_up: Any) -> None:
    client, my = signed_up
    answer = client.get(f"{my}/calendar.ics")
    assert answer.mimetype == "text/calendar"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="evening.ics"'
    (entry,) = icalendar.Calendar.from_ical(answer.data).walk("VEVENT")
    assert entry["summary"] == "Bolivia Shows: An Alternative"
    client.post(f"{my}/cancel")
    assert client.get(f"{my}/calendar.ics").status_code == 404


def test_giving_the_place_back_and_taking_it_again(signed_up: Any, house: Any) -> None:
    client, my = signed_up
    assert "Give your place back?" in client.page(f"{my}/cancel").text
    answer = client.post(f"{my}/cancel")
    assert answer.headers["Location"] == f"{my}?said=cancelled"
    page = client.page(answer.headers["Location"]).text
    assert "You gave your place back" in page
    assert "Join" not in page
    assert house.signup().proved_at == NOW
    # A second press, and the link of the mail once more, change nothing.
    client.post(f"{my}/cancel")
    assert client.get(f"{my}/cancel").status_code == 303
    assert house.messages() == ["confirmed", "cancelled"]
    answer = client.post(f"{my}/come-back")
    assert "Welcome back." in client.page(answer.headers["Location"]).text
    assert house.signup().status == "confirmed"
    assert house.messages() == ["confirmed", "cancelled", "confirmed"]


def test_coming_back_too_late(signed_up: Any, visitors: Any, house: Any) -> None:
    client, my = signed_up
    house.change(waitlist=False)
    client.post(f"{my}/cancel")
    for name in ("ben", "cleo"):
        visitors().send(email=f"{name}@example.org")
    answer = client.post(f"{my}/come-back")
    assert answer.status_code == 409
    assert "All places have been taken since you left." in Page(answer).text
    assert house.signups()[0].status == "cancelled"


def test_nothing_can_be_given_back_after_the_evening(
    signed_up: Any, house: Any, clock: Any
) -> None:
    client, my = signed_up
    clock.move_to(later(hours=5))
    assert "This event is over" in client.page(my).text
    answer = client.post(f"{my}/cancel")
    assert answer.status_code == 409
    assert "there is no place left to give up" in Page(answer).text
    assert house.signup().status == "confirmed"


@pytest.mark.case("D79")
def test_withdrawing_a_consent_takes_one_press(app: Flask, signed_up: Any) -> None:
    client, my = signed_up
    assert "may write to me about other things" in client.page(my).text
    answer = client.post(f"{my}/contact", data={"host": "friends"})
    page = client.page(answer.headers["Location"]).text
    assert "They may no longer write to you" in page
    assert "You agreed:" not in page
    assert "I agree to that" in page
    with app.app_context():
        event, contact = db.session.scalars(sa.select(Consent).order_by(Consent.id))
        assert (event.withdrawn_at, contact.withdrawn_at) == (None, NOW)
        assert contact.agreed_at == NOW


def test_erasing_needs_a_fresh_mail(signed_up: Any, house: Any, visitors: Any) -> None:
    client, my = signed_up
    answer = client.post(f"{my}/ask-to-erase")
    assert "A mail with the link that deletes" in client.page(answer.headers["Location"]).text
    assert house.messages() == ["confirmed", "erase_link"]
    assert house.signup().erased_at is None
    # The personal link itself does not erase.
    assert client.post(f"{my}/erase").status_code == 404
    erase = house.link("my")
    assert erase.endswith("/erase")
    assert "Delete your data?" in client.page(erase).text
    assert house.signup().erased_at is None
    answer = client.post(erase)
    assert answer.status_code == 200
    assert "Your data is deleted" in Page(answer).text
    assert (house.signup().erased_at, house.signup().status) == (NOW, "confirmed")
    assert client.get(my).status_code == 404
    assert visitors().client.get(erase).status_code == 404
    # In another tab, or pressed twice: it is done, and nobody is alarmed.
    for answer in (client.get(erase), client.post(erase)):
        assert "Your data is deleted" in Page(answer).text


def test_each_status_says_where_one_stands(
    app: Flask, make: Any, visitors: Any, house: Any
) -> None:
    make(approval=True)
    visitors().send()
    client = visitors().client
    my = house.link("my")
    assert "We have your sign-up" in client.page(my).text
    with app.app_context():
        db.session.execute(sa.text("UPDATE signups SET status = 'declined', pending_reason = NULL"))
        db.session.commit()
    assert "There was no place for you this time" in client.page(my).text
    house.change(state="cancelled")
    assert "This event was called off" in client.page(my).text


def test_proving_an_address(make: Any, visitors: Any, house: Any) -> None:
    slug = make(confirm_address=True, capacity=1, waitlist=False)
    visitors().send(slug)
    client = visitors().client
    path = house.link("confirm")
    assert "ana@example.org is yours" in client.page(path).text
    assert house.signup().status == "pending"
    answer = client.post(path)
    assert answer.status_code == 303
    assert "you have a place" in client.page(answer.headers["Location"]).text
    assert house.signup().status == "confirmed"
    assert client.post(path).status_code == 303
    assert house.messages() == ["confirm_address", "confirmed"]


def test_proving_an_address_when_it_is_full(make: Any, visitors: Any, house: Any) -> None:
    slug = make(confirm_address=True, capacity=1, waitlist=False)
    for name in ("ana", "ben"):
        visitors().send(slug, email=f"{name}@example.org")
    client = visitors().client
    assert client.post(house.link("confirm", 0)).status_code == 303
    answer = client.post(house.link("confirm", 1))
    assert answer.status_code == 409
    assert "All places are taken" in Page(answer).text
    assert [signup.status for signup in house.signups()] == ["confirmed", "pending"]
    assert house.signups()[1].proved_at == NOW


def test_the_page_after_the_form_shows_no_personal_link(
    make: Any, visitor: Any, clock: Any
) -> None:
    slug = make(starts_at=later(hours=2))
    answer = visitor.send(slug)
    page = visitor.client.page(answer.headers["Location"]).text
    assert "A mail is on its way to ana@example.org." in page
    assert "/my/" not in page
    assert "/join/" not in page
    # Who never sent a form sees the page without an address.
    clock.move_to(later(minutes=59))
    assert "It starts soon" not in visitor.client.page(answer.headers["Location"]).text


@pytest.mark.parametrize("minutes", [60, 30, 0, -30])
def test_close_to_the_start_everybody_gets_the_same_link(
    make: Any,
    visitors: Any,
    house: Any,
    minutes: int,
) -> None:
    slug = make(starts_at=later(minutes=minutes))
    pages = []
    for email in ("ana@example.org", "ana@example.org", "ben@example.org"):
        person = visitors()
        answer = person.send(slug, email=email)
        pages.append(person.client.page(answer.headers["Location"]).text.replace(email, ""))
    assert pages[0] == pages[1] == pages[2]
    assert ("It is on now" if minutes <= 0 else "It starts soon") in pages[0]
    assert "To the waiting room" in pages[0] or "Join now" in pages[0]


def test_no_thanks_without_an_event(make: Any, visitor: Any) -> None:
    make(state="draft")
    for slug in ("evening", "nothing"):
        assert visitor.client.get(f"/events/{slug}/signup/thanks").status_code == 404
