"""Who stands at the door: what a join link or a guest's ticket says, without asking the database."""

from __future__ import annotations

import dataclasses
from functools import lru_cache

from flask import current_app

from webapp import tokens
from webapp.signup import links
from webapp.signup.models import Signup


@dataclasses.dataclass(frozen=True, slots=True)
class Ticket:
    """One person at one event's door. ``public_id`` is the sign-up's, None for a guest; ``named`` says
    that a guest gave a name."""

    event_id: int
    person_key: int
    public_id: str | None
    named: bool = False

    @property
    def is_registered(self) -> bool:
        return self.public_id is not None

    @property
    def identity(self) -> str:
        if self.public_id is not None:
            return "identified"
        return "name_only" if self.named else "anonymous"


@lru_cache(maxsize=20_000)
def _read(token: str, secret: str) -> Ticket:
    """Kept per token: a page in the room sends the same one every half minute. The secret is part of
    the key, so that a changed one is noticed."""
    try:
        link = links.read_join(token)
    except tokens.TokenInvalid:
        # Not a sign-up's: a guest's own ticket is signed with its time.
        match tokens.read("guest", token).payload:
            case [int(event_id), int(person_key), bool(named)]:
                return Ticket(event_id, person_key, None, named)
        raise tokens.TokenInvalid from None
    return Ticket(link.event_id, link.person_key, link.public_id)


def read(token: str) -> Ticket:
    """A sign-up's join token or a guest's ticket. Raises TokenError."""
    return _read(token, current_app.config["SECRET_KEY"])


def of_signup(signup: Signup) -> Ticket:
    return Ticket(signup.event_id, signup.person_key or tokens.person_key(), signup.public_id)


def for_guest(event_id: int, person_key: int, *, named: bool) -> str:
    """A guest's own ticket: this browser, as this person, at this event."""
    return tokens.sign("guest", [event_id, person_key, named])


def public_link(event_id: int) -> str:
    """What everybody may be sent: it opens the guests' door of one event and names nobody. Always the
    same text, so that nothing can be read from it, not even when somebody asked."""
    return tokens.sign_lasting("guest", [event_id])


def read_public(token: str) -> int:
    """The event behind a guests' link. Raises TokenError."""
    match tokens.read_lasting("guest", token):
        case [int(event_id)]:
            return event_id
    raise tokens.TokenInvalid
