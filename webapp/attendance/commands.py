"""``flask attendance figures``: the figures of an event as other software reads them; and the job that
sends links once more."""

from __future__ import annotations

import datetime as dt
import json

import click
from flask.cli import AppGroup

from webapp import clock, jobs
from webapp.attendance import resending
from webapp.attendance.figures import figures as compute
from webapp.errors import in_one_sentence
from webapp.events import queries as events

cli = AppGroup("attendance", help="Who came, and how long they stayed.")


@cli.command("figures")
@click.argument("slug")
@click.option("--indent", type=click.IntRange(0, 8), help="Spaces to indent by; one line without.")
@in_one_sentence
def figures(slug: str, indent: int | None) -> None:
    """Print the figures of the event SLUG as JSON (turnout-figures/1)."""
    event = events.by_slug(slug)
    if event is None:
        raise click.ClickException(f"There is no event “{slug}”.")
    click.echo(json.dumps(compute(event, clock.now()), indent=indent, ensure_ascii=False))


@jobs.every(1.0, "links")
def send_links(at: dt.datetime) -> int:
    """Carries out what was pressed on the page of those who have not joined, batch by batch."""
    return jobs.batch_by_batch(
        resending.open_rounds, lambda round_id: resending.carry_on(round_id, at)
    )
