"""What can be done with a mailing while it is held: stop it, or send it at once."""

from __future__ import annotations

import datetime as dt

from flask_babel import gettext as _

from webapp.accounts.models import User
from webapp.audit import operations as audit
from webapp.db import db
from webapp.errors import Refused
from webapp.mailing import queries
from webapp.mailing.models import FIRST_MAILS, FOLLOW_UPS, Mailing
from webapp.mailing.operations import due, sending

By = User | str


def _held(mailing: Mailing) -> Mailing:
    """The mailing as it is now, locked. Raises Refused once it has been let go or stopped."""
    found = sending.locked(mailing.id)
    if found is None or found.state != "held":
        raise Refused(
            _("This mail is no longer held: it is going out, or was stopped."), "not_held"
        )
    return found


def _record(mailing: Mailing, action: str, at: dt.datetime, by: By) -> None:
    audit.record(action, at=at, actor=by, event_id=mailing.event_id, kind=mailing.kind)


def stop(mailing: Mailing, at: dt.datetime, by: By) -> None:
    """Nobody gets it. What an organiser wrote becomes a draft again."""
    mailing = _held(mailing)
    mailing.held_until = None
    sending.unfix(mailing)
    if mailing.kind == "blast":
        mailing.state, mailing.total = "draft", 0
    else:
        mailing.state, mailing.done_at = "stopped", at
    if mailing.kind == "changed":
        # From here on some people have been told one thing and some the other.
        plan = queries.plan_of(mailing.event_id)
        if plan is not None:
            plan.told = {"since": mailing.details["first"], **plan.told}
    _record(mailing, "mailing.stopped", at, by)
    db.session.flush()


def send_now(mailing: Mailing, at: dt.datetime, by: By) -> None:
    """It goes out at once. Raises Refused if the event has changed since the mail was shown."""
    mailing = _held(mailing)
    if not due.release(mailing, at):
        if mailing.kind in FIRST_MAILS:
            raise Refused(_("These mails leave once the event is published, and until it is over."), "soon")  # fmt: skip
        if mailing.kind in FOLLOW_UPS:
            raise Refused(_("The event is not over: this mail waits for its end."), "soon")
        raise Refused(_("The event has changed meanwhile. Please look at the mail once more."), "changed")  # fmt: skip
    _record(mailing, "mailing.released", at, by)
    db.session.flush()
