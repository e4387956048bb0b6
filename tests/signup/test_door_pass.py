"""The browser that a form was sent from comes in on the evening without a mail: as its own new sign-up, or
as a guest, and nobody can tell from outside which."""

from __future__ import annotations

import datetime as dt
from http.cookies import SimpleCookie
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from itsdangerous.encoding import base64_decode

from tests.conftest import Page
from tests.signup.conftest import later
from webapp.attendance import door
from webapp.attendance.figures import figures
from webapp.attendance.models import Visit
from webapp.clock import now
from webapp.db import db
from webapp.events.models import Event

LIVE = later(minutes=70)


@pytest.fixture
def visits(app: Flask) -> Any:
    def read() -> list[Visit]:
        with app.app_context():
            rows = list(db.session.scalars(sa.select(Visit).order_by(Visit.id)))
            db.session.expunge_all()
            return rows

    return read


@pytest.fixture
def attendance(app: Flask) -> Any:
    def read(slug: str = "evening") -> dict[str, Any]:
        with app.app_context():
            event = db.session.scalar(sa.select(Event).where(Event.slug == slug))
            assert event is not None
            found: dict[str, Any] = figures(event, now())["attendance"]
            return found

    return read


@pytest.fixture
def guests_path(app: Flask) -> Any:
    def path(slug: str = "evening") -> str:
        with app.app_context():
            event = db.session.scalar(sa.select(Event).where(Event.slug == slug))
            assert event is not None
            return door.guest_url(event).removeprefix("http://turnout.test")

    return path


def passes(answer: Any) -> list[tuple[str, dict[str, str]]]:
    """(value, attributes) of each door cookie that an answer sets."""
    found = []
    for header in answer.headers.getlist("Set-Cookie"):
        for name, morsel in SimpleCookie(header).items():
            if name.startswith("turnout_door_"):
                found.append((morsel.value, dict(morsel)))
    return found


def joins(person: Any, slug: str = "evening") -> Any:
    """By the button on the event's page, as the browser that has signed up."""
    answer = person.client.get(f"/events/{slug}/door")
    assert answer.status_code == 303, answer.text
    page = person.client.page(answer.location)
    return person.client.post(answer.location, data={"visit": page.field("visit")})


def test_the_browser_of_a_new_signup_comes_in_as_that_signup(
    make: Any, visitors: Any, house: Any, visits: Any, attendance: Any, clock: Any
) -> None:
    slug = make()
    ana = visitors()
    ana.send(slug)
    clock.move_to(LIVE)
    assert joins(ana).location.startswith("/room/")
    [visit] = visits()
    assert visit.person_key == house.signup().person_key
    assert (visit.identity, visit.is_registered, visit.name) == ("identified", True, None)
    found = attendance()
    assert (found["registered_attended"], found["guests"]) == (1, 0)
    # The mailed link on another device is the same person once more.
    visitors().client.post(house.link("join"))
    assert attendance()["people"]["high"] == 1


def test_nothing_about_the_person_stands_behind_the_door(
    make: Any, visitors: Any, house: Any, clock: Any
) -> None:
    slug = make()
    ana = visitors()
    answer = ana.send(slug)
    value, _ = passes(answer)[0]
    said = base64_decode(value.split(".")[0]).decode()
    signup = house.signup()
    pages = []
    for moment in (later(minutes=20), LIVE):
        clock.move_to(moment)
        pages += [ana.client.get(ana.client.get(f"/events/{slug}/door").location).text]
    pages.append(ana.client.get(joins(ana).location).text)
    for text in (said, *pages):
        for secret in ("Ana", "ana@example.org", signup.public_id, "/my/"):
            assert secret not in text


@pytest.mark.case("D28")
def test_whoever_types_a_known_address_is_a_guest_and_cannot_tell(
    make: Any, visitors: Any, house: Any, visits: Any, attendance: Any, clock: Any
) -> None:
    slug = make()
    visitors().send(slug)
    stranger, newcomer = visitors(), visitors()
    known = stranger.send(slug, name="Somebody else")
    new = newcomer.send(slug, email="ben@example.org", name="Somebody else")
    assert (known.status_code, known.location) == (new.status_code, new.location)
    for left, right in zip(passes(known), passes(new), strict=True):
        assert left[1] == right[1]
        assert len(base64_decode(left[0].split(".")[0])) - len(
            base64_decode(right[0].split(".")[0])
        ) in (-2, -1, 0, 1, 2)
    clock.move_to(LIVE)
    shown = []
    for person in (stranger, newcomer):
        way = person.client.get(f"/events/{slug}/door").location
        page = person.client.page(way)
        shown.append(page.text.replace(way, "").replace(page.field("visit"), ""))
        joins(person)
    assert shown[0] == shown[1]
    guest, own = visits()
    assert (guest.identity, guest.is_registered) == ("anonymous", False)
    assert guest.person_key not in {signup.person_key for signup in house.signups()}
    assert (own.identity, own.is_registered) == ("identified", True)
    assert attendance()["registered_attended"] == 1
    assert attendance()["guests"] == 1


@pytest.mark.case("D28")
def test_the_session_tells_nobody_either(make: Any, visitors: Any, house: Any) -> None:
    """Whoever opens their own cookie finds the same there, whether the address was known or not."""
    slug = make()
    visitors().send(slug)
    shapes = []
    for email in ("ana@example.org", "ben@example.org"):
        person = visitors()
        person.send(slug, email=email)
        person.client.get(f"/events/{slug}/signup/thanks")
        for new in (None, "ana@example.org" if email.startswith("ben") else "cem@example.org"):
            if new is not None:
                form = person.client.page(f"/events/{slug}/signup/address")
                fields = {"csrf_token": form.field("csrf_token"), "email": new, "asked": new}
                assert (
                    person.client.post(f"/events/{slug}/signup/address", data=fields).status_code
                    == 303
                )
            with person.client.session_transaction() as session:
                *_, made = session["signed_up"]
                shapes.append((new is None, type(made), len(made)))
    assert shapes[:2] == shapes[2:]


def test_a_guest_by_the_browser_becomes_the_signup_by_a_mailed_link(
    make: Any, visitors: Any, house: Any, visits: Any, attendance: Any, clock: Any
) -> None:
    slug = make()
    visitors().send(slug)
    ana = visitors()
    ana.send(slug)
    clock.move_to(LIVE)
    joins(ana)
    assert attendance()["guests"] == 1
    ana.client.post(house.link("join"))
    assert {visit.person_key for visit in visits()} == {house.signup().person_key}
    assert (attendance()["registered_attended"], attendance()["guests"]) == (1, 0)
    # From here on the button of the event's page is theirs too.
    joins(ana)
    assert visits()[-1].is_registered


def test_an_unproved_address_is_a_guest_until_a_mailed_button_is_pressed_there(
    make: Any, visitors: Any, house: Any, visits: Any, attendance: Any, clock: Any
) -> None:
    slug = make(confirm_address=True)
    ana = visitors()
    ana.send(slug)
    clock.move_to(LIVE)
    joins(ana)
    [visit] = visits()
    assert visit.person_key != house.signup().person_key
    # Proving it elsewhere says nothing about who sat at this browser.
    other = visitors()
    other.client.post(house.link("confirm"))
    assert house.signup().status == "confirmed"
    assert attendance()["registered_attended"] == 0
    ana.client.post(house.link("join"))
    assert attendance()["registered_attended"] == 1
    assert attendance()["guests"] == 0


@pytest.mark.parametrize("button", ["contact", "cancel", "agree"])
def test_a_button_of_the_personal_page_says_who_sits_there_too(
    make: Any, visitors: Any, house: Any, visits: Any, clock: Any, button: str
) -> None:
    slug = make()
    visitors().send(slug)
    ana = visitors()
    ana.send(slug)
    clock.move_to(LIVE)
    joins(ana)
    assert not visits()[0].is_registered
    my = house.link("my")
    assert ana.client.get(my).status_code == 200
    assert not visits()[0].is_registered
    assert ana.client.post(f"{my}/{button}", data={"host": "friends"}).status_code == 303
    assert visits()[0].person_key == house.signup().person_key
    assert visits()[0].is_registered


def test_who_waits_for_an_answer_is_a_guest_until_it_is_yes(
    make: Any, visitors: Any, house: Any, visits: Any, clock: Any
) -> None:
    slug = make(approval=True)
    ana = visitors()
    ana.send(slug)
    clock.move_to(LIVE)
    joins(ana)
    assert not visits()[0].is_registered


def test_a_guest_who_signs_up_in_the_same_browser_is_one_person(
    make: Any, visitors: Any, house: Any, visits: Any, attendance: Any, clock: Any, guests_path: Any
) -> None:
    slug = make()
    clock.move_to(LIVE)
    ana = visitors()
    ana.client.post(guests_path(), data={"name": "Ana"})
    ana.send(slug)
    joins(ana)
    assert {visit.person_key for visit in visits()} == {house.signup().person_key}
    assert all(visit.name is None for visit in visits())
    assert attendance()["people"]["high"] == 1


def test_a_form_sent_twice_keeps_its_signup(
    make: Any, visitors: Any, house: Any, visits: Any, clock: Any
) -> None:
    slug = make()
    ana = visitors()
    token = ana.form(slug)
    for _ in range(2):
        ana.send(slug, token=token)
    clock.move_to(LIVE)
    joins(ana)
    assert visits()[0].person_key == house.signup().person_key


@pytest.mark.parametrize("change", ["cancelled", "erased"])
def test_the_browser_of_a_signup_that_is_no_longer_on_is_a_guests(
    make: Any, visitors: Any, house: Any, visits: Any, attendance: Any, clock: Any, change: str
) -> None:
    slug = make()
    ana = visitors()
    ana.send(slug)
    if change == "cancelled":
        ana.client.post(f"{house.link('my')}/cancel")
    else:
        ana.client.post(f"{house.link('my')}/ask-to-erase")
        erase = house.mails()[-1].text.split("http://turnout.test")[1].split()[0]
        ana.client.post(erase)
    clock.move_to(LIVE)
    joins(ana)
    assert not visits()[0].is_registered
    assert (attendance()["registered_attended"], attendance()["guests"]) == (0, 1)


def test_somebody_else_at_the_device_comes_in_as_another_guest(
    make: Any, visitors: Any, house: Any, visits: Any, attendance: Any, clock: Any
) -> None:
    slug = make()
    ana = visitors()
    ana.send(slug)
    clock.move_to(LIVE)
    joins(ana)
    page = ana.client.get(ana.client.get(f"/events/{slug}/door").location).text
    other = page.split('href="http://turnout.test')[1].split('"')[0]
    form = ana.client.page(other)
    ana.client.post(other.split("?")[0], data={"other": form.field("other"), "name": "Ben"})
    own, guest = visits()
    assert (own.is_registered, guest.is_registered, guest.name) == (True, False, "Ben")
    assert attendance()["people"]["high"] == 2


def test_the_guests_door_asks_for_no_name_where_the_browser_is_known(
    make: Any, visitors: Any, house: Any, visits: Any, clock: Any, guests_path: Any
) -> None:
    slug = make()
    ana = visitors()
    ana.send(slug)
    clock.move_to(later(minutes=10))
    # The page after the form shows everybody the same link.
    thanks = ana.client.get(f"/events/{slug}/signup/thanks").text
    assert guests_path() in thanks
    clock.move_to(LIVE)
    page = ana.client.page(guests_path())
    assert 'name="name"' not in page.text
    ana.client.post(guests_path(), data={"visit": page.field("visit")})
    assert visits()[0].is_registered
    assert 'name="name"' in visitors().client.page(guests_path()).text


def test_the_cookie_is_for_the_doors_alone_and_ends_with_the_event(
    make: Any, visitors: Any, app: Flask
) -> None:
    app.config["SESSION_COOKIE_SECURE"] = True
    slug = make()
    answer = visitors().send(slug)
    set_ = passes(answer)
    assert {parts["path"] for _, parts in set_} == {
        f"/events/{slug}",
        "/guest",
        "/join",
        "/confirm",
        "/my",
    }
    assert len({value for value, _ in set_}) == 1
    for _, parts in set_:
        assert (parts["httponly"], parts["samesite"], parts["secure"]) == (True, "Lax", True)
        assert int(parts["max-age"]) == int(dt.timedelta(hours=1, minutes=105 + 60).total_seconds())


def test_it_is_good_for_its_own_event_only_and_cannot_be_made(
    make: Any, visitors: Any, clock: Any
) -> None:
    slug, other = make(), make(slug="other")
    ana = visitors()
    value = passes(ana.send(slug))[0][0]
    clock.move_to(LIVE)
    assert "has not signed up" in ana.client.page(f"/events/{other}/door").text
    good = visitors()
    good.client.set_cookie("turnout_door_1", value, path="/")
    assert good.client.get(f"/events/{slug}/door").status_code == 303
    for number, forged in ((2, value), (1, value[:-2] + "AA"), (1, "x"), (1, "")):
        stranger = visitors()
        stranger.client.set_cookie(f"turnout_door_{number}", forged, path="/")
        for name in (slug, other):
            assert "has not signed up" in stranger.client.page(f"/events/{name}/door").text


def test_the_events_page_offers_the_door_from_an_hour_before(
    make: Any, visitors: Any, clock: Any, app: Flask
) -> None:
    slug = make(starts_at=later(minutes=90))
    path = f"/events/{slug}/door"
    person = visitors()
    for moment, is_shown in ((0, False), (31, True), (95, True), (600, False)):
        clock.move_to(later(minutes=moment))
        app.extensions.get("page_cache", {}).clear()
        assert (path in person.client.get(f"/events/{slug}").text) == is_shown, moment
    assert Page(person.client.get(path)).status == 200
