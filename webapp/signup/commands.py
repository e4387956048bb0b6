"""The waiting list's own work: what time and a changed capacity do to it."""

from __future__ import annotations

import datetime as dt

from webapp import jobs
from webapp.db import db, reading
from webapp.errors import Refused
from webapp.signup import operations, queries


@jobs.every(5.0, "seats")
def move_seats(at: dt.datetime) -> int:
    """Ends offers that nobody took and hands free seats on; answers how many people that moved. Commits in
    batches, so that it can be stopped at any point and goes on there the next time."""
    with reading():
        event_ids = queries.with_seats_to_move(at)
        db.session.commit()
    done = 0
    for event_id in event_ids:
        try:
            while moved := operations.move_seats(event_id, at):
                db.session.commit()
                done += moved
        except Refused:
            # The event was deleted since.
            db.session.rollback()
        db.session.commit()
    return done
