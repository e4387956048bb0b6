"""The shape of an agenda item as the event file writes it: checked, cleaned, every field there."""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from flask_babel import gettext as _

from webapp.agenda.models import KINDS, SPEAKER_ROLES
from webapp.errors import Refused

MAX_ITEMS = 200
MAX_MINUTES = 24 * 60
MAX_SPEAKERS = 50
MAX_TEXT = 10_000
ITEM_KEYS = ("key", "title", "summary", "kind", "minutes", "speakers")
PERSON_KEYS = ("name", "role", "title", "affiliation", "bio", "url", "say", "intro")
# Two lines to introduce somebody with.
MAX_INTRO = 600
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
# Invisible characters that turn text around, so that it reads as something else.
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\ufeff]")


@dataclasses.dataclass(frozen=True, slots=True)
class NewPerson:
    name: str
    role: str
    title: str = ""
    affiliation: str = ""
    bio: str = ""
    url: str | None = None
    say: str = ""
    intro: str = ""

    @property
    def name_key(self) -> str:
        return name_key(self.name)


@dataclasses.dataclass(frozen=True, slots=True)
class NewItem:
    key: str
    title: str
    summary: str
    kind: str
    minutes: int
    speakers: tuple[NewPerson, ...]


def line(text: str) -> str:
    """One line as given: composed (NFC), without control or direction-changing characters."""
    text = _TURNING.sub("", unicodedata.normalize("NFC", text))
    return " ".join("".join(" " if _is_control(c) else c for c in text).split())


def _is_control(char: str) -> bool:
    # Joiners belong to the spelling of some scripts and to some emoji.
    return (
        unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") and char not in "\u200c\u200d"
    )


def paragraphs(text: str) -> str:
    """Longer text: as ``line``, with its line breaks."""
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line(part) for part in lines).strip()


def name_key(name: str) -> str:
    """What makes two spellings of a name the same person of one event."""
    return line(name).casefold()


def web_address(text: str | None) -> str | None:
    """An http or https address, or None if empty. Raises ValueError for anything else."""
    text = (text or "").strip()
    if not text:
        return None
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or len(text) > 500:
        raise ValueError(text)
    if any(unicodedata.category(c)[0] in "CZ" for c in text):
        raise ValueError(text)
    return text


def slug(title: str) -> str:
    """A key made from a title: "Tim Young: one year on" becomes "tim-young-one-year-on"."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-") or "item"


def _free(wanted: str, taken: set[str]) -> str:
    number, key = 1, wanted
    while key in taken:
        number += 1
        key = f"{wanted}-{number}"
    return key


def _text(value: Any, where: str, name: str, longest: int, *, needed: bool = False) -> str:
    if value is None:
        value = ""
    if not isinstance(value, str):
        raise Refused(_("%(where)s: “%(name)s” must be text.", where=where, name=name), "agenda")
    text = line(value) if longest <= 500 else paragraphs(value)
    if needed and not text:
        raise Refused(_("%(where)s: “%(name)s” is missing.", where=where, name=name), "agenda")
    if len(text) > longest:
        raise Refused(
            _("%(where)s: “%(name)s” is longer than %(n)d characters.", where=where, name=name, n=longest),
            "agenda",
        )  # fmt: skip
    return text


def _one_of(value: Any, where: str, name: str, words: Sequence[str], default: str) -> str:
    value = default if value in (None, "") else value
    if value not in words:
        raise Refused(
            _("%(where)s: “%(name)s” must be one of %(words)s, not “%(value)s”.",
              where=where, name=name, words=", ".join(words), value=value),
            "agenda",
        )  # fmt: skip
    return str(value)


def _known(entry: Any, where: str, keys: Sequence[str]) -> Mapping[str, Any]:
    if not isinstance(entry, Mapping):
        raise Refused(_("%(where)s is not an object with named fields.", where=where), "agenda")
    unknown = sorted(str(name) for name in entry if name not in keys)
    if unknown:
        raise Refused(
            _("%(where)s: unknown key “%(name)s”; known are %(keys)s.",
              where=where, name=unknown[0], keys=", ".join(keys)),
            "agenda",
        )  # fmt: skip
    return entry


def _person(entry: Any, where: str) -> NewPerson:
    entry = _known(entry, where, PERSON_KEYS)
    name = _text(entry.get("name"), where, "name", 200, needed=True)
    where = f"{where} ({name})"
    try:
        url = web_address(_text(entry.get("url"), where, "url", 500))
    except ValueError:
        raise Refused(
            _("%(where)s: “url” must be an address that begins with https:// or http://.", where=where),
            "agenda",
        ) from None  # fmt: skip
    return NewPerson(
        name,
        _one_of(entry.get("role"), where, "role", SPEAKER_ROLES, "speaker"),
        _text(entry.get("title"), where, "title", 200),
        _text(entry.get("affiliation"), where, "affiliation", 200),
        _text(entry.get("bio"), where, "bio", MAX_TEXT),
        url,
        _text(entry.get("say"), where, "say", 200),
        _text(entry.get("intro"), where, "intro", MAX_INTRO),
    )


def _people(entries: Any, where: str) -> tuple[NewPerson, ...]:
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        raise Refused(_("%(where)s: “speakers” must be a list.", where=where), "agenda")
    if len(entries) > MAX_SPEAKERS:
        raise Refused(_("%(where)s has more than %(n)d speakers.", where=where, n=MAX_SPEAKERS), "agenda")  # fmt: skip
    people: list[NewPerson] = []
    for number, entry in enumerate(entries, 1):
        person = _person(entry, _("%(where)s, speaker %(n)d", where=where, n=number))
        if any((p.name_key, p.role) == (person.name_key, person.role) for p in people):
            raise Refused(
                _("%(where)s names %(name)s twice in the same role.", where=where, name=person.name),
                "agenda",
            )  # fmt: skip
        people.append(person)
    return tuple(people)


def read(entries: Any) -> list[NewItem]:
    """The items of an event file, complete: missing keys made from the titles and unique.

    Raises Refused naming the item and the field that is wrong.
    """
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        raise Refused(_("The agenda must be a list of items."), "agenda")
    if len(entries) > MAX_ITEMS:
        raise Refused(_("An agenda has at most %(n)d items.", n=MAX_ITEMS), "agenda")
    given = [e.get("key") for e in entries if isinstance(e, Mapping) and e.get("key")]
    taken = {key for key in given if isinstance(key, str)}
    seen: set[str] = set()
    items = []
    for number, entry in enumerate(entries, 1):
        where = _("Agenda item %(n)d", n=number)
        entry = _known(entry, where, ITEM_KEYS)
        title = _text(entry.get("title"), where, "title", 200, needed=True)
        where = f"{where} (“{title}”)"
        key = entry.get("key") or ""
        if key and (not isinstance(key, str) or not _KEY.fullmatch(key)):
            raise Refused(
                _("%(where)s: a key is made of letters, digits, dots, dashes and underscores.", where=where),
                "agenda",
            )  # fmt: skip
        if key in seen:
            raise Refused(_("%(where)s: the key “%(key)s” is used twice.", where=where, key=key), "agenda")  # fmt: skip
        if not key:
            key = _free(slug(title), taken)
            taken.add(key)
        seen.add(key)
        minutes = entry.get("minutes")
        if type(minutes) is not int or not 1 <= minutes <= MAX_MINUTES:
            raise Refused(
                _("%(where)s: “minutes” must be a whole number from 1 to %(n)d.", where=where, n=MAX_MINUTES),
                "agenda",
            )  # fmt: skip
        items.append(
            NewItem(
                key,
                title,
                _text(entry.get("summary"), where, "summary", MAX_TEXT),
                _one_of(entry.get("kind"), where, "kind", KINDS, "talk"),
                minutes,
                _people(entry.get("speakers") or [], where),
            )
        )
    return items


def one_row_each(items: Sequence[NewItem]) -> dict[str, NewPerson]:
    """Everybody who speaks, once, by ``name_key``: what is said about them anywhere, put together.

    Raises Refused if two places say different things about the same person.
    """
    people: dict[str, NewPerson] = {}
    for item in items:
        for person in item.speakers:
            known = people.get(person.name_key)
            if known is None:
                people[person.name_key] = person
                continue
            for name in ("title", "affiliation", "bio", "url", "say", "intro"):
                here, there = getattr(person, name), getattr(known, name)
                if here and there and here != there:
                    raise Refused(
                        _("%(person)s has two different entries for “%(name)s”: “%(one)s” and “%(two)s”.",
                          person=person.name, name=name, one=there[:80], two=here[:80]),
                        "agenda",
                    )  # fmt: skip
                if here and not there:
                    known = dataclasses.replace(known, **{name: here})
            people[person.name_key] = known
    return people
