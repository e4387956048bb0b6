"""Setting an address right: the sign-up stays, everything that was mailed to the wrong one is dead."""

from __future__ import annotations

import datetime as dt

from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError

from webapp import limits, tokens
from webapp.accounts.models import User
from webapp.addresses import Address
from webapp.db import db
from webapp.errors import Refused
from webapp.mail import operations as mail
from webapp.signup import flooding, links, mails, queries
from webapp.signup.models import SEATED, Signup
from webapp.signup.operations import (
    blocking,
    entering,
    history,
    leaving,
    queueing,
    seats,
)
from webapp.signup.operations.seats import By

# So long the browser that sent the form may say that the address in it was wrong.
OWN_FOR = dt.timedelta(hours=2)
CORRECTIONS = "10 per day"


def correct_address(signup: Signup, address: Address, at: dt.datetime, *, by: By) -> None:
    """Sets the address of a live sign-up, and queues the mail that belongs to its status to it.

    The links in older mails may be in a stranger's hands: they all hold the public id, so that a new one
    makes every one of them foreign, whatever its kind, and mails that have not left never do. What was
    done by those links stays: the key of the visits is kept. Nobody has proved the new address yet; who
    has a place keeps it. An address that was refused before gets mail again, if an organiser says that it
    is right (``by`` an account). The same address once more changes nothing and sends the links.

    Raises Refused: "taken" by another sign-up, "blocked" by its owner, "not_live", "gone".
    """
    event = seats.lock(signup)
    if not signup.is_live:
        raise Refused(_("This sign-up is no longer on, so it gets no mail."), "not_live")
    other = queries.live_by_key(event.id, address.key)
    if other is not None and other.id != signup.id:
        raise Refused(_("Somebody has signed up with this address already."), "taken")
    if blocking.is_blocked(event.id, address.key):
        raise Refused(_("The owner of this address wants no mail about this event."), "blocked")
    actor = by.email if isinstance(by, User) else by
    if address.key != signup.email_key:
        history.note(signup, at, actor, "address_corrected", email=[signup.email, address.text])
        before, signup.public_id = signup.public_id, tokens.public_id()
        mail.readdress(before, signup.public_id)
        signup.email_key, signup.proved_at = address.key, None
        if isinstance(by, User):
            seats.record(event, "signup.address_corrected", at, by, signup)
    signup.email = address.text
    try:
        with db.session.begin_nested():
            db.session.flush()
    except IntegrityError:
        raise Refused(_("Somebody has signed up with this address already."), "taken") from None
    if isinstance(by, User):
        mail.allow_address(address.key)
    mails.links_of(event, signup, at)


def correct_own(
    event_id: int, public_id: str | None, address: Address, at: dt.datetime
) -> str | None:
    """What a person types on the page after the form, where the address they gave was wrong: as
    ``correct_address``, for a sign-up that this browser made within ``OWN_FOR`` and nobody has proved. An
    address that has a sign-up keeps that one, and gets its links; the wrong one is given up.

    Answers the public id that the browser goes on with. Nothing tells whether an address was known: without a
    sign-up of its own (``public_id`` is None where the form met one of somebody else's) the address is sent
    its links, if it has any.
    """
    event = seats.lock_event(event_id)
    signup = queries.by_public_id(event_id, public_id) if public_id else None
    if signup is not None:
        db.session.refresh(signup)
    if signup is None or not _is_own(signup, at) or event.phase(at) not in ("before", "live"):
        entering.send_link_again(event_id, address, at)
        return None
    if not limits.allows(CORRECTIONS, "correct-address", str(signup.id)):
        return signup.public_id
    other = queries.live_by_key(event_id, address.key)
    if other is not None:
        if other.id != signup.id:
            had_seat = signup.status in SEATED
            leaving.give_up(signup, at)
            db.session.flush()
            if had_seat:
                queueing.fill(event, at)
        entering.send_link_again(event_id, address, at)
        return None if other.id != signup.id else signup.public_id
    if blocking.is_blocked(event_id, address.key):
        return signup.public_id
    until = at if signup.is_sample else flooding.due(address.key, at)
    correct_address(signup, address, at, by=history.PERSON)
    if until > at:
        is_asked = signup.pending_reason == "address"
        flooding.postpone(signup.public_id, at, until, at + links.CONFIRM_AGE if is_asked else None)
    return signup.public_id


def _is_own(signup: Signup, at: dt.datetime) -> bool:
    """Whether whoever made it may still say what its address is: nobody has used its links yet."""
    return (
        signup.is_live
        and signup.pending_reason != "click"
        and signup.proved_at is None
        and at - signup.created_at <= OWN_FOR
    )
