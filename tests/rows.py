"""All rows of the database: taken, compared, put back, and asked which event they belong to."""

from __future__ import annotations

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


def dump(app: Flask) -> Dump:
    """Every row of every table, in order of its key. What waits in this process's memory to be written
    is written first, so that nothing hides there."""
    with app.app_context():
        presence.current().flush(clock.now())
        with reading(), db.engine.connect() as connection:
            return {
                table.name: [
                    dict(row._mapping)
                    for row in connection.execute(sa.select(table).order_by(*table.primary_key))
                ]
                for table in tables()
            }


def restore(app: Flask, taken: Dump) -> None:
    """Puts every row back as it was, and forgets what the process remembers."""
    forget(app)
    with app.app_context(), db.engine.begin() as connection:
        for table in reversed(tables()):
            connection.execute(table.delete())
        for table in tables():
            found = taken[table.name]
            json = [c.name for c in table.columns if isinstance(c.type, sa.JSON)]
            # None would be written as the JSON value null.
            bare = [row for row in found if any(row[name] is None for name in json)]
            whole = [row for row in found if row not in bare]
            if whole:
                connection.execute(table.insert(), whole)
            for row in bare:
                nulls = {name: sa.null() for name in json if row[name] is None}
                connection.execute(table.insert().values({**row, **nulls}))
        if connection.dialect.name == "postgresql":
            _count_on(connection, taken)


def _count_on(connection: sa.Connection, taken: Dump) -> None:
    """Rows put in with their ids leave the sequences behind: the next new row would collide."""
    for table in tables():
        highest = max((row["id"] for row in taken[table.name] if "id" in table.columns), default=0)
        if highest:
            connection.execute(
                sa.text("SELECT setval(pg_get_serial_sequence(:t, 'id'), :n)"),
                {"t": table.name, "n": highest},
            )


def changes(before: Dump, after: Dump) -> list[str]:
    """What differs, one line for each table and row; empty if nothing does."""
    found = []
    for table in tables():
        keys = [column.name for column in table.primary_key]
        old = {tuple(row[key] for key in keys): row for row in before[table.name]}
        new = {tuple(row[key] for key in keys): row for row in after[table.name]}
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
