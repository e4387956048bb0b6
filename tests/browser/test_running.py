"""The evening as it is run: the chair's phone, with and without a network, the cockpit and the board."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.cast import Cast, Evening, make_evening, sign_up
from tests.browser.conftest import PHONE, until
from tests.browser.site import Site
from tests.browser.watch import Watch
from webapp import clock
from webapp.accounts.models import User
from webapp.agenda.models import Press, Session
from webapp.db import db

Visitor = Callable[..., BrowserContext]


@pytest.fixture
def evening(site: Site, cast: Cast) -> Evening:
    with site.rows():
        return make_evening(db.session.get_one(User, cast.ada), starts_in=-2)


def presses(site: Site, evening: Evening) -> list[tuple[str, str | None, str]]:
    with site.rows():
        rows = db.session.scalars(
            sa.select(Press).where(Press.event_id == evening.id).order_by(Press.id)
        )
        return [(row.act, row.session_key, row.outcome) for row in rows]


def began(site: Site, evening: Evening, key: str) -> dt.datetime | None:
    with site.rows():
        return db.session.scalar(
            sa.select(Session.started_at).where(Session.event_id == evening.id, Session.key == key)
        )


def press(page: Page, name: str) -> None:
    """As a finger would: once the button has stopped resting."""
    button = page.get_by_role("button", name=name)
    expect(button).not_to_have_attribute("aria-disabled", "true")
    button.click()


def test_the_chair_presses_next(site: Site, evening: Evening, visitor: Visitor) -> None:
    page = visitor(viewport=PHONE).new_page()
    page.goto(evening.chair)
    # A finger that taps twice skips nobody.
    page.get_by_role("button", name="Start: Kate Hudson").dblclick()
    expect(page.locator("[data-slot=kicker]")).to_have_text("Now speaking, 1 of 8")
    expect(page.locator("[data-slot=sent]")).to_have_text("Saved")
    assert presses(site, evening) == [("start", "opening", "applied")]
    press(page, "Next: Tim Young")
    expect(page.locator("#now-name")).to_have_text("Tim Young")
    until(lambda: len(presses(site, evening)) == 2)
    press(page, "Back")
    expect(page.locator("#now-name")).to_have_text("Kate Hudson")
    until(lambda: len(presses(site, evening)) == 3)
    assert began(site, evening, "tim") is None


def test_a_press_without_a_network_waits_and_is_sent_once(
    site: Site, evening: Evening, visitor: Visitor, watch: Watch
) -> None:
    context = visitor(viewport=PHONE)
    page = context.new_page()
    page.goto(evening.chair)
    press(page, "Start: Kate Hudson")
    sent = page.locator("[data-slot=sent]")
    expect(sent).to_have_text("Saved")

    watch.offline = True
    context.set_offline(True)
    before = clock.now()
    press(page, "Next: Tim Young")
    after = clock.now()
    expect(sent).to_have_text("Offline, 1 waiting. It is kept on this device and sent by itself.")
    # The page shows what was pressed; nobody else knows yet.
    expect(page.locator("#now-name")).to_have_text("Tim Young")
    page.get_by_text("Skip …").click()
    page.get_by_role("button", name="Claudia Turbet-Delof does not take place").click()
    expect(page.get_by_role("button", name="Next: Leonardo Flores")).to_be_visible()
    expect(sent).to_contain_text("2 waiting")
    assert len(presses(site, evening)) == 1
    page.wait_for_timeout(2000)

    context.set_offline(False)
    expect(sent).to_have_text("Saved")
    assert presses(site, evening) == [
        ("start", "opening", "applied"), ("start", "tim", "applied"), ("skip", "claudia", "applied"),
    ]  # fmt: skip
    # It counts from when the finger was on the button, not from when the network came back.
    started = began(site, evening, "tim")
    assert started is not None
    slack = dt.timedelta(seconds=0.5)
    assert before - slack <= started <= after + slack
    page.reload()
    expect(page.locator("#now-name")).to_have_text("Tim Young")
    expect(page.get_by_role("button", name="Next: Leonardo Flores")).to_be_visible()
    assert len(presses(site, evening)) == 3
    # Taken back, and a start that was forgotten for four minutes: it counts from then, never from before
    # the one before.
    press(page, "After all it does")
    page.get_by_text("Has it begun already?").click()
    press(page, "Started then: Claudia Turbet-Delof")
    until(lambda: len(presses(site, evening)) == 5)
    assert began(site, evening, "claudia") == started + dt.timedelta(milliseconds=1)


def test_a_press_outlives_its_page(
    site: Site, evening: Evening, visitor: Visitor, watch: Watch
) -> None:
    """The phone lost the network, and then somebody closed the page."""
    context = visitor(viewport=PHONE)
    page = context.new_page()
    page.goto(evening.chair)
    watch.offline = True
    context.set_offline(True)
    press(page, "Start: Kate Hudson")
    expect(page.locator("[data-slot=sent]")).to_contain_text("1 waiting")
    page.close()
    context.set_offline(False)
    assert presses(site, evening) == []
    page = context.new_page()
    page.goto(evening.chair)
    until(lambda: presses(site, evening) == [("start", "opening", "applied")])
    expect(page.locator("#now-name")).to_have_text("Kate Hudson")


def test_two_phones_press_at_once_and_nobody_is_skipped(
    site: Site, evening: Evening, visitor: Visitor
) -> None:
    pages = [visitor(viewport=PHONE).new_page() for _number in range(2)]
    for page in pages:
        page.goto(evening.chair)
    for page in pages:
        press(page, "Start: Kate Hudson")
    until(lambda: len(presses(site, evening)) == 2)
    for page in pages:
        expect(page.locator("[data-slot=kicker]")).to_have_text("Now speaking, 1 of 8")
    assert sorted(outcome for _act, _key, outcome in presses(site, evening)) == ["applied", "stale"]
    assert began(site, evening, "tim") is None


def test_the_chair_without_javascript(site: Site, evening: Evening, visitor: Visitor) -> None:
    page = visitor(viewport=PHONE, java_script_enabled=False).new_page()
    page.goto(evening.chair)
    page.get_by_role("button", name="Start: Kate Hudson").click()
    expect(page.locator("[data-slot=kicker]")).to_have_text("Now speaking, 1 of 8")
    assert presses(site, evening) == [("start", "opening", "applied")]


def test_cockpit_and_board_follow_what_happens(
    site: Site, cast: Cast, evening: Evening, visitor: Visitor
) -> None:
    """Nobody reloads a page: what the chair presses and who comes in arrives by itself."""
    organiser = visitor(user=cast.ada)
    board, cockpit = organiser.new_page(), organiser.new_page()
    board.goto(evening.manage)
    cockpit.goto(f"{evening.manage}/cockpit")
    for page in (board, cockpit):
        expect(page.locator("[data-figure=present]")).to_have_text("0")
        expect(page.locator("[data-figure=not_joined]")).to_have_text("1")
    with site.rows():
        joins = [evening.join, sign_up(evening, "Ben")]
    for join in joins:
        attendee = visitor(viewport=PHONE).new_page()
        attendee.goto(join)
        attendee.get_by_role("button", name="Go in").click()
        expect(attendee.locator("#room")).to_be_visible()
    chair = visitor(viewport=PHONE).new_page()
    chair.goto(evening.chair)
    press(chair, "Start: Kate Hudson")
    for page in (board, cockpit):
        page.bring_to_front()
        expect(page.locator("[data-figure=present]")).to_have_text("2")
        expect(page.locator("[data-figure=doors]")).to_have_text("2")
        expect(page.locator("[data-figure=confirmed]")).to_have_text("2")
        expect(page.locator("[data-figure=not_joined]")).to_have_text("0")
    expect(cockpit.locator("tr[data-item=opening]")).to_have_attribute("aria-current", "true")
    press(cockpit, "Next: Tim Young")
    chair.bring_to_front()
    expect(chair.locator("#now-name")).to_have_text("Tim Young")
