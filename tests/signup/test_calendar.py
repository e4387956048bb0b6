"""The calendar entry: what strict readers make of it, and how it follows the event."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
from flask import Flask

from tests.conftest import NOW
from tests.factories import make_event, make_signup
from tests.signup.conftest import later
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


@pytest.mark.case("D75")
def test_a_night_in_which_the_clock_goes_back(context: Flask) -> None:
    zone = ZoneInfo("Europe/Berlin")
    start = dt.datetime(2026, 10, 25, 1, 30, tzinfo=zone)
    end = dt.datetime(2026, 10, 25, 3, 30, tzinfo=zone)
    event = make_event(
        starts_at=start.astimezone(dt.UTC), ends_at=end.astimezone(dt.UTC), timezone="Europe/Berlin"
    )
    entry = _read(calendar.entry(event, make_signup(event), NOW))
    length = entry.decoded("dtend").astimezone(dt.UTC) - entry.decoded("dtstart").astimezone(dt.UTC)
    assert length == dt.timedelta(hours=3)


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
