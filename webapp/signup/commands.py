"""What goes on behind the pages: the waiting list's own work (what time and a changed capacity do to it), and
what organisers do with many people at once."""

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


@jobs.every(2.0, "batches")
def go_on(at: dt.datetime) -> int:
    """Does with the next people what organisers began with many at once; answers with how many. Commits
    after every few, so that it can be stopped at any point and goes on there the next time."""
    with reading():
        batch_ids = queries.unfinished_batches()
        db.session.commit()
    done = 0
    for batch_id in batch_ids:
        try:
            while some := operations.many.go_on(batch_id, at):
                db.session.commit()
                done += some
        except Refused:
            # The event was deleted since.
            db.session.rollback()
        db.session.commit()
    return done
