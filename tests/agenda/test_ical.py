from __future__ import annotations

import datetime as dt

import pytest

from tests.agenda.evening import agenda
from tests.calendars import entries, get, instant, read, text
from tests.conftest import NOW
from tests.factories import make_event
from webapp.agenda import ical, operations, queries

UTC = dt.UTC


def made(event):
    return ical.calendar(event, queries.running_order(event))


def test_every_item_is_an_entry_at_its_time(context):
    event = make_event(slug="bolivia", title="Bolivia, one year on")
    operations.replace(event, agenda(), NOW)
    calendar = read(made(event))
    found = entries(calendar)
    assert [instant(calendar, e) for e in found] == [
        item.planned_start for item in queries.running_order(event)
    ]
    assert get(found[0], "UID")[1] == "opening.bolivia@turnout.test"
    assert text(found[0], "SUMMARY") == "Kate Hudson: Opening"
    assert get(found[1], "DURATION")[1] == "PT12M"
    assert text(found[1], "DESCRIPTION") == (
        "Bolivia, one year on\nTim Young (Friends of Bolivia)\n\nhttp://turnout.test/events/bolivia"
    )
    assert {get(e, "UID")[1] for e in found} == {
        f"{item['key']}.bolivia@turnout.test" for item in agenda()
    }


def test_the_same_agenda_gives_the_same_bytes(context):
    event = make_event()
    operations.replace(event, agenda(), NOW)
    assert made(event) == made(event)


@pytest.mark.case("D46")
def test_hostile_text_stays_text_in_one_entry(context):
    event = make_event(title="Title; with, all \\ of it")
    title = "Comma, semicolon; back\\slash " + "😀" * 60
    summary = "line\nEND:VEVENT\nBEGIN:VEVENT\nATTENDEE:mailto:x@example.org"
    operations.replace(event, [{"title": title, "summary": summary, "minutes": 5}], NOW)
    calendar = read(made(event))
    (entry,) = entries(calendar)
    assert text(entry, "SUMMARY") == title
    assert summary in text(entry, "DESCRIPTION")
    assert text(calendar, "X-WR-CALNAME") == event.title
    assert "ATTENDEE" not in [name for name, _, _ in entry["lines"]]


@pytest.mark.case("D75")
@pytest.mark.parametrize(
    ("zone", "start"),
    [
        ("Europe/Berlin", dt.datetime(2026, 10, 24, 23, 30, tzinfo=UTC)),
        ("Europe/Berlin", dt.datetime(2027, 3, 28, 0, 30, tzinfo=UTC)),
        ("America/New_York", dt.datetime(2026, 11, 1, 4, 30, tzinfo=UTC)),
        ("America/New_York", dt.datetime(2027, 3, 14, 6, 30, tzinfo=UTC)),
        ("Australia/Lord_Howe", dt.datetime(2027, 4, 3, 14, 15, tzinfo=UTC)),
        ("Asia/Kathmandu", dt.datetime(2027, 4, 3, 14, 15, tzinfo=UTC)),
        ("UTC", dt.datetime(2027, 4, 3, 23, 30, tzinfo=UTC)),
    ],
)
def test_the_nights_on_which_clocks_change(context, zone, start):
    event = make_event(starts_at=start, ends_at=start + dt.timedelta(hours=3), timezone=zone)
    items = [{"title": f"Part {n}", "minutes": 30} for n in range(6)]
    operations.replace(event, items, NOW)
    calendar = read(made(event))
    assert [instant(calendar, e) for e in entries(calendar)] == [
        start + dt.timedelta(minutes=30 * n) for n in range(6)
    ]


def test_a_cancelled_event_says_so_in_every_entry(context):
    event = make_event(state="cancelled")
    operations.replace(event, agenda(), NOW)
    assert {get(e, "STATUS")[1] for e in entries(read(made(event)))} == {"CANCELLED"}
