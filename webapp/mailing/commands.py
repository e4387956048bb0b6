"""The job of mailings: notice what changed, let go what is due, and queue it bit by bit."""

from __future__ import annotations

import datetime as dt

from webapp import jobs
from webapp.db import db, reading
from webapp.events.models import Event
from webapp.mailing import operations, queries
from webapp.mailing.models import Mailing
from webapp.mailing.reminders import rule_of

# Between two batches the one writer's place is left to whoever signs up at the moment.
BREATH = 0.02


def _notice(at: dt.datetime) -> int:
    with reading():
        new, changed = queries.without_plan(at), queries.changed_events()
        db.session.commit()
    done = 0
    for event_id in new:
        event = db.session.get(Event, event_id)
        if event is not None:
            operations.make(event, at)
        db.session.commit()
    for event_id in changed:
        done += operations.look(event_id, at)
        db.session.commit()
    return done


def _remind(at: dt.datetime) -> int:
    with reading():
        found = [
            mailing.id
            for mailing, event in queries.waiting_reminders(at)
            if _is_news(mailing, event, at)
        ]
        db.session.commit()
    done = 0
    for mailing_id in found:
        done += operations.remind(mailing_id, at)
        db.session.commit()
    return done


def _is_news(mailing: Mailing, event: Event, at: dt.datetime) -> bool:
    """Whether there may be something to write: looked at every few seconds, most often there is not."""
    rule = rule_of(mailing)
    due = rule.due(event)
    if mailing.state == "planned" or mailing.due_at is None:
        return mailing.due_at != due or due <= at
    if mailing.state == "done":
        return due > at and due - mailing.due_at >= rule.lead
    return due > at and due != mailing.due_at


def _let_go(at: dt.datetime) -> int:
    with reading():
        held = [m.id for m in queries.in_state("held") if m.held_until and m.held_until <= at]
        db.session.commit()
    done = 0
    for mailing_id in held:
        done += operations.end_hold(mailing_id, at)
        db.session.commit()
    return done


def _queue(at: dt.datetime) -> int:
    return jobs.batch_by_batch(
        lambda: [mailing.id for mailing in queries.in_state("sending")],
        lambda mailing_id: operations.batch(mailing_id, at),
        breath=BREATH,
    )


@jobs.every(3.0, "mailings")
def run(at: dt.datetime) -> int:
    """What fell due at ``at``; answers how many steps that took. Commits after each, so that it can be
    stopped at any point and goes on there the next time."""
    return _notice(at) + _remind(at) + _let_go(at) + _queue(at)
