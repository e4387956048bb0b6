"""Giving a place up, having it taken back, and coming back."""

from __future__ import annotations

import datetime as dt

from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError

from webapp.db import db
from webapp.errors import Refused
from webapp.signup import mails
from webapp.signup.models import SEATED, Signup
from webapp.signup.operations import history, queueing, seats
from webapp.signup.operations.seats import By


def cancel(signup: Signup, at: dt.datetime, *, by: By | None = None, reason: str = "") -> None:
    """Gives the place up (the person, by their link) or takes it back (``by`` an organiser); so does saying
    no to one that is offered. It goes to whoever has waited longest. Pressed again it changes nothing.
    Raises Refused once the event is over."""
    event = seats.lock(signup)
    if not signup.is_live:
        return
    if event.phase(at) == "over":
        raise Refused(_("This event is over, so there is no place left to give up."), "over")
    had_place, held_seat = signup.status == "confirmed", signup.status in SEATED
    # Nobody has shown yet that the address is theirs: then it gets no more mail from us.
    is_reachable = signup.pending_reason not in ("address", "click")
    signup.status, signup.pending_reason, signup.offer_expires_at = "cancelled", None, None
    signup.cancelled_at, signup.cancelled_by = at, "organiser" if by else "person"
    if had_place:
        signup.ics_changes += 1
    reason = reason.strip()
    history.note(
        signup, at, by or history.PERSON, "cancelled", **({"reason": reason} if reason else {})
    )
    if by:
        seats.record(event, "signup.cancelled", at, by, signup)
    if is_reachable and event.state != "cancelled":
        mails.cancelled(
            event, signup, at, by=signup.cancelled_by, reason=reason, had_place=had_place
        )
    if held_seat:
        queueing.fill(event, at)


def give_up(signup: Signup, at: dt.datetime) -> None:
    """Ends a sign-up that was never the person's own. Needs the event's lock; no mail."""
    if signup.is_live:
        signup.status, signup.pending_reason, signup.offer_expires_at = "cancelled", None, None
        signup.cancelled_at, signup.cancelled_by = at, "person"


def come_back(signup: Signup, at: dt.datetime) -> None:
    """Takes a person's own cancelling back, or their having let an offer pass: they get a seat if one is
    free, else they wait at the end of the list. Raises Refused "full" if there is no list, "over" or "no".
    """
    event = seats.lock(signup)
    if signup.is_live:
        return
    if signup.status != "cancelled" or signup.cancelled_by == "organiser":
        raise Refused(_("The organisers took this place back; please ask them."), "no")
    if not seats.is_taken_up(event, at):
        raise Refused(_("This event is over."), "over")
    was_approved = signup.confirmed_at is not None or signup.waitlisted_at is not None
    if event.approval and not was_approved:
        signup.status, signup.pending_reason = "pending", "approval"
    else:
        seats.place(event, signup, at)
    signup.cancelled_at = signup.cancelled_by = None
    signup.proved_at = signup.proved_at or at
    try:
        with db.session.begin_nested():
            db.session.flush()
    except IntegrityError:
        raise Refused(_("You have signed up anew since then; please use the newer link."), "replaced") from None  # fmt: skip
    history.note(signup, at, history.PERSON, "came_back", to=signup.status)
    if signup.status == "confirmed":
        mails.confirmed(event, signup, at, returning=True)
    elif signup.status == "waitlisted":
        mails.waitlisted(event, signup, at)
    else:
        mails.waiting_for_approval(event, signup, at)
