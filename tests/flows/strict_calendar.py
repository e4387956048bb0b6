"""A calendar entry read by the letter of RFC 5545 and RFC 5546, as the strictest program would.

Once by hand, line by line and octet by octet, and once by icalendar, which must not complain either.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re

import icalendar

_LINE = re.compile(r'[A-Z][A-Z0-9-]*(;[A-Z][A-Z0-9-]*=("[^"\x00-\x1f]*"|[^";:,\x00-\x1f]*)(,("[^"]*"|[^";:,]*))*)*:[^\x00-\x08\x0a-\x1f]*')  # fmt: skip
# What an invitation must have exactly once.
_ONCE = (
    "UID", "DTSTAMP", "DTSTART", "DTEND", "SEQUENCE", "SUMMARY", "ORGANIZER", "ATTENDEE", "STATUS", "URL",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Entry:
    """What a calendar program keeps of it. Times are aware UTC; addresses are without "mailto:"."""

    method: str
    uid: str
    sequence: int
    status: str
    summary: str
    description: str
    location: str
    url: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    zone: str
    organizer: str
    organizer_name: str
    attendee: str
    attendee_name: str


def lines(text: str) -> list[str]:
    """The content lines, unfolded. Raises AssertionError for a line end or a length that is not right."""
    assert text.endswith("\r\n"), "the last line has no end"
    physical = text.split("\r\n")[:-1]
    unfolded: list[str] = []
    for line in physical:
        assert "\r" not in line, f"a bare CR: {line!r}"
        assert "\n" not in line, f"a bare LF: {line!r}"
        assert len(line.encode()) <= 75, f"{len(line.encode())} octets: {line!r}"
        assert line, "an empty line"
        if line[0] in " \t":
            unfolded[-1] += line[1:]
        else:
            unfolded.append(line)
    for line in unfolded:
        assert _LINE.fullmatch(line), f"no content line: {line!r}"
    return unfolded


def blocks(unfolded: list[str]) -> list[tuple[str, list[str]]]:
    """(name, its own lines) of every component in order; BEGIN and END must pair."""
    found: list[tuple[str, list[str]]] = []
    stack: list[tuple[str, list[str]]] = []
    for line in unfolded:
        if line.startswith("BEGIN:"):
            stack.append((line.removeprefix("BEGIN:"), []))
            found.append(stack[-1])
        elif line.startswith("END:"):
            assert stack, f"{line} closes nothing"
            assert stack.pop()[0] == line.removeprefix("END:"), f"{line} closes something else"
        else:
            assert stack, f"outside of everything: {line!r}"
            stack[-1][1].append(line)
    assert not stack, f"never ended: {stack[0][0]}"
    assert found[0][0] == "VCALENDAR"
    return found


def _named(own: list[str], name: str) -> list[str]:
    return [line for line in own if re.match(rf"{name}[;:]", line)]


def _check_zone(calendar: icalendar.Calendar, zone: str, moment: dt.datetime) -> None:
    """The VTIMEZONE that goes along gives the same moment as the zone of that name."""
    (component,) = [part for part in calendar.walk("VTIMEZONE") if str(part["TZID"]) == zone]
    for rule in component.subcomponents:
        assert {"DTSTART", "TZOFFSETFROM", "TZOFFSETTO"} <= set(rule.keys()), rule
    assert component.subcomponents, "a zone without a rule"
    own = component.to_tz(lookup_tzid=False)
    assert moment.replace(tzinfo=own).utcoffset() == moment.utcoffset()


def read(text: str) -> Entry:
    """The one entry of an invitation or of its cancelling. Raises AssertionError for every slip."""
    found = blocks(lines(text))
    (head,) = [own for name, own in found if name == "VCALENDAR"]
    (event,) = [own for name, own in found if name == "VEVENT"]
    for name in ("VERSION", "PRODID", "METHOD"):
        assert len(_named(head, name)) == 1, f"{name} in {head}"
    for name in _ONCE:
        assert len(_named(event, name)) == 1, f"{name} in {event}"
    assert _named(head, "VERSION") == ["VERSION:2.0"]

    calendar = icalendar.Calendar.from_ical(text)
    assert not [part.errors for part in calendar.walk() if getattr(part, "errors", None)]
    (entry,) = calendar.walk("VEVENT")
    start, end = entry["DTSTART"].dt, entry["DTEND"].dt
    zone = str(entry["DTSTART"].params["TZID"])
    assert str(entry["DTEND"].params["TZID"]) == zone
    assert entry["DTSTAMP"].dt.utcoffset() == dt.timedelta(0)
    for moment in (start, end):
        _check_zone(calendar, zone, moment)
    organizer, attendee = entry["ORGANIZER"], entry["ATTENDEE"]
    for address in (organizer, attendee):
        assert re.fullmatch(r"mailto:[^\s@]+@[^\s@]+", str(address)), address
    return Entry(
        method=str(calendar["METHOD"]),
        uid=str(entry["UID"]),
        sequence=int(entry["SEQUENCE"]),
        status=str(entry["STATUS"]),
        summary=str(entry["SUMMARY"]),
        description=str(entry["DESCRIPTION"]),
        location=str(entry.get("LOCATION", "")),
        url=str(entry["URL"]),
        starts_at=start.astimezone(dt.UTC),
        ends_at=end.astimezone(dt.UTC),
        zone=zone,
        organizer=str(organizer).removeprefix("mailto:"),
        organizer_name=str(organizer.params["CN"]),
        attendee=str(attendee).removeprefix("mailto:"),
        attendee_name=str(attendee.params["CN"]),
    )
