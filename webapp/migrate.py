"""Bringing a database to the newest migration, from code and from the command line."""

from __future__ import annotations

import functools
from pathlib import Path

import click
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from flask import Flask
from flask.cli import AppGroup

from webapp.db import db
from webapp.errors import in_one_sentence

ROOT = Path(__file__).resolve().parent.parent

cli = AppGroup("database", help="Migrations of the database.")


def alembic_config() -> Config:
    """Alembic's configuration, bound to the current app's engine."""
    config = Config(toml_file=ROOT / "pyproject.toml")
    config.attributes["engine"] = db.engine
    return config


def upgrade(revision: str = "head") -> None:
    """Needs an app context."""
    command.upgrade(alembic_config(), revision)


def downgrade(revision: str) -> None:
    """Needs an app context. Drops what later revisions made."""
    command.downgrade(alembic_config(), revision)


@functools.cache
def newest() -> str | None:
    """The newest revision this code brings."""
    return ScriptDirectory.from_config(Config(toml_file=ROOT / "pyproject.toml")).get_current_head()


def revision(connection: sa.Connection) -> str | None:
    """The revision a database is at; None for one that was never migrated."""
    return MigrationContext.configure(connection).get_current_revision()


@cli.command("upgrade")
@click.argument("revision", default="head")
@in_one_sentence
def upgrade_command(revision: str) -> None:
    """Migrate the database to REVISION (the newest, if not named)."""
    try:
        upgrade(revision)
    except CommandError as error:
        raise click.ClickException(f"{error}.") from None
    click.echo(f"The database is at {revision}.")


def init_app(app: Flask) -> None:
    app.cli.add_command(cli)
