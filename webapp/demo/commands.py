"""``flask demo load``."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from webapp import clock
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
