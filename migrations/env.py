"""Runs migrations on the engine handed over by the app, or on the one the environment configures."""

from __future__ import annotations

import os

import sqlalchemy as sa
from alembic import context
from sqlalchemy.engine import Engine

from config import environment
from webapp import create_app
from webapp.db import Base, UTCDateTime, db

config = context.config


def engine() -> Engine:
    given: Engine | None = config.attributes.get("engine")
    if given is not None:
        return given
    app = create_app(environment(os.environ, on_command_line=True))
    with app.app_context():
        return db.engine


def render_item(kind: str, item: object, autogen_context: object) -> str | bool:
    # Migrations speak of plain columns, so that they do not change when our types do.
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.BigInteger()"
    return False


def run() -> None:
    with engine().connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            # A batch rebuild drops the old table; with foreign keys on, its children would be deleted
            # with it. The pragma only works outside a transaction, so it goes straight to the driver.
            connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=OFF")
        try:
            context.configure(
                connection=connection,
                target_metadata=Base.metadata,
                render_as_batch=sqlite,
                render_item=render_item,
                compare_type=True,
                transaction_per_migration=False,
            )
            with context.begin_transaction():
                context.run_migrations()
                if sqlite:
                    broken = connection.execute(sa.text("PRAGMA foreign_key_check")).fetchall()
                    if broken:
                        raise RuntimeError(f"rows point at nothing after the migration: {broken}")
            connection.commit()
        finally:
            # After a fault the transaction is still open, and inside one the pragma does nothing.
            connection.rollback()
            if sqlite:
                connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=ON")


if context.is_offline_mode():
    raise SystemExit("Migrations run on a live database only.")
run()
