"""Statements that every round needs, compiled once and run by the database's driver itself.

SQLAlchemy writes the SQL, so that it is the same on SQLite and PostgreSQL; its own way of running a statement (a context,
a result, a pool's record) costs several times what SQLite takes for the statement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.sql.elements import ClauseElement

Row = Mapping[str, Any]


class Prepared:
    """One statement, for plain values: text, whole numbers, floats and bytes, as every driver takes them.

    It runs on the connection of the transaction that it is given, and so is committed or undone with it. What the driver
    raises is raised as it is: `Store.transaction` knows it.

    Args:
        statement: With named parameters.
        columns: The columns that an INSERT gives values for.
    """

    def __init__(self, statement: ClauseElement, columns: Sequence[str] | None = None) -> None:
        self._statement, self._columns = statement, columns
        self._compiled: dict[str, tuple[str, tuple[str, ...] | None]] = {}

    def run(self, tx: Connection, row: Row | None = None) -> Any:
        """Run it once; the driver's cursor."""
        text, places = self._for(tx)
        cursor = _driver(tx).cursor()
        cursor.execute(text, _parameters(places, row or {}))
        return cursor

    def run_many(self, tx: Connection, rows: Sequence[Row]) -> None:
        """Run it for each row."""
        text, places = self._for(tx)
        _driver(tx).cursor().executemany(text, [_parameters(places, row) for row in rows])

    def _for(self, tx: Connection) -> tuple[str, tuple[str, ...] | None]:
        """The SQL of a database, and the order of its parameters where they have no names."""
        name = tx.dialect.name
        if name not in self._compiled:
            made: Any = self._statement.compile(dialect=tx.dialect, column_keys=self._columns)
            self._compiled[name] = str(made), None if not made.positional else tuple(made.positiontup)
        return self._compiled[name]


def _parameters(places: tuple[str, ...] | None, row: Row) -> Any:
    return row if places is None else [row[name] for name in places]


def _driver(tx: Connection) -> Any:
    return tx.connection.driver_connection
