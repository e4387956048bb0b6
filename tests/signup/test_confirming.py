"""Proving an address while the event is on: the button leads in, and an old link to the guests' door."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.signup.conftest import later
from tests.signup.test_door_pass import attendance, guests_path, joins, visits
from webapp.db import db
from webapp.events.models import Event
from webapp.privacy import operations as privacy

__all__ = ["attendance", "guests_path", "visits"]  # fixtures
LIVE = later(minutes=70)


def test_the_button_proves_and_leads_in(
    make: Any, visitors: Any, house: Any, visits: Any, clock: Any
) -> None:
    slug = make(confirm_address=True)
    visitors().send(slug)
    link = house.link("confirm")
    clock.move_to(LIVE)
    phone = visitors().client
    page = phone.page(link)
    assert "the button takes you to the door" in page.text
    assert "Not you? Join as a guest" in page.text
    answer = phone.post(link)
    assert answer.status_code == 200
    assert "your address is confirmed and you have a place" in answer.text
    assert house.signup().status == "confirmed"
    assert visits() == []
    [form] = list(answer.parsed.tree.iter("form"))
    action = form.get("action").removeprefix("http://turnout.test")
    assert phone.post(action, data={"visit": answer.parsed.field("visit")}).status_code == 303
    [visit] = visits()
    assert visit.person_key == house.signup().person_key
    assert visit.is_registered


def test_before_the_event_it_leads_to_the_persons_page(
    make: Any, visitors: Any, house: Any
) -> None:
    slug = make(confirm_address=True)
    visitors().send(slug)
    answer = visitors().client.post(house.link("confirm"))
    assert answer.status_code == 303
    assert "/my/" in answer.location


def test_pressed_where_somebody_came_in_as_a_guest_it_says_who_that_was(
    make: Any, visitors: Any, house: Any, visits: Any, attendance: Any, clock: Any
) -> None:
    slug = make(confirm_address=True)
    ana = visitors()
    ana.send(slug)
    clock.move_to(LIVE)
    joins(ana)
    assert attendance()["guests"] == 1
    ana.client.post(house.link("confirm"))
    assert visits()[0].person_key == house.signup().person_key
    assert (attendance()["registered_attended"], attendance()["guests"]) == (1, 0)


@pytest.mark.case("D37")
@pytest.mark.parametrize(("values", "said"), [
    ({"capacity": 1, "waitlist": False}, "All places are taken"),
    ({"capacity": 1}, "All places are taken"),
    ({"approval": True}, "have not looked at your sign-up yet"),
])  # fmt: skip
def test_who_has_no_place_is_shown_the_guests_door_and_no_join_link(
    make: Any, visitors: Any, house: Any, clock: Any, guests_path: Any, values: Any, said: str
) -> None:
    slug = make(confirm_address=True, **values)
    links = []
    for name in ("ana", "ben"):
        visitors().send(slug, email=f"{name}@example.org")
        links.append(house.link("confirm"))
    clock.move_to(LIVE)
    visitors().client.post(links[0])
    answer = visitors().client.post(links[1])
    assert answer.status_code == 200
    assert said in answer.text
    assert guests_path() in answer.text
    assert "/join/" not in answer.text
    assert house.signups()[1].proved_at == LIVE


def test_who_was_declined_is_asked_to_confirm_nothing(
    app: Flask, make: Any, visitors: Any, house: Any
) -> None:
    visitors().send(make(confirm_address=True, approval=True))
    link = house.link("confirm")
    assert "Yes, this is my address" in visitors().client.page(link).text
    with app.app_context():
        signup = db.session.merge(house.signup())
        signup.status, signup.pending_reason = "declined", None
        db.session.commit()
    page = visitors().client.page(link)
    assert "There was no place for you this time" in page.text
    assert "Yes, this is my address" not in page.text


@pytest.mark.parametrize("gone", ["late", "dropped", "erased"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_link_that_has_had_its_time_leads_to_the_guests_door(
    app: Flask, make: Any, visitors: Any, house: Any, clock: Any, guests_path: Any, gone: str, method: str
) -> None:  # fmt: skip
    start = later(hours=50)
    slug = make(confirm_address=True, starts_at=start, ends_at=later(hours=52))
    visitors().send(slug)
    link = house.link("confirm")
    if gone == "erased":
        with app.app_context():
            signup = db.session.merge(house.signup())
            privacy.erase_signup(signup, later(hours=1), by="the person")
            db.session.commit()
    if gone == "dropped":
        clock.move_to(later(hours=48, minutes=1))
        with app.app_context():
            event = db.session.scalars(sa.select(Event)).one()
            assert (
                privacy.drop_unproved(event.id, later(minutes=1), later(hours=48, minutes=1)) == 1
            )
            db.session.commit()
    clock.move_to(later(hours=48, minutes=30))
    client = visitors().client
    assert getattr(client, method)(link).status_code == 404
    for moment, said in ((later(hours=49, minutes=30), "starts soon"), (later(hours=51), "is on now")):  # fmt: skip
        clock.move_to(moment)
        page = getattr(client, method)(link)
        assert page.status_code == 200
        assert said in page.text
        assert guests_path() in page.text
        assert "ana@example.org" not in page.text
    clock.move_to(later(hours=60))
    assert getattr(client, method)(link).status_code == 404


def test_a_link_that_we_never_made_leads_nowhere(
    make: Any, visitors: Any, house: Any, clock: Any
) -> None:
    slug = make(confirm_address=True)
    visitors().send(slug)
    link = house.link("confirm")
    clock.move_to(LIVE)
    for bad in (link[:-1] + ("A" if link[-1] != "A" else "B"), link[:-3], f"/confirm/{house.link('remove').rpartition('/')[2]}"):  # fmt: skip
        assert visitors().client.get(bad).status_code == 404


def test_the_guests_link_says_nothing_of_whose_page_it_stood_on(
    make: Any, visitors: Any, house: Any, clock: Any, guests_path: Any
) -> None:
    slug = make()
    visitors().send(slug)
    join = house.link("join")
    for moment in (later(minutes=30), LIVE):
        clock.move_to(moment)
        page = visitors().client.get(join).text
        assert f'href="http://turnout.test{guests_path()}?other=1"' in page
