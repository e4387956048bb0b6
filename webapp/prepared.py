"""Statements that a crowd runs: compiled once for each engine, and handed to the driver as text.

SQLAlchemy's own way from a statement to the driver and back costs ten times what the database needs for one
row. Here values are plain, as the columns lie: moments in milliseconds (``db.to_ms``), JSON as text; and
plain tuples are the rows that come back. Transactions, connections and errors are SQLAlchemy's as ever.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

Values = dict[str, Any]
Row = tuple[Any, ...]


class Prepared:
    """A statement and its ways to be run, each inside the transaction of the connection it is given."""

    def __init__(self, statement: sa.ClauseElement | str) -> None:
        self._statement = sa.text(statement) if isinstance(statement, str) else statement
        # By engine: the text, and the values that stand in the statement itself.
        self._made: dict[str, tuple[str, Values]] = {}

    def run(self, connection: sa.Connection, values: Values | list[Values]) -> int:
        """With one row's values, or with each of many rows'; answers how many rows changed."""
        cursor = self._cursor(connection, values)
        changed: int = cursor.rowcount
        cursor.close()
        return max(changed, 0)

    def first(self, connection: sa.Connection, values: Values) -> Row | None:
        cursor = self._cursor(connection, values)
        row: Row | None = cursor.fetchone()
        cursor.close()
        return row

    def rows(self, connection: sa.Connection, values: Values) -> list[Row]:
        cursor = self._cursor(connection, values)
        found: list[Row] = cursor.fetchall()
        cursor.close()
        return found

    def _cursor(self, connection: sa.Connection, values: Values | list[Values]) -> Any:
        dialect = connection.dialect
        made = self._made.get(dialect.name)
        if made is None:
            made = self._made[dialect.name] = self._compiled(dialect)
        text, constants = made
        is_many = isinstance(values, list)
        if constants:
            values = [constants | each for each in values] if isinstance(values, list) else constants | values  # fmt: skip
        cursor: Any = connection.connection.cursor()
        # Whoever counts statements counts these as well.
        seen = connection.dispatch.before_cursor_execute
        if seen:
            seen(connection, cursor, text, values, None, is_many)
        try:
            (cursor.executemany if is_many else cursor.execute)(text, values)
        except dialect.loaded_dbapi.Error as error:
            cursor.close()
            raise sa.exc.DBAPIError.instance(
                text, values, error, dialect.loaded_dbapi.Error, dialect=dialect
            ) from error
        return cursor

    def _compiled(self, dialect: sa.Dialect) -> tuple[str, Values]:
        style: Any = "named" if dialect.name == "sqlite" else "pyformat"
        compiled = self._statement.compile(dialect=type(dialect)(paramstyle=style))  # type: ignore[call-arg]  # every dialect takes it
        given = {name: value for name, value in compiled.params.items() if value is not None}
        return str(compiled), given


class PreparedInsert:
    """As ``Prepared``: an INSERT into ``table`` of the columns that its values name, and ``rest`` after it
    (what to do about a conflict, what to answer). With ``where`` it writes only if that is so; ``instead``
    holds what stands for a column in place of its plain value. Both may name the values (``:name``)."""

    def __init__(
        self, table: str, rest: str = "", *, where: str = "", instead: dict[str, str] | None = None
    ) -> None:
        self._table, self._rest, self._where = table, rest, where
        self._instead = instead or {}
        self._made: dict[tuple[object, ...], Prepared] = {}

    def run(self, connection: sa.Connection, values: Values | list[Values]) -> int:
        """Writes one row, or many rows of the same columns; answers how many."""
        columns = values[0] if isinstance(values, list) else values
        return self._of(columns).run(connection, values)

    def few(self, connection: sa.Connection, rows: list[Values]) -> int:
        """Writes a handful of rows of the same columns with one statement; a driver that is handed many
        asks the server once for each. Answers how many."""
        name = (*rows[0], len(rows))
        statement = self._made.get(name)
        if statement is None:
            marks = ", ".join(
                f"({', '.join(f':{column}_{number}' for column in rows[0])})"
                for number in range(len(rows))
            )
            statement = self._made[name] = self._insert(tuple(rows[0]), f"VALUES {marks}")
        values = {
            f"{column}_{number}": value
            for number, row in enumerate(rows)
            for column, value in row.items()
        }
        return statement.run(connection, values)

    def first(self, connection: sa.Connection, values: Values) -> Row | None:
        """Writes one row; answers what ``rest`` says."""
        return self._of(values).first(connection, values)

    def _of(self, values: Values) -> Prepared:
        columns = tuple(values)
        statement = self._made.get(columns)
        if statement is None:
            marks = ", ".join(self._instead.get(name, f":{name}") for name in columns)
            what = f"SELECT {marks} WHERE {self._where}" if self._where else f"VALUES ({marks})"
            statement = self._made[columns] = self._insert(columns, what)
        return statement

    def _insert(self, columns: tuple[str, ...], what: str) -> Prepared:
        return Prepared(f"INSERT INTO {self._table} ({', '.join(columns)}) {what} {self._rest}")
