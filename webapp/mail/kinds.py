"""The messages whose words organisers may write themselves. Each package declares those that it sends
(``declare``), as it declares its jobs: nobody here knows what there is.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from webapp.mail.placeholders import Placeholder, body_problems, names, subject_problems


@dataclasses.dataclass(frozen=True, slots=True)
class Text:
    """The words of a mail: a line with words in it, and Markdown, both with placeholders."""

    subject: str
    body: str


@dataclasses.dataclass(frozen=True, slots=True)
class Essential:
    """What a message cannot do without: one of these placeholders, or else ``add`` (Markdown with one of
    them, in the language that is spoken) stands below the organisers' words."""

    any_of: frozenset[str]
    what: Any
    add: Callable[[], str]


@dataclasses.dataclass(frozen=True, slots=True)
class Example:
    """What a mail needs for somebody who only looks at it, besides a name and links: ``words`` of the
    person, and ``flags`` that choose what most people get."""

    words: Mapping[str, str] = dataclasses.field(default_factory=dict)
    flags: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Section:
    """A heading over messages. ``place`` says which come first: the smaller, the earlier people get them."""

    place: int
    title: Any


class Say(Protocol):
    def __call__(
        self, event: Any, flags: Mapping[str, Any], words: Mapping[str, str]
    ) -> Mapping[str, str]:
        """What the placeholders of one message alone stand for, by name, in the language that is spoken.
        ``words`` are the person's own, as marks or empty."""


class Exemplify(Protocol):
    def __call__(self, event: Any, person: Any, at: dt.datetime) -> Example: ...


def _nothing(event: Any, flags: Mapping[str, Any], words: Mapping[str, str]) -> Mapping[str, str]:
    return {}


def _plain(event: Any, person: Any, at: dt.datetime) -> Example:
    return Example()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A message that organisers may write themselves: under which ``key`` its words are kept, the folder
    of its templates, under which heading it is listed, what it is called and when it is sent (lazy
    texts), its placeholders, and the words it has by default (in the language that is spoken when they
    are asked for)."""

    key: str
    message: str
    section: Section
    title: Any
    sent: Any
    placeholders: Mapping[str, Placeholder]
    default: Callable[[], Text]
    essentials: tuple[Essential, ...] = ()
    say: Say = _nothing
    example: Exemplify = _plain
    # What the button to a person's own page says.
    page_button: Callable[[], str] = str
    # May be the first mail to an address, and then asks whether it came to the right one.
    is_first: bool = False
    # Not about the person's own sign-up, so whoever gets it can end such mails.
    is_news: bool = False

    def missing(self, body: str) -> list[Essential]:
        found = set(names(body))
        return [essential for essential in self.essentials if not essential.any_of & found]

    def complete(self, text: Text) -> Text:
        """``text`` with what it lacks below it."""
        more = [essential.add() for essential in self.missing(text.body)]
        return dataclasses.replace(text, body="\n\n".join([text.body, *more])) if more else text

    def problems(self, text: Text) -> dict[str, list[str]]:
        """What stands in the way of saving it, by field, each in one sentence."""
        found = {
            "subject": subject_problems(text.subject, self.placeholders),
            "body": body_problems(text.body, self.placeholders),
        }
        return {field: sentences for field, sentences in found.items() if sentences}


_kinds: dict[str, Kind] = {}


def declare(*kinds: Kind) -> None:
    """Makes messages known, those of one section in the order in which people may get them. Raises
    ValueError if another has the key already."""
    for kind in kinds:
        if kind.key in _kinds:
            raise ValueError(f"two messages with the key {kind.key}")
        _kinds[kind.key] = kind
    # Whichever package comes first.
    by_place = sorted(_kinds.values(), key=lambda kind: kind.section.place)
    _kinds.clear()
    _kinds.update({kind.key: kind for kind in by_place})


def declared() -> Mapping[str, Kind]:
    """Every message that was declared, by key and in the order of their sections."""
    return _kinds
