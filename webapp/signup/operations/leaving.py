"""Giving a place up, having it taken back, and coming back."""

from __future__ import annotations

import datetime as dt

from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError

from webapp.db import db
from webapp.errors import Refused
from webapp.signup import mails
from webapp.signup.models import Signup
from webapp.signup.operations import seats
from webapp.signup.operations.seats import By


def cancel(signup: Signup, at: dt.datetime, *, by: By | None = None, reason: str = "") -> None:
    """Gives the place up (the person, by their link) or takes it back (``by`` an organiser). Pressed
    again it changes nothing. Raises Refused once the event is over."""
    event = seats.lock(signup)
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
        seats.record(event, "signup.cancelled", at, by, signup)
    if is_reachable and event.state != "cancelled":
        mails.cancelled(
            event, signup, at, by=signup.cancelled_by, reason=reason.strip(), had_place=had_place
        )


def give_up(signup: Signup, at: dt.datetime) -> None:
    """Ends a sign-up that was never the person's own. Needs the event's lock; no mail."""
    if signup.is_live:
        signup.status, signup.pending_reason = "cancelled", None
        signup.cancelled_at, signup.cancelled_by = at, "person"


def come_back(signup: Signup, at: dt.datetime) -> None:
    """Takes a person's own cancelling back, if a seat is free. Raises Refused "full", "over" or "no"."""
    event = seats.lock(signup)
    if signup.is_live:
        return
    if signup.status != "cancelled" or signup.cancelled_by == "organiser":
        raise Refused(_("The organisers took this place back; please ask them."), "no")
    if not seats.is_taken_up(event, at):
        raise Refused(_("This event is over."), "over")
    if event.approval and signup.confirmed_at is None:
        signup.status, signup.pending_reason = "pending", "approval"
    else:
        seats.confirm(event, signup, at)
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
