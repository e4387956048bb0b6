"""When people registered, as lists write it. Most systems leave out the zone, and some the order of day and
month; what a file does not say is asked, never guessed."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Iterable
from typing import Literal
from zoneinfo import ZoneInfo

from webapp.clock import UTC

Order = Literal["dmy", "mdy"]

_TIME = r"(?:[,T]?\s*(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:[.,]\d+)?)?\s*([AaPp])?\.?[Mm]?\.?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?"  # fmt: skip
_NUMBERS = re.compile(rf"(\d{{1,4}})([./-])(\d{{1,2}})\2(\d{{1,4}}){_TIME}")
_WORDS = re.compile(rf"(?:(\d{{1,2}})\.?\s+)?([A-Za-z]{{3,9}})\.?\s+(?:(\d{{1,2}}),?\s+)?(\d{{4}}){_TIME}")  # fmt: skip
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# Before it nobody registered for anything by computer.
_EARLIEST = dt.datetime(1990, 1, 1, tzinfo=UTC)


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """How the times of one file are read: in which zone those without one are, and, where day and month
    could be either, which comes first."""

    zone: ZoneInfo
    order: Order | None = None

    def moment(self, text: str) -> dt.datetime | None:
        """The moment, aware, in UTC, whole seconds; None for what cannot be read, or not without knowing the order."""
        text = text.strip()
        if not text:
            return None
        try:
            found = self._iso(text) or self._numbers(text) or self._words(text)
            if found is None:
                return None
            if found.tzinfo is None:
                found = found.replace(tzinfo=self.zone)
            moment = found.astimezone(UTC).replace(microsecond=0)
        except (ValueError, OverflowError):
            return None
        return moment if moment >= _EARLIEST else None

    def is_open(self, text: str) -> bool:
        """Whether it could be read if it were known which comes first, day or month."""
        return self.order is None and _NUMBERS.fullmatch(text.strip()) is not None

    def _iso(self, text: str) -> dt.datetime | None:
        if not re.match(r"\d{4}-\d{2}-\d{2}", text):
            return None
        try:
            return dt.datetime.fromisoformat(text)
        except ValueError:
            return None

    def _numbers(self, text: str) -> dt.datetime | None:
        found = _NUMBERS.fullmatch(text)
        if found is None:
            return None
        first, second, third = int(found[1]), int(found[3]), int(found[4])
        if len(found[1]) == 4:
            return _at((first, second, third), found.groups()[4:])
        order = _order_of(first, second, found[2]) or self.order
        if order is None and first != second:
            return None
        day, month = (second, first) if order == "mdy" else (first, second)
        return _at((_year(third), month, day), found.groups()[4:])

    def _words(self, text: str) -> dt.datetime | None:
        found = _WORDS.fullmatch(text)
        if found is None or found[2][:3].lower() not in _MONTHS or not (found[1] or found[3]):
            return None
        month = _MONTHS.index(found[2][:3].lower()) + 1
        return _at((int(found[4]), month, int(found[1] or found[3])), found.groups()[4:])


def _year(number: int) -> int:
    return number + 2000 if number < 100 else number


def _at(date: tuple[int, int, int], clock: tuple[str | None, ...]) -> dt.datetime:
    hour, minute, second = (int(part or 0) for part in clock[:3])
    half, offset = (clock[3] or "").lower(), clock[4]
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    found = dt.datetime(*date, hour, minute, second)  # noqa: DTZ001 - the zone, if any, comes below
    if not offset:
        return found
    if offset in ("Z", "UTC", "GMT"):
        return found.replace(tzinfo=UTC)
    sign = -1 if offset[0] == "-" else 1
    hours, minutes = int(offset[1:3]), int(offset[-2:])
    return found.replace(tzinfo=dt.timezone(sign * dt.timedelta(hours=hours, minutes=minutes)))


def _order_of(first: int, second: int, separator: str) -> Order | None:
    if separator == "." or first > 12:
        return "dmy"
    return "mdy" if second > 12 else None


@dataclasses.dataclass(slots=True)
class Orders:
    """What the times of a file say together about day and month: one that can only be read in one way
    decides for all."""

    at: dt.datetime
    found: Order | None = None
    # A time that could be either, as an example to ask with.
    open: str = ""

    def see(self, text: str) -> None:
        parts = _NUMBERS.fullmatch(text.strip())
        if parts is None or len(parts[1]) == 4:
            return
        first, second = int(parts[1]), int(parts[3])
        self.found = self.found or _order_of(first, second, parts[2])
        if self.found is None and first != second:
            self.open = self.open or text.strip()
            self.found = self._not_ahead(text)

    def _not_ahead(self, text: str) -> Order | None:
        """Nobody has registered in the future."""
        orders: tuple[Order, Order] = ("dmy", "mdy")
        latest = self.at + dt.timedelta(days=1)
        past = [
            order
            for order in orders
            if (moment := Reading(ZoneInfo("UTC"), order).moment(text)) and moment <= latest
        ]
        return past[0] if len(past) == 1 else None


def order_of(texts: Iterable[str], at: dt.datetime) -> tuple[Order | None, str]:
    """(which comes first, an example that could be either): a file that leaves it open answers None and
    the example, one without such times None and ""."""
    orders = Orders(at)
    for text in texts:
        orders.see(text)
        if orders.found:
            return orders.found, ""
    return None, orders.open
