"""``flask events load`` and ``flask events export``."""

from __future__ import annotations

import json
from pathlib import Path

import click
import sqlalchemy as sa
from flask.cli import AppGroup

from webapp import clock
from webapp.accounts.models import User
from webapp.db import db
from webapp.errors import Refused, in_one_sentence
from webapp.events import queries as event_queries
from webapp.front import event_file

cli = AppGroup("events", help="Events as files.")


@cli.command("load")
@click.argument("path", metavar="FILE.json", type=click.Path(path_type=Path))
@click.option("--owner", metavar="EMAIL", help="Whose event it becomes, if it is new.")
@in_one_sentence
def load_command(path: Path, owner: str | None) -> None:
    """Create the event of FILE.json, or bring the one with its slug to the file; then it is public."""
    user = None
    if owner is not None:
        user = db.session.scalar(sa.select(User).where(User.email_key == owner.strip().casefold()))
        if user is None:
            raise click.ClickException(f"There is no account for {owner}; make it with: flask accounts create {owner} --role organiser")  # fmt: skip
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise click.ClickException(f"There is no file {path}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{path} cannot be read as UTF-8 text: {error}") from None
    try:
        loaded = event_file.load(
            event_file.parse(text), at=clock.now(), by=user or "Command line", owner=user
        )
    except Refused as refusal:
        db.session.rollback()
        raise click.ClickException(f"{path}: {refusal}") from None
    db.session.commit()
    verb = "created" if loaded.created else "updated" if loaded.changes else "unchanged"
    click.echo(f"{loaded.event.slug}: {verb}")
    for change in loaded.changes:
        click.echo(f"  {change}")


@cli.command("export")
@click.argument("slug")
@in_one_sentence
def export_command(slug: str) -> None:
    """Print the event with this SLUG as an event file."""
    event = event_queries.by_slug(slug)
    if event is None:
        raise click.ClickException(f"There is no event with the address {slug}.")
    click.echo(json.dumps(event_file.export(event), ensure_ascii=False, indent=2))
