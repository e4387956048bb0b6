"""The database: one typed Base, times as UTC milliseconds, and who begins as a writer on SQLite."""

from __future__ import annotations

import datetime as dt
import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import sqlalchemy as sa
from flask import Flask, current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.engine import Engine
from sqlalchemy.orm import DeclarativeBase, registry
from sqlalchemy.pool import ConnectionPoolEntry
from werkzeug.routing import IntegerConverter, Map

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

# The ids of rows go up to here; PostgreSQL fails instead of comparing one with a larger number.
LARGEST_ID = 2**31 - 1


class IdConverter(IntegerConverter):
    """``<int:…>`` in addresses: a number that no row can have leads nowhere, on either engine."""

    def __init__(self, map: Map, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max", LARGEST_ID)
        super().__init__(map, *args, **kwargs)


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


# Threads of one process wait for the one writer's place here, and are woken as soon as it is free. SQLite
# itself only looks again after a while, which leaves the place empty in a rush.
_places: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


_turn = threading.Lock()
# Longer than this nobody waits for a turn; then they go on, and wait where the writer's place is given.
_LONGEST_TURN = 1.0


@contextmanager
def in_turn() -> Iterator[None]:
    """Work that many people ask for in the same moment and that ends in a commit: on SQLite the threads of
    this process do it one after the other.

    Only one could write anyway, and Python runs one of them at a time. But the driver lets go of the
    interpreter at each of its calls, and so for each of them another thread would be woken that is in the
    middle of the same work, which together took an eighth of the time of a sign-up in a rush.
    """
    if not is_sqlite(current_app.config["SQLALCHEMY_DATABASE_URI"]):
        yield
        return
    is_mine = _turn.acquire(timeout=_LONGEST_TURN)
    try:
        yield
    finally:
        if is_mine:
            _turn.release()


def tune_sqlite(engine: Engine, *, synchronous: str, busy_ms: int) -> None:
    """WAL, enforced foreign keys, and explicit BEGINs on every connection of ``engine``."""
    place = _places[str(engine.url)]

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
            # 16 MB of log before it is carried into the database: in a rush the same pages change again
            # and again, and each turn of this waits for the disk.
            "wal_autocheckpoint=4000",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def on_begin(connection: sa.Connection) -> None:
        pooled: Any = connection.connection
        statement = "BEGIN IMMEDIATE" if _begins_as_writer.get() else "BEGIN"
        try:
            if _begins_as_writer.get() and not pooled.info.get("writes"):
                if not place.acquire(timeout=busy_ms / 1000):
                    raise sqlite3.OperationalError("database is locked")
                pooled.info["writes"] = True
            # Straight to the driver: this is the first statement of every request.
            pooled.dbapi_connection.execute(statement)
        except sqlite3.OperationalError as error:
            raise sa.exc.OperationalError(statement, None, error) from error

    @sa.event.listens_for(engine, "checkin")
    def on_checkin(connection: sqlite3.Connection | None, record: ConnectionPoolEntry) -> None:
        if record.info.pop("writes", False):
            place.release()


# A connection that was used this short a time ago is taken to be there still.
RESTED = 2.0


def replace_dropped(engine: Engine) -> None:
    """A connection the server dropped while it rested is replaced instead of failing somebody's request.
    In a rush none rests, and nobody waits for a question that has just been answered."""

    @sa.event.listens_for(engine, "checkin")
    def on_checkin(connection: Any, record: ConnectionPoolEntry) -> None:
        record.info["used"] = time.monotonic()

    @sa.event.listens_for(engine, "checkout")
    def on_checkout(connection: Any, record: ConnectionPoolEntry, proxy: Any) -> None:
        used = record.info.get("used")
        if used is None or time.monotonic() - used < RESTED:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            # The pool makes a new one; those that are as old as this one are not tried either.
            raise sa.exc.InvalidatePoolError from error


def init_app(app: Flask) -> None:
    app.url_map.converters["int"] = IdConverter
    uri = app.config["SQLALCHEMY_DATABASE_URI"]
    options: dict[str, Any] = app.config.setdefault("SQLALCHEMY_ENGINE_OPTIONS", {})
    if not is_sqlite(uri):
        options.setdefault("pool_size", app.config["DATABASE_POOL_SIZE"])
        options.setdefault("max_overflow", app.config["DATABASE_POOL_SIZE"])
    db.init_app(app)
    with app.app_context():
        if is_sqlite(uri):
            tune_sqlite(db.engine, synchronous=app.config["SQLITE_SYNCHRONOUS"], busy_ms=10_000)
        else:
            replace_dropped(db.engine)


def lock_row(statement: sa.Select[Any]) -> sa.Select[Any]:
    """Locks the selected rows until the commit, without blocking foreign keys that point at them.

    PostgreSQL takes FOR NO KEY UPDATE; on SQLite the transaction already is the only writer.
    """
    return statement.with_for_update(key_share=True)


def engine_name() -> str:
    """What the database is, with its version: "SQLite 3.45.1", "PostgreSQL 16.2"."""
    dialect = db.engine.dialect
    connection = db.session.connection()
    version = ".".join(str(part) for part in connection.dialect.server_version_info or ())
    return f"{ {'sqlite': 'SQLite', 'postgresql': 'PostgreSQL'}.get(dialect.name, dialect.name) } {version}"


def size() -> int:
    """How many bytes the database takes on disk."""
    if db.engine.dialect.name == "sqlite":
        pages = sa.text(
            "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
        )
    else:
        pages = sa.text("SELECT pg_database_size(current_database())")
    return int(db.session.scalar(pages) or 0)
