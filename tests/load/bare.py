"""The ceilings: a bare Flask app with a constant page, and one that inserts one row and commits.

No session, no hooks, nothing of Turnout. The insert comes twice: with Flask-SQLAlchemy, as an app of this
kind has it (``/insert``), and with the naked driver on one connection for each thread (``/driver-insert``).
On SQLite both have the settings of Turnout's own connections.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
import sqlalchemy as sa
from flask import Flask, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

PAGE = f"<!doctype html><title>Bare</title><h1>A constant page</h1>{'<p>Some text.</p>' * 600}"


class Base(DeclarativeBase):
    pass


db = SQLAlchemy(model_class=Base)


class BareRow(Base):
    __tablename__ = "bare_rows"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[int] = mapped_column(sa.BigInteger)


def _pragmas(synchronous: str) -> tuple[str, ...]:
    return ("busy_timeout=10000", "journal_mode=WAL", f"synchronous={synchronous}", "cache_size=-16000", "wal_autocheckpoint=4000")  # fmt: skip


def _sqlite(uri: str, synchronous: str) -> Callable[[str, int], None]:
    path = uri.removeprefix("sqlite:///")
    local = threading.local()

    def insert(name: str, at: int) -> None:
        if not hasattr(local, "connection"):
            # Without the driver's own BEGIN a single statement is a transaction of its own.
            local.connection = sqlite3.connect(path, isolation_level=None)
            for pragma in _pragmas(synchronous):
                local.connection.execute(f"PRAGMA {pragma}")
        local.connection.execute("INSERT INTO bare_rows (name, at) VALUES (?, ?)", (name, at))

    return insert


def _postgresql(uri: str) -> Callable[[str, int], None]:
    address = uri.replace("postgresql+psycopg://", "postgresql://")
    local = threading.local()

    def insert(name: str, at: int) -> None:
        if not hasattr(local, "connection"):
            local.connection = psycopg.connect(address, autocommit=True)
        local.connection.execute("INSERT INTO bare_rows (name, at) VALUES (%s, %s)", (name, at))

    return insert


def make_app(uri: str, **config: Any) -> Flask:
    app = Flask("bare")
    app.config.update(config, SQLALCHEMY_DATABASE_URI=uri)
    synchronous, pool = config["SQLITE_SYNCHRONOUS"], config["DATABASE_POOL_SIZE"]
    on_sqlite = uri.startswith("sqlite")
    if not on_sqlite:
        app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"pool_size": pool, "max_overflow": pool}
    db.init_app(app)
    by_driver = _sqlite(uri, synchronous) if on_sqlite else _postgresql(uri)
    with app.app_context():
        if on_sqlite:

            @sa.event.listens_for(db.engine, "connect")
            def on_connect(connection: sqlite3.Connection, record: Any) -> None:
                for pragma in _pragmas(synchronous):
                    connection.execute(f"PRAGMA {pragma}")

        Base.metadata.create_all(db.engine)
        # Not to be shared with the processes forked from here.
        db.engine.dispose()

    @app.get("/page")
    def page() -> str:
        return PAGE

    @app.post("/insert")
    def insert() -> str:
        db.session.add(BareRow(name=request.form["name"], at=time.time_ns() // 1_000_000))
        db.session.commit()
        return "inserted"

    @app.post("/driver-insert")
    def driver_insert() -> str:
        by_driver(request.form["name"], time.time_ns() // 1_000_000)
        return "inserted"

    return app
