"""Seats are exact: lock the event's row, count, write. What every verb of a sign-up begins with."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from flask_babel import gettext as _

from webapp import tokens
from webapp.accounts.models import User
from webapp.audit import operations as audit
from webapp.db import db, lock_row
from webapp.errors import Refused
from webapp.events.models import Event
from webapp.signup import queries
from webapp.signup.models import Signup

By = User | str


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


def check_invited(event: Event, key: str) -> None:
    """Raises Refused "invited" if the form opens only behind a secret link and this is not its key."""
    if event.invitation_only and not tokens.same(event.invitation_key or "", key or " "):
        raise Refused(_("Sign-up for this event is by invitation."), "invited")


def lock(signup: Signup) -> Event:
    """Locks the event and reads the sign-up anew behind the lock."""
    event = lock_event(signup.event_id)
    db.session.refresh(signup)
    if signup.erased_at is not None:
        raise Refused(_("This sign-up was deleted."), "gone")
    return event


def give(event: Event, signup: Signup, at: dt.datetime) -> None:
    """Gives a place that is known to be free, or was kept for this person. Needs the lock."""
    signup.status, signup.pending_reason, signup.offer_expires_at = "confirmed", None, None
    if signup.confirmed_at is not None:
        # They had a place before, and their calendar has called it off.
        signup.ics_changes += 1
    signup.confirmed_at = signup.confirmed_at or at


def place(event: Event, signup: Signup, at: dt.datetime) -> None:
    """Gives a place, or else one on the waiting list, at its end. Needs the lock. Raises Refused "full" if
    the event keeps no such list."""
    if queries.has_seat(event):
        give(event, signup, at)
    elif event.waitlist:
        signup.status, signup.pending_reason, signup.waitlisted_at = "waitlisted", None, at
    else:
        raise Refused(_("All places are taken."), "full")


def is_taken_up(event: Event, at: dt.datetime) -> bool:
    """Whether somebody who was here before may still come (back): before and during the event."""
    return event.phase(at) in ("before", "live")


def record(event: Event, action: str, at: dt.datetime, by: By, signup: Signup) -> None:
    audit.record(
        action,
        at=at,
        actor=by,
        event_id=event.id,
        signup=signup.id,
    )
