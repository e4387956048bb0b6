"""Addresses that were given by somebody else, so that nothing more of the event goes to them; and those of
people who had their data deleted, so that no list brings them back."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from webapp.db import db
from webapp.events.models import Event
from webapp.signup import statements
from webapp.signup.models import BlockedAddress


def block(event: Event, email_key: str, at: dt.datetime) -> None:
    """No sign-up of this address for this event any more, whoever sends the form. Needs the event's lock."""
    kept = _kept(event, email_key)
    if kept is None:
        mark = statements.marks_of(event.id, email_key)[0]
        db.session.add(BlockedAddress(event_id=event.id, address_mark=mark, at=at))
    elif kept.is_erased:
        kept.is_erased = False
    else:
        return
    # Every process that signs people up reads the event anew, and its blocked addresses with it.
    event.touch()
    db.session.flush()


def remember_erased(event: Event, email_key: str, at: dt.datetime) -> None:
    """Whoever has this address had their data deleted: a list that still names them does not bring them back.
    They themselves may sign up again. Needs the event's lock."""
    if _kept(event, email_key) is None:
        mark = statements.marks_of(event.id, email_key)[0]
        db.session.add(BlockedAddress(event_id=event.id, address_mark=mark, is_erased=True, at=at))
        db.session.flush()


def _kept(event: Event, email_key: str) -> BlockedAddress | None:
    mark = statements.marks_of(event.id, email_key)[0]
    return db.session.scalar(
        sa.select(BlockedAddress).where(
            BlockedAddress.event_id == event.id, BlockedAddress.address_mark == mark
        )
    )


def is_blocked(event_id: int, email_key: str) -> bool:
    """Whether its owner wants nothing of the event."""
    marks = statements.marks_of(event_id, email_key)
    found = sa.exists().where(
        BlockedAddress.event_id == event_id,
        BlockedAddress.is_erased.is_(False),
        BlockedAddress.address_mark.in_(marks),
    )
    return bool(db.session.scalar(sa.select(found)))


def forget_blocks(event_id: int) -> None:
    """Nobody can sign up for the event any more, so nobody needs to be kept out."""
    db.session.execute(sa.delete(BlockedAddress).where(BlockedAddress.event_id == event_id))
