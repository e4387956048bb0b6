"""The one place that reads the clock. Read it once per request or job and hand it down as ``at``."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo, available_timezones

UTC = dt.UTC


def now() -> dt.datetime:
    """The present moment, aware, UTC, cut to whole milliseconds as the database keeps it."""
    moment = dt.datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


# Names that the database of zones holds and that are no place: "not set yet", and "as on this machine".
_NO_PLACES = frozenset({"Factory", "localtime", "posixrules"})


def is_zone(name: str) -> bool:
    return name in available_timezones() and name not in _NO_PLACES


def zone(name: str) -> ZoneInfo:
    """The named IANA zone. Raises ValueError for a name that is none."""
    if not is_zone(name):
        raise ValueError(f"{name!r} is not a time zone; names look like Europe/London")
    return ZoneInfo(name)


def iso_z(moment: dt.datetime) -> str:
    """ISO 8601 in UTC with a Z; milliseconds only where there are any."""
    text = moment.astimezone(UTC).isoformat(
        timespec="milliseconds" if moment.microsecond else "seconds"
    )
    return text.replace("+00:00", "Z")
