"""The time zones that a calendar file spells out for the programs that do not know them by name."""

from __future__ import annotations

import datetime as dt
from typing import Any

import icalendar


def add_to(calendar: icalendar.Calendar, first: dt.date, last: dt.date) -> None:
    """Adds a VTIMEZONE for each zone that the calendar's entries name, good from ``first`` to ``last``."""
    calendar.add_missing_timezones(first_date=first, last_date=last)
    for zone in calendar.walk("VTIMEZONE"):
        zone.pop("COMMENT", None)
        for rule in zone.subcomponents:
            _correct(rule)


def _correct(rule: Any) -> None:
    """A rule begins at the clock time of the offset before it (RFC 5545, 3.6.5): 02:00 in the night the
    clocks go from 02:00 to 03:00. The library writes the 03:00 after it."""
    gap = rule["TZOFFSETTO"].td - rule["TZOFFSETFROM"].td
    if gap <= dt.timedelta(0):
        return
    rule["DTSTART"] = icalendar.vDDDTypes(rule["DTSTART"].dt - gap)
    if "RDATE" in rule:
        rule["RDATE"] = icalendar.vDDDLists([moment.dt - gap for moment in rule["RDATE"].dts])
