"""The times of an event as a person's own clock shows them, beside the event's: both zones are named."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from zoneinfo import ZoneInfo

from flask_babel import force_locale
from flask_babel import gettext as _

from webapp import templating
from webapp.events.models import Event
from webapp.signup.people import Person


@lru_cache(maxsize=1024)
def differ(zone: str, other: str, at: dt.datetime) -> bool:
    """Whether clocks in the two zones show different times at that moment."""
    return at.astimezone(ZoneInfo(zone)).utcoffset() != at.astimezone(ZoneInfo(other)).utcoffset()


@lru_cache(maxsize=1024)
def _period(start: dt.datetime, end: dt.datetime, zone: str, language: str) -> str:
    with force_locale(language):
        return f"{templating.period(start, end, zone)}, {templating.zone_name(zone)}"


def period(event: Event, person: Person) -> str:
    """When the event is where the person is, in their language; empty where that says nothing new, or
    where nobody knows."""
    zone = person.timezone
    if not zone or not differ(zone, event.timezone, event.starts_at):
        return ""
    return _period(event.starts_at, event.ends_at, zone, person.language)


def moment(at: dt.datetime, event: Event, person: Person) -> str:
    """A moment in the event's zone and, if it differs, on the person's own clock."""
    zone = person.timezone
    with force_locale(person.language):
        there = templating.moment(at, event.timezone)
        if not zone or not differ(zone, event.timezone, at):
            return there
        return _("%(there)s; for you %(here)s", there=there, here=templating.moment(at, zone))
