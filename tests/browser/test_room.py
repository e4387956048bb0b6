"""The waiting page, the door and the room, with several browsers at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from playwright.sync_api import BrowserContext, Error, Page, expect

from tests.browser.cast import Cast, Evening, make_evening, sign_up
from tests.browser.conftest import PHONE, until
from tests.browser.site import Site
from tests.browser.watch import Watch
from tests.factories import make_target
from webapp import clock
from webapp.accounts.models import User
from webapp.agenda import operations as agenda
from webapp.attendance import presence
from webapp.attendance.figures import figures
from webapp.attendance.models import Visit
from webapp.attendance.queries import live_counts
from webapp.db import db
from webapp.events import operations as events
from webapp.events.models import Event

Visitor = Callable[..., BrowserContext]


@pytest.fixture
def make(site: Site, cast: Cast) -> Callable[..., Evening]:
    def evening(starts_in: float = -20, **values: object) -> Evening:
        with site.rows():
            return make_evening(db.session.get_one(User, cast.ada), starts_in, **values)

    return evening


def visits(site: Site, evening: Evening) -> list[Visit]:
    with site.rows():
        found = sa.select(Visit).where(Visit.event_id == evening.id).order_by(Visit.id)
        rows = list(db.session.scalars(found))
        db.session.expunge_all()
        return rows


def in_the_room(site: Site, evening: Evening) -> int:
    with site.rows():
        present: int | None = live_counts(
            db.session.get_one(Event, evening.id), clock.now()
        ).present
        assert present is not None
        return present


def come_in(page: Page, address: str, button: str = "Go in") -> None:
    """Through the door into the room, until the first pulse has been answered."""
    page.goto(address)
    with page.expect_response(lambda response: response.url.endswith("/pulse")):
        page.get_by_role("button", name=button).click()
    expect(page.locator("#room")).to_be_visible()


def test_the_waiting_page_opens_by_itself(
    site: Site, make: Callable[..., Evening], visitor: Visitor
) -> None:
    """One person has pressed the button before the start and is taken in; the other one has only left
    the page open and finds the door open."""
    evening = make(starts_in=5 / 60)
    armed, idle = visitor(viewport=PHONE).new_page(), visitor().new_page()
    idle.goto(evening.join)
    expect(idle.get_by_role("button", name="Take me in when it starts")).to_be_visible()
    armed.goto(evening.join)
    expect(armed.locator("#countdown")).to_have_text("0 min 1 s to go", timeout=10_000)
    armed.get_by_role("button", name="Take me in when it starts").click()
    expect(armed.get_by_text("You are at the door.")).to_be_visible()
    assert visits(site, evening) == []

    expect(armed.locator("#room")).to_be_visible()
    expect(idle.get_by_role("button", name="Go in")).to_be_visible()
    assert [visit.person_key for visit in visits(site, evening)] == [evening.person_key]


def test_pulses_go_out_of_a_worker_and_last(
    site: Site, make: Callable[..., Evening], visitor: Visitor
) -> None:
    evening = make()
    page = visitor(viewport=PHONE).new_page()
    come_in(page, evening.join)
    assert [worker.url.rpartition("/")[2].partition("?")[0] for worker in page.workers] == ["pulse-worker.js"]  # fmt: skip
    (visit,) = visits(site, evening)
    for _number in range(2):
        with page.expect_response(lambda response: response.url.endswith("/pulse")):
            pass
    until(
        lambda: visits(site, evening)[0].last_seen_at > visit.last_seen_at + dt.timedelta(seconds=1)
    )
    (visit,) = visits(site, evening)
    assert (visit.end_reason, visit.channel, visit.identity) == (None, "room", "identified")


def test_the_room_says_what_is_on(
    site: Site, make: Callable[..., Evening], visitor: Visitor
) -> None:
    """The next speaker and an announcement arrive with the pulses, without a reload."""
    evening = make()
    page = visitor(viewport=PHONE).new_page()
    come_in(page, evening.join)
    with site.rows():
        event, at = db.session.get_one(Event, evening.id), clock.now()
        for number, (key, before) in enumerate((("opening", None), ("tim", "opening"))):
            agenda.press(
                event, press_id=f"{evening.slug}-{number:022d}", act="start", session_key=key,
                expected_key=before, at=at, received_at=at, by="the chair",
            )  # fmt: skip
        agenda.announce(event, "Questions to <b>questions@example.org</b>", at, "Ada")
    expect(page.locator("#now")).to_have_text("Tim Young")
    expect(page.locator("#next")).to_have_text("Claudia Turbet-Delof")
    expect(page.locator("#announcement")).to_have_text("Questions to <b>questions@example.org</b>")


def test_the_room_goes_on_when_the_end_is_taken_back(
    site: Site, make: Callable[..., Evening], visitor: Visitor
) -> None:
    evening = make()
    page = visitor(viewport=PHONE).new_page()
    come_in(page, evening.join)
    with site.rows():
        events.end(db.session.get_one(Event, evening.id), clock.now(), "the chair")
    expect(page.locator("#ended")).to_be_visible()
    expect(page.locator("#leave")).to_be_hidden()
    with site.rows():
        events.undo_end(db.session.get_one(Event, evening.id), clock.now(), "the chair")
    expect(page.locator("#ended")).to_be_hidden()
    expect(page.locator("#leave")).to_be_visible()
    until(lambda: in_the_room(site, evening) == 1)


@pytest.mark.case("D68")
def test_two_tabs_are_one_person(
    site: Site, make: Callable[..., Evening], visitor: Visitor
) -> None:
    evening = make()
    context = visitor()
    first, second = context.new_page(), context.new_page()
    come_in(first, evening.join)
    come_in(second, evening.join)
    until(lambda: len(visits(site, evening)) == 2)
    assert in_the_room(site, evening) == 1
    # One tab is closed: the person is still there.
    first.close(run_before_unload=True)
    until(lambda: [v.end_reason for v in visits(site, evening)] == ["left", None])
    assert in_the_room(site, evening) == 1
    with site.rows():
        people = figures(db.session.get_one(Event, evening.id), clock.now())["attendance"]["people"]
    assert (people["low"], people["high"]) == (1, 1)


def test_closing_the_tab_says_goodbye(
    site: Site, make: Callable[..., Evening], visitor: Visitor
) -> None:
    evening = make()
    page = visitor(viewport=PHONE).new_page()
    come_in(page, evening.join)
    page.close(run_before_unload=True)
    until(lambda: visits(site, evening)[0].end_reason == "left")
    assert in_the_room(site, evening) == 0


@pytest.mark.case("D68")
def test_a_tab_that_dies_is_gone_at_its_last_pulse(
    site: Site, make: Callable[..., Evening], visitor: Visitor
) -> None:
    evening = make()
    page = visitor(viewport=PHONE).new_page()
    come_in(page, evening.join)
    before = clock.now()
    with page.expect_request(lambda request: request.url.endswith("/pulse")) as last:
        pass
    assert last.value.response() is not None
    # The server keeps pulses a few seconds and writes them together. One that was still in its hands would open the
    # visit again after the sweep below.
    until(lambda: visits(site, evening)[0].last_seen_at >= before)
    # The browser kills the tab's process at this address; no script of the page hears of it.
    with pytest.raises(Error, match="crash"):
        page.goto("chrome://crash")
    (visit,) = visits(site, evening)
    assert visit.end_reason is None
    with site.rows():
        presence.sweep(visit.last_seen_at + dt.timedelta(seconds=150))
    assert visits(site, evening)[0].end_reason is None, "a short silence is bridged"
    with site.rows():
        presence.sweep(clock.now() + dt.timedelta(seconds=151))
    (visit,) = visits(site, evening)
    assert visit.end_reason == "timeout"
    assert visit.ended_at == visit.last_seen_at < clock.now()


def test_many_come_at_once(site: Site, make: Callable[..., Evening], visitor: Visitor) -> None:
    """Four who signed up and two guests, each with a browser of their own, one of them without a script."""
    evening = make()
    with site.rows():
        joins = [evening.join, *(sign_up(evening, name) for name in ("Ben", "Carla", "Dilan"))]
    pages = [visitor(viewport=PHONE).new_page() for _join in joins]
    for page, join in zip(pages, joins, strict=True):
        page.goto(join)
    for page in pages:
        page.get_by_role("button", name="Go in").click(no_wait_after=True)
    for page in pages:
        expect(page.locator("#room")).to_be_visible()
    guest = visitor(java_script_enabled=False).new_page()
    guest.goto(evening.guest)
    guest.get_by_label("Your name").fill("A guest")
    guest.get_by_role("button", name="Go in as a guest").click()
    expect(guest.locator("#room")).to_be_visible()
    other = visitor().new_page()
    come_in(other, evening.guest, "Go in as a guest")
    until(lambda: in_the_room(site, evening) == 6)
    with site.rows():
        found = figures(db.session.get_one(Event, evening.id), clock.now())["attendance"]
    assert (found["doors"], found["registered_attended"], found["guests"]) == (6, 4, 2)


def test_a_meeting_elsewhere_opens_by_itself(
    site: Site, make: Callable[..., Evening], visitor: Visitor, watch: Watch
) -> None:
    """The button posts to us, and our page goes on to the other site: our own policy would stop a form
    that is redirected there."""
    evening = make(presence="door")
    with site.rows():
        make_target(db.session.get_one(Event, evening.id), "https://meet.example.org/evening?pwd=1")
    context = visitor(viewport=PHONE)
    watch.others.add("https://meet.example.org")
    context.route("https://meet.example.org/**", lambda route: route.fulfill(body="the meeting", content_type="text/plain"))  # fmt: skip
    page = context.new_page()
    page.goto(evening.join)
    page.get_by_role("button", name="Go in").click()
    expect(page.locator("h1")).to_have_text("You are in")
    page.wait_for_url("https://meet.example.org/evening?pwd=1")
    (visit,) = visits(site, evening)
    assert (visit.channel, visit.end_reason) == ("link", "unknown")
    # Where they came from is our business alone.
    assert page.evaluate("document.referrer") == ""
