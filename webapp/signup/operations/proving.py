"""Proving an address: somebody pressed a button behind a link that only their mailbox had."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from webapp.db import db
from webapp.signup import mails
from webapp.signup.models import Signup
from webapp.signup.operations import history, seats


def prove(signup: Signup, at: dt.datetime) -> None:
    """Somebody pressed a button behind a link that only their mailbox had: the address is theirs.

    A sign-up that waited for this gets its place or one on the waiting list, or goes on to be approved.
    Raises Refused "full" if there is neither; that the address is proved is kept all the same if the
    caller commits.
    """
    if signup.pending_reason != "address":
        if signup.proved_at is None:
            signup.proved_at = at
            history.note(signup, at, history.PERSON, "proved")
        return
    event = seats.lock(signup)
    is_new = signup.proved_at is None
    signup.proved_at = signup.proved_at or at
    if is_new:
        history.note(signup, at, history.PERSON, "proved")
    if signup.pending_reason != "address" or not seats.is_taken_up(event, at):
        return
    if event.approval:
        signup.pending_reason = "approval"
        mails.waiting_for_approval(event, signup, at)
        return
    seats.place(event, signup, at)
    history.note(signup, at, history.HOUSE, "placed", to=signup.status)
    if signup.status == "confirmed":
        mails.confirmed(event, signup, at)
    else:
        mails.waitlisted(event, signup, at)


def drop_unproved(signup: Signup, at: dt.datetime) -> None:
    """Nobody showed in time that the address is theirs. Whoever calls this erases the person too, since
    nobody agreed to anything. Needs the event's lock."""
    signup.status, signup.pending_reason = "cancelled", None
    signup.cancelled_at, signup.cancelled_by = at, "unproved"


def prove_ids(event_id: int, public_ids: list[str], at: dt.datetime) -> int:
    """The same for many at once who have a place or wait for one; answers how many are new."""
    db.session.flush()
    ids = db.session.scalars(
        sa.update(Signup)
        .where(
            Signup.event_id == event_id,
            Signup.public_id.in_(public_ids),
            Signup.proved_at.is_(None),
            Signup.status.in_(("confirmed", "waitlisted", "offered")),
        )
        .values(proved_at=at)
        .returning(Signup.id)
        .execution_options(synchronize_session=False)
    ).all()
    history.note_all(ids, at, history.PERSON, "proved")
    return len(ids)
