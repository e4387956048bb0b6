"""``flask accounts …``: the first admin. Tokens for programs are made in ``webapp.api``."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from webapp import clock
from webapp.accounts import operations
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
