"""What a reader sees: their own zone beside the event's, their own way of writing dates, light and dark, paper."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Callable
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pypdf
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.cast import Cast, Evening, make_evening
from tests.browser.conftest import PHONE
from tests.browser.site import Site
from webapp import clock
from webapp.accounts.models import User
from webapp.db import db

Visitor = Callable[..., BrowserContext]
LONDON, NEW_YORK = ZoneInfo("Europe/London"), ZoneInfo("America/New_York")


def london(day: dt.date, hour: int) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day, hour, tzinfo=LONDON)


@pytest.fixture
def evening(site: Site, cast: Cast) -> Evening:
    """From 19:00 to 20:45 in London, the day after tomorrow."""
    starts_at = london(clock.now().date() + dt.timedelta(days=2), 19)
    with site.rows():
        return make_evening(
            db.session.get_one(User, cast.ada),
            0, starts_at=starts_at.astimezone(dt.UTC), ends_at=starts_at.astimezone(dt.UTC) + dt.timedelta(minutes=105),
            timezone="Europe/London",
        )  # fmt: skip


def day(moment: dt.datetime) -> str:
    return f"{moment:%A} {moment.day} {moment:%B}"


@pytest.mark.case("D76")
def test_both_zones_are_named(evening: Evening, visitor: Visitor) -> None:
    """In New York the evening begins at two or three in the afternoon, whatever the two clocks do."""
    starts_at = london(clock.now().date() + dt.timedelta(days=2), 19)
    there = starts_at.astimezone(NEW_YORK)
    until = there + dt.timedelta(minutes=105)
    page = visitor(timezone_id="America/New_York").new_page()
    for address in (evening.page, evening.my, evening.join):
        page.goto(address)
        when = page.locator(".when").inner_text()
        assert f"{starts_at:%A}, {starts_at.day} {starts_at:%B %Y}, 19:00 to 20:45" in when
        assert "London time" in when
        # A thin space stands around the dash in some versions of the tables.
        own = re.sub(r"[\s ]+", " ", page.locator("[data-local]").inner_text())
        assert re.fullmatch(
            rf"For you: {day(there)}(,| at) {there:%H:%M} ?– ?{until:%H:%M} \(New York\)", own
        ), own  # fmt: skip


def test_in_the_zone_of_the_event_its_time_stands_alone(evening: Evening, visitor: Visitor) -> None:
    page = visitor(timezone_id="Europe/London").new_page()
    page.goto(evening.page)
    expect(page.locator("[data-local]")).to_be_hidden()
    # Another name for the same clock is no other zone.
    page = visitor(timezone_id="Europe/Guernsey").new_page()
    page.goto(evening.page)
    expect(page.locator("[data-local]")).to_be_hidden()


def test_across_midnight_both_days_are_named(evening: Evening, visitor: Visitor) -> None:
    starts_at = london(clock.now().date() + dt.timedelta(days=2), 19)
    # Where it is eleven at night by then, in summer as in winter. (The sign is the other way round there.)
    zone = f"Etc/GMT-{23 - starts_at.astimezone(dt.UTC).hour}"
    there = starts_at.astimezone(ZoneInfo(zone))
    page = visitor(timezone_id=zone).new_page()
    page.goto(evening.page)
    own = page.locator("[data-local]").inner_text()
    assert day(there) in own
    assert day(there + dt.timedelta(days=1)) in own
    assert "23:00" in own
    assert "00:45" in own


def test_an_american_reads_the_same_dates_as_everybody(
    evening: Evening, cast: Cast, visitor: Visitor
) -> None:
    starts_at = london(clock.now().date() + dt.timedelta(days=2), 19)
    page = visitor(locale="en-US", timezone_id="America/New_York").new_page()
    page.goto(evening.page)
    expect(page.locator(".when b")).to_have_text(
        f"{starts_at:%A}, {starts_at.day} {starts_at:%B} {starts_at.year}, 19:00 to 20:45"
    )
    there = starts_at.astimezone(NEW_YORK)
    expect(page.locator("[data-local]")).to_contain_text(f"{there.day} {there:%B}")
    # A field for a date is the browser's own, with the month first: beside it stands which day that is.
    desk = visitor(user=cast.ada, locale="en-US", timezone_id="America/New_York").new_page()
    desk.goto(f"{evening.manage}/settings")
    said = desk.locator("#starts_at-said")
    expect(said).to_have_text(
        f"{starts_at:%A}, {starts_at.day} {starts_at:%B} {starts_at.year} at 19:00"
    )
    desk.fill("#starts_at", "2031-06-04T20:30")
    expect(said).to_have_text("Wednesday, 4 June 2031 at 20:30")


BRIGHTNESS = """(what) => {
  const [r, g, b] = getComputedStyle(document.body)[what].match(/[\\d.]+/g).map(Number);
  return (r * 299 + g * 587 + b * 114) / 255000;
}"""


@pytest.mark.parametrize(
    "address",
    ["/", "/events/{open}", "/events/{open}/signup", "/events/{bolivia}/report", "{before.my}", "{live.room}", "{live.chair}"],
)  # fmt: skip
def test_dark_is_dark_and_light_is_light(address: str, cast: Cast, visitor: Visitor) -> None:
    page = visitor(viewport=PHONE, color_scheme="light").new_page()
    page.goto(address.format_map(cast.words))
    assert page.evaluate(BRIGHTNESS, "backgroundColor") > 0.9
    assert page.evaluate(BRIGHTNESS, "color") < 0.2
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(BRIGHTNESS, "backgroundColor") < 0.15
    assert page.evaluate(BRIGHTNESS, "color") > 0.8


def accent(page: Page) -> str:
    found: str = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--accent').trim()")  # fmt: skip
    return found


def test_every_public_page_of_an_event_wears_its_colour(cast: Cast, visitor: Visitor) -> None:
    page = visitor(color_scheme="light").new_page()
    organiser = visitor(user=cast.ada, color_scheme="light").new_page()
    page.goto("/")
    house = accent(page)
    assert house != "#1f6b43"
    faces = ("", "/signup", "/signup/thanks", "/my-link", "/agenda", "/privacy")
    addresses = [f"{{before.page}}{face}" for face in faces]
    addresses += ["{told.page}", "{told.page}/report", "{told.page}/report/v/1", "{told.join}"]
    addresses += [
        "{before.my}",
        "{before.my}/cancel",
        "{before.join}",
        "{before.guest}",
        "{before.chair}",
    ]
    for address in addresses:
        page.goto(address.format_map(cast.words))
        assert accent(page) == "#1f6b43", address
    for address in ("{before.manage}", "{told.manage}/report"):
        organiser.goto(address.format_map(cast.words))
        assert accent(organiser) == house, "the tool keeps its own colour"


def test_an_event_is_passed_on(cast: Cast, visitor: Visitor) -> None:
    """From the page after the form and from one's own page: never one's own link, always the event's."""
    context = visitor(viewport=PHONE)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    before = cast.words["before"]
    for address in (f"{before.page}/signup/thanks", before.my):
        page.goto(address)
        url = page.url.removesuffix(address) + before.page
        assert page.get_by_label("Address of the event").input_value() == url
        page.evaluate("navigator.clipboard.writeText('')")
        page.get_by_role("button", name="Copy").click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == url
        share = page.get_by_role("link", name="WhatsApp").get_attribute("href")
        assert share == f"https://wa.me/?text={quote(f'{before.title} {url}', safe='/')}"
        expect(page.get_by_role("button", name="Copied")).to_be_hidden()


def test_a_report_on_paper(cast: Cast, visitor: Visitor) -> None:
    """Headline, number, words and how it was counted; no buttons, and black on white even in the dark."""
    page = visitor(color_scheme="dark").new_page()
    page.goto("/events/{bolivia}/report".format_map(cast.words))
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate(BRIGHTNESS, "backgroundColor") == 1
    assert page.evaluate(BRIGHTNESS, "color") == 0
    for gone in (".skip", ".print-hidden", ".foot nav"):
        for part in page.locator(gone).all():
            expect(part).to_be_hidden()
    expect(page.locator(".headline-number")).to_be_visible()
    expect(page.locator(".audience img").first).to_be_visible()
    paper = pypdf.PdfReader(io.BytesIO(page.pdf(format="A4")))
    text = " ".join(" ".join(sheet.extract_text().split()) for sheet in paper.pages)
    assert 2 <= len(paper.pages) <= 7
    for words in ("A year after the vote: seven voices", "Over 1,200", "Claudia Turbet-Delof", "How we counted", "Sample data"):  # fmt: skip
        assert words in text, words
    assert "Skip to the content" not in text
