"""One browser is one person: what it did as a guest goes to whoever it turns out to be."""

from __future__ import annotations

import datetime as dt
import logging

from flask import Response
from sqlalchemy.exc import SQLAlchemyError

from webapp.attendance import operations, tickets
from webapp.attendance.tickets import Ticket
from webapp.db import db
from webapp.events.models import Event
from webapp.signup import door_pass
from webapp.signup.models import Signup

log = logging.getLogger(__name__)


def who_it_is(ticket: Ticket, event: Event, at: dt.datetime, response: Response) -> None:
    """Whoever came in by this browser under another key before is the same person. A mailed link says
    who that is: what was a guest's is the sign-up's from then on."""
    known = door_pass.of_browser(event.id)
    if known is None or not (ticket.is_registered or known.key == ticket.person_key):
        return
    others = [key for key in (known.key, *known.older) if key != ticket.person_key]
    if not others:
        return
    merge = operations.claim_guests if ticket.is_registered else operations.merge_guests
    try:
        merge(event.id, others, ticket.person_key)
        db.session.commit()
    except SQLAlchemyError as error:
        # The person is in, and the cookie stays: the next press tries again.
        db.session.rollback()
        log.warning("visits of one browser stay apart: %s", error)
        return
    door_pass.give_anew(response, event, ticket.person_key, at)


def whose_link(signup: Signup, event: Event, at: dt.datetime, response: Response) -> None:
    """A button behind a link that was mailed to this person was pressed in this browser."""
    if signup.person_key is not None:
        who_it_is(tickets.of_signup(signup), event, at, response)
