"""Migrations up and down on the database in use, with rows in it."""

from __future__ import annotations

import datetime as dt
import uuid
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.util import CommandError
from sqlalchemy.engine import make_url

from tests.agenda.evening import agenda as evening
from tests.conftest import NOW
from tests.factories import make_event, make_signup, make_user, make_visit
from webapp import create_app, migrate
from webapp.agenda import operations as agenda
from webapp.agenda.models import AgendaRelease
from webapp.db import Base, db


@pytest.fixture
def fresh(database_uri: str, tmp_path: Path):
    """An app over an empty database of its own, on the engine the suite runs on."""
    url = make_url(database_uri)
    if url.get_backend_name() == "sqlite":
        uri, admin, name = f"sqlite:///{tmp_path / 'fresh.sqlite3'}", None, None
    else:
        name = f"fresh_{uuid.uuid4().hex[:12]}"
        admin = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(sa.text(f'CREATE DATABASE "{name}"'))
        uri = url.set(database=name).render_as_string(hide_password=False)
    app = create_app("testing", environ={}, instance=tmp_path, SQLALCHEMY_DATABASE_URI=uri)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()
    if admin is not None:
        with admin.connect() as connection:
            connection.execute(sa.text(f'DROP DATABASE "{name}" WITH (FORCE)'))
        admin.dispose()


def tables() -> set[str]:
    return set(sa.inspect(db.engine).get_table_names()) - {"alembic_version"}


def test_up_and_down_with_rows(fresh):
    migrate.upgrade()
    assert tables() == set(Base.metadata.tables)
    event = make_event(make_user())
    make_visit(event, NOW, NOW + dt.timedelta(minutes=5), signup=make_signup(event))
    agenda.replace(event, evening(), NOW)
    seen = db.session.scalar(sa.select(AgendaRelease.items))
    db.session.commit()
    db.session.remove()
    # What people saw of the agenda before there were versions is the first one.
    migrate.downgrade("0851-1")
    migrate.upgrade()
    assert db.session.scalar(sa.select(AgendaRelease.items)) == seen
    db.session.remove()
    migrate.downgrade("base")
    assert tables() == set()
    migrate.upgrade()
    assert tables() == set(Base.metadata.tables)


def test_models_and_migrations_agree(fresh):
    migrate.upgrade()
    command.check(migrate.alembic_config())


def test_checks_and_partial_indexes_are_in_the_database(fresh):
    """Alembic's own check does not see these."""
    migrate.upgrade()
    inspector = sa.inspect(db.engine)
    for table in Base.metadata.sorted_tables:
        wanted = {c.name for c in table.constraints if isinstance(c, sa.CheckConstraint)}
        assert {c["name"] for c in inspector.get_check_constraints(table.name)} == wanted
        indexes = {i["name"]: i for i in inspector.get_indexes(table.name)}
        for index in table.indexes:
            assert index.name in indexes
            partial = index.dialect_options[db.engine.dialect.name].get("where") is not None
            options = indexes[str(index.name)].get("dialect_options", {})
            assert partial == any(key.endswith("_where") for key in options)


def test_a_migration_that_fails_leaves_foreign_keys_on(fresh):
    migrate.upgrade()
    if db.engine.dialect.name != "sqlite":
        return
    with pytest.raises(CommandError):
        migrate.upgrade("no-such-revision")
    with db.engine.connect() as connection:
        assert connection.execute(sa.text("PRAGMA foreign_keys")).scalar() == 1


@pytest.mark.parametrize("status", ["cancelled", "declined"])
def test_one_live_signup_per_address(fresh, status):
    migrate.upgrade()
    event = make_event()
    make_signup(event, email="ana@example.org", status=status)
    make_signup(event, email="ana@example.org")
    with pytest.raises(sa.exc.IntegrityError):
        make_signup(event, email="ana@example.org", status="pending")
    db.session.rollback()


def test_versions_have_one_head(fresh):
    from alembic.script import ScriptDirectory

    assert len(ScriptDirectory.from_config(migrate.alembic_config()).get_heads()) == 1
