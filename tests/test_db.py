"""The ground floor: statements made once, and the one writer's place on SQLite."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import NOW
from tests.factories import make_event
from webapp import db as database
from webapp.db import (
    begin_as_reader,
    begin_as_writer,
    db,
    replace_dropped,
    to_ms,
    tune_sqlite,
)
from webapp.events.models import Event
from webapp.mail.models import SuppressedAddress
from webapp.prepared import Prepared, PreparedInsert


def test_a_prepared_statement_reads_and_writes_on_both_engines(context: Flask) -> None:
    connection = db.session.connection()
    insert = PreparedInsert("suppressed_addresses", "ON CONFLICT DO NOTHING")
    row = {"address_key": "ana@example.org", "reason": "550 5.1.1 'no' :name %s", "at": to_ms(NOW)}
    assert insert.run(connection, row) == 1
    assert insert.run(connection, row) == 0
    kept = db.session.scalars(sa.select(SuppressedAddress)).one()
    assert (kept.reason, kept.at) == (row["reason"], NOW)


def test_a_prepared_insert_takes_many_rows_and_other_columns(context: Flask) -> None:
    event = make_event()
    insert = PreparedInsert("head_counts")
    common = {"event_id": event.id, "at": to_ms(NOW), "author": "Ada", "source": "At the door"}
    insert.run(db.session.connection(), [common | {"count": count} for count in (3, 4)])
    insert.run(db.session.connection(), {"count": 5} | common)
    counts = db.session.scalars(sa.text("SELECT count FROM head_counts ORDER BY count")).all()
    assert counts == [3, 4, 5]


def test_a_prepared_select_answers_columns_as_they_lie(context: Flask) -> None:
    event = make_event(capacity=7)
    table = Event.__table__
    select = Prepared(
        sa.select(table.c.capacity, table.c.starts_at).where(table.c.id == sa.bindparam("id"))
    )
    row = select.first(db.session.connection(), {"id": event.id})
    assert row == (7, to_ms(event.starts_at))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'one.sqlite3'}")
    tune_sqlite(engine, synchronous="NORMAL", busy_ms=200)
    # Whatever the last request of an earlier test was.
    begin_as_writer()
    yield engine
    begin_as_writer()
    engine.dispose()


def test_writers_of_one_process_come_one_after_the_other(engine: sa.Engine) -> None:
    inside, most = 0, 0
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE numbers (number INTEGER)"))

    def write() -> None:
        nonlocal inside, most
        for number in range(20):
            with engine.begin() as connection:
                inside += 1
                most = max(most, inside)
                connection.execute(sa.text("INSERT INTO numbers VALUES (:n)"), {"n": number})
                inside -= 1

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with engine.begin() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM numbers")) == 120
    assert most == 1


def test_a_writer_who_waits_too_long_is_told_so_and_a_reader_is_not_kept(engine: sa.Engine) -> None:
    with engine.begin() as first:
        first.execute(sa.text("CREATE TABLE numbers (number INTEGER)"))
        with pytest.raises(sa.exc.OperationalError, match="locked"), engine.begin():
            pass
        begin_as_reader()
        with engine.begin() as reader:
            assert reader.scalar(sa.text("SELECT 1")) == 1
        begin_as_writer()
    # The place is free again, also after the one who gave up.
    with engine.begin() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM numbers")) == 0


def test_a_broken_connection_gives_its_place_back(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        connection.begin()
        connection.invalidate()
    with engine.begin() as connection:
        assert connection.scalar(sa.text("SELECT 1")) == 1


def test_a_connection_that_was_dropped_while_it_rested_is_replaced(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_dropped(engine)

    def use_and_drop() -> None:
        with engine.connect() as connection:
            assert connection.scalar(sa.text("SELECT 1")) == 1
            driver = connection.connection.dbapi_connection
            assert driver is not None
        driver.close()

    use_and_drop()
    # Used a moment ago: nobody asks, and whoever comes next is told.
    with pytest.raises(sa.exc.ProgrammingError, match="closed"), engine.connect() as connection:
        connection.scalar(sa.text("SELECT 1"))
    use_and_drop()
    monkeypatch.setattr("webapp.db.RESTED", 0.0)
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT 1")) == 1


def test_prepared_statements_fail_and_are_counted_like_all_others(
    context: Flask, count_queries: Any
) -> None:
    event = make_event()
    insert = PreparedInsert("attendance_marks")
    with (
        count_queries() as seen,
        pytest.raises(sa.exc.IntegrityError) as failure,
        db.session.begin_nested(),
    ):
        insert.run(db.session.connection(), {"event_id": event.id, "revision": None})
    assert seen.statements == [failure.value.statement]
    select = Prepared("SELECT count(*) FROM attendance_marks WHERE revision > :least")
    assert select.rows(db.session.connection(), {"least": 0}) == [(0,)]


def _inside_at_once(app: Flask, barrier: threading.Barrier) -> bool:
    """Whether two threads that do the same work are in it at the same time."""
    met = []

    def work() -> None:
        with app.app_context(), database.in_turn():
            try:
                barrier.wait(0.2)
                met.append(True)
            except threading.BrokenBarrierError:
                met.append(False)

    threads = [threading.Thread(target=work) for _number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return all(met)


def test_on_sqlite_threads_take_turns(app: Flask) -> None:
    is_sqlite = database.is_sqlite(app.config["SQLALCHEMY_DATABASE_URI"])
    assert _inside_at_once(app, threading.Barrier(2)) is not is_sqlite


def test_nobody_waits_long_for_a_turn(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_LONGEST_TURN", 0.001)
    assert _inside_at_once(app, threading.Barrier(2))
    with app.app_context(), database.in_turn(), database.in_turn():
        pass
