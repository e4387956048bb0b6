"""The one place that reads the clock. Read it once per request or job and hand it down as ``at``."""

from __future__ import annotations

import datetime as dt
import functools
from zoneinfo import ZoneInfo, available_timezones

UTC = dt.UTC
EPOCH = dt.datetime(1970, 1, 1, tzinfo=UTC)


def now() -> dt.datetime:
    """The present moment, aware, UTC, cut to whole milliseconds as the database keeps it."""
    moment = dt.datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


# Names that the database of zones holds and that are no place: "not set yet", and "as on this machine".
_NO_PLACES = frozenset({"Factory", "localtime", "posixrules"})


@functools.cache
def zone_names() -> frozenset[str]:
    """Every IANA zone that is known here. Kept, since finding them reads through hundreds of files."""
    return frozenset(available_timezones())


def is_zone(name: str) -> bool:
    return name in zone_names() and name not in _NO_PLACES


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


@functools.lru_cache(maxsize=4096)
def _hour(number: int) -> str:
    return (EPOCH + number * dt.timedelta(hours=1)).strftime("%Y-%m-%dT%H:")


_SECONDS = [f"{second // 60:02d}:{second % 60:02d}" for second in range(3600)]


def iso_z_of(ms: int) -> str:
    """As ``iso_z``, for milliseconds since 1970 as the database keeps them, when there are very many."""
    seconds, rest = divmod(ms, 1000)
    hour, second = divmod(seconds, 3600)
    return f"{_hour(hour)}{_SECONDS[second]}{f'.{rest:03d}' if rest else ''}Z"
