"""Who never answered is forgotten."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from webapp import jobs
from webapp.db import db, reading
from webapp.events.models import OVERRUN, Event
from webapp.signup.invitations import operations
from webapp.signup.invitations.models import Invitation


@jobs.every(600, "invitations")
def forget(at: dt.datetime) -> int:
    """Forgets who was invited to an event that is over; answers how many people that was."""
    with reading():
        ids = db.session.scalars(
            sa.select(Invitation.id)
            .join(Event, Event.id == Invitation.event_id)
            .where(
                Invitation.erased_at.is_(None),
                Event.is_sample.is_(False),
                sa.or_(Event.ended_at <= at, Event.ends_at <= at - OVERRUN),
            )
            .limit(operations.BATCH)
        ).all()
        db.session.commit()
    done = operations.forget_all(ids, at)
    db.session.commit()
    return done
