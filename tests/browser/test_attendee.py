"""An attendee's way, step by step, in a real browser: by keyboard alone, and without JavaScript where a step
must do without."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from tests.browser.cast import Cast, Evening, make_evening, publish_report
from tests.browser.conftest import PHONE
from tests.browser.site import Site
from tests.browser.test_room import visits
from tests.browser.test_signing_up import Visitor, signups, tab_to
from tests.browser.watch import Watch
from webapp import clock
from webapp.accounts.models import User
from webapp.db import db
from webapp.mail.models import OutgoingMail
from webapp.signup.models import Signup

Make = Callable[..., Evening]


@pytest.fixture
def make(site: Site, cast: Cast) -> Make:
    def evening(starts_in: float = -20, **values: object) -> Evening:
        with site.rows():
            return make_evening(db.session.get_one(User, cast.ada), starts_in, **values)

    return evening


def press(page: Page, label: str) -> None:
    """Goes there by Tab, presses, and waits for the page that comes."""
    tab_to(page, label, limit=60)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def type_in(page: Page, label: str, text: str) -> None:
    tab_to(page, label)
    page.keyboard.type(text)


def person(site: Site, evening: Evening) -> Signup:
    with site.rows():
        row = db.session.scalars(sa.select(Signup).where(Signup.public_id == evening.person)).one()
        db.session.expunge(row)
        return row


def change(site: Site, evening: Evening, **values: object) -> None:
    with site.rows():
        row = db.session.scalars(sa.select(Signup).where(Signup.public_id == evening.person)).one()
        for name, value in values.items():
            setattr(row, name, value)


def test_step_1_a_shared_link_says_what_when_who_and_what_becomes_of_ones_data(
    make: Make, visitor: Visitor
) -> None:
    evening = make(
        starts_in=3000, description="**Bring a friend.**", languages=["English", "Español"]
    )
    page = visitor(viewport=PHONE, timezone_id="America/La_Paz").new_page()
    page.goto(evening.page)
    expect(page.locator("h1")).to_have_text(evening.title)
    expect(page.locator(".kicker")).to_have_text("Live online, from Friends of Something")
    expect(page.locator(".when")).to_contain_text("London time")
    expect(page.locator("[data-local]")).to_contain_text("(La Paz)")
    names = [name.removesuffix(" Chair") for name in page.locator(".lineup b").all_inner_texts()]
    assert names == [
        "Opening", "Tim Young", "Claudia Turbet-Delof", "Leonardo Flores", "Miriam Amancay Colque",
        "Ollie Vargas", "Jeremy Corbyn", "Closing",
    ]  # fmt: skip
    expect(page.locator(".lineup li").first).to_contain_text("Kate Hudson")
    facts = page.get_by_role("complementary", name="Good to know")
    expect(facts).to_contain_text("Free.")
    expect(facts).to_contain_text("then only the count remains")
    # The first thing that Tab comes to after the skip link is the one act of the page.
    tab_to(page, "Skip to the content")
    page.keyboard.press("Enter")
    assert tab_to(page, "Privacy") == ["Save my place", "Get your link again", "Privacy"]
    # What lay under the bar at a phone's lower edge comes out of it with the focus.
    agenda = page.get_by_role("link", name="The agenda", exact=True)
    agenda.evaluate("link => scrollBy(0, link.getBoundingClientRect().bottom - innerHeight + 5)")
    assert tab_to(page, "Friends of Something") == [
        "The agenda", "Agenda for your calendar", "Friends of Something",
    ]  # fmt: skip
    tab_to(page, "Privacy", "Shift+Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("What is kept, and until when")


def test_step_2_each_state_says_what_one_can_do(site: Site, make: Make, visitor: Visitor) -> None:
    told = make(starts_in=-400)
    with site.rows():
        publish_report(told)
    day = dt.timedelta(days=1)
    link_again = "Already signed up? Get your link again"
    faces = [
        (make(starts_in=9000), "Takes half a minute.", "Save my place", "Save your place"),
        (make(starts_in=9000, opens_at=clock.now() + day), "Sign-up opens on", "The agenda", "Agenda"),
        (make(starts_in=600, capacity=1), "All places are taken.", "Join the waiting list", "Wait for a place"),
        (make(starts_in=600, capacity=1, waitlist=False), "All places are taken.", link_again, "Send me my link again"),
        (make(starts_in=600, closes_at=clock.now() - day), "Sign-up is closed.", link_again, "Send me my link again"),
        (make(starts_in=600, state="cancelled"), "This event was called off.", "Privacy", "What is kept"),
        (told, "This event is over.", "Read the report", "What seven people told us"),
    ]  # fmt: skip
    page = visitor(java_script_enabled=False, viewport=PHONE).new_page()
    for evening, words, label, heading in faces:
        page.goto(evening.page)
        expect(page.locator(".poster")).to_contain_text(words)
        is_open = page.get_by_role("link", name="Save my place").count() > 0
        assert is_open == (label == "Save my place"), words
        press(page, label)
        expect(page.locator("h1")).to_contain_text(heading)


def test_steps_3_5_and_12_signed_up_on_the_evening_and_in_by_the_same_browser(
    site: Site, make: Make, visitor: Visitor
) -> None:
    evening = make()
    page = visitor(viewport=PHONE).new_page()
    page.goto(evening.page)
    press(page, "Sign up and join")
    type_in(page, "Your name", "Łucja")
    type_in(page, "Your e-mail address", "lucja@example.org")
    tab_to(page, "I agree that")
    page.keyboard.press("Space")
    press(page, "Save my place")
    expect(page.get_by_text("A mail is on its way to lucja@example.org.")).to_be_visible()
    press(page, "Join now")
    # Known to this browser, so nothing is asked, and nothing about the person is shown.
    expect(page.get_by_text("one press is enough")).to_be_visible()
    expect(page.get_by_text("Łucja")).to_have_count(0)
    press(page, "Go in as a guest")
    expect(page.locator("#room")).to_be_visible()
    (signup,) = signups(site, evening, "lucja@example.org")
    (visit,) = visits(site, evening)
    assert (visit.person_key, visit.is_registered) == (signup.person_key, True)


def test_step_12_by_the_button_of_the_events_page_without_javascript(
    site: Site, make: Make, visitor: Visitor
) -> None:
    evening = make()
    page = visitor(java_script_enabled=False, viewport=PHONE).new_page()
    page.goto(f"{evening.page}/signup")
    type_in(page, "Your name", "Ben")
    type_in(page, "Your e-mail address", "ben@example.org")
    tab_to(page, "I agree that")
    page.keyboard.press("Space")
    press(page, "Save my place")
    page.goto(evening.page)
    press(page, "Join")
    press(page, "Go in")
    expect(page.get_by_role("button", name="Leave")).to_be_visible()
    assert visits(site, evening)[0].is_registered
    # Another browser is told what it can do instead.
    stranger = visitor().new_page()
    stranger.goto(evening.page)
    press(stranger, "Join")
    expect(stranger.get_by_role("heading", name="This browser has not signed up")).to_be_visible()


def test_step_7_the_button_that_proves_the_address_leads_in(
    site: Site, make: Make, visitor: Visitor
) -> None:
    evening = make(confirm_address=True)
    change(site, evening, status="pending", pending_reason="address", confirmed_at=None)
    page = visitor(java_script_enabled=False, viewport=PHONE).new_page()
    page.goto(evening.confirm)
    press(page, "Yes, this is my address")
    expect(page.get_by_text("your address is confirmed and you have a place")).to_be_visible()
    press(page, "Go in")
    assert [visit.person_key for visit in visits(site, evening)] == [evening.person_key]
    assert person(site, evening).status == "confirmed"


def test_step_8_giving_the_place_back_and_taking_it_up_again(
    site: Site, make: Make, visitor: Visitor
) -> None:
    evening = make(starts_in=300)
    page = visitor(viewport=PHONE).new_page()
    page.goto(evening.my)
    press(page, "Give my place back")
    press(page, "Yes, give it back")
    expect(page.get_by_role("heading", name="You gave your place back")).to_be_visible()
    assert person(site, evening).status == "cancelled"
    press(page, "I want my place back")
    expect(page.get_by_text("You have your place again")).to_be_visible()
    assert person(site, evening).status == "confirmed"


def test_step_8_changing_ones_data(site: Site, make: Make, visitor: Visitor) -> None:
    evening = make(starts_in=300)
    page = visitor().new_page()
    page.goto(evening.my)
    press(page, "Change my data")
    tab_to(page, "Your name")
    page.keyboard.press("Control+A")
    page.keyboard.type("Ana María Quispe")
    press(page, "Save")
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert person(site, evening).name == "Ana María Quispe"


def test_step_11_the_link_once_more(site: Site, make: Make, visitor: Visitor) -> None:
    evening = make(starts_in=300)
    address = person(site, evening).email or ""
    page = visitor().new_page()
    page.goto(evening.page)
    press(page, "Get your link again")
    type_in(page, "Your e-mail address", address)
    press(page, "Send me my link")
    expect(page.get_by_text(address)).to_be_visible()
    with site.rows():
        found = db.session.scalars(
            sa.select(OutgoingMail.message).where(OutgoingMail.person == evening.person).order_by(OutgoingMail.id)
        ).all()  # fmt: skip
    assert found == ["confirmed", "link_again"]


def test_step_12_somebody_who_gave_the_place_back_stands_at_the_door(
    site: Site, make: Make, visitor: Visitor
) -> None:
    evening = make()
    change(site, evening, status="cancelled", cancelled_by="person")
    page = visitor(viewport=PHONE).new_page()
    page.goto(evening.join)
    press(page, "I want to come after all")
    press(page, "Go in")
    expect(page.locator("#room")).to_be_visible()
    assert visits(site, evening)[0].is_registered


def test_step_12_not_you_join_as_a_guest(site: Site, make: Make, visitor: Visitor) -> None:
    evening = make()
    page = visitor().new_page()
    page.goto(evening.join)
    press(page, "Not you? Join as a guest")
    expect(page.get_by_text("Ana Quispe")).to_have_count(0)
    type_in(page, "Your name", "Ben")
    press(page, "Go in as a guest")
    expect(page.locator("#room")).to_be_visible()
    (visit,) = visits(site, evening)
    assert (visit.name, visit.is_registered) == ("Ben", False)
    assert visit.person_key != evening.person_key


def test_step_13_how_many_watch_with_you(site: Site, make: Make, visitor: Visitor) -> None:
    evening = make()
    page = visitor(java_script_enabled=False).new_page()
    page.goto(evening.join)
    press(page, "Go in")
    tab_to(page, "Watching with others?")
    page.keyboard.press("Control+A")
    page.keyboard.type("3")
    press(page, "Say so")
    expect(page.get_by_text("Thank you, that is noted.")).to_be_visible()


def test_step_14_afterwards_the_report(site: Site, make: Make, visitor: Visitor) -> None:
    evening = make(starts_in=-400)
    with site.rows():
        publish_report(evening)
    page = visitor(viewport=PHONE).new_page()
    page.goto(evening.my)
    press(page, "The report, once there is one")
    press(page, "Read the report")
    expect(page.get_by_role("heading", name="What seven people told us")).to_be_visible()


@pytest.mark.case("D78")
def test_step_15_taking_ones_data_along(
    site: Site, make: Make, visitor: Visitor, tmp_path: Path
) -> None:
    evening = make(starts_in=300)
    page = visitor(viewport=PHONE).new_page()
    page.goto(evening.my)
    press(page, "Everything that is kept about me")
    expect(page.get_by_role("heading", name="What is kept about you")).to_be_visible()
    expect(page.get_by_text("Ana Quispe").first).to_be_visible()
    tab_to(page, "Download it as a file")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    file = tmp_path / "mine.json"
    download.value.save_as(file)
    assert json.loads(file.read_text())["signups"][0]["name"] == "Ana Quispe"
    assert download.value.suggested_filename == f"my-data-{evening.slug}.json"


def test_step_15_deleting_oneself(site: Site, make: Make, visitor: Visitor, watch: Watch) -> None:
    evening = make(starts_in=300)
    page = visitor().new_page()
    page.goto(evening.my)
    press(page, "Delete my data")
    expect(page.get_by_text("A mail with the link that deletes your data")).to_be_visible()
    page.goto(evening.erase)
    press(page, "Delete my data")
    with site.rows():
        gone = sa.select(Signup).where(Signup.event_id == evening.id)
        assert db.session.scalars(gone).one().erased_at is not None
    watch.expected.add(404)
    page.goto(evening.my)
    expect(page.locator("h1")).to_be_visible()
