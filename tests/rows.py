"""All rows of the database: taken, compared, put back, and asked which event they belong to."""

from __future__ import annotations

import functools
import sqlite3
from typing import Any

import sqlalchemy as sa
from flask import Flask

from tests.conftest import forget
from webapp import clock
from webapp.attendance import presence
from webapp.db import Base, db, reading

Row = dict[str, Any]
Dump = dict[str, list[Row]]


def tables() -> list[sa.Table]:
    return Base.metadata.sorted_tables


@functools.cache
def _selects() -> list[tuple[str, sa.Select[Any]]]:
    """One statement for each table, made once: the walks take all rows after nearly every request."""
    return [(table.name, sa.select(table).order_by(*table.primary_key)) for table in tables()]


@functools.cache
def _writers() -> str:
    """Which transactions wrote the rows of each table. A change gives a row the number of a new one, and
    a row that went is no longer counted."""
    return " UNION ALL ".join(
        f'SELECT {place}, count(*), max(xmin::text::bigint) FROM "{table.name}"'
        for place, table in enumerate(tables())
    )


# For each database: a connection that only looks on, and the last dump with the mark it had.
_lookouts: dict[str, sqlite3.Connection] = {}
_last: dict[str, tuple[Any, Dump]] = {}


def _mark(connection: sa.Connection) -> Any:
    """Differs from the last one if anything has been written in between: to ask for this takes a small
    part of the time that all rows take."""
    if connection.dialect.name == "postgresql":
        return sorted(tuple(row) for row in connection.exec_driver_sql(_writers()))
    # Counts what others have committed, so it is asked of a connection that writes nothing itself.
    path = str(connection.engine.url.database)
    if path not in _lookouts:
        _lookouts[path] = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    return _lookouts[path].execute("PRAGMA data_version").fetchone()


def close() -> None:
    """For the end of the process's tests."""
    while _lookouts:
        _lookouts.popitem()[1].close()


def dump(app: Flask) -> Dump:
    """Every row of every table, in order of its key. What waits in this process's memory to be written
    is written first, so that nothing hides there. As long as nothing is written it is the same dump."""
    with app.app_context():
        presence.current().flush(clock.now())
        with reading(), db.engine.connect() as connection:
            mark, place = _mark(connection), str(db.engine.url)
            if place in _last and _last[place][0] == mark:
                return _last[place][1]
            taken = {
                name: [dict(row._mapping) for row in connection.execute(select)]
                for name, select in _selects()
            }
            _last[place] = (mark, taken)
            return taken


def _by_key(table: sa.Table, found: list[Row]) -> dict[tuple[Any, ...], Row]:
    return {tuple(row[column.name] for column in table.primary_key): row for row in found}


def _written(table: sa.Table, row: Row) -> Row:
    """The row as values to write: None would become the JSON value null."""
    json = [c.name for c in table.columns if isinstance(c.type, sa.JSON)]
    return {**row, **{name: sa.null() for name in json if row[name] is None}}


def _this_one(table: sa.Table, key: tuple[Any, ...]) -> sa.ColumnElement[bool]:
    return sa.and_(*(column == value for column, value in zip(table.primary_key, key, strict=True)))


def restore(app: Flask, taken: Dump) -> None:
    """Puts every row back as it was, and forgets what the process remembers. Touches only what differs:
    children go before their parents, and come after them."""
    now = dump(app)
    forget(app)
    if now == taken:
        return
    with app.app_context(), db.engine.begin() as connection:
        for table in reversed(tables()):
            old, new = _by_key(table, taken[table.name]), _by_key(table, now[table.name])
            for key in new.keys() - old.keys():
                connection.execute(table.delete().where(_this_one(table, key)))
        for table in tables():
            old, new = _by_key(table, taken[table.name]), _by_key(table, now[table.name])
            for key, row in old.items():
                if key not in new:
                    connection.execute(table.insert().values(_written(table, row)))
                elif row != new[key]:
                    values = _written(table, row)
                    connection.execute(table.update().where(_this_one(table, key)).values(values))
            if old.keys() != new.keys() and "id" in table.columns:
                _count_on(connection, table, max((row["id"] for row in old.values()), default=0))


def _count_on(connection: sa.Connection, table: sa.Table, highest: int) -> None:
    """The next new row gets the number it would have got, as on SQLite by itself."""
    if connection.dialect.name == "postgresql":
        # A number that counts as used, where there is one: only of those it is seen that they count from
        # one again afterwards (``empty_database``).
        connection.execute(
            sa.text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :number, :is_used)"),
            {"name": table.name, "number": max(highest, 1), "is_used": highest > 0},
        )


def changes(before: Dump, after: Dump) -> list[str]:
    """What differs, one line for each table and row; empty if nothing does."""
    found: list[str] = []
    if before is after:
        return found
    for table in tables():
        old, new = _by_key(table, before[table.name]), _by_key(table, after[table.name])
        found += [f"{table.name}: new row {new[key]}" for key in new.keys() - old.keys()]
        found += [f"{table.name}: lost row {old[key]}" for key in old.keys() - new.keys()]
        for key in old.keys() & new.keys():
            columns = [name for name in old[key] if old[key][name] != new[key][name]]
            found += [
                f"{table.name} {key}: {name} {old[key][name]!r} -> {new[key][name]!r}"
                for name in columns
            ]
    return found


def events_of(taken: Dump) -> dict[str, list[set[int]]]:
    """For each row of each table the events it belongs to, by its own column and by all it points at.
    A row with two events ties one event's row to another's."""
    known: dict[str, dict[Any, set[int]]] = {}
    result: dict[str, list[set[int]]] = {}
    for table in tables():
        result[table.name] = []
        known[table.name] = {}
        for row in taken[table.name]:
            found: set[int] = {row["id"]} if table.name == "events" else set()
            for column in table.columns:
                for key in column.foreign_keys:
                    target = known.get(key.column.table.name, {})
                    found |= target.get(row[column.name], set())
            result[table.name].append(found)
            if "id" in row:
                known[table.name][row["id"]] = found
    return result


def of_event(taken: Dump, event_id: int) -> Dump:
    """Only the rows that belong to one event."""
    events = events_of(taken)
    return {
        name: [row for row, of in zip(found, events[name], strict=True) if event_id in of]
        for name, found in taken.items()
    }


def ties(taken: Dump) -> list[str]:
    """Rows that tie two events to one another: there must never be any."""
    events = events_of(taken)
    return [
        f"{name}: {row} belongs to events {sorted(of)}"
        for name, found in taken.items()
        for row, of in zip(found, events[name], strict=True)
        if len(of) > 1
    ]
