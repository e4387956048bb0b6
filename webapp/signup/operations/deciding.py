"""What an organiser decides about one sign-up."""

from __future__ import annotations

import datetime as dt

from flask_babel import gettext as _

from webapp.errors import Refused
from webapp.signup import mails
from webapp.signup.models import Signup
from webapp.signup.operations import history, seats
from webapp.signup.operations.seats import By


def approve(signup: Signup, at: dt.datetime, *, by: By) -> None:
    """An organiser says yes (also to one that looked like a robot's, or whose address is not proved). When
    all places are taken the person waits for one, in the order of approval.
    Raises Refused "full" if there is no waiting list either, "no" if it does not wait for this."""
    event = seats.lock(signup)
    if signup.status in ("confirmed", "waitlisted", "offered"):
        return
    if signup.status != "pending":
        raise Refused(_("This sign-up is decided already."), "no")
    if not seats.is_taken_up(event, at):
        raise Refused(_("This event is over."), "over")
    # One that looked like a robot's has had no mail yet, and asked nobody for approval.
    is_first = signup.pending_reason == "click"
    seats.place(event, signup, at)
    history.note(signup, at, by, "approved", to=signup.status)
    seats.record(event, "signup.approved", at, by, signup)
    if signup.status != "confirmed":
        mails.waitlisted(event, signup, at, first=is_first, approved=not is_first)
    elif is_first:
        mails.confirmed(event, signup, at, first=True)
    else:
        mails.approved(event, signup, at)


def decline(signup: Signup, at: dt.datetime, *, by: By, reason: str = "") -> None:
    """An organiser says no; the reason, if any, stands in the mail. Raises Refused if it does not wait."""
    event = seats.lock(signup)
    if signup.status == "declined":
        return
    if signup.status != "pending":
        raise Refused(_("This sign-up is decided already."), "no")
    is_reachable = signup.pending_reason not in ("address", "click")
    signup.status, signup.pending_reason = "declined", None
    reason = reason.strip()[:1000]
    history.note(signup, at, by, "declined", **({"reason": reason} if reason else {}))
    seats.record(event, "signup.declined", at, by, signup)
    if is_reachable:
        mails.declined(event, signup, at, reason)


def mark_crew(signup: Signup, is_crew: bool, at: dt.datetime, *, by: By) -> None:
    """Counts this person apart from the audience (a speaker who signed up like everybody), or not.
    Raises Refused once nobody knows any more which visits were theirs."""
    event = seats.lock(signup)
    if signup.is_crew == is_crew:
        return
    if signup.untied_at is not None:
        raise Refused(_("A week after the event it is no longer known which visits were this person's, so the figures cannot follow."), "untied")  # fmt: skip
    signup.is_crew = is_crew
    # The figures are kept until something in the event changes.
    event.touch()
    history.note(signup, at, by, "crew" if is_crew else "audience")
    seats.record(event, "signup.crew" if is_crew else "signup.audience", at, by, signup)
