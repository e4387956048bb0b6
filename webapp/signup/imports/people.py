"""Whom a list names: one person for each of its rows, or the reason why there is none."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flask_babel import gettext as _

from webapp import addresses
from webapp.addresses import Address
from webapp.signup import questions, slips
from webapp.signup.extras import LONGEST_NOTE, MOST_COMPANIONS
from webapp.signup.imports import sources
from webapp.signup.imports.sources import Listed
from webapp.signup.imports.times import Reading
from webapp.signup.people import LONGEST_NAME, clean_name, clean_source
from webapp.signup.questions import UNSEEN, Ask
from webapp.spreadsheets import Line

QUESTION, CONTACT = "question:", "contact:"
LONGEST_TAG = 40
# How lists write that there is nothing.
_NOTHING = frozenset({"", "-", "--", "—", "n/a", "na", "null", "none", "(blank)"})
_BRACKETED = re.compile(r"(.*?)<\s*([^<>\s]+@[^<>\s]+)\s*>\s*")
# How our own file, and every careful one, writes a text that a spreadsheet would take for a formula.
_DEFUSED = re.compile(r"'(?=[@+\-=|%])")
_FORMULA = ("=", "+", "@")


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """What was decided about a list: the meaning of each column, what the words of its status column say
    (``statuses``, by normal form: "live", "waiting", "waitlist" or "gone"), and how its times are read."""

    mapping: tuple[str, ...]
    statuses: Mapping[str, str]
    times: Reading


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """What the event asks, so that columns can be answers: its questions, its hosts by key, the access needs
    that it offers, and the languages of the site."""

    asks: tuple[Ask, ...]
    hosts: Mapping[str, str]
    needs: tuple[str, ...]
    languages: tuple[str, ...]


@dataclasses.dataclass(slots=True)
class Person:
    """One row. ``problem`` says why nobody can be made of it; ``notes`` what of it was left out, though
    the person comes in. ``value`` is the cell that a problem is about."""

    line: int
    name: str = ""
    address: Address | None = None
    state: str = sources.LIVE
    registered_at: dt.datetime | None = None
    answers: dict[int, Any] = dataclasses.field(default_factory=dict)
    # (the host's key, the heading, the word in the cell) for each who may write later.
    contacts: list[tuple[str, str, str]] = dataclasses.field(default_factory=list)
    source: str | None = None
    language: str | None = None
    is_crew: bool = False
    companions: int = 0
    needs: tuple[str, ...] = ()
    need_note: str | None = None
    tags: tuple[str, ...] = ()
    no_mail: bool = False
    is_nameless: bool = False
    problem: str = ""
    value: str = ""
    notes: list[str] = dataclasses.field(default_factory=list)


def column_headings(asked: Asked) -> dict[str, str]:
    """The headings that the event itself gives a meaning, by their normal form."""
    found = {sources.normal(ask.key): QUESTION + ask.key for ask in asked.asks}
    found |= {sources.normal(ask.label): QUESTION + ask.key for ask in asked.asks}
    for key, name in asked.hosts.items():
        found[sources.normal(_("May be contacted by %(host)s", host=name))] = CONTACT + key
        found[sources.normal(sources.CONTACT_HEADING + name)] = CONTACT + key
    return {heading: meaning for heading, meaning in found.items() if heading}


def read(listed: Listed, settings: Settings, asked: Asked) -> Iterator[Person]:
    """A person for each row of the list, in its order."""
    reader = _Reader(listed, settings, asked)
    for line in listed.lines:
        yield reader.person(line)


class _Reader:
    def __init__(self, listed: Listed, settings: Settings, asked: Asked) -> None:
        self.settings, self.asked = settings, asked
        self.headings = listed.headings
        self.places = {meaning: place for place, meaning in enumerate(settings.mapping) if meaning}
        self.asks = [
            (ask, self.places[QUESTION + ask.key])
            for ask in asked.asks
            if QUESTION + ask.key in self.places
        ]
        self.contacts = [
            (key, self.places[CONTACT + key]) for key in asked.hosts if CONTACT + key in self.places
        ]

    def person(self, line: Line) -> Person:
        cells, person = line.cells, Person(line.number)

        def cell(meaning: str) -> str:
            place = self.places.get(meaning)
            text = cells[place] if place is not None and place < len(cells) else ""
            return "" if text.casefold() in _NOTHING else _DEFUSED.sub("", text, count=1)

        self._status(person, cell(sources.STATUS))
        self._address(person, cell(sources.EMAIL) or cell(sources.EMAIL_ELSE))
        if person.problem:
            return person
        self._name(person, cell(sources.NAME), cell(sources.FIRST), cell(sources.LAST))
        self._time(person, cell(sources.TIME), cell(sources.CLOCK))
        person.no_mail = sources.NO_MAIL in self.places and sources.bars_mail(cell(sources.NO_MAIL))
        person.source = clean_source(cell(sources.SOURCE))
        language = cell(sources.LANGUAGE)[:2].lower()
        person.language = language if language in self.asked.languages else None
        person.is_crew = cell(sources.CREW).casefold() in _yes()
        self._extras(person, cell(sources.COMPANIONS), cell(sources.ACCESS))
        person.tags = _tags(cell(sources.TAGS))
        self._answers(person, cells)
        for key, place in self.contacts:
            said = cells[place] if place < len(cells) else ""
            if said.casefold() in _yes():
                person.contacts.append((key, self._heading(place), said))
        if len(cells) > len(self.settings.mapping) and any(cells[len(self.settings.mapping) :]):
            person.notes.append(_("there are more cells than headings; the last ones were left out"))  # fmt: skip
        return person

    def _heading(self, place: int) -> str:
        return self.headings[place] if place < len(self.headings) else ""

    def _status(self, person: Person, word: str) -> None:
        state = self.settings.statuses.get(sources.normal(word)) or sources.state_of(word)
        person.state = state or sources.GONE

    def _address(self, person: Person, text: str) -> None:
        found = _BRACKETED.fullmatch(text)
        if found is not None:
            person.name, text = found[1].strip(" \"'"), found[2]
        if text.lower().startswith("mailto:"):
            text = text[7:]
        if not text:
            person.problem = _("no e-mail address")
            return
        if text.startswith(_FORMULA):
            # Rarely what somebody is called, and what a spreadsheet would work out wherever it goes next.
            person.problem = _("begins like a formula, not like an e-mail address")
            person.value = text[:100]
            return
        person.address = addresses.find(text)
        if person.address is None:
            person.problem, person.value = _("not an e-mail address"), text[:100]
        elif meant := slips.suggestion(person.address.text):
            person.notes.append(_("%(address)s looks like a slip: %(meant)s?", address=person.address.text, meant=meant))  # fmt: skip

    def _name(self, person: Person, whole: str, first: str, last: str) -> None:
        raw = whole or f"{first} {last}".strip() or person.name
        if not raw and person.address is not None:
            person.is_nameless, raw = True, person.address.text.partition("@")[0]
        # Spreadsheets break lines in cells, and copy marks along that nobody sees.
        text = " ".join(UNSEEN.sub("", raw.replace("\t", " ").replace("\n", " ")).split())
        try:
            person.name = clean_name(text[:LONGEST_NAME])
        except ValueError:
            person.is_nameless = True
            person.name = person.address.text.partition("@")[0] if person.address else ""

    def _time(self, person: Person, date: str, clock: str) -> None:
        text = f"{date} {clock}".strip() if date else ""
        if text:
            person.registered_at = self.settings.times.moment(text)
            if person.registered_at is None and not self.settings.times.is_open(date):
                person.notes.append(_("when they registered cannot be read"))

    def _extras(self, person: Person, companions: str, access: str) -> None:
        if companions:
            if companions.isascii() and companions.isdigit() and len(companions) < 4 and int(companions) <= MOST_COMPANIONS:  # fmt: skip
                person.companions = int(companions)
            else:
                person.notes.append(_("how many they bring along cannot be read"))
        if access:
            said = [part.strip() for part in access.split(";")]
            person.needs = tuple(need for need in self.asked.needs if need in said)
            rest = "; ".join(part for part in said if part and part not in person.needs)
            person.need_note = UNSEEN.sub("", rest.replace("\n", " "))[:LONGEST_NOTE] or None

    def _answers(self, person: Person, cells: Sequence[str]) -> None:
        for ask, place in self.asks:
            text = cells[place] if place < len(cells) else ""
            text = _DEFUSED.sub("", text, count=1)
            if not text:
                continue
            try:
                value = answer(ask, text)
            except ValueError:
                person.notes.append(_("the answer to “%(question)s” does not fit the question and was left out", question=ask.label))  # fmt: skip
                continue
            if value is not None:
                person.answers[ask.id] = value


def _tags(text: str) -> tuple[str, ...]:
    """The tags in a cell, with commas or semicolons between them."""
    parts = (" ".join(UNSEEN.sub("", part).strip(' "').split()) for part in re.split("[,;]", text))
    return tuple(dict.fromkeys(part[:LONGEST_TAG] for part in parts if part))


def _yes() -> frozenset[str]:
    return sources.YES | {_("yes").casefold()}


def answer(ask: Ask, text: str) -> Any:
    """A cell as an answer to ``ask``; None for none. Raises ValueError for one that does not fit."""
    if ask.type == "choices":
        return _choices(ask, text)
    if text.casefold() in _NOTHING and ask.type not in ("text", "paragraph"):
        return None
    if ask.type == "choice":
        wanted = {sources.normal(choice): choice for choice in ask.choices}
        text = wanted.get(sources.normal(text), text)
    if ask.type == "yes_no":
        said = text.casefold()
        text = (
            "yes" if said in _yes() else "no" if said in sources.NO | {_("no").casefold()} else text
        )
    return questions.value(ask, [text])


def _choices(ask: Ask, text: str) -> list[str] | None:
    """Several choices in one cell, however they are joined: each must be one that is there."""
    by_name = {sources.normal(choice): choice for choice in ask.choices}
    for joint in (";", "|", "\n", ","):
        parts = [sources.normal(part) for part in text.split(joint) if part.strip()]
        if parts and all(part in by_name for part in parts):
            chosen = {by_name[part] for part in parts}
            return [choice for choice in ask.choices if choice in chosen]
    raise ValueError("a choice that is not there")
