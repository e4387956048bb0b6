"""The database: one typed Base, times as UTC milliseconds, and who begins as a writer on SQLite."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.engine import Engine
from sqlalchemy.orm import DeclarativeBase, registry
from sqlalchemy.pool import ConnectionPoolEntry

UTC = dt.UTC
EPOCH = dt.datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = dt.timedelta(milliseconds=1)


def to_ms(moment: dt.datetime) -> int:
    """Whole milliseconds since 1970 in UTC. Raises ValueError for a naive moment."""
    if moment.tzinfo is None:
        raise ValueError(f"a moment without a time zone: {moment!r}")
    return (moment - EPOCH) // MILLISECOND


def from_ms(value: int) -> dt.datetime:
    return EPOCH + value * MILLISECOND


class UTCDateTime(sa.types.TypeDecorator[dt.datetime]):
    """An aware moment, kept as whole milliseconds of UTC.

    Both engines then compare, index and hash exactly the same numbers, and a million of them are
    read without making a million objects. Naive values are refused.
    """

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: sa.Dialect) -> int | None:
        return None if value is None else to_ms(value)

    def process_result_value(self, value: int | None, dialect: sa.Dialect) -> dt.datetime | None:
        return None if value is None else from_ms(value)


class Base(DeclarativeBase):
    """What every model subclasses. Tables are named by hand, constraints by convention."""

    registry = registry(
        metadata=sa.MetaData(
            naming_convention={
                "ix": "ix_%(table_name)s_%(column_0_N_name)s",
                "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                "ck": "ck_%(table_name)s_%(constraint_name)s",
                "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
                "pk": "pk_%(table_name)s",
            }
        ),
        type_annotation_map={
            dt.datetime: UTCDateTime,
            dict[str, Any]: sa.JSON,
            list[str]: sa.JSON,
            list[dict[str, Any]]: sa.JSON,
        },
    )


db = SQLAlchemy(model_class=Base)

# SQLite has one writer. A transaction that reads first and writes later fails at once when another
# writer came between, so whatever may write begins as the writer. Only GET-like requests do not.
_begins_as_writer: ContextVar[bool] = ContextVar("begins_as_writer", default=True)


def begin_as_reader() -> None:
    """This context (a GET request) promises not to write."""
    _begins_as_writer.set(False)


def begin_as_writer() -> None:
    _begins_as_writer.set(True)


@contextmanager
def reading() -> Iterator[None]:
    """A stretch of code that only reads, outside a request."""
    token = _begins_as_writer.set(False)
    try:
        yield
    finally:
        _begins_as_writer.reset(token)


def is_sqlite(uri: str) -> bool:
    return uri.startswith("sqlite")


def tune_sqlite(engine: Engine, *, synchronous: str, busy_ms: int) -> None:
    """WAL, enforced foreign keys, and explicit BEGINs on every connection of ``engine``."""

    @sa.event.listens_for(engine, "connect")
    def on_connect(connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
        # The driver's own BEGIN comes too late (at the first write); we send it ourselves.
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout={busy_ms}",
            "journal_mode=WAL",
            f"synchronous={synchronous}",
            "foreign_keys=ON",
            "secure_delete=ON",
            "cache_size=-16000",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def on_begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if _begins_as_writer.get() else "BEGIN")


def init_app(app: Flask) -> None:
    uri = app.config["SQLALCHEMY_DATABASE_URI"]
    options: dict[str, Any] = app.config.setdefault("SQLALCHEMY_ENGINE_OPTIONS", {})
    if not is_sqlite(uri):
        options.setdefault("pool_size", app.config["DATABASE_POOL_SIZE"])
        options.setdefault("max_overflow", app.config["DATABASE_POOL_SIZE"])
        # A connection the server dropped is replaced instead of failing somebody's request.
        options.setdefault("pool_pre_ping", True)
    db.init_app(app)
    if is_sqlite(uri):
        with app.app_context():
            tune_sqlite(db.engine, synchronous=app.config["SQLITE_SYNCHRONOUS"], busy_ms=10_000)


def lock_row(statement: sa.Select[Any]) -> sa.Select[Any]:
    """Locks the selected rows until the commit, without blocking foreign keys that point at them.

    PostgreSQL takes FOR NO KEY UPDATE; on SQLite the transaction already is the only writer.
    """
    return statement.with_for_update(key_share=True)
