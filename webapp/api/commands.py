"""``flask accounts token``: a token for a program, from the command line."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from webapp import clock
from webapp.accounts import operations, queries
from webapp.db import db
from webapp.errors import in_one_sentence
from webapp.events import access as guard


@click.command("token")
@click.argument("email")
@click.option("--label", default="", help="What the token is for.")
@click.option("--event", "slug", metavar="SLUG", help="Limit it to this one event.")
@with_appcontext
@in_one_sentence
def token(email: str, label: str, slug: str | None) -> None:
    """Make an API token that may read what the account EMAIL may, and print it. It is shown only once."""
    user = queries.by_email(email)
    if user is None:
        raise click.ClickException(
            f"There is no account for {email}. Make one: flask accounts create {email} --role organiser"
        )
    event_id = None
    if slug is not None:
        found = guard.find(user, slug)
        if found is None:
            raise click.ClickException(f"There is no event “{slug}” that {email} may manage.")
        event_id = found[0].id
    text = operations.create_token(user, label=label, event_id=event_id, at=clock.now())
    db.session.commit()
    click.echo(text)
