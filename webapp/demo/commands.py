"""``flask demo load``, and what keeps the live sample alive."""

from __future__ import annotations

import datetime as dt

import click
from flask.cli import AppGroup

from webapp import clock, jobs
from webapp.db import db
from webapp.demo import operations
from webapp.errors import in_one_sentence

cli = AppGroup("demo", help="Sample events.")


@cli.command("load")
@in_one_sentence
def load_command() -> None:
    """Load the sample events, or bring those that are there to today's date."""
    loaded = operations.load(clock.now())
    db.session.commit()
    click.echo(
        "The sample events are loaded. Sign in as "
        f"{loaded.email} with the password {loaded.password}"
    )


@jobs.every(30, "sample_crowd")
def keep_crowd(at: dt.datetime) -> int:
    """As long as somebody runs the site, the live sample has people in it."""
    operations.keep_crowd(at)
    db.session.commit()
    # Nothing is left to do before the next turn.
    return 0
