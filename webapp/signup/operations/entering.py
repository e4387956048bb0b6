"""Signing up: one form, one place, one mail. And the links once more for an address that is known."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import hmac
from typing import Literal

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _

from webapp import tokens
from webapp.addresses import Address
from webapp.db import db, to_ms
from webapp.errors import Refused
from webapp.events.models import Event
from webapp.signup import flooding, links, mails, queries, statements
from webapp.signup.models import Answer, Consent, Signup
from webapp.signup.operations import seats
from webapp.signup.people import Applicant, Newcomer, Person, name_key

Outcome = Literal[
    "confirmed",  # has a place; the mail with the links is queued
    "waiting_for_approval",  # a person looks at it
    "confirm_address",  # waits for the click that proves the address
    "known",  # the address had signed up before; its links go to it by mail
    "repeated",  # the very same form once more: nothing to do
    "waitlisted",  # all places are taken; they get one in their turn
    "full",  # no seat left and no waiting list; nothing is stored
    "blocked",  # its owner wants nothing of this event; no mail, and the page that everybody gets
    "held",  # looked like a robot's; kept for an organiser's eye, no mail
]


# The outcomes by which the form itself made a sign-up, and not somebody else's earlier one.
MADE = frozenset({"confirmed", "waitlisted", "waiting_for_approval", "confirm_address", "repeated"})


@dataclasses.dataclass(frozen=True, slots=True)
class SignedUp:
    """What became of it. Pages must not show the difference between "known" and a new sign-up."""

    outcome: Outcome
    public_id: str | None = None
    # The key of the sign-up's visits, for the browser that made it; None where it must not have it.
    person_key: int | None = None


def _public_id(event_id: int, applicant: Applicant) -> str:
    """Random; or, with a form's nonce, always the same for this form and address, so that a form sent
    twice is recognised without anything more being stored. Cannot be guessed without our secret."""
    if applicant.nonce is None:
        return tokens.public_id()
    secret = str(current_app.config["SECRET_KEY"]).encode()
    said = f"signup\0{event_id}\0{applicant.nonce}\0{applicant.address.key}".encode()
    digest = hmac.new(secret, said, hashlib.sha256).hexdigest()
    return digest[:32]


def _forget_held(signup_id: int) -> None:
    """Makes room for the real sign-up of an address whose first form looked like a robot's."""
    for table in (Consent, Answer):
        db.session.execute(sa.delete(table).where(table.signup_id == signup_id))
    db.session.execute(sa.delete(Signup).where(Signup.id == signup_id))


def _send_links(event: Event, signup: Signup | None, address: Address, at: dt.datetime) -> None:
    """What an address gets that has a sign-up already, unless a stranger has asked for a lot of mail to it:
    then whoever waits for it asks again later. Without a sign-up the same work is done for nothing, so that
    the time tells nobody."""
    if flooding.due(address.key, at) > at:
        return
    if signup is None or signup.pending_reason == "click":
        nobody = Newcomer(event.id, tokens.public_id(), tokens.person_key(), "", address.text)
        with db.session.begin_nested() as nothing:
            mails.link_again(event, nobody, at)
            nothing.rollback()
    elif signup.pending_reason == "address":
        mails.confirm_address(event, signup, at)
    else:
        mails.link_again(event, signup, at)


def sign_up(
    event_id: int,
    applicant: Applicant,
    at: dt.datetime,
    *,
    hold: bool = False,
    is_sample: bool = False,
    is_proved: bool = False,
) -> SignedUp:
    """Signs ``applicant`` up at ``at``, and queues the mail that belongs to it. ``is_proved``: the form came
    behind a link that only this mailbox had.

    With ``hold`` (it looked like a robot's) it is only kept for an organiser to see. Raises Refused if
    sign-up is not open, or not to somebody with this key.
    """
    # The statements below go past the session: what waits in it must be written first.
    db.session.flush()
    connection = db.session.connection()
    address = applicant.address
    locked = statements.lock_event(connection, event_id, address.key, at)
    if locked is None:
        raise Refused(_("This event is no longer there."), "gone")
    event = locked.event
    if applicant.key is not None:
        seats.check_invited(event, applicant.key)
    seats.check_open(event, at)
    public_id = _public_id(event_id, applicant)
    if statements.is_blocked(event_id, address.key):
        return _kept_out(event, address, at, hold)
    has_seat = queries.has_seat(event)
    is_let_in = has_seat or event.waitlist
    outcome, status, reason = _first_state(event, hold, has_seat, is_proved)
    person = Newcomer(
        event_id=event_id,
        public_id=public_id,
        person_key=tokens.person_key(),
        name=applicant.name,
        email=address.text,
        status=status,
        language=applicant.language,
        timezone=applicant.extras.timezone,
        is_sample=is_sample or event.is_sample,
    )
    row = person.columns() | {
        "name_key": name_key(applicant.name),
        "email_key": address.key,
        "pending_reason": reason,
        "source": applicant.source,
        "is_crew": False,
        **applicant.extras.columns(),
        "created_at": to_ms(at),
        "proved_at": to_ms(at) if is_proved else None,
        "confirmed_at": to_ms(at) if status == "confirmed" else None,
        "waitlisted_at": to_ms(at) if status == "waitlisted" else None,
    }
    signup_id = statements.insert_signup(connection, row) if is_let_in else None
    if signup_id is None:
        # The unique indexes know best: the address is there already, or this very form was sent before
        # and its sign-up has been cancelled or erased since. Or there is no room.
        known = statements.find_live(connection, event_id, address.key)
        if known is not None and known.pending_reason != "click":
            if hold:
                return SignedUp("held")
            return _met(event, known.public_id, public_id, address, at)
        if not is_let_in:
            _send_links(event, None, address, at)
            return SignedUp("full")
        if known is None:
            return SignedUp("repeated", public_id)
        _forget_held(known.id)
        signup_id = statements.insert_signup(connection, row)
        if signup_id is None:
            return SignedUp("repeated", public_id)
    statements.insert_details(connection, signup_id, applicant, at)
    _welcome(outcome, locked, person, address, at)
    return SignedUp(outcome, public_id, None if event.confirm_address else person.person_key)


def _met(event: Event, known_id: str, public_id: str, address: Address, at: dt.datetime) -> SignedUp:  # fmt: skip
    """The answer to an address that has a sign-up already. The very same form again changes nothing;
    otherwise its links go to it, and the page says what it says to everybody: "full" if that is so."""
    if known_id == public_id:
        made = queries.by_public_id(event.id, known_id)
        is_theirs = made is not None and not event.confirm_address
        return SignedUp("repeated", public_id, made.person_key if made and is_theirs else None)
    _send_links(event, queries.by_public_id(event.id, known_id), address, at)
    return SignedUp("known" if event.waitlist or queries.has_seat(event) else "full", known_id)


def _kept_out(event: Event, address: Address, at: dt.datetime, hold: bool) -> SignedUp:
    """Somebody gave an address whose owner said that it was not them. Nobody can tell from the page."""
    if hold:
        return SignedUp("held")
    _send_links(event, None, address, at)
    return SignedUp("blocked" if event.waitlist or queries.has_seat(event) else "full")


def _first_state(
    event: Event, hold: bool, has_seat: bool, is_proved: bool
) -> tuple[Outcome, str, str | None]:
    """(outcome, status, why it waits) of a new sign-up."""
    if hold:
        return "held", "pending", "click"
    if event.confirm_address and not is_proved:
        return "confirm_address", "pending", "address"
    if event.approval:
        return "waiting_for_approval", "pending", "approval"
    if not has_seat:
        return "waitlisted", "waitlisted", None
    return "confirmed", "confirmed", None


def _welcome(
    outcome: str, locked: statements.Locked, person: Person, address: Address, at: dt.datetime
) -> None:
    if outcome == "held":
        return
    event, has_mail = locked
    until = at if person.is_sample else flooding.due(address.key, at, has_mail=has_mail)
    if outcome == "confirmed":
        mails.confirmed(event, person, at, first=True)
    elif outcome == "waitlisted":
        mails.waitlisted(event, person, at, first=True)
    elif outcome == "waiting_for_approval":
        mails.waiting_for_approval(event, person, at, first=True)
    elif outcome == "confirm_address":
        mails.confirm_address(event, person, at)
    if until > at:
        # The link that proves the address is good for a time from now on.
        useless_after = at + links.CONFIRM_AGE if outcome == "confirm_address" else None
        flooding.postpone(person.public_id, at, until, useless_after)


def send_link_again(event_id: int, address: Address, at: dt.datetime) -> None:
    """Mails the links of a live sign-up to its address. Whether there is one is never told."""
    event = db.session.get(Event, event_id)
    if event is not None:
        _send_links(event, queries.live_by_key(event_id, address.key), address, at)
