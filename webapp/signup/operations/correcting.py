"""Setting an address right: the sign-up stays, everything that was mailed to the wrong one is dead."""

from __future__ import annotations

import datetime as dt

from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError

from webapp import tokens
from webapp.accounts.models import User
from webapp.addresses import Address
from webapp.db import db
from webapp.errors import Refused
from webapp.mail import operations as mail
from webapp.signup import mails, queries
from webapp.signup.models import Signup
from webapp.signup.operations import blocking, history, seats
from webapp.signup.operations.seats import By


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
