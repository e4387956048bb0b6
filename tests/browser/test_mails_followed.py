"""The mails of a sign-up as their reader follows them: by keyboard, on a phone, without JavaScript.

A mail is opened as its own bytes, and what stands in it leads to the site.
"""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.cast import Cast, Evening, make_evening, sign_up
from tests.browser.conftest import PHONE
from tests.browser.site import Site
from tests.browser.test_attendee import Make, person, press
from tests.browser.test_signing_up import Visitor, tab_to
from tests.factories import make_signup, make_visit
from tests.flows import strict_calendar
from webapp import clock
from webapp.accounts.models import User
from webapp.db import db
from webapp.events import operations as events
from webapp.events.models import Event
from webapp.mail import unsubscribing
from webapp.mail.models import OutgoingMail
from webapp.mailing import operations as mailings
from webapp.mailing.models import Mailing
from webapp.signup.models import Signup


@pytest.fixture
def make(site: Site, cast: Cast) -> Make:
    """An evening whose mails are planned, as the jobs do that."""

    def evening(starts_in: float = -20, **values: object) -> Evening:
        with site.rows():
            found = make_evening(db.session.get_one(User, cast.ada), starts_in, **values)
            mailings.make(db.session.get_one(Event, found.id), clock.now())
        return found

    return evening


@pytest.fixture
def phone(visitor: Visitor) -> BrowserContext:
    return visitor(java_script_enabled=False, viewport=PHONE)


def letters(site: Site, evening: Evening, message: str) -> list[OutgoingMail]:
    with site.rows():
        rows = db.session.scalars(
            sa.select(OutgoingMail)
            .where(OutgoingMail.event_id == evening.id, OutgoingMail.message == message)
            .order_by(OutgoingMail.id)
        ).all()
        db.session.expunge_all()
        return list(rows)


def mailing(evening: Evening, kind: str, number: int | None = None) -> Mailing:
    """Inside ``site.rows()``."""
    found = sa.select(Mailing).where(Mailing.event_id == evening.id, Mailing.kind == kind)
    if number is not None:
        found = found.where(Mailing.number == number)
    return db.session.scalars(found).one()


def opened(phone: BrowserContext, letter: OutgoingMail) -> Page:
    page = phone.new_page()
    page.set_content(letter.html, wait_until="domcontentloaded")
    return page


def follow(phone: BrowserContext, letter: OutgoingMail, label: str) -> Page:
    """Opens the mail, goes to a link of it by Tab, and presses; answers where that leads."""
    page = opened(phone, letter)
    tab_to(page, label, ours=False)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    return page


def test_step_6_the_first_mail(site: Site, make: Make, phone: BrowserContext) -> None:
    evening = make(starts_in=300)
    (letter,) = letters(site, evening, "confirmed")
    mail = opened(phone, letter)
    for words in (evening.title, "you have a place.", "London time", "Questions? Ask Friends of Something"):  # fmt: skip
        expect(mail.locator("body")).to_contain_text(words)
    entry = strict_calendar.read(letter.calendar or "")
    assert (entry.method, entry.summary) == ("REQUEST", evening.title)
    # How to join: the same link from now on, with a waiting page until it starts.
    page = follow(phone, letter, "Join")
    assert page.url.endswith(evening.join)
    press(page, "Take me in when it starts")
    expect(page.get_by_text("You are at the door.")).to_be_visible()
    # One's own page has the calendar file and the agenda.
    page = follow(phone, letter, "Your own page")
    expect(page.get_by_role("heading", name="Ana Quispe, you have a place")).to_be_visible()
    tab_to(page, "Calendar file")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename.endswith(".ics")
    # A press on the cancel link asks, and takes nothing away.
    page = follow(phone, letter, "Give your place back")
    press(page, "No, I am coming")
    expect(page.get_by_role("heading", name="Ana Quispe, you have a place")).to_be_visible()
    assert person(site, evening).status == "confirmed"


def test_step_6_not_you_remove_this_address(
    site: Site, make: Make, visitor: Visitor, phone: BrowserContext
) -> None:
    evening = make(starts_in=300)
    page = visitor(viewport=PHONE).new_page()
    page.goto(f"{evening.page}/signup")
    for label, text in (("Your name", "Somebody"), ("Your e-mail", "mistyped@example.org")):
        tab_to(page, label)
        page.keyboard.type(text)
    tab_to(page, "I agree that")
    page.keyboard.press("Space")
    press(page, "Save my place")
    letter = letters(site, evening, "confirmed")[-1]
    assert letter.to_address == "mistyped@example.org"
    page = follow(phone, letter, "Not you? Remove this address")
    expect(page.get_by_text("signed up for this event with mistyped@example.org")).to_be_visible()
    press(page, "Remove my address")
    expect(page.locator("h1")).to_have_text("The address is removed")
    with site.rows():
        rows = db.session.scalars(sa.select(Signup.email).where(Signup.event_id == evening.id))
        assert "mistyped@example.org" not in set(rows)


def test_step_9_a_new_time(site: Site, cast: Cast, make: Make, visitor: Visitor, phone: BrowserContext) -> None:  # fmt: skip
    """The organiser lets the mail go, and its reader finds the same door at the new time."""
    evening = make(starts_in=3000)
    first = strict_calendar.read(letters(site, evening, "confirmed")[0].calendar or "")
    with site.rows():
        event = db.session.get_one(Event, evening.id)
        later = {name: getattr(event, name) + dt.timedelta(hours=1) for name in ("starts_at", "ends_at")}  # fmt: skip
        events.update(event, later, at=clock.now(), by="ada@example.org")
        mailings.look(evening.id, clock.now())
    desk = visitor(cast.ada).new_page()
    desk.goto(f"{evening.manage}/mail/schedule")
    expect(desk.get_by_text("Goes to one person")).to_be_visible()
    press(desk, "Send now: What changed")
    expect(desk.get_by_role("status")).to_be_visible()
    expect(desk.get_by_role("button", name="Send now")).to_have_count(0)
    with site.rows():
        mailings.batch(mailing(evening, "changed").id, clock.now())

    (letter,) = letters(site, evening, "changed")
    assert letter.subject == f"New time: {evening.title}"
    expect(opened(phone, letter).locator("body")).to_contain_text("this event has a new time:")
    entry = strict_calendar.read(letter.calendar or "")
    assert (entry.uid, entry.starts_at) == (first.uid, later["starts_at"].replace(microsecond=0))
    assert entry.sequence > first.sequence
    assert evening.join in letter.text
    page = follow(phone, letter, "Your own page")
    new = page.locator(".when time")
    expect(new).to_have_attribute("datetime", clock.iso_z(later["starts_at"]))
    expect(page.get_by_role("link", name="Join", exact=True)).to_have_attribute("href", site.url + evening.join)  # fmt: skip


def test_step_10_reminders(site: Site, make: Make, phone: BrowserContext) -> None:
    """A day before, the place can be given back; an hour before, everybody has the door, also who came late."""
    evening = make(starts_in=23 * 60)
    with site.rows():
        reminder = mailing(evening, "reminder", 24 * 60)
        assert mailings.remind(reminder.id, clock.now() - dt.timedelta(hours=2)), (
            "the job knows when"
        )
        sign_up(evening, "Ben")
        assert mailings.remind(reminder.id, clock.now())
        mailings.batch(reminder.id, clock.now())
    (letter,) = letters(site, evening, "reminder")
    assert (letter.person, letter.subject) == (evening.person, f"Still coming? {evening.title}")
    page = follow(phone, letter, "Give your place back")
    press(page, "Yes, give it back")
    expect(page.get_by_role("heading", name="You gave your place back")).to_be_visible()
    assert person(site, evening).status == "cancelled"
    press(page, "I want my place back")
    assert person(site, evening).status == "confirmed"

    with site.rows():
        reminder = mailing(evening, "reminder", 60)
        mailings.remind(reminder.id, clock.now())
        soon = db.session.get_one(Event, evening.id).starts_at - dt.timedelta(minutes=59)
        assert mailings.remind(reminder.id, soon)
        mailings.batch(reminder.id, soon)
    found = letters(site, evening, "join_now")
    assert [letter.to_name for letter in found] == ["Ana Quispe", "Ben"]
    assert found[0].subject == f"Join here: {evening.title}"
    page = follow(phone, found[0], "Join")
    assert page.url.endswith(evening.join)
    expect(page.get_by_role("button", name="Take me in when it starts")).to_be_visible()


def test_step_15_no_more_such_mails(site: Site, cast: Cast, make: Make, visitor: Visitor, phone: BrowserContext) -> None:  # fmt: skip
    """From the organiser's OK after the end to its reader, who ends such mails, and may take that back."""
    evening = make(starts_in=-400)
    with site.rows():
        # Somebody came, or nobody could be missed.
        event = db.session.get_one(Event, evening.id)
        ben = make_signup(event, "Ben")
        make_visit(event, event.starts_at, event.ends_at, signup=ben)
    desk = visitor(cast.ada).new_page()
    desk.goto(f"{evening.manage}/mail/schedule")
    press(desk, "Read it and send it: Sorry we missed you")
    expect(desk.get_by_role("heading", name="Sorry we missed you")).to_be_visible()
    press(desk, "Send it to one person")
    press(desk, "Send now: Sorry we missed you")
    with site.rows():
        mailings.batch(mailing(evening, "missed_you").id, clock.now())
    (letter,) = letters(site, evening, "missed_you")

    def has_ended() -> bool:
        with site.rows():
            token = (letter.unsubscribe_url or "").rpartition("/")[2]
            mail_list = unsubscribing.read(token).mail_list
            return unsubscribing.among([letter.to_address], mail_list) == {letter.to_address}

    page = follow(phone, letter, "Unsubscribe here")
    expect(page.locator("h1")).to_have_text(f"Mails about “{evening.title}”")
    assert not has_ended()
    press(page, "No more news about this event")
    expect(page.get_by_role("status")).to_have_text("Done. No more news about this event.")
    assert has_ended()
    press(page, "Send me such mails again")
    assert not has_ended()
    press(page, "No more mails from Friends of Something")
    expect(page.get_by_role("status")).to_contain_text("whatever the event")
    assert has_ended()
    press(page, "Send me such mails again")
    assert not has_ended()
