"""The times of an event as a person's own clock shows them, beside the event's: both zones are named."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from zoneinfo import ZoneInfo

from flask_babel import force_locale
from flask_babel import gettext as _

from webapp import clock, templating
from webapp.events.models import Event
from webapp.signup.people import Person


@lru_cache(maxsize=1024)
def differ(zone: str, other: str, at: dt.datetime) -> bool:
    """Whether clocks in the two zones show different times at that moment."""
    return at.astimezone(ZoneInfo(zone)).utcoffset() != at.astimezone(ZoneInfo(other)).utcoffset()


@lru_cache(maxsize=1024)
def _period(start: dt.datetime, end: dt.datetime, zone: str, language: str) -> str:
    with force_locale(language):
        return f"{templating.period(start, end, zone)} ({templating.zone_name(zone)})"


def period(
    start: dt.datetime, end: dt.datetime, zone: str, person: Person, language: str | None = None
) -> str:
    """When that is on the person's own clock, in ``language`` (otherwise theirs) and with their zone named;
    empty where that is what clocks in ``zone`` show, or where nobody knows."""
    own = person.timezone
    if not own or not clock.is_zone(own) or not differ(own, zone, start):
        return ""
    return _period(start, end, own, language or person.language)


def moment(at: dt.datetime, event: Event, person: Person) -> str:
    """A moment in the event's zone and, if it differs, on the person's own clock."""
    own = person.timezone
    with force_locale(person.language):
        there = templating.moment(at, event.timezone)
        if not own or not clock.is_zone(own) or not differ(own, event.timezone, at):
            return there
        return _("%(there)s; for you %(here)s", there=there, here=templating.moment(at, own))
