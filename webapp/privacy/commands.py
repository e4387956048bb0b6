"""Retention: what has been kept long enough goes, by the hour."""

from __future__ import annotations

import datetime as dt

import click
from flask.cli import AppGroup
from flask_babel import ngettext

from webapp import clock, jobs
from webapp.db import db
from webapp.errors import in_one_sentence
from webapp.privacy import operations

cli = AppGroup("privacy", help="Retention and erasure.")


@jobs.every(3600, "privacy")
def run(at: dt.datetime) -> int:
    """Erases everybody whose event's retention is over at ``at``; commits in batches, so that it can be
    stopped at any point and goes on there the next time."""
    done = 0
    for event in operations.due(at):
        while batch := operations.erase_batch(event, at):
            db.session.commit()
            done += batch
    db.session.commit()
    if done:
        operations.wipe_disk()
    return done


@cli.command("run")
@in_one_sentence
def run_command() -> None:
    """Delete the data of people whose event is further back than its retention says."""
    done = run(clock.now())
    click.echo(ngettext("%(num)s person's data deleted.", "%(num)s people's data deleted.", done))
