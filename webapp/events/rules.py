"""What an event's fields must be, each in one sentence. ``Refused.code`` is the name of the field.

Forms and the event file ask the same rules; they only say differently where the fault stands.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from babel import Locale, UnknownLocaleError
from flask_babel import gettext as _

from webapp import clock
from webapp.errors import Refused
from webapp.events.models import MODES, PRESENCE

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
KEY = re.compile(r"[a-z0-9][a-z0-9_-]*")
# Words that are pages of their own where a slug would stand.
RESERVED_SLUGS = frozenset({"new"})
MAX_CAPACITY = 1_000_000
LONGEST = dt.timedelta(days=31)
YEARS = range(1970, 2201)
# Letters that do not fall apart into a plain one and an accent.
_SPELLED = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "æ": "ae", "œ": "oe", "đ": "d", "ı": "i", "'": "", "’": ""})  # fmt: skip
# Bidi overrides and isolates can make a text read as something else; controls have no place in a line;
# half of a pair (a surrogate, from a cut emoji) cannot be written down at all.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def line(value: str, field: str, name: str, longest: int, *, required: bool = False) -> str:
    """One line of text: NFC, spaces collapsed at the ends, no control characters."""
    text = unicodedata.normalize("NFC", value).strip()
    if _UNSEEN.search(text) or "\n" in text or "\t" in text:
        raise Refused(_("%(name)s must be one line without control characters.", name=name), field)
    if required and not text:
        raise Refused(_("%(name)s is missing.", name=name), field)
    if len(text) > longest:
        raise Refused(_("%(name)s is too long: at most %(n)s characters.", name=name, n=longest), field)  # fmt: skip
    return text


def text(value: str, field: str, name: str, longest: int = 20_000) -> str:
    """A longer text; line breaks are kept, as a newline whatever the browser sent."""
    value = unicodedata.normalize("NFC", value).replace("\r\n", "\n").replace("\r", "\n").strip()
    if _UNSEEN.search(value):
        raise Refused(_("%(name)s has control characters in it; please type it anew.", name=name), field)  # fmt: skip
    if len(value) > longest:
        raise Refused(_("%(name)s is too long: at most %(n)s characters.", name=name, n=longest), field)  # fmt: skip
    return value


def slug(value: str) -> str:
    if not SLUG.fullmatch(value) or not 2 <= len(value) <= 80:
        raise Refused(_("The address may have small letters, digits and single hyphens between them, 2 to 80 characters, like peace-evening."), "slug")  # fmt: skip
    if value in RESERVED_SLUGS:
        raise Refused(_("The address “%(slug)s” is taken by a page of the site; please choose another.", slug=value), "slug")  # fmt: skip
    return value


def slug_from(title: str) -> str:
    """A slug made from a title's first part; may be empty when it has no Latin letters or digits."""
    first = title.split(":")[0] if ":" in title else title
    plain = first.lower().translate(_SPELLED)
    plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", plain)
    made = "-".join(words)[:60].strip("-")
    return made if len(made) >= 2 and made not in RESERVED_SLUGS else ""


def key_from(name: str, fallback: str) -> str:
    return slug_from(name.replace(":", " ")) or fallback


def key(value: str, field: str, name: str) -> str:
    if not KEY.fullmatch(value) or len(value) > 60:
        raise Refused(_("%(name)s may have small letters, digits, - and _, at most 60 characters.", name=name), field)  # fmt: skip
    return value


def _zone_meant(value: str) -> str | None:
    """The zone somebody probably meant: by its city alone, in other letters, or with a slip in it."""
    word = value.casefold().replace(" ", "_")
    names = {name.casefold(): name for name in sorted(clock.zone_names()) if clock.is_zone(name)}
    if word in names:
        return names[word]
    for folded, name in names.items():
        if word == folded.rpartition("/")[2]:
            return name
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.7)
    return names[near[0]] if near else None


def timezone(value: str) -> str:
    if not clock.is_zone(value):
        if near := _zone_meant(value[:100]):
            raise Refused(_("“%(zone)s” is not a time zone; did you mean %(near)s?", zone=value, near=near), "timezone")  # fmt: skip
        raise Refused(_("“%(zone)s” is not a time zone; names look like Europe/London.", zone=value), "timezone")  # fmt: skip
    return value


def address(value: str | None, field: str, name: str, longest: int = 500) -> str | None:
    """A web address that a link or a redirect may lead to: http or https with a host, nothing else."""
    value = (value or "").strip()
    if not value:
        return None
    try:
        parts = urlsplit(value)
        good = (
            parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
        )
        _port = parts.port
    except ValueError:
        good = False
    if not good or re.search(r"[\s<>\"\\\x00-\x1f\x7f\ud800-\udfff]", value):
        raise Refused(_("%(name)s must be a web address that begins with https:// or http://.", name=name), field)  # fmt: skip
    if len(value) > longest:
        raise Refused(_("%(name)s is too long: at most %(n)s characters.", name=name, n=longest), field)  # fmt: skip
    return value


def accent(value: str | None) -> str | None:
    value = (value or "").strip().lower()
    if not value:
        return None
    if not re.fullmatch(r"#?[0-9a-f]{6}", value):
        raise Refused(_("The accent colour must be six hexadecimal digits like #1f6b43."), "accent")
    return "#" + value.lstrip("#")


def language(value: str, field: str = "language") -> str:
    try:
        Locale.parse(value, sep="-")
    except (ValueError, UnknownLocaleError, TypeError):
        raise Refused(_("“%(code)s” is not a language code; codes look like en, es or pt-BR.", code=value), field) from None  # fmt: skip
    return value


def one_of(value: str, allowed: tuple[str, ...], field: str, name: str) -> str:
    if value not in allowed:
        raise Refused(_("%(name)s must be one of %(all)s, not “%(value)s”.", name=name, all=", ".join(allowed), value=value), field)  # fmt: skip
    return value


def whole(value: int | None, field: str, name: str, low: int, high: int) -> int | None:
    if value is not None and not low <= value <= high:
        raise Refused(_("%(name)s must be between %(low)s and %(high)s.", name=name, low=low, high=f"{high:,}"), field)  # fmt: skip
    return value


def year(value: int, field: str) -> None:
    """Calendars and time zones know what an hour is only near our own time."""
    if value not in YEARS:
        raise Refused(_("Please check the year: it should be between %(first)s and %(last)s.", first=YEARS[0], last=YEARS[-1]), field)  # fmt: skip


def time_faults(values: Mapping[str, Any]) -> Iterator[Refused]:
    """What is wrong with the four moments (aware, UTC) on their own and against one another, each said at its
    field. One that is missing or wrong itself is not compared with the others."""
    good: dict[str, dt.datetime] = {}
    for field in ("starts_at", "ends_at", "opens_at", "closes_at"):
        if values.get(field) is None:
            continue
        try:
            year(values[field].year, field)
        except Refused as refusal:
            yield refusal
        else:
            good[field] = values[field]
    starts, ends = good.get("starts_at"), good.get("ends_at")
    if starts and ends and ends <= starts:
        yield Refused(_("The end must be after the start."), "ends_at")
        ends = None
    elif starts and ends and ends - starts > LONGEST:
        yield Refused(_("That is longer than 31 days; please check the start and the end."), "ends_at")  # fmt: skip
        ends = None
    opens, closes = good.get("opens_at"), good.get("closes_at")
    if opens and ends and opens >= ends:
        yield Refused(_("Sign-up must open before the event ends."), "opens_at")
    if closes and opens and closes <= opens:
        yield Refused(_("Sign-up must close after it opens."), "closes_at")
    elif closes and ends and closes > ends + dt.timedelta(days=1):
        yield Refused(_("Sign-up cannot close later than a day after the end."), "closes_at")


def times(values: Mapping[str, Any]) -> None:
    """Raises the first of them."""
    for refusal in time_faults(values):
        raise refusal


def _lines(values: list[str], field: str, name: str) -> list[str]:
    cleaned = [line(value, field, name, 200) for value in values]
    return [value for value in cleaned if value][:30]


def _target_url(value: str, field: str) -> str:
    url = address(value, field, _("The address people join at"), 1000)
    if url is None:
        raise Refused(_("A join address is missing."), field)
    return url


# What cleans each part of a join target, given what stands there and the name of its field.
TARGET: dict[str, Callable[[str, str], Any]] = {
    "label": lambda v, field: line(v, field, _("The label"), 200),
    "url": _target_url,
    "language": lambda v, field: language(v.strip(), field) if v.strip() else None,
}


def targets(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Join targets in order: the address is what counts, label and language help people choose."""
    return [
        {
            part: clean(row.get(part) or "", f"targets.{number}.{part}")
            for part, clean in TARGET.items()
        }
        for number, row in enumerate(rows)
    ]


def cohosts(rows: list[dict[str, Any]], host_key: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    taken = {host_key}
    for number, row in enumerate(rows):
        field = f"cohosts.{number}"
        name = line(row.get("name") or "", f"{field}.name", _("The co-host's name"), 200, required=True)  # fmt: skip
        made = row.get("key") or key_from(name, f"cohost-{number + 1}")
        made = key(made, f"{field}.key", _("The co-host's key"))
        if made in taken:
            raise Refused(_("Two hosts have the key “%(key)s”; each needs its own.", key=made), f"{field}.key")  # fmt: skip
        taken.add(made)
        url = address(row.get("url"), f"{field}.url", _("The co-host's address"))
        found.append({"key": made, "name": name, "url": url})
    return found


# What cleans each plain field on its own.
FIELDS: dict[str, Callable[[Any], Any]] = {
    "slug": slug,
    "title": lambda v: line(v, "title", _("The title"), 200, required=True),
    "summary": lambda v: line(v, "summary", _("The summary"), 500),
    "description": lambda v: text(v, "description", _("The description")),
    "language": language,
    "timezone": timezone,
    "mode": lambda v: one_of(v, MODES, "mode", _("The mode")),
    "presence": lambda v: one_of(v, PRESENCE, "presence", _("The way presence is known")),
    # Empty: one is made. Never the same for two hosts who have chosen none.
    "host_key": lambda v: key(v, "host_key", _("The host's key")) if v else "",
    "host_name": lambda v: line(v, "host_name", _("The host's name"), 200),
    "host_url": lambda v: address(v, "host_url", _("The host's address")),
    "capacity": lambda v: whole(v, "capacity", _("The number of places"), 1, MAX_CAPACITY),
    "approval": bool,
    "confirm_address": bool,
    "ask_companions": bool,
    "listed": bool,
    "invitation_only": bool,
    "order_only": bool,
    "challenge": bool,
    "waitlist": bool,
    "offer_hours": lambda v: whole(v, "offer_hours", _("The number of hours"), 0, 336),
    "retention_days": lambda v: whole(v, "retention_days", _("The number of days"), 0, 730),
    "min_stay_minutes": lambda v: whole(v, "min_stay_minutes", _("The minimum stay"), 0, 1440),
    "languages": lambda v: _lines(v, "languages", _("A language")),
    "access_needs": lambda v: _lines(v, "access_needs", _("An entry of the access list")),
    "accent": accent,
    "starts_at": lambda v: v,
    "ends_at": lambda v: v,
    "opens_at": lambda v: v,
    "closes_at": lambda v: v,
}

# What a field is when nobody said anything.
DEFAULTS: dict[str, Any] = {
    "summary": "", "description": "", "language": "en", "mode": "online", "presence": "room",
    "host_key": "", "host_name": "", "host_url": None, "capacity": None, "approval": False,
    "confirm_address": False, "ask_companions": False, "challenge": False, "order_only": False, "listed": True, "invitation_only": False, "waitlist": True, "offer_hours": 24,
    "retention_days": 30, "min_stay_minutes": None, "opens_at": None, "closes_at": None, "languages": [],
    "access_needs": [], "accent": None, "targets": [], "cohosts": [],
}  # fmt: skip
