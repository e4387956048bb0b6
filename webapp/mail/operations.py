"""What people may do with mail that is queued: send it again, and get delivery going."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from webapp import addresses
from webapp.db import db
from webapp.errors import Refused
from webapp.mail import outbox, pauses, queries
from webapp.mail.models import OutgoingMail, SuppressedAddress

log = logging.getLogger(__name__)

# Stands in place of a server's words with a mail that was not sent for this reason.
CORRECTED = "corrected"


def resend(mail: OutgoingMail, at: dt.datetime) -> OutgoingMail:
    """Queues the mail once more, letter for letter, as a mail of its own with its own Message-ID.

    Raises Refused for one that is still on its way, too late, to a sample person, or to an address
    that was corrected since or that the world has refused.
    """
    if mail.to_former:
        raise Refused(
            _("The address was corrected since, so this mail is out of date. Send the person their links instead."),
            "corrected",
        )  # fmt: skip
    if mail.state in ("queued", "sending"):
        raise Refused(_("This mail is still on its way."), "underway")
    if mail.state == "held":
        raise Refused(_("Sample people never get mail."), "sample")
    if mail.expires_at is not None and mail.expires_at <= at:
        raise Refused(_("It is too late for this mail: it would be of no use any more."), "expired")
    if queries.suppressed_among([mail.to_address]):
        raise Refused(
            _("This address was refused before, so nothing is sent there. Ask the person for another one."),
            "suppressed",
        )  # fmt: skip
    copy = OutgoingMail(
        event_id=mail.event_id,
        person=mail.person,
        message=mail.message,
        lane=mail.lane,
        lane_rank=mail.lane_rank,
        to_address=mail.to_address,
        to_name=mail.to_name,
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        calendar=mail.calendar,
        calendar_method=mail.calendar_method,
        message_id=outbox.new_message_id(),
        unsubscribe_url=mail.unsubscribe_url,
        secrets=list(mail.secrets),
        state="queued",
        tries=0,
        created_at=at,
        next_try_at=at,
        expires_at=mail.expires_at,
    )
    db.session.add(copy)
    return copy


def retry_failed(event_id: int, at: dt.datetime) -> int:
    """Gives the event's failed mails another 24 hours of tries, from now on; answers how many."""
    changed: Any = db.session.execute(
        sa.update(OutgoingMail)
        .where(OutgoingMail.event_id == event_id, OutgoingMail.state == "failed")
        .values(state="queued", tries=0, give_up_at=None, next_try_at=at)
    )
    return int(changed.rowcount)


def readdress(before: str, now: str) -> None:
    """The person's address was wrong: their mails are found under the public id they have ``now``, and
    those that have not left never do, since nobody knows who reads them."""
    waits = OutgoingMail.state.in_(("queued", "sending", "failed"))
    db.session.execute(
        sa.update(OutgoingMail)
        .where(OutgoingMail.person == before)
        .values(
            person=now,
            to_former=True,
            state=sa.case((waits, "suppressed"), else_=OutgoingMail.state),
            last_reply=sa.case((waits, CORRECTED), else_=OutgoingMail.last_reply),
            leased_by=None,
            leased_until=None,
        )
        .execution_options(synchronize_session=False)
    )


def withdraw(event_id: int, messages: Collection[str]) -> int:
    """Those of the event's mails that have not left and that nobody needs any more: they expire. One that is
    being sent at this moment still arrives. Answers how many."""
    changed: Any = db.session.execute(
        sa.update(OutgoingMail)
        .where(
            OutgoingMail.event_id == event_id,
            OutgoingMail.state == "queued",
            OutgoingMail.message.in_(messages),
        )
        .values(state="expired")
        .execution_options(synchronize_session=False)
    )
    return int(changed.rowcount)


def try_now(at: dt.datetime) -> int:
    """Ends the pause of delivery; answers 0 if there was none."""
    return pauses.end(at)


def allow_again(suppressed_id: int) -> str | None:
    """Lets mail to a refused address try again; answers the address, or None if it is not listed."""
    row = db.session.get(SuppressedAddress, suppressed_id)
    if row is None:
        return None
    address = row.address_key
    db.session.delete(row)
    return address


def allow_address(address_key: str) -> None:
    """Lets mail to an address try again: somebody who ought to know says that it is right."""
    db.session.execute(
        sa.delete(SuppressedAddress).where(SuppressedAddress.address_key == address_key)
    )


def suppress(address: str, reason: str, at: dt.datetime) -> None:
    """Nothing is sent to ``address`` from now on. Committed with the mail that found it out."""
    key = addresses.key(address)
    known = db.session.scalar(
        sa.select(SuppressedAddress).where(SuppressedAddress.address_key == key)
    )
    if known is None:
        try:
            with db.session.begin_nested():
                db.session.add(SuppressedAddress(address_key=key, reason=reason, at=at))
        except sa.exc.IntegrityError:
            log.info("another worker wrote the same address down first")
