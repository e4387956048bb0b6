"""Retention: what has been kept long enough goes, by the hour."""

from __future__ import annotations

import datetime as dt
import functools

import click
from flask.cli import AppGroup
from flask_babel import ngettext

from webapp import clock, jobs
from webapp.db import db, reading
from webapp.errors import in_one_sentence
from webapp.privacy import operations, queries
from webapp.signup import queries as signup_queries
from webapp.signup.links import CONFIRM_AGE

# The link that proves an address is good for as long.
UNPROVED_FOR = CONFIRM_AGE

cli = AppGroup("privacy", help="Retention and erasure.")


@jobs.every(3600, "privacy")
def run(at: dt.datetime) -> int:
    """Erases everybody whose event's retention is over at ``at``, and cuts the ties of visits a week after
    their event; answers how many people were erased.

    Commits in batches, so that it can be stopped at any point and goes on there the next time.
    """
    with reading():
        to_erase, to_cut = queries.due_to_erase(at), queries.due_to_cut(at)
        db.session.commit()
    done = 0
    for event in to_erase:
        operations.freeze(event, at)
        stayed = operations.who_stayed(event)
        done += jobs.to_the_end(functools.partial(operations.erase_batch, event, stayed, at))
    for event in to_cut:
        operations.freeze(event, at)
        stayed = operations.who_stayed(event)
        jobs.to_the_end(functools.partial(operations.cut_batch, event, stayed, at))
    if to_erase or to_cut:
        operations.wipe_disk()
    return done


@jobs.every(60, "unproved")
def drop_unproved(at: dt.datetime) -> int:
    """Drops sign-ups whose address nobody has proved within 48 hours, and erases who they were; answers how
    many."""
    before = at - UNPROVED_FOR
    done = jobs.batch_by_batch(
        lambda: signup_queries.with_unproved(before),
        lambda event_id: operations.drop_unproved(event_id, before, at),
    )
    if done:
        operations.wipe_disk()
    return done


@cli.command("run")
@in_one_sentence
def run_command() -> None:
    """Delete the data of people whose event is further back than its retention says."""
    done = run(clock.now())
    click.echo(ngettext("%(num)s person's data deleted.", "%(num)s people's data deleted.", done))
