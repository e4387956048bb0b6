"""What goes on behind the pages: the waiting list's own work (what time and a changed capacity do to it), and
what organisers do with many people at once."""

from __future__ import annotations

import datetime as dt

from webapp import jobs
from webapp.signup import operations, queries


@jobs.every(5.0, "seats")
def move_seats(at: dt.datetime) -> int:
    """Ends offers that nobody took and hands free seats on; answers how many people that moved."""
    return jobs.batch_by_batch(
        lambda: queries.with_seats_to_move(at),
        lambda event_id: operations.move_seats(event_id, at),
    )


@jobs.every(2.0, "batches")
def go_on(at: dt.datetime) -> int:
    """Does with the next people what organisers began with many at once; answers with how many."""
    return jobs.batch_by_batch(
        queries.unfinished_batches, lambda batch_id: operations.many.go_on(batch_id, at)
    )
