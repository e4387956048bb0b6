"""The verbs of a sign-up. Seats are exact: lock the event's row, count, write; the unique index on live
sign-ups has the last word."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import hmac
from typing import Any, Literal

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError

from webapp import limits, tokens
from webapp.accounts.models import User
from webapp.addresses import Address
from webapp.audit import operations as audit
from webapp.db import db, lock_row
from webapp.errors import Refused
from webapp.events.models import Event
from webapp.signup import mails, queries, statements
from webapp.signup.models import Answer, Consent, Signup
from webapp.signup.people import Applicant, Newcomer, Person, name_key

By = User | str
Outcome = Literal[
    "confirmed",  # has a place; the mail with the links is queued
    "waiting_for_approval",  # a person looks at it
    "confirm_address",  # waits for the click that proves the address
    "known",  # the address had signed up before; its links go to it by mail
    "repeated",  # the very same form once more: nothing to do
    "full",  # no seat left, and nothing is stored
    "held",  # looked like a robot's; kept for an organiser's eye, no mail
]
# What a stranger can make us send to one address by filling in forms.
LINK_MAILS = ("3 per hour", "10 per day")


@dataclasses.dataclass(frozen=True, slots=True)
class SignedUp:
    """What became of it. Pages must not show the difference between "known" and a new sign-up."""

    outcome: Outcome
    public_id: str | None = None


def lock_event(event_id: int) -> Event:
    """The event's row, locked until the commit: seats are counted behind it. Raises Refused."""
    event: Event | None = db.session.scalar(
        lock_row(sa.select(Event).where(Event.id == event_id)).execution_options(
            populate_existing=True
        )
    )
    if event is None:
        raise Refused(_("This event is no longer there."), "gone")
    return event


def has_seat(event: Event) -> bool:
    """Whether one more person fits. Only true for as long as the event is locked."""
    return event.capacity is None or queries.seats_taken(event.id) < event.capacity


def check_open(event: Event, at: dt.datetime) -> None:
    """Raises Refused with code "cancelled", "over", "not_yet" or "closed"; nothing if it is open."""
    phase = event.phase(at)
    if phase == "cancelled":
        raise Refused(_("This event was called off."), "cancelled")
    if phase in ("over", "draft"):
        raise Refused(_("This event is over."), "over")
    match event.signup_state(at):
        case "not_yet":
            raise Refused(_("Sign-up has not opened yet."), "not_yet")
        case "closed":
            raise Refused(_("Sign-up closed while you were filling in the form."), "closed")


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
    """What an address gets that has a sign-up already, at most three times an hour: a stranger can ask
    for it too. Without a sign-up the same work is done for nothing, so that the time tells nobody."""
    if not all(limits.allows(limit, "link-mail", address.key) for limit in LINK_MAILS):
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
) -> SignedUp:
    """Signs ``applicant`` up at ``at``, and queues the mail that belongs to it.

    With ``hold`` (it looked like a robot's) it is only kept for an organiser to see. Raises Refused if
    sign-up is not open.
    """
    # The statements below go past the session: what waits in it must be written first.
    db.session.flush()
    connection = db.session.connection()
    event = statements.lock_event(connection, event_id)
    if event is None:
        raise Refused(_("This event is no longer there."), "gone")
    check_open(event, at)
    address = applicant.address
    public_id = _public_id(event_id, applicant)
    known = statements.find_live(connection, event_id, address.key)
    if known is not None and known.pending_reason != "click":
        if hold:
            return SignedUp("held")
        return _met(event, known.public_id, public_id, address, at)
    if not has_seat(event):
        _send_links(event, None, address, at)
        return SignedUp("full")
    if known is not None:
        _forget_held(known.id)

    outcome, status, reason = _first_state(event, hold)
    person = Newcomer(
        event_id=event_id,
        public_id=public_id,
        person_key=tokens.person_key(),
        name=applicant.name,
        email=address.text,
        status=status,
        language=applicant.language,
        is_sample=is_sample or event.is_sample,
    )
    signup_id = statements.insert_signup(
        connection,
        {
            **person.columns(),
            "name_key": name_key(applicant.name),
            "email_key": address.key,
            "pending_reason": reason,
            "source": applicant.source,
            "is_crew": False,
            "created_at": at,
            "confirmed_at": at if status == "confirmed" else None,
        },
    )
    if signup_id is None:
        # The last word: somebody was quicker in spite of the lock, or this form was sent before, and
        # its sign-up has been cancelled or erased since.
        known = statements.find_live(connection, event_id, address.key)
        return _met(event, known.public_id if known else public_id, public_id, address, at)
    statements.insert_details(connection, signup_id, applicant, at)
    _welcome(outcome, event, person, at)
    return SignedUp(outcome, public_id)


def _met(event: Event, known_id: str, public_id: str, address: Address, at: dt.datetime) -> SignedUp:  # fmt: skip
    """The answer to an address that has a sign-up already. The very same form again changes nothing;
    otherwise its links go to it, and the page says what it says to everybody: "full" if that is so."""
    if known_id == public_id:
        return SignedUp("repeated", public_id)
    _send_links(event, queries.by_public_id(event.id, known_id), address, at)
    return SignedUp("known" if has_seat(event) else "full", known_id)


def _first_state(event: Event, hold: bool) -> tuple[Outcome, str, str | None]:
    """(outcome, status, why it waits) of a new sign-up."""
    if hold:
        return "held", "pending", "click"
    if event.confirm_address:
        return "confirm_address", "pending", "address"
    if event.approval:
        return "waiting_for_approval", "pending", "approval"
    return "confirmed", "confirmed", None


def _welcome(outcome: str, event: Event, person: Person, at: dt.datetime) -> None:
    if outcome == "confirmed":
        mails.confirmed(event, person, at)
    elif outcome == "waiting_for_approval":
        mails.waiting_for_approval(event, person, at)
    elif outcome == "confirm_address":
        mails.confirm_address(event, person, at)


def _lock(signup: Signup) -> Event:
    """Locks the event and reads the sign-up anew behind the lock."""
    event = lock_event(signup.event_id)
    db.session.refresh(signup)
    if signup.erased_at is not None:
        raise Refused(_("This sign-up was deleted."), "gone")
    return event


def _confirm(event: Event, signup: Signup, at: dt.datetime) -> None:
    """Gives the place, if there is one. Needs the lock. Raises Refused "full"."""
    if not has_seat(event):
        raise Refused(_("All places are taken."), "full")
    signup.status, signup.pending_reason = "confirmed", None
    signup.confirmed_at = signup.confirmed_at or at


def _is_taken_up(event: Event, at: dt.datetime) -> bool:
    """Whether somebody who was here before may still come (back): before and during the event."""
    return event.phase(at) in ("before", "live")


def prove(signup: Signup, at: dt.datetime) -> None:
    """Somebody pressed a button behind a link that only their mailbox had: the address is theirs.

    A sign-up that waited for this gets its place, or goes on to be approved. Raises Refused "full" if
    there is none left; that the address is proved is kept all the same if the caller commits.
    """
    if signup.pending_reason != "address":
        if signup.proved_at is None:
            signup.proved_at = at
        return
    event = _lock(signup)
    signup.proved_at = signup.proved_at or at
    if signup.pending_reason != "address" or not _is_taken_up(event, at):
        return
    if event.approval:
        signup.pending_reason = "approval"
        mails.waiting_for_approval(event, signup, at)
        return
    _confirm(event, signup, at)
    mails.confirmed(event, signup, at)


def prove_ids(event_id: int, public_ids: list[str], at: dt.datetime) -> int:
    """The same for many at once who have a place already (the door calls it); answers how many are new."""
    result: Any = db.session.execute(
        sa.update(Signup)
        .where(
            Signup.event_id == event_id,
            Signup.public_id.in_(public_ids),
            Signup.proved_at.is_(None),
            Signup.status == "confirmed",
        )
        .values(proved_at=at)
        .execution_options(synchronize_session=False)
    )
    return int(result.rowcount)


confirm_address = prove


def send_link_again(event_id: int, address: Address, at: dt.datetime) -> None:
    """Mails the links of a live sign-up to its address. Whether there is one is never told."""
    event = db.session.get(Event, event_id)
    if event is not None:
        _send_links(event, queries.live_by_key(event_id, address.key), address, at)


def cancel(signup: Signup, at: dt.datetime, *, by: By | None = None, reason: str = "") -> None:
    """Gives the place up (the person, by their link) or takes it back (``by`` an organiser). Pressed
    again it changes nothing. Raises Refused once the event is over."""
    event = _lock(signup)
    if not signup.is_live:
        return
    if event.phase(at) == "over":
        raise Refused(_("This event is over, so there is no place left to give up."), "over")
    had_place = signup.status == "confirmed"
    # Nobody has shown yet that the address is theirs: then it gets no more mail from us.
    is_reachable = signup.pending_reason not in ("address", "click")
    signup.status, signup.pending_reason = "cancelled", None
    signup.cancelled_at, signup.cancelled_by = at, "organiser" if by else "person"
    if had_place:
        signup.ics_changes += 1
    if by:
        _record(event, "signup.cancelled", at, by, signup)
    if is_reachable and event.state != "cancelled":
        mails.cancelled(
            event, signup, at, by=signup.cancelled_by, reason=reason.strip(), had_place=had_place
        )


def come_back(signup: Signup, at: dt.datetime) -> None:
    """Takes a person's own cancelling back, if a seat is free. Raises Refused "full", "over" or "no"."""
    event = _lock(signup)
    if signup.is_live:
        return
    if signup.status != "cancelled" or signup.cancelled_by == "organiser":
        raise Refused(_("The organisers took this place back; please ask them."), "no")
    if not _is_taken_up(event, at):
        raise Refused(_("This event is over."), "over")
    if event.approval and signup.confirmed_at is None:
        signup.status, signup.pending_reason = "pending", "approval"
    else:
        _confirm(event, signup, at)
        signup.ics_changes += 1
    signup.cancelled_at = signup.cancelled_by = None
    signup.proved_at = signup.proved_at or at
    try:
        with db.session.begin_nested():
            db.session.flush()
    except IntegrityError:
        raise Refused(_("You have signed up anew since then; please use the newer link."), "replaced") from None  # fmt: skip
    if signup.status == "confirmed":
        mails.confirmed(event, signup, at, returning=True)
    else:
        mails.waiting_for_approval(event, signup, at)


def _record(event: Event, action: str, at: dt.datetime, by: By, signup: Signup) -> None:
    audit.record(
        action,
        at=at,
        actor=by.email if isinstance(by, User) else by,
        actor_user_id=by.id if isinstance(by, User) else None,
        event_id=event.id,
        signup=signup.id,
    )


def approve(signup: Signup, at: dt.datetime, *, by: By) -> None:
    """An organiser says yes (also to one that looked like a robot's, or whose address is not proved).
    Raises Refused "full" when there is no seat, "no" if it does not wait."""
    event = _lock(signup)
    if signup.status == "confirmed":
        return
    if signup.status != "pending":
        raise Refused(_("This sign-up does not wait for anything."), "no")
    if not _is_taken_up(event, at):
        raise Refused(_("This event is over."), "over")
    _confirm(event, signup, at)
    _record(event, "signup.approved", at, by, signup)
    mails.confirmed(event, signup, at)


def decline(signup: Signup, at: dt.datetime, *, by: By, reason: str = "") -> None:
    """An organiser says no; the reason, if any, stands in the mail. Raises Refused if it does not wait."""
    event = _lock(signup)
    if signup.status == "declined":
        return
    if signup.status != "pending":
        raise Refused(_("This sign-up does not wait for anything."), "no")
    is_reachable = signup.pending_reason not in ("address", "click")
    signup.status, signup.pending_reason = "declined", None
    _record(event, "signup.declined", at, by, signup)
    if is_reachable:
        mails.declined(event, signup, at, reason.strip()[:1000])


def mark_crew(signup: Signup, is_crew: bool, at: dt.datetime, *, by: By) -> None:
    """Counts this person apart from the audience (a speaker who signed up like everybody), or not."""
    event = _lock(signup)
    if signup.is_crew == is_crew:
        return
    signup.is_crew = is_crew
    # The figures are kept until something in the event changes.
    event.touch()
    _record(event, "signup.crew" if is_crew else "signup.audience", at, by, signup)


def withdraw_contact(signup: Signup, host_key: str, at: dt.datetime) -> None:
    """Takes back the consent to further contact by one host. What was agreed, and when, stays written."""
    db.session.execute(
        sa.update(Consent)
        .where(
            Consent.signup_id == signup.id,
            Consent.kind == "contact",
            Consent.host_key == host_key,
            Consent.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=at)
    )


def ask_to_erase(signup: Signup, event: Event, at: dt.datetime) -> None:
    """Mails the link that erases. At most three times an hour."""
    if limits.allows("3 per hour", "erase-mail", signup.email_key or ""):
        mails.erase_link(event, signup, at)
