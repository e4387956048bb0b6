"""What templates may call: times in named zones, numbers, Markdown, and addresses of static files."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import nh3
from babel.dates import format_date, format_time, get_timezone_location
from babel.numbers import format_decimal
from flask import Flask, current_app
from flask_babel import gettext as _
from markdown_it import MarkdownIt
from markupsafe import Markup
from werkzeug.routing import MapAdapter

from webapp.clock import iso_z
from webapp.i18n import dates, html_language

_markdown = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table")
_TAGS = {
    "p", "br", "em", "strong", "ul", "ol", "li", "a", "blockquote", "code", "pre", "hr",
    "h2", "h3", "h4", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip


@lru_cache(maxsize=512)
def _rendered(text: str) -> Markup:
    html = re.sub(r"<(/?)h1>", r"<\1h2>", _markdown.render(text))
    clean = nh3.clean(
        html,
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener nofollow",
    )
    return Markup(clean)  # noqa: S704 - nh3 has just cleaned it


def markdown(text: str | None) -> Markup:
    """Organisers' long texts: Markdown to clean HTML. Raw HTML in them stays text."""
    return _rendered(text or "")


def date(moment: dt.datetime, zone: str, fmt: str = "full") -> str:
    """The day of ``moment`` (aware) in ``zone``, in the reader's language."""
    return str(format_date(moment.astimezone(ZoneInfo(zone)).date(), fmt, locale=dates()))


def time(moment: dt.datetime, zone: str) -> str:
    """The clock time of ``moment`` in ``zone``: 19:05. Always 24 hours: it stands beside other zones."""
    return str(format_time(moment.astimezone(ZoneInfo(zone)).time(), "HH:mm", locale=dates()))


@lru_cache(maxsize=512)
def _city(zone: str, locale: str) -> str:
    return str(get_timezone_location(zone, locale=locale, return_city=True))


def zone_name(zone: str) -> str:
    """How people call a zone: "London time"."""
    if zone == "UTC":
        return "UTC"
    return str(_("%(city)s time", city=_city(zone, dates())))


def moment(at: dt.datetime, zone: str) -> str:
    """Day and time with the zone named: "12 Nov 2021, 09:00 (London time)"."""
    return f"{date(at, zone, 'medium')}, {time(at, zone)} ({zone_name(zone)})"


def period(start: dt.datetime, end: dt.datetime, zone: str) -> str:
    """ "Thursday, 11 November 2021, 19:00 to 20:45", in ``zone``; the zone is named by the template."""
    first, last = date(start, zone), date(end, zone)
    if first == last:
        return _("%(day)s, %(start)s to %(end)s", day=first, start=time(start, zone), end=time(end, zone))  # fmt: skip
    return _("%(day)s, %(start)s to %(last)s, %(end)s", day=first, start=time(start, zone), last=last, end=time(end, zone))  # fmt: skip


def number(value: float | None, digits: int = 0) -> str:
    """1,214; a figure that is not known says so in words. In another language as it is written there."""
    if value is None:
        return str(_("unknown"))
    if (locale := dates()).startswith("en"):
        return f"{value:,.{digits}f}"
    return str(format_decimal(round(value, digits), format=f"#,##0.{'0' * digits}", locale=locale))


def percent(value: float | None) -> str:
    return str(_("unknown")) if value is None else f"{value * 100:.0f} %"


def initials(name: str) -> str:
    """Up to two letters that stand for a speaker without a picture."""
    words = [word for word in re.split(r"[\s-]+", name) if word]
    return "".join(
        word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)
    ).upper()


@lru_cache(maxsize=256)
def _fingerprint(path: str, changed: float) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:10]


def static_url(name: str) -> str:
    """The address of one of our files with its fingerprint, so that browsers may keep it for a year."""
    urls: dict[str, str] = current_app.extensions.setdefault("static_urls", {})
    if name not in urls or current_app.debug:
        path = Path(current_app.static_folder or "") / name
        urls[name] = f"/static/{name}?v={_fingerprint(str(path), path.stat().st_mtime)}"
    return urls[name]


def absolute_url(endpoint: str, **values: Any) -> str:
    """An address for mails and calendars: always below the configured base, whatever Host said."""
    adapter: MapAdapter = current_app.extensions["absolute_urls"]
    return str(current_app.config["BASE_URL"]).rstrip("/") + adapter.build(endpoint, values)


def _around(endpoint: str, name: str) -> tuple[str, str]:
    """What stands before and behind the argument ``name`` in an absolute address; made once."""
    made: dict[str, tuple[str, str]] = current_app.extensions.setdefault("url_parts", {})
    parts = made.get(endpoint)
    if parts is None:
        head, _mark, tail = absolute_url(endpoint, **{name: "~"}).partition("~")
        parts = made[endpoint] = (head, tail)
    return parts


def token_url(endpoint: str, token: str) -> str:
    """As ``absolute_url(endpoint, token=token)``, for one of our own tokens: they need no quoting."""
    head, tail = _around(endpoint, "token")
    return f"{head}{token}{tail}"


def slug_url(endpoint: str, slug: str) -> str:
    """As ``absolute_url(endpoint, slug=slug)``, for the slug of an event: it needs no quoting either."""
    head, tail = _around(endpoint, "slug")
    return f"{head}{slug}{tail}"


def init_app(app: Flask) -> None:
    app.extensions["absolute_urls"] = app.url_map.bind("localhost")
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    for name, function in {
        "markdown": markdown, "date": date, "time": time, "zone_name": zone_name, "moment": moment,
        "period": period, "number": number, "percent": percent, "initials": initials, "iso_z": iso_z,
    }.items():  # fmt: skip
        app.jinja_env.filters[name] = function
    app.jinja_env.globals.update(
        static_url=static_url, absolute_url=absolute_url, html_language=html_language
    )
