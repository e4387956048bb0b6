"""An attendee's way, step by step, in a real browser: by keyboard alone, and without JavaScript where a step
must do without."""

from __future__ import annotations

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
    page.get_by_label("Your name").fill("Ben")
    page.get_by_label("Your e-mail address").fill("ben@example.org")
    page.locator("#consent").check()
    page.get_by_role("button", name="Save my place").click()
    page.goto(evening.page)
    page.get_by_role("link", name="Join", exact=True).click()
    page.get_by_role("button", name="Go in").click()
    expect(page.get_by_role("button", name="Leave")).to_be_visible()
    assert visits(site, evening)[0].is_registered
    # Another browser is told what it can do instead.
    stranger = visitor().new_page()
    stranger.goto(evening.page)
    stranger.get_by_role("link", name="Join", exact=True).click()
    expect(stranger.get_by_role("heading", name="This browser has not signed up")).to_be_visible()


def test_step_7_the_button_that_proves_the_address_leads_in(
    site: Site, make: Make, visitor: Visitor
) -> None:
    evening = make(confirm_address=True)
    change(site, evening, status="pending", pending_reason="address", confirmed_at=None)
    page = visitor(java_script_enabled=False, viewport=PHONE).new_page()
    page.goto(evening.confirm)
    page.get_by_role("button", name="Yes, this is my address").click()
    expect(page.get_by_text("your address is confirmed and you have a place")).to_be_visible()
    page.get_by_role("button", name="Go in").click()
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
    page.get_by_role("button", name="Go in").click()
    page.get_by_label("How many besides you?").fill("3")
    page.get_by_role("button", name="Say so").click()
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
