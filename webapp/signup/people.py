"""A person who signs up: their name as shown and as compared, and what they hand in."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from flask_babel import gettext as _

from webapp.addresses import Address
from webapp.signup.extras import Extras
from webapp.signup.questions import UNSEEN, Ask
from webapp.signup.wording import Agreement

LONGEST_NAME = 200
LONGEST_SOURCE = 60


class Person(Protocol):
    """What links, mails and calendar entries need of a sign-up."""

    @property
    def event_id(self) -> int: ...
    @property
    def public_id(self) -> str: ...
    @property
    def person_key(self) -> int | None: ...
    @property
    def name(self) -> str | None: ...
    @property
    def email(self) -> str | None: ...
    @property
    def status(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def timezone(self) -> str | None: ...
    @property
    def is_sample(self) -> bool: ...
    @property
    def ics_changes(self) -> int: ...


@dataclasses.dataclass(frozen=True, slots=True)
class Newcomer:
    """A ``Person`` whose row is just being written."""

    event_id: int
    public_id: str
    person_key: int
    name: str
    email: str
    status: str = "confirmed"
    language: str = "en"
    timezone: str | None = None
    is_sample: bool = False
    ics_changes: int = 0

    def columns(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """A filled-in form, checked for its shape. ``answers`` by question id; ``agreements`` what was ticked.

    ``nonce`` is the random text of the one form it came with: the same form sent twice is one sign-up.
    """

    name: str
    address: Address
    agreements: tuple[Agreement, ...]
    answers: Mapping[int, Any] = dataclasses.field(default_factory=dict)
    language: str = "en"
    source: str | None = None
    nonce: str | None = None
    # What the form knew of the event's secret link; None where no form asks for it, as in an import.
    key: str | None = None
    extras: Extras = dataclasses.field(default_factory=Extras)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """What somebody changed of their own sign-up, checked for its shape. ``answers`` by question id, of the questions in ``asks``."""

    name: str
    asks: Sequence[Ask]
    answers: Mapping[int, Any]
    extras: Extras
    # For their pages and mails; None: as it was. The time zone stands in ``extras``.
    language: str | None = None
    has_zone: bool = False


def clean_name(raw: str) -> str:
    """The name as it is kept and shown: NFC, single spaces. Raises ValueError with a sentence."""
    name = unicodedata.normalize("NFC", raw.strip(" "))
    if not name:
        raise ValueError(_("Please tell us what to call you."))
    if UNSEEN.search(name) or "\n" in name or "\t" in name:
        raise ValueError(_("There is a character in it that cannot be seen. Please type it anew."))
    if len(name) > LONGEST_NAME:
        raise ValueError(_("That is too long: at most %(n)s characters.", n=LONGEST_NAME))
    name = " ".join(name.split())
    if not name:
        raise ValueError(_("Please tell us what to call you."))
    return name


def name_key(name: str) -> str:
    """For matching only: NFC, case-folded, spaces collapsed."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())[:LONGEST_NAME]


def clean_source(raw: str | None) -> str | None:
    """Where a link was found (``?from=Newsletter``): letters, digits and -_. only, small and capital letters
    alike, or nothing."""
    kept = "".join(c for c in (raw or "")[:500] if c.isalnum() or c in "-_.")
    return unicodedata.normalize("NFC", kept.casefold())[:LONGEST_SOURCE] or None
