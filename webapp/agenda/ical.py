"""The whole agenda as a calendar: one entry for each item, with its zone spelled out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import icalendar
from flask import current_app
from flask_babel import gettext as _

from webapp import vtimezone
from webapp.agenda.queries import Item
from webapp.events.models import Event


def calendar(event: Event, items: Sequence[Item]) -> bytes:
    """RFC 5545, UTF-8, lines of at most 75 octets. Times are the planned ones in the event's zone.

    An item keeps its UID as long as event and item keep their slug and key. The same agenda always
    gives the same bytes, so that an ETag holds; DTSTAMP therefore is the moment the event was made.
    """
    return _calendar(
        event,
        [
            (
                f"{item.key}.{event.slug}",
                item.planned_start,
                item.planned_end,
                _summary(item),
                _description(event, item),
                item.skipped_at is not None,
            )
            for item in items
        ],
    )


def order(event: Event, items: Sequence[Item]) -> bytes:
    """As ``calendar``, where people are told the order alone: one entry, the event with its items."""
    lines = [f"{number}. {_summary(item)}" for number, item in enumerate(items, 1)]
    entry = (event.slug, event.starts_at, event.ends_at, event.title, "\n".join(lines), False)
    return _calendar(event, [entry])


def _calendar(
    event: Event, entries: Iterable[tuple[str, dt.datetime, dt.datetime, str, str, bool]]
) -> bytes:
    """(uid, start, end, summary, description, whether it does not take place) of each entry as a calendar."""
    base = current_app.config["BASE_URL"].rstrip("/")
    host = urlsplit(base).hostname or "localhost"
    page = f"{base}/events/{event.slug}"
    zone = ZoneInfo(event.timezone)
    made = icalendar.Calendar()
    made.add("prodid", "-//Turnout//Agenda//EN")
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    # The library takes a name it does not know as raw text, so it is told that this is TEXT.
    made.add("x-wr-calname", icalendar.vText(event.title))
    for uid, begin, end, summary, description, is_off in entries:
        entry = icalendar.Event()
        entry.add("uid", f"{uid}@{host}")
        entry.add("dtstamp", event.created_at)
        entry.add("sequence", event.revision)
        start = begin.astimezone(zone)
        # On the night the clocks go back 02:30 happens twice, and a local time in a calendar means
        # the first: the second is written in UTC. A length instead of an end is never ambiguous.
        entry.add("dtstart", begin if start.fold else start)
        entry.add("duration", end - begin)
        entry.add("summary", summary)
        entry.add("description", f"{description}\n\n{page}")
        entry.add("url", page)
        if is_off or event.state == "cancelled":
            entry.add("status", "CANCELLED")
        made.add_component(entry)
    # The rules of this year and the next are enough, and keep the file small.
    year = event.starts_at.astimezone(zone).year
    vtimezone.add_to(made, dt.date(year - 1, 1, 1), dt.date(year + 2, 1, 1))
    return bytes(made.to_ical())


def _summary(item: Item) -> str:
    if item.heading == item.title:
        return item.title
    return _("%(who)s: %(title)s", who=item.heading, title=item.title)


def _description(event: Event, item: Item) -> str:
    lines = [event.title]
    for who in item.speakers:
        lines.append(f"{who.name} ({who.about})" if who.about else who.name)
    if item.summary:
        lines += ["", item.summary]
    return "\n".join(lines)
