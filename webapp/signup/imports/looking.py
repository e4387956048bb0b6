"""Looking at a list before anything is stored: what it is, what its columns mean, and what would come of it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _

from webapp import spreadsheets
from webapp.db import db
from webapp.events.models import Event
from webapp.signup import questions, statements
from webapp.signup.imports import people, sources, times
from webapp.signup.imports.models import ImportFile, SignupImport
from webapp.signup.imports.people import Asked, Person, Settings
from webapp.signup.imports.sources import Listed
from webapp.signup.models import BlockedAddress, Signup
from webapp.signup.people import clean_source
from webapp.spreadsheets import Line

# So many rows are shown, and so many problems are kept.
SHOWN = 5
MOST_PROBLEMS = 500
# Different words of a status column that somebody can be asked about.
MOST_STATUSES = 30
# Variables in one statement.
_CHUNK = 1000
# What stands between commas and semicolons; those in quotes are part of a name.
_PARTS = re.compile(r'(?:"[^"]*"|[^,;])+')
# Live ones take the places first; those who wait come after them, whatever their order in the file.
_RANKS = {sources.LIVE: 0, sources.WAITING: 1, sources.WAITLIST: 2, sources.GONE: 3}


def hosts_of(event: Event) -> dict[str, str]:
    """Who people may have agreed to hear from: key and name, the host first."""
    found = {event.host_key: event.host_name} | {host.key: host.name for host in event.cohosts}
    return {key: name for key, name in found.items() if name}


def asked_of(event: Event) -> Asked:
    return Asked(
        asks=questions.of_event(event.id, retired=True),
        hosts=hosts_of(event),
        needs=tuple(event.access_needs or ()),
        languages=tuple(current_app.config["LANGUAGES"]),
    )


def listed(data: bytes, asked: Asked) -> Listed:
    """The list in a file. Raises Refused."""
    return sources.recognise(spreadsheets.read(data), people.column_headings(asked))


def settings_of(row: SignupImport) -> Settings:
    kept = row.settings
    order = kept["order"] or kept["found_order"]
    return Settings(
        mapping=tuple(kept["mapping"]),
        statuses=dict(kept["statuses"]),
        times=times.Reading(ZoneInfo(kept["zone"]), order or None),
    )


def first_settings(event: Event, found: Listed) -> dict[str, Any]:
    """What is proposed for a list that was just sent."""
    return {
        "headings": [heading[:200] for heading in found.headings],
        "mapping": list(found.mapping),
        "statuses": {},
        "order": "",
        "found_order": "",
        "open_order": "",
        "zone": event.timezone,
    }


def typed(event: Event, text: str) -> list[Person]:
    """The people of a few lines that somebody typed or pasted: a table, or addresses as they stand in a mail
    program, several to a line. Raises Refused."""
    asked = asked_of(event)
    reading = times.Reading(ZoneInfo(event.timezone))
    rest, side_by_side = _side_by_side(text)
    found: list[Person] = []
    if side_by_side:
        alone = Listed(sources.SPREADSHEET, ("",), side_by_side, (sources.EMAIL,), [])
        found += people.read(alone, Settings(alone.mapping, {}, reading), asked)
    if rest.strip() or not found:
        table = listed(rest.encode(), asked)
        found += people.read(table, Settings(table.mapping, {}, reading), asked)
    return sorted(found, key=lambda person: person.line)


def _side_by_side(text: str) -> tuple[str, list[Line]]:
    """The text without the lines that hold several addresses or none (they are left empty, so that the others
    keep their numbers), and each address of those with the name before it as a line of its own. Of a table
    with headings nothing is taken: there, two addresses in a row are two columns."""
    rows = text.splitlines()
    first = next((row for row in rows if row.strip()), "")
    if "@" not in first:
        return text, []
    found = []
    for place, row in enumerate(rows):
        if not row.strip() or row.count("@") == 1 or "\t" in row:
            continue
        rows[place], name = "", ""
        for part in _PARTS.findall(row) if "@" in row else [row]:
            said = part.strip()
            if said and "@" not in said:
                name = f"{name} {said}".strip()
            elif said:
                cell = said if not name else f"{name} {said}" if "<" in said else f"{name} <{said}>"
                found.append(Line(place + 1, [cell]))
                name = ""
        if name:
            found.append(Line(place + 1, [name]))
    return "\n".join(rows), found


def name_from(filename: str) -> str:
    """What an import is called until somebody says otherwise."""
    return (clean_source(filename.rpartition(".")[0] or filename) or "import")[:40]


def column(found: Listed, mapping: Sequence[str], meaning: str) -> list[str]:
    """All cells of the column that means this."""
    if meaning not in mapping:
        return []
    place = list(mapping).index(meaning)
    return [line.cells[place] if place < len(line.cells) else "" for line in found.lines]


def in_order(found: Listed, row: SignupImport, asked: Asked) -> list[Person]:
    """The people of a list as they are stored: those who are registered before those who wait."""
    return sorted(people.read(found, settings_of(row), asked), key=lambda p: _RANKS[p.state])


def known_keys(event_id: int, keys: Iterable[str]) -> set[str]:
    """Those of the addresses that have, or had, a sign-up here: whoever gave their place back is not signed
    up anew by a list that does not know of it."""
    found: set[str] = set()
    wanted = list(keys)
    for first in range(0, len(wanted), _CHUNK):
        found.update(
            key
            for key in db.session.scalars(
                sa.select(Signup.email_key).where(
                    Signup.event_id == event_id,
                    Signup.email_key.in_(wanted[first : first + _CHUNK]),
                )
            )
            if key is not None
        )
    return found


@dataclasses.dataclass(slots=True)
class Blocked:
    """Addresses that must not come in: they were given by somebody else, or their owners had their data
    deleted. By mark, whether it is the latter."""

    event_id: int
    marks: dict[str, bool]

    @classmethod
    def of(cls, event_id: int) -> Blocked:
        rows = db.session.execute(
            sa.select(BlockedAddress.address_mark, BlockedAddress.is_erased).where(
                BlockedAddress.event_id == event_id
            )
        )
        return cls(event_id, dict(rows.tuples().all()))

    def why(self, key: str) -> str | None:
        """ "blocked" or "erased"; None if nothing keeps the address out."""
        if not self.marks:
            return None
        found = [self.marks[m] for m in statements.marks_of(self.event_id, key) if m in self.marks]
        if not found:
            return None
        return "erased" if all(found) else "blocked"


def fate_of(person: Person, seen: Mapping[str, int], known: set[str], blocked: Blocked) -> str:
    """What becomes of a row: "new", or why it makes nobody. ``seen`` are the addresses of earlier rows with
    their lines."""
    if person.state == sources.GONE:
        return "gone"
    if person.problem or person.address is None:
        return "unusable"
    key = person.address.key
    if key in seen:
        return "repeated"
    why = blocked.why(key)
    if why == "blocked":
        return why
    # Whoever signed up again after their data was deleted is here.
    return "known" if key in known else why or "new"


def look(row: SignupImport, file: ImportFile, event: Event, at: dt.datetime) -> None:
    """Finds out what would come of the list as its columns are understood now."""
    asked = asked_of(event)
    found = listed(file.content, asked)
    kept = dict(row.settings)
    dates = column(found, kept["mapping"], sources.TIME)
    kept["found_order"], kept["open_order"] = times.order_of(dates, at)
    kept["found_order"] = kept["found_order"] or ""
    row.settings = kept
    persons = in_order(found, row, asked)
    known = known_keys(event.id, {p.address.key for p in persons if p.address})
    blocked, seen = Blocked.of(event.id), dict[str, int]()
    figures: Counter[str] = Counter()
    problems: list[tuple[int, str]] = list(found.broken)
    values: dict[str, str] = {}
    first: dict[str, Any] | None = None
    for person in persons:
        fate = fate_of(person, seen, known, blocked)
        figures[fate] += 1
        problems += problems_of(person, fate, seen)
        if person.value:
            values[str(person.line)] = person.value
        if fate == "new" and person.address:
            seen[person.address.key] = person.line
            figures[person.state] += 1
            figures["nameless"] += person.is_nameless
            figures["no_mail"] += person.no_mail
            if first is None and person.registered_at:
                first = {"text": _cell(found, row, person.line), "at": person.registered_at}
    figures["unusable"] += len(found.broken)
    row.figures = dict(figures)
    row.rows, row.done = len(persons), 0
    problems.sort()
    row.problems = [[line, why] for line, why in problems[:MOST_PROBLEMS]]
    figures_of_words = Counter(sources.normal(cell) for cell in column(found, kept["mapping"], sources.STATUS))  # fmt: skip
    file.shown = {
        "lines": [[line.number, *[cell[:200] for cell in line.cells]] for line in found.lines[:SHOWN]],
        "values": {line: values[line] for line in list(values)[:MOST_PROBLEMS]},
        "statuses": [
            [word, number, kept["statuses"].get(word) or sources.state_of(word) or sources.GONE, sources.state_of(word) is not None]
            for word, number in figures_of_words.most_common(MOST_STATUSES)
            if word
        ],
        "first": None if first is None else [first["text"], first["at"].isoformat()],
    }  # fmt: skip
    row.state = "ready"


def _cell(found: Listed, row: SignupImport, number: int) -> str:
    mapping = row.settings["mapping"]
    for line in found.lines:
        if line.number == number:
            parts = [
                line.cells[mapping.index(meaning)]
                for meaning in (sources.TIME, sources.CLOCK)
                if meaning in mapping and mapping.index(meaning) < len(line.cells)
            ]
            return " ".join(parts)
    return ""


def problems_of(person: Person, fate: str, seen: Mapping[str, int]) -> list[tuple[int, str]]:
    """What is said about a row, with its line: why it made nobody, or what of it was left out."""
    if fate == "unusable":
        return [(person.line, person.problem or _("cannot be read"))]
    if fate == "repeated" and person.address:
        return [(person.line, _("the same address as in line %(line)s", line=seen[person.address.key]))]  # fmt: skip
    if fate == "blocked":
        return [(person.line, _("the owner of this address wants nothing of this event"))]
    if fate == "erased":
        return [(person.line, _("erased at their own wish"))]
    if fate == "new":
        return [(person.line, note) for note in person.notes]
    return []
