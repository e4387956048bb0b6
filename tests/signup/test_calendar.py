"""The calendar entry: what strict readers make of it, and how it follows the event."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
from flask import Flask

from tests import calendars
from tests.conftest import NOW
from tests.factories import make_event, make_signup
from tests.signup.conftest import later
from webapp import templating
from webapp.events import local_times
from webapp.events.models import Event
from webapp.signup import calendar, links, operations


def _read(text: str) -> Any:
    """The one entry of a calendar, read strictly: CRLF line ends, lines of at most 75 octets."""
    assert text.endswith("END:VCALENDAR\r\n")
    assert "\n" not in text.replace("\r\n", "")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    whole = icalendar.Calendar.from_ical(text)
    (entry,) = whole.walk("VEVENT")
    assert not whole.errors
    assert not entry.errors
    return entry


def _method(text: str) -> str:
    return str(icalendar.Calendar.from_ical(text)["method"])


def test_what_an_entry_says(context: Flask) -> None:
    event = make_event(title="An evening", summary="Why, and for whom; in short", ics_sequence=3)
    signup = make_signup(event, "Ana Álvarez", email="ana@example.org")
    text = calendar.entry(event, signup, NOW)
    assert _method(text) == "REQUEST"
    entry = _read(text)
    assert entry.decoded("dtstart") == event.starts_at
    assert entry.decoded("dtend") == event.ends_at
    assert entry["dtstart"].params["TZID"] == "Europe/London"
    assert "BEGIN:VTIMEZONE" in text
    assert entry["uid"] == f"{signup.public_id}@turnout.test"
    assert entry["sequence"] == 3
    assert entry.decoded("dtstamp") == NOW
    assert entry["organizer"] == "mailto:turnout@localhost"
    assert entry["organizer"].params["CN"] == "Friends of Something"
    assert entry["attendee"] == "mailto:ana@example.org"
    assert entry["attendee"].params["CN"] == "Ana Álvarez"
    assert entry["url"] == links.my_url(signup)
    assert entry["location"] == links.join_url(signup)
    assert entry["summary"] == "An evening"
    assert entry["status"] == "CONFIRMED"
    assert str(entry["description"]).split("\n") == [
        "Why, and for whom; in short",
        f"Join here: {links.join_url(signup)}",
        f"Your own page: {links.my_url(signup)}",
    ]


@pytest.mark.case("D46")
@pytest.mark.parametrize(
    "title",
    [
        "Peace, bread; land \\ freedom",
        "🎉" * 200,
        "BEGIN:VEVENT\\nEND:VEVENT",
        ("Ключ " * 30).strip(),
    ],
)
def test_titles_are_escaped_and_folded(context: Flask, title: str) -> None:
    event = make_event(title=title[:200], summary=title[:200])
    signup = make_signup(event, title[:200])
    entry = _read(calendar.entry(event, signup, NOW))
    assert entry["summary"] == title[:200]
    assert str(entry["description"]).startswith(title[:200])
    assert str(entry["attendee"].params["CN"]) == title[:200]


def _times(event: Event) -> tuple[dt.datetime, dt.datetime]:
    """Start and end as a program reads them that knows no zone but the one in the mail."""
    whole = calendars.read(calendar.entry(event, make_signup(event), NOW).encode())
    (entry,) = calendars.entries(whole)
    return calendars.instant(whole, entry), calendars.instant(whole, entry, "DTEND")


@pytest.mark.case("D75")
@pytest.mark.parametrize(
    ("zone", "start", "end"),
    [
        # Berlin, from 01:30 to 03:30, three hours; from the second 02:30; until it; between the two.
        ("Europe/Berlin", "2026-10-24T23:30Z", "2026-10-25T02:30Z"),
        ("Europe/Berlin", "2026-10-25T01:30Z", "2026-10-25T03:00Z"),
        ("Europe/Berlin", "2026-10-24T22:00Z", "2026-10-25T01:30Z"),
        ("Europe/Berlin", "2026-10-25T00:30Z", "2026-10-25T01:30Z"),
        # The night in which 02:00 is followed by 03:00.
        ("Europe/Berlin", "2027-03-28T00:30Z", "2027-03-28T01:15Z"),
        # Clocks that go back by half an hour.
        ("Australia/Lord_Howe", "2027-04-03T14:45Z", "2027-04-03T15:15Z"),
        ("Asia/Kathmandu", "2027-04-03T14:45Z", "2027-04-03T15:15Z"),
        ("UTC", "2027-04-03T14:45Z", "2027-04-03T15:15Z"),
    ],
)
def test_the_nights_on_which_clocks_change(context: Flask, zone: str, start: str, end: str) -> None:
    planned = dt.datetime.fromisoformat(start), dt.datetime.fromisoformat(end)
    event = make_event(starts_at=planned[0], ends_at=planned[1], timezone=zone)
    assert _times(event) == planned


@pytest.mark.case("D76")
@pytest.mark.parametrize(
    ("day", "hour"),
    [("03-08", 12), ("03-15", 13), ("03-22", 13), ("03-29", 12), ("10-25", 12), ("11-01", 13), ("11-08", 12)],
)  # fmt: skip
def test_six_in_the_evening_in_berlin_is_read_in_new_york(
    context: Flask, day: str, hour: int
) -> None:
    """America changes its clocks two weeks before Europe in spring and one week after it in autumn."""
    evening = dt.datetime.fromisoformat(f"2027-{day}T18:00")
    start = local_times.to_moment(evening, "Europe/Berlin", None, "starts_at")
    event = make_event(starts_at=start, timezone="Europe/Berlin")
    there = _times(event)[0].astimezone(ZoneInfo("America/New_York"))
    assert (there.hour, there.minute) == (hour, 0)
    assert templating.time(event.starts_at, "America/New_York") == f"{hour}:00"
    assert templating.time(event.starts_at, "Europe/Berlin") == "18:00"


def test_only_who_has_a_place_gets_the_door(context: Flask) -> None:
    event = make_event()
    waiting = make_signup(event, status="pending", pending_reason="approval")
    assert "/join/" not in calendar.entry(event, waiting, NOW).replace("\r\n ", "")
    somewhere = make_event(mode="in_person")
    assert "LOCATION" not in calendar.entry(somewhere, make_signup(somewhere), NOW)


def test_a_file_to_add_by_hand_invites_nobody(context: Flask) -> None:
    event = make_event()
    text = calendar.entry(event, make_signup(event), NOW, "PUBLISH")
    assert _method(text) == "PUBLISH"
    assert "ATTENDEE" not in text


@pytest.mark.case("D22")
def test_the_entry_follows_the_event(context: Flask) -> None:
    event = make_event()
    signup = make_signup(event)
    before = _read(calendar.entry(event, signup, NOW))
    event.starts_at = later(hours=2)
    event.ends_at = later(hours=4)
    event.touch_calendar()
    after = _read(calendar.entry(event, signup, NOW))
    assert after["uid"] == before["uid"]
    assert after["sequence"] == before["sequence"] + 1
    assert after.decoded("dtstart") == later(hours=2)


def test_leaving_and_coming_back_grow_the_sequence(context: Flask) -> None:
    event = make_event()
    signup = make_signup(event)
    first = _read(calendar.entry(event, signup, NOW))
    operations.cancel(signup, NOW)
    gone = calendar.entry(event, signup, NOW, "CANCEL")
    operations.come_back(signup, NOW)
    back = _read(calendar.entry(event, signup, NOW))
    assert _method(gone) == "CANCEL"
    assert _read(gone)["status"] == "CANCELLED"
    assert [first["sequence"], _read(gone)["sequence"], back["sequence"]] == [0, 1, 2]
    assert first["uid"] == _read(gone)["uid"] == back["uid"]


def test_a_frame_is_made_once_for_each_state_of_the_event(context: Flask) -> None:
    event = make_event()
    kept = calendar.frame(event, "en")
    assert calendar.frame(event, "en") is kept
    event.title = "Another title"
    assert calendar.frame(event, "en") is not kept
