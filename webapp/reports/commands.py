"""``flask reports …``: publishing and checking from the command line."""

from __future__ import annotations

import click
from flask.cli import AppGroup
from flask_babel import ngettext

from webapp import clock
from webapp.db import db
from webapp.errors import Refused, in_one_sentence
from webapp.events import queries as event_queries
from webapp.reports import operations, queries

cli = AppGroup("reports", help="Reports: publish and verify.")


@cli.command("publish")
@click.argument("slug")
@click.option("--correction", default="", help="What a new version of a published report corrects.")
@click.option("--by", default="", help="Who publishes; stands in the record.")
@in_one_sentence
def publish_command(slug: str, correction: str, by: str) -> None:
    """Publish the report of the event SLUG; a draft is written from the data if there is none."""
    at = clock.now()
    event = event_queries.by_slug(slug)
    if event is None:
        raise click.ClickException(f"There is no event {slug!r}.")
    try:
        if queries.report(event.id) is None:
            operations.draft(event, at=at, by=by)
        version = operations.publish(event, at=at, by=by or "command line", correction=correction)
    except Refused as refused:
        db.session.rollback()
        raise click.ClickException(str(refused)) from None
    number, content_hash = version.version, version.content_hash
    db.session.commit()
    click.echo(f"Version {number} of {slug} is published. SHA-256 {content_hash}")


@cli.command("verify")
@in_one_sentence
def verify_command() -> None:
    """Recompute the hashes of all published versions; the exit code is 1 if any does not match."""
    wrong = operations.damaged()
    count = len(queries.every_version())
    for sentence in wrong:
        click.echo(sentence, err=True)
    if wrong:
        raise click.ClickException(f"{len(wrong)} of {count} published versions do not match.")
    click.echo(
        ngettext(
            "%(num)s published version checked: as it was published.",
            "%(num)s published versions checked: all as they were published.",
            count,
        )
    )
