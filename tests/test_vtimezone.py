"""The zones in calendar files begin their rules when clocks really change."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import icalendar
import pytest

from tests.calendars import onsets, read
from webapp import vtimezone

UTC = dt.UTC
FIRST, LAST = dt.date(2026, 6, 1), dt.date(2028, 6, 1)


def changes(zone: ZoneInfo) -> list[tuple[dt.datetime, dt.timedelta]]:
    """Every change of the zone's clocks by its own account: (UTC, the offset from then on)."""
    found = []
    moment = dt.datetime.combine(FIRST, dt.time(), UTC)
    before = moment.astimezone(zone).utcoffset()
    while moment.date() < LAST:
        moment += dt.timedelta(minutes=30)
        after = moment.astimezone(zone).utcoffset()
        if after != before:
            found.append((moment, after))
        before = after
    return found


@pytest.mark.parametrize(
    "name",
    ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu"],
)  # fmt: skip
def test_each_rule_begins_by_the_clock_before_it(name: str) -> None:
    zone = ZoneInfo(name)
    calendar, entry = icalendar.Calendar(), icalendar.Event()
    entry.add("dtstart", dt.datetime(2027, 4, 6, 18, 0, tzinfo=zone))
    calendar.add_component(entry)
    vtimezone.add_to(calendar, FIRST, LAST)
    first, *later = onsets(read(calendar.to_ical()), name)
    assert first[0] == dt.datetime.combine(FIRST, dt.time())
    assert first[1] == first[2]
    assert [((at - before).replace(tzinfo=UTC), after) for at, before, after in later] == changes(
        zone
    )
