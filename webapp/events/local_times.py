"""Times as people type them: a day and a clock in a named zone, on nights when clocks change as well."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from webapp import clock, templating
from webapp.clock import UTC
from webapp.errors import Refused
from webapp.events import rules

_MINUTE = dt.timedelta(minutes=1)


@lru_cache(maxsize=1)
def zone_names() -> tuple[str, ...]:
    """The zones a form suggests: by continent and city, and UTC; old aliases are understood, not offered."""
    places = ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")  # fmt: skip
    return (*sorted(n for n in clock.zone_names() if n.partition("/")[0] in places), "UTC")


def _exists(local: dt.datetime, zone: ZoneInfo) -> bool:
    there = local.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
    return there.replace(tzinfo=None) == local


def offsets(local: dt.datetime, zone_name: str) -> tuple[str, ...]:
    """What a clock time is away from UTC: one text like "UTC+02:00", two on the hour that comes twice
    when clocks go back (the earlier first), none for a time that clocks skip, or out of reach."""
    if local.year not in rules.YEARS:
        return ()
    zone = clock.zone(zone_name)
    if not _exists(local, zone):
        return ()
    found = []
    for fold in (0, 1):
        text = local.replace(tzinfo=zone, fold=fold).strftime("%z")
        found.append(f"UTC{text[:3]}:{text[3:5]}")
    return tuple(dict.fromkeys(found))


def to_moment(local: dt.datetime, zone_name: str, fold: int | None, field: str) -> dt.datetime:
    """The moment (aware, UTC) of a clock time in a zone. ``fold`` says which of two it is: 0 or 1.

    Raises Refused for a year out of reach, for a time that does not exist that day, and for one that
    comes twice as long as ``fold`` is None; ``field`` becomes its code.
    """
    rules.year(local.year, field)
    zone = clock.zone(zone_name)
    possible = offsets(local, zone_name)
    if not possible:
        first, last = local, local
        while not _exists(first - _MINUTE, zone):
            first -= _MINUTE
        while not _exists(last, zone):
            last += _MINUTE
        raise Refused(
            _(
                "%(time)s does not exist on this day in %(zone)s: the clocks go from %(first)s straight to %(last)s. Please choose another time.",
                time=f"{local:%H:%M}", zone=templating.zone_name(zone_name),
                first=f"{first:%H:%M}", last=f"{last:%H:%M}",
            ),
            field,
        )  # fmt: skip
    if len(possible) > 1 and fold is None:
        raise Refused(
            _("%(time)s comes twice on this day in %(zone)s, because the clocks go back. Please say which one.",
              time=f"{local:%H:%M}", zone=templating.zone_name(zone_name)),
            field,
        )  # fmt: skip
    return local.replace(tzinfo=zone, fold=fold or 0).astimezone(UTC)


def to_local(moment: dt.datetime, zone_name: str) -> dt.datetime:
    """What a clock in the zone shows at ``moment``: naive, with its ``fold`` where it shows that twice."""
    return moment.astimezone(ZoneInfo(zone_name)).replace(tzinfo=None)
