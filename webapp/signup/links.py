"""The signed links of a sign-up, and reading them back.

Each has a purpose of its own and is bound to event and person. Every way to fail is a TokenError, and
pages answer all of them alike.
"""

from __future__ import annotations

import dataclasses
import datetime as dt

import sqlalchemy as sa
from flask import has_request_context

from webapp import i18n, tokens
from webapp.db import db
from webapp.events.models import Event
from webapp.signup import queries
from webapp.signup.models import Signup
from webapp.signup.people import Person
from webapp.templating import token_url
from webapp.tokens import TokenExpired, TokenForeign, TokenInvalid

CONFIRM_AGE = dt.timedelta(hours=48)
REMOVE_AGE = dt.timedelta(days=90)
ERASE_AGE = dt.timedelta(hours=24)
# A personal page lives on after the event for this long, or for as long as the person's data does.
AFTERWARDS = dt.timedelta(days=30)


@dataclasses.dataclass(frozen=True, slots=True)
class Bound:
    """Whose link it is."""

    event_id: int
    public_id: str


@dataclasses.dataclass(frozen=True, slots=True)
class JoinLink:
    """A join link says all that entry needs, so that the door opens without the database."""

    event_id: int
    public_id: str
    person_key: int


def my_token(person: Person) -> str:
    """The same text in every mail: it is said to stay the same, and people compare."""
    return tokens.sign_lasting("my", [person.event_id, person.public_id])


def join_token(person: Person) -> str:
    # Without a tie to the visits any more, the door takes any key: it leads to nobody.
    key = person.person_key or tokens.person_key()
    return tokens.sign_lasting("join", [person.event_id, person.public_id, key])


def my_url(person: Person) -> str:
    return token_url("personal.show", my_token(person))


def join_url(person: Person) -> str:
    """It says the person's language, if that is not the site's first: the door asks no database."""
    return i18n.named_for(token_url("attendance.join", join_token(person)), person.language)


@dataclasses.dataclass(frozen=True, slots=True)
class Links:
    """What a person's mails lead to. ``cancel`` is the page with the button that gives the place back."""

    my: str
    join: str
    cancel: str


def of(person: Person) -> Links:
    my = my_url(person)
    return Links(my=my, join=join_url(person), cancel=f"{my}/cancel")


def confirm_url(person: Person) -> str:
    token = tokens.sign("confirm", [person.event_id, person.public_id])
    return token_url("confirming.confirm", token)


def remove_url(person: Person) -> str:
    """For somebody whose address was given by somebody else."""
    token = tokens.sign("remove", [person.event_id, person.public_id])
    return token_url("remove_address.show", token)


def erase_url(person: Person) -> str:
    token = tokens.sign("erase", [person.event_id, person.public_id])
    return token_url("personal.erase", token)


def _whose(payload: object) -> Bound:
    match payload:
        case [int(event_id), str(public_id)]:
            return Bound(event_id, public_id)
    raise TokenInvalid


def _bound(purpose: tokens.Purpose, token: str, max_age: dt.timedelta) -> Bound:
    return _whose(tokens.read(purpose, token, max_age).payload)


def read_my(token: str) -> Bound:
    """Raises TokenError. Whether the sign-up still stands is asked by ``open_my``."""
    return _whose(tokens.read_lasting("my", token))


def read_confirm(token: str) -> Bound:
    """Raises TokenError; good for 48 hours."""
    return _bound("confirm", token, CONFIRM_AGE)


def event_of_confirm(token: str) -> int:
    """The event that a link to prove an address was about, however old it is and whatever became of the
    sign-up. Raises TokenError for one that we never made."""
    return _bound("confirm", token, tokens.MAX_AGE).event_id


def read_erase(token: str) -> Bound:
    """Raises TokenError; good for 24 hours."""
    return _bound("erase", token, ERASE_AGE)


def read_join(token: str) -> JoinLink:
    """Raises TokenError. Touches no database."""
    match tokens.read_lasting("join", token):
        case [int(event_id), str(public_id), int(person_key)]:
            return JoinLink(event_id, public_id, person_key)
    raise TokenInvalid


def _standing(bound: Bound, at: dt.datetime) -> tuple[Signup, Event]:
    row = db.session.execute(
        sa.select(Signup, Event)
        .join(Event, Event.id == Signup.event_id)
        .where(Signup.event_id == bound.event_id, Signup.public_id == bound.public_id)
    ).first()
    if row is None:
        raise TokenForeign
    signup, event = row
    if signup.erased_at is not None or event.state == "draft":
        raise TokenForeign
    if at > event.ends_at + max(AFTERWARDS, dt.timedelta(days=event.retention_days)):
        raise TokenExpired
    # Somebody who signed up again after leaving has a new link; the old one is dead from then on.
    if not signup.is_live and queries.live_by_key(event.id, signup.email_key) is not None:
        raise TokenForeign
    if has_request_context():
        # What is behind a link of theirs speaks their language.
        i18n.prefer(signup.language)
    return signup, event


def open_my(token: str, at: dt.datetime) -> tuple[Signup, Event]:
    """The sign-up behind a personal link and its event. Raises TokenError for a link that is changed,
    foreign, too old, replaced by a newer sign-up, or whose person was erased."""
    return _standing(read_my(token), at)


def open_confirm(token: str, at: dt.datetime) -> tuple[Signup, Event]:
    """As ``open_my``, for the link that proves an address."""
    return _standing(read_confirm(token), at)


def open_remove(token: str, at: dt.datetime) -> tuple[Signup, Event]:
    """As ``open_my``, for "Not you? Remove this address"."""
    return _standing(_bound("remove", token, REMOVE_AGE), at)


def open_erase(token: str, at: dt.datetime) -> tuple[Signup, Event]:
    """As ``open_my``, for the link of the mail that was asked for in order to erase."""
    return _standing(read_erase(token), at)


def erased_by(token: str) -> Event | None:
    """The event of a link to erase whose person is erased: the row has another public id since then. None
    where the sign-up still stands. Raises no TokenError: a link that we never made is None, too."""
    try:
        bound = read_erase(token)
    except tokens.TokenError:
        return None
    still = sa.exists().where(
        Signup.event_id == bound.event_id, Signup.public_id == bound.public_id
    )
    return db.session.scalar(
        sa.select(Event).where(Event.id == bound.event_id, Event.state != "draft", ~still)
    )
