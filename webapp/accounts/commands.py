"""``flask accounts …``: the first admin, and tokens for programs."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from webapp import clock
from webapp.accounts import operations, queries
from webapp.accounts.models import ROLES
from webapp.db import db
from webapp.errors import in_one_sentence

cli = AppGroup("accounts", help="People who sign in.")


@cli.command("create")
@click.argument("email")
@click.option("--role", type=click.Choice(ROLES), required=True, help="What the person may do.")
@click.option("--password", help="At least 8 characters. Without it, one is made up and printed.")
@click.option("--name", default="", help="How the person is called on the pages.")
@in_one_sentence
def create_command(email: str, role: str, password: str | None, name: str) -> None:
    """Make an account for EMAIL."""
    user, made = operations.create(email, role=role, password=password, name=name, at=clock.now())
    db.session.commit()
    click.echo(f"{user.email} can sign in now and is {role}.")
    if password is None:
        click.echo(f"Password (shown only now): {made}")


@cli.command("token")
@click.argument("email")
@click.option("--label", default="", help="What the token is for.")
@in_one_sentence
def token_command(email: str, label: str) -> None:
    """Make an API token that may what the account EMAIL may, and print it. It is shown only once."""
    user = queries.by_email(email)
    if user is None:
        raise click.ClickException(
            f"There is no account for {email}. Make one: flask accounts create {email} --role organiser"
        )
    text = operations.create_token(user, label=label, at=clock.now())
    db.session.commit()
    click.echo(text)
