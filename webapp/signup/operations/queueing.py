"""The waiting list: a free seat goes to whoever has waited longest, as an offer that they take or leave.

An offered place holds its seat, so that there are never more people than places; one that nobody takes in
time goes on to the next, so that there are never fewer. Whatever frees a seat calls ``fill`` behind the
same lock; what changes below (the event's capacity) and what time does, the job ``seats`` picks up.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from flask_babel import gettext as _

from webapp.db import db, to_ms
from webapp.errors import Refused
from webapp.events.models import Event
from webapp.mail.models import OutgoingMail
from webapp.signup import mails, queries
from webapp.signup.models import Signup, SignupChange
from webapp.signup.operations import history, seats

# How long before the start an offer ends, so that the next one still hears of it.
LAST_CALL = dt.timedelta(hours=1)
# So close to the start nobody is asked any more: the place is given.
NO_TIME_TO_ASK = dt.timedelta(hours=3)
# At once, and so behind one lock.
BATCH = 50


def fill(event: Event, at: dt.datetime) -> int:
    """Gives or offers free seats to those who wait, in order; answers how many, at most ``BATCH``.
    Needs the event's lock. Nobody is promoted while there are more people than places."""
    if not seats.is_taken_up(event, at):
        return 0
    free = BATCH
    if event.capacity is not None:
        free = min(event.capacity - queries.seats_taken(event.id), BATCH)
    if free <= 0:
        return 0
    rows = _first(event.id, free)
    until = _deadline(event, at)
    for signup in rows:
        if until is None:
            seats.give(event, signup, at)
            history.note(signup, at, history.HOUSE, "promoted")
            mails.confirmed(event, signup, at)
        else:
            signup.status, signup.offer_expires_at = "offered", until
            history.note(signup, at, history.HOUSE, "offered", until=to_ms(until))
            mails.offer(event, signup, at)
    db.session.flush()
    return len(rows)


def _first(event_id: int, number: int) -> Sequence[Signup]:
    """Who has waited longest. Whom a list brought in and nobody has written to waits for that first mail:
    an offer is none to send before an organiser has said yes to it."""
    brought_in = sa.exists().where(
        SignupChange.signup_id == Signup.id, SignupChange.what == "imported"
    )
    heard = sa.exists().where(OutgoingMail.person == Signup.public_id)
    return db.session.scalars(
        queries.waiting_in_order(event_id)
        .where(sa.or_(~brought_in, heard))
        .limit(number)
        .execution_options(populate_existing=True)
    ).all()


def _deadline(event: Event, at: dt.datetime) -> dt.datetime | None:
    """Until when a place offered at ``at`` is kept; None if there is no time to ask."""
    if event.offer_hours == 0 or event.live_from - at < NO_TIME_TO_ASK:
        return None
    return min(at + dt.timedelta(hours=event.offer_hours), event.live_from - LAST_CALL)


def accept(signup: Signup, at: dt.datetime) -> None:
    """Takes the place that is offered. Pressed again it changes nothing.

    Raises Refused "lapsed" if the time for it is over (that the place goes on to the next is kept all the
    same if the caller commits), "over", or "no" if none is offered.
    """
    event = seats.lock(signup)
    if signup.status == "confirmed":
        return
    if signup.status != "offered":
        raise Refused(_("No place is waiting for you just now."), "no")
    if not seats.is_taken_up(event, at):
        raise Refused(_("This event is over."), "over")
    if signup.offer_expires_at is not None and at >= signup.offer_expires_at:
        _lapse(event, signup, at)
        fill(event, at)
        raise Refused(_("The time for this place is over, and it goes to the next person."), "lapsed")  # fmt: skip
    signup.proved_at = signup.proved_at or at
    seats.give(event, signup, at)
    history.note(signup, at, history.PERSON, "accepted")
    mails.confirmed(event, signup, at)


def _lapse(event: Event, signup: Signup, at: dt.datetime) -> None:
    signup.status, signup.offer_expires_at = "cancelled", None
    signup.cancelled_at, signup.cancelled_by = at, "lapsed"
    history.note(signup, at, history.HOUSE, "lapsed")
    mails.offer_lapsed(event, signup, at)


def move_seats(event_id: int, at: dt.datetime) -> int:
    """Ends the offers of an event whose time is over at ``at``, and fills the free seats; answers how many
    people that moved, 0 when nothing is left to do. Every call leaves a whole state behind."""
    event = seats.lock_event(event_id)
    late = db.session.scalars(
        sa.select(Signup)
        .where(
            Signup.event_id == event_id,
            sa.text("signups.status = 'offered'"),
            Signup.offer_expires_at <= at,
            Signup.erased_at.is_(None),
        )
        .order_by(Signup.offer_expires_at, Signup.id)
        .limit(BATCH)
        .execution_options(populate_existing=True)
    ).all()
    for signup in late:
        _lapse(event, signup, at)
    return len(late) + fill(event, at)
