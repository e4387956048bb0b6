"""The calendar entry of a sign-up (RFC 5545, sent as RFC 5546 says).

Writing one with its time zone takes about ten milliseconds, so the part that is the same for everybody
is made once for each state of the event, and a person's own lines are put into it.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from email.utils import parseaddr
from typing import Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import icalendar
from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from webapp import vtimezone
from webapp.events import texts
from webapp.events.models import Event
from webapp.mail.outbox import plain_name
from webapp.signup import links
from webapp.signup.people import Person

Method = Literal["REQUEST", "CANCEL", "PUBLISH"]
# At the beginning of a line: a title may say the same words.
_END = "\r\nEND:VEVENT\r\n"


@dataclasses.dataclass(frozen=True, slots=True)
class Frame:
    """What is the same for everybody: all before and after a person's own lines."""

    stamp: tuple[Any, ...]
    head: str
    tail: str
    # The words before the two links, in the person's language.
    join_here: str
    own_page: str


def escaped(text: str) -> str:
    """A TEXT value of RFC 5545."""
    text = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return text.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "\\n")


def folded(line: str) -> str:
    """One content line, folded at 75 octets without cutting a character, with its line end."""
    if line.isascii():
        if len(line) <= 75:
            return line + "\r\n"
        pieces = [line[:75], *(line[at : at + 74] for at in range(75, len(line), 74))]
        return "\r\n ".join(pieces) + "\r\n"
    octets = line.encode()
    cut: list[bytes] = []
    start, length = 0, 75
    while len(octets) - start > length:
        end = start + length
        while octets[end] & 0xC0 == 0x80:
            # In the middle of a character.
            end -= 1
        cut.append(octets[start:end])
        # The space that marks a continued line counts too.
        start, length = end, 74
    cut.append(octets[start:])
    return b"\r\n ".join(cut).decode() + "\r\n"


def _parameter(text: str) -> str:
    """A quoted parameter value: it cannot hold a double quote, whatever is written before it."""
    return '"' + text.replace('"', "'") + '"'


def organiser() -> tuple[str, str]:
    """(name, address) of the sender, who is the ORGANIZER to every calendar program."""
    return parseaddr(current_app.config["MAIL_DEFAULT_SENDER"])


def _stamp(event: Event) -> tuple[Any, ...]:
    return (
        event.title, event.starts_at, event.ends_at, event.timezone, event.host_name,
        current_app.config["MAIL_DEFAULT_SENDER"],
    )  # fmt: skip


def _written(moment: dt.datetime, zone: str) -> dt.datetime:
    """The moment as the entry says it: in the event's zone, so that programs show where it comes from.

    On the night the clocks go back 02:30 happens twice, and a local time in a calendar means the first
    (RFC 5545, 3.3.5): the second is written in UTC.
    """
    local = moment.astimezone(ZoneInfo(zone))
    return moment if local.fold else local


def _made(event: Event, language: str) -> Frame:
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Turnout//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    # Stands for the method until the entry is completed.
    calendar.add("method", "REQUEST")
    entry = icalendar.Event()
    entry.add("summary", event.title)
    entry.add("dtstart", _written(event.starts_at, event.timezone))
    entry.add("dtend", _written(event.ends_at, event.timezone))
    entry.add("transp", "OPAQUE")
    name, address = organiser()
    sender = icalendar.vCalAddress(f"mailto:{address}")
    sender.params["CN"] = plain_name(event.host_name or name).replace('"', "'")
    entry.add("organizer", sender)
    calendar.add_component(entry)
    if event.timezone != "UTC":
        year = dt.timedelta(days=366)
        vtimezone.add_to(calendar, (event.starts_at - year).date(), (event.ends_at + year).date())
    text = calendar.to_ical().decode()
    head, end, tail = text.partition(_END)
    with force_locale(language):
        words = _("Join here:"), _("Your own page:")
    return Frame(_stamp(event), head + "\r\n", end.lstrip() + tail, *words)


def frame(event: Event, language: str) -> Frame:
    """The frame of the event's entries, from this process's memory if nothing in it has changed."""
    cache: dict[tuple[int, str], Frame] = current_app.extensions.setdefault("calendar_cache", {})
    kept = cache.get((event.id, language))
    if kept is None or kept.stamp != _stamp(event):
        if len(cache) > 500:
            cache.clear()
        kept = cache[event.id, language] = _made(event, language)
    return kept


def uid(person: Person) -> str:
    """Stable for the life of a sign-up, so that every later entry replaces the first."""
    return f"{person.public_id}@{urlsplit(current_app.config['BASE_URL']).hostname or 'turnout'}"


def entry(
    event: Event,
    person: Person,
    at: dt.datetime,
    method: Method = "REQUEST",
    found: links.Links | None = None,
) -> str:
    """The whole calendar with this person's entry. ``at`` (aware, UTC) is its DTSTAMP; ``found`` are the
    person's links, if they are made already.

    PUBLISH is for a file that people add by themselves; it names nobody as invited. Only who has a
    place gets the join link.
    """
    event = texts.shown(event, person.language)
    kept = frame(event, person.language)
    found = found or links.of(person)
    lines = [
        f"UID:{uid(person)}",
        f"DTSTAMP:{at:%Y%m%dT%H%M%SZ}",
        f"SEQUENCE:{event.ics_sequence + person.ics_changes}",
        f"STATUS:{'CANCELLED' if method == 'CANCEL' else 'CONFIRMED'}",
        f"URL:{found.my}",
    ]
    words = [event.summary] if event.summary else []
    if method != "CANCEL" and person.status == "confirmed" and event.mode != "in_person":
        lines.append(f"LOCATION:{escaped(found.join)}")
        words.append(f"{kept.join_here} {found.join}")
    words.append(f"{kept.own_page} {found.my}")
    lines.append(f"DESCRIPTION:{escaped(chr(10).join(words))}")
    if method != "PUBLISH" and person.email:
        name = plain_name(person.name or person.email)
        lines.append(
            f"ATTENDEE;CN={_parameter(name)};PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:{person.email}"
        )
    head = kept.head if method == "REQUEST" else kept.head.replace("METHOD:REQUEST", f"METHOD:{method}", 1)  # fmt: skip
    return head + "".join(map(folded, lines)) + kept.tail
