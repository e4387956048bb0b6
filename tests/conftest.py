"""The suite's ground: one migrated database for each worker process, a fixed cast, a strict page client.

Runs on SQLite; with TURNOUT_TEST_DATABASE_URI on that server instead (a database for each worker is
made beside the named one and dropped at the end). Tests that use no database of these say the same on
either and are left to the run on SQLite; the last lines say how many.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import html5lib
import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from sqlalchemy.engine import make_url

from webapp import create_app, limits, migrate
from webapp.attendance import presence
from webapp.db import Base, begin_as_writer, db

# Whether an example took long says how busy the machine is, not whether the code is right.
settings.register_profile("turnout", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("turnout")

UTC = dt.UTC
# Every test that needs "now" starts from here: a Tuesday in spring, an hour before the cast's event.
NOW = dt.datetime(2027, 4, 6, 17, 0, tzinfo=UTC)

_SERVER = os.environ.get("TURNOUT_TEST_DATABASE_URI", "")


def _worker() -> str:
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--new-snapshots",
        action="store_true",
        help="write what people read into tests/snapshots anew",
    )


@pytest.fixture(scope="session")
def database_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An empty database of this worker's own."""
    if not _SERVER:
        yield f"sqlite:///{tmp_path_factory.mktemp('db') / 'turnout.sqlite3'}"
        return
    url = make_url(_SERVER)
    name = f"{url.database}_{os.getpid()}_{_worker()}"
    admin = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        connection.execute(sa.text(f'CREATE DATABASE "{name}"'))
    yield url.set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(sa.text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
    admin.dispose()


@pytest.fixture(scope="session")
def migrated_app(database_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    app = create_app(
        "testing",
        environ={},
        instance=tmp_path_factory.mktemp("instance"),
        SQLALCHEMY_DATABASE_URI=database_uri,
    )
    app.config["KEPT_EXTENSIONS"] = frozenset(app.extensions)
    with app.app_context():
        migrate.upgrade()
    yield app
    from tests import rows

    rows.close()
    hang_up(app)


def hang_up(app: Flask) -> None:
    """Closes the app's connections; those of the door's own engine as well, so that no test that puts
    something else in its place leaves one open."""
    with app.app_context():
        db.engine.dispose()
    hang_up_at_the_door(app)


def hang_up_at_the_door(app: Flask) -> None:
    engine = app.extensions.pop("door_engine", None)
    if isinstance(engine, sa.Engine):
        engine.dispose()


def empty_database(app: Flask) -> None:
    """Deletes every row, children first, and lets the numbers of rows begin anew. Most tests write to few
    of the tables, so those with rows are asked for first: to empty every one of them takes longer than
    many a test."""
    tables = Base.metadata.sorted_tables
    filled = " UNION ALL ".join(
        f"SELECT '{table.name}' WHERE EXISTS (SELECT 1 FROM \"{table.name}\")" for table in tables
    )
    with app.app_context(), db.engine.connect() as connection:
        found = set(connection.exec_driver_sql(filled).scalars())
        for table in reversed(tables):
            if table.name in found:
                connection.exec_driver_sql(f'DELETE FROM "{table.name}"')
        if connection.dialect.name == "postgresql":
            # On SQLite a table without rows counts from one by itself.
            connection.exec_driver_sql(
                "SELECT setval(quote_ident(schemaname) || '.' || quote_ident(sequencename), 1, false) "
                "FROM pg_sequences WHERE last_value IS NOT NULL"
            )
        connection.commit()


@pytest.fixture
def app(migrated_app: Flask) -> Iterator[Flask]:
    """The app over a database with no rows. Settings a test changes are put back."""
    before = dict(migrated_app.config)
    # The limiter is one for the process, and follows the app that was made last.
    limits.limiter.enabled = bool(before["RATELIMIT_ENABLED"])
    yield migrated_app
    migrated_app.config.clear()
    migrated_app.config.update(before)
    forget(migrated_app)
    hang_up_at_the_door(migrated_app)
    empty_database(migrated_app)


def forget(app: Flask) -> None:
    """What a process remembers between requests must not leak into the next test, whose rows have the
    same ids: caches, pulses that were heard and not written, and how often somebody tried something."""
    for name, kept in app.extensions.items():
        if name not in app.config["KEPT_EXTENSIONS"] and isinstance(kept, dict):
            kept.clear()
    app.extensions.pop("rate_counter", None)
    presence.init_app(app)
    # The last request may have been a reader's.
    begin_as_writer()


@pytest.fixture
def another_app(app: Flask, tmp_path: Path) -> Iterator[Any]:
    """Makes further apps over the same database, with settings of their own; closes their connections."""
    made = []

    def make(**settings: Any) -> Flask:
        uri = app.config["SQLALCHEMY_DATABASE_URI"]
        settings = {"SQLALCHEMY_DATABASE_URI": uri} | settings
        made.append(create_app("testing", environ={}, instance=tmp_path, **settings))
        return made[-1]

    yield make
    for one in made:
        hang_up(one)


@pytest.fixture
def context(app: Flask) -> Iterator[Flask]:
    """The app with a pushed context, for tests that call verbs directly."""
    with app.app_context():
        yield app
        db.session.rollback()


class Page:
    """A parsed HTML page, checked on the way in: see ``check``."""

    def __init__(self, response: Any) -> None:
        self.response = response
        self.status = response.status_code
        self.text: str = response.get_data(as_text=True)
        self.tree: Any = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(
            self.text
        )
        self.check()

    def check(self) -> None:
        """What holds on every page: valid HTML, a title, one h1, a language, labelled fields, no inline
        script or style, no other site, no id twice."""
        tree = self.tree
        assert tree.get("lang"), "a page says its language"
        title = tree.findtext(".//title") or ""
        assert title.strip(" ·"), "a page has a title"
        assert len(tree.findall(".//h1")) == 1, f"a page has one h1: {title}"
        ids = [e.get("id") for e in tree.iter() if isinstance(e.tag, str) and e.get("id")]
        assert len(ids) == len(set(ids)), f"ids twice: {sorted(i for i in ids if ids.count(i) > 1)}"
        labelled = {e.get("for") for e in tree.iter("label")}
        for element in tree.iter():
            if not isinstance(element.tag, str):
                continue
            assert not element.get("style"), f"inline style on <{element.tag}>"
            assert not [k for k in element.attrib if k.startswith("on")], "inline event handler"
            if element.tag == "style" or (element.tag == "script" and not element.get("src")):
                kind = element.get("type", "")
                assert kind in ("application/ld+json", "application/json"), f"inline {element.tag}"
            if element.tag in ("script", "img", "link", "iframe", "source"):
                address = element.get("src") or element.get("href") or ""
                rel = element.get("rel", "")
                if rel not in ("canonical", "alternate"):
                    assert not re.match(r"(https?:)?//", address), f"third party: {address}"
            if element.tag in ("input", "select", "textarea"):
                if element.get("type") in ("hidden", "submit", "button"):
                    continue
                named = element.get("aria-label") or element.get("aria-labelledby")
                assert named or element.get("id") in labelled, (
                    f"field without label: {element.attrib}"
                )

    def field(self, name: str) -> str:
        """The value of a hidden or filled-in field of the page."""
        for element in self.tree.iter("input"):
            if element.get("name") == name:
                return element.get("value") or ""
        raise AssertionError(f"no field named {name}")


class PageClient(FlaskClient):
    """A browser that refuses bad HTML: every HTML answer is parsed and checked."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        response = super().open(*args, **kwargs)
        redirects = response.status_code in (301, 302, 303, 307, 308)
        # A mail shown in its own sandbox styles itself, as mails must; tests/mail looks at those.
        sandboxed = "sandbox" in response.headers.get("Content-Security-Policy", "")
        if response.mimetype == "text/html" and response.get_data() and not redirects | sandboxed:
            response.parsed = Page(response)
        return response

    def page(self, path: str, **kwargs: Any) -> Page:
        response = self.get(path, **kwargs)
        assert response.status_code == 200, f"{path}: {response.status_code}"
        return response.parsed if hasattr(response, "parsed") else Page(response)

    def send(self, path: str, data: dict[str, Any] | None = None, *, at: str | None = None) -> Any:
        """Opens the page that holds the form (``at`` or the path itself) and posts with its token."""
        token = self.page(at or path).field("csrf_token")
        return self.post(path, data={"csrf_token": token, **(data or {})})


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    app.test_client_class = PageClient
    return app.test_client()


class QueryCount:
    """Counts the statements between entering and leaving; ``statements`` has their text."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.statements: list[str] = []

    def _seen(self, _c: Any, _cur: Any, statement: str, *_: Any) -> None:
        if not re.match(r"(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|PRAGMA)", statement):
            self.statements.append(statement)

    def __enter__(self) -> QueryCount:
        with self.app.app_context():
            sa.event.listen(db.engine, "before_cursor_execute", self._seen)
        return self

    def __exit__(self, *_: object) -> None:
        with self.app.app_context():
            sa.event.remove(db.engine, "before_cursor_execute", self._seen)

    def __len__(self) -> int:
        return len(self.statements)


@pytest.fixture
def count_queries(app: Flask) -> Any:
    return lambda: QueryCount(app)


@pytest.fixture
def cast(app: Flask) -> Iterator[Any]:
    """The whole cast with two evenings (tests/cast.py), in the middle of them. The clock stands still."""
    from tests import cast as casts

    with time_machine.travel(casts.LIVE, tick=False):
        yield casts.play(app)


@pytest.fixture
def watch(cast: Any) -> Any:
    """Notes what goes wrong while the cast walks over every route (tests/walk.py)."""
    from tests.walk import Watch

    return Watch(cast)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """A test that was skipped says why, also where nobody asked."""
    if left := config.stash.get(_LEFT, 0):
        terminalreporter.write_line(
            f"{left} tests need no database server and are left to the run on SQLite"
        )
    reasons = Counter(report.longrepr[2] for report in terminalreporter.getreports("skipped"))
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"{count} tests: {reason}")


# The databases of the suite: the worker's own, and the one that a whole site is started on.
_DATABASES = {"database_uri", "empty_database"}
_LEFT = pytest.StashKey[int]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With a server, only what comes near it: a text or a calendar file is the same on each."""
    config.stash[_LEFT] = 0
    if not _SERVER:
        return
    left = [item for item in items if not _DATABASES & set(getattr(item, "fixturenames", ()))]
    items[:] = [item for item in items if _DATABASES & set(getattr(item, "fixturenames", ()))]
    config.hook.pytest_deselected(items=left)
    config.stash[_LEFT] = len(left)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left"] = session.config.stash.get(_LEFT, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Every worker collects all tests, so each leaves out the same."""
    left = getattr(node, "workeroutput", {}).get("left", 0)
    node.config.stash[_LEFT] = max(left, node.config.stash.get(_LEFT, 0))


def pytest_report_header() -> str:
    return f"database: {make_url(_SERVER).get_backend_name() if _SERVER else 'sqlite'}"


TESTS = Path(__file__).parent
