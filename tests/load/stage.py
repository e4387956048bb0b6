"""The ground that is measured on: an empty migrated database, the sample evening, and crowds of rows."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.engine import make_url

from tests.load import fill
from tests.load.served import ROOT, Served, turnout
from webapp import clock, migrate
from webapp.db import db
from webapp.events.models import Event
from webapp.front import event_file
from webapp.signup import links
from webapp.signup.models import Signup
from webapp.signup.people import Newcomer

_numbers = itertools.count(1)
_BATCH = 20_000


@dataclasses.dataclass
class Stage:
    """``app`` is this process's own view of the database that a server works on."""

    uri: str
    folder: Path
    app: Flask

    def serve(self, **settings: Any) -> Served:
        return Served("turnout", self.folder, self.uri, settings)

    def ceiling(self, **settings: Any) -> Served:
        return Served("bare", self.folder, self.uri, settings)

    @property
    def is_sqlite(self) -> bool:
        return self.uri.startswith("sqlite")

    @property
    def name(self) -> str:
        return "SQLite" if self.is_sqlite else "PostgreSQL"


@contextmanager
def stage(server: str, folder: Path, **settings: Any) -> Iterator[Stage]:
    """A fresh database: a SQLite file below ``folder``, or one beside the database that ``server`` names.
    ``settings`` are this process's own."""
    number = next(_numbers)
    place = folder / f"stage-{number}"
    place.mkdir(parents=True)
    if server == "sqlite":
        yield _made(f"sqlite:///{place / 'turnout.sqlite3'}", place, settings)
        return
    url = make_url(server)
    name = f"turnout_load_{secrets.token_hex(4)}"
    admin = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    made: Stage | None = None
    try:
        made = _made(url.set(database=name).render_as_string(hide_password=False), place, settings)
        yield made
    finally:
        if made is not None:
            with made.app.app_context():
                db.engine.dispose()
        with admin.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        admin.dispose()


def _made(uri: str, folder: Path, settings: dict[str, Any]) -> Stage:
    app = turnout(uri, folder, **settings)
    with app.app_context():
        migrate.upgrade()
    return Stage(uri, folder, app)


def event(*, starts_in: dt.timedelta, **changes: Any) -> Event:
    """The sample evening with its eight speakers, published. Needs a context; commits."""
    data: dict[str, Any] = json.loads((ROOT / "webapp/demo/files/bolivia.json").read_text())
    at = clock.now()
    starts_at = (at + starts_in).replace(microsecond=0)
    data["event"] |= {
        "slug": f"evening-{next(_numbers)}",
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + dt.timedelta(minutes=105)).isoformat(),
        **changes,
    }
    data["agenda"].append(
        {"key": "words", "title": "Words of thanks", "kind": "talk", "minutes": 5,
         "speakers": [{"name": "Ana Quispe", "role": "speaker", "affiliation": "Wiphalas Across The World"}]}
    )  # fmt: skip
    made = event_file.load(data, at=at, by="Load").event
    made.state = "published"
    db.session.commit()
    return made


class Statements:
    """Counts what goes to the database between entering and leaving, in this process."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.count = 0

    def _seen(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA")):  # fmt: skip
            self.count += 1

    def __enter__(self) -> Statements:
        with self.app.app_context():
            sa.event.listen(db.engine, "before_cursor_execute", self._seen)
        return self

    def __exit__(self, *_: object) -> None:
        with self.app.app_context():
            sa.event.remove(db.engine, "before_cursor_execute", self._seen)


def join_token(event_id: int, public_id: str, person_key: int) -> str:
    """The token of a person's join link. Needs a context."""
    return links.join_token(Newcomer(event_id, public_id, person_key, "", ""))


def join_tokens(ground: Stage, event_id: int, count: int, *, first: int = 1) -> list[str]:
    """Join links of ``count`` people, with their sign-ups. Needs a context."""
    # Whoever has looked at the event since it was made holds the writer's place on SQLite.
    db.session.rollback()
    fill.signups(ground, event_id, count, first=first)
    people = sa.select(Signup.public_id, Signup.person_key).where(Signup.event_id == event_id)
    made = [
        join_token(event_id, public_id, key or 0) for public_id, key in db.session.execute(people)
    ]
    # Let go of the database: what follows writes past this session.
    db.session.remove()
    return made
