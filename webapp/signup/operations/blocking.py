"""Addresses that were given by somebody else: nothing more of the event goes to them."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from webapp.db import db
from webapp.events.models import Event
from webapp.signup import statements
from webapp.signup.models import BlockedAddress


def block(event: Event, email_key: str, at: dt.datetime) -> None:
    """No sign-up of this address for this event any more, whoever sends the form. Needs the event's lock."""
    mark = statements.marks_of(event.id, email_key)[0]
    is_there = sa.exists().where(
        BlockedAddress.event_id == event.id, BlockedAddress.address_mark == mark
    )
    if db.session.scalar(sa.select(is_there)):
        return
    db.session.add(BlockedAddress(event_id=event.id, address_mark=mark, at=at))
    # Every process that signs people up reads the event anew, and its blocked addresses with it.
    event.touch()
    db.session.flush()


def is_blocked(event_id: int, email_key: str) -> bool:
    """Whether its owner wants nothing of the event."""
    marks = statements.marks_of(event_id, email_key)
    found = sa.exists().where(
        BlockedAddress.event_id == event_id, BlockedAddress.address_mark.in_(marks)
    )
    return bool(db.session.scalar(sa.select(found)))


def forget_blocks(event_id: int) -> None:
    """Nobody can sign up for the event any more, so nobody needs to be kept out."""
    db.session.execute(sa.delete(BlockedAddress).where(BlockedAddress.event_id == event_id))
