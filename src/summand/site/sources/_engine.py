"""DuckDB, opened so that it can read one folder and nothing else.

SQL is put together from this room's own templates only: columns are called ``c0``, ``c1``, … whatever the file calls
them, and every text, number or path from outside is a parameter.
"""

from __future__ import annotations

import itertools
import re
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from summand.errors import DataError, SourceUnreadable

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

SMALL_NUMBERS = 1_000_000
BATCH_ROWS = 65_536

_T = TypeVar("_T")
_databases: dict[str, duckdb.DuckDBPyConnection] = {}
_level_enums: dict[str, dict[tuple[str, ...], str]] = {}
_databases_lock = threading.Lock()
_serial = itertools.count()
_PATTERN = re.compile(r"[*?\[]")
_PARAMETER = re.compile(r"\$(\w+)")
_LINE = re.compile(r"\bLine: (\d+)")


class Session:
    """One connection to the database that may open files of ``folder`` only (no files at all without a folder).

    Opening a database costs 20 to 40 ms and a connection none, so a process keeps one database per folder. Objects made here
    (types, tables) carry names that no other session uses, and go when the session does.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._key = "" if folder is None else str(folder)
        self._database = _database(self._key)
        self._cursor = self._database.cursor()
        self._lock = threading.RLock()
        self._views: dict[str, Any] = {}
        self._made: list[str] = []
        self._finalizer = weakref.finalize(self, _drop, self._database, self._made)
        self._finalizer.atexit = False

    def rows(self, sql: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """The rows of a small result."""
        return self._run(lambda: self._cursor.execute(sql, _used(sql, parameters)).fetchall())

    def arrays(self, sql: str, parameters: Mapping[str, Any], types: Sequence[str], rows: int) -> list[NDArray[Any]]:
        """The columns of a result without NULLs, one array of shape (rows found,) each.

        Many numbers are written batch by batch where they stay, so that memory holds them once; few come without
        Arrow, since loading it takes longer than they do.

        Args:
            sql, parameters: The statement.
            types: The NumPy type of each column.
            rows: No fewer than the result has.
        """
        if rows * len(types) <= SMALL_NUMBERS:
            found: dict[str, Any] = self._run(lambda: self._cursor.execute(sql, _used(sql, parameters)).fetchnumpy())
            return [np.asarray(values) for values in found.values()]
        columns, at = [np.empty(rows, dtype=name) for name in types], 0  # a page that is never written takes no memory
        for batch in self.stream(sql, parameters, BATCH_ROWS):
            for column, values in zip(columns, batch.columns, strict=True):
                # Not values.to_numpy(): where pandas is installed, that loads it first.
                numbers = np.frombuffer(values.buffers()[1], column.dtype, offset=values.offset * column.itemsize)
                column[at : at + batch.num_rows] = numbers[: batch.num_rows]
            at += batch.num_rows
        return [column[:at] for column in columns]

    def stream(self, sql: str, parameters: Mapping[str, Any], batch_rows: int) -> Iterator[pa.RecordBatch]:
        """The result in batches, read as they are asked for; on a connection of its own, so that others may go on."""
        cursor = self._database.cursor()
        for name, view in self._views.items():
            cursor.register(name, view)
        reader = self._run(lambda: cursor.sql(sql, params=_used(sql, parameters)).to_arrow_reader(batch_rows))
        while (batch := self._run(lambda: next(reader, None))) is not None:
            yield batch
        cursor.close()

    def levels_enum(self, levels: tuple[str, ...]) -> str:
        """As `make_enum`, for texts of a dictionary: made once per database, since all its sources ask for the same."""
        known = _level_enums.setdefault(self._key, {})
        if levels not in known:
            known[levels] = self._enum(f"l{next(_serial)}", levels)
        return known[levels]

    def make_enum(self, texts: Sequence[str]) -> str:
        """A new type whose values are ``texts``, at least one and each once: a hash look-up from text to position."""
        return self._enum(self._new("TYPE", "e"), texts)

    def _enum(self, name: str, texts: Sequence[str]) -> str:
        self.rows(f"CREATE TYPE {name} AS ENUM (SELECT unnest($texts::VARCHAR[]))", {"texts": list(texts)})
        return name

    def make_table(self, select: str, parameters: Mapping[str, Any]) -> str:
        """A new table in memory with the rows of ``select``."""
        name = self._new("TABLE", "d")
        self.rows(f"CREATE TABLE {name} AS {select}", parameters)
        return name

    def register(self, table: pa.Table) -> str:
        """A name for a table in memory, read where it lies."""
        name = f"m{next(_serial)}"
        self._run(lambda: self._cursor.register(name, table))
        self._views[name] = table
        return name

    def _new(self, kind: str, letter: str) -> str:
        name = f"{letter}{next(_serial)}"
        self._made.append(f"DROP {kind} IF EXISTS {name}")
        return name

    def _run(self, work: Callable[[], _T]) -> _T:
        import duckdb

        try:
            with self._lock:
                return work()
        except (duckdb.Error, MemoryError, OverflowError, ValueError, RuntimeError) as error:
            failure = self._translated(error)
        # Raised outside the handler: DuckDB's own text quotes the offending line, and must not travel as the context.
        raise failure

    def _translated(self, error: Exception) -> DataError:
        import duckdb

        if isinstance(error, (duckdb.InternalException, duckdb.FatalException)):
            with _databases_lock:  # such an error leaves the whole database unusable: the next session gets a new one
                _databases.pop(self._key, None)
                _level_enums.pop(self._key, None)
        if isinstance(error, (duckdb.OutOfMemoryException, MemoryError)):
            return SourceUnreadable(
                "The data do not fit into this machine's memory.", remedy="Use a larger machine, or Parquet for CSV."
            )
        line = _LINE.search(str(error))
        if line is not None:
            return SourceUnreadable(
                f"Line {line[1]} of the file does not have the form of the lines before it.",
                remedy="Look at that line: a cell too many or too few, an open quotation mark, or mixed line endings.",
                public="The file cannot be read as CSV.",
            )
        return SourceUnreadable(
            "The data cannot be read: they are damaged, or not what the file's form says.",
            remedy="Export them again as CSV (UTF-8) or Parquet.",
        )


def literally(path: str) -> str:
    """The pattern that matches this path alone: DuckDB takes every path for a pattern, and would read its neighbours."""
    return _PATTERN.sub(r"[\g<0>]", path)


def _used(sql: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that ``sql`` names: DuckDB refuses others."""
    named = set(_PARAMETER.findall(sql))
    return {name: value for name, value in parameters.items() if name in named}


def _database(key: str) -> duckdb.DuckDBPyConnection:
    import duckdb

    with _databases_lock:
        if key not in _databases:
            database = duckdb.connect(
                ":memory:",
                config={
                    "autoinstall_known_extensions": False,
                    "autoload_known_extensions": False,
                    "temp_directory": "",  # patients' rows are never spilled to a disk
                    "enable_external_file_cache": False,  # what is read is kept decoded, and once
                },
            )
            if key:
                database.execute("SET allowed_directories = $folders", {"folders": [key, literally(key)]})
            database.execute("SET enable_external_access = false")
            database.execute("SET lock_configuration = true")
            _databases[key] = database
        return _databases[key]


def _drop(database: duckdb.DuckDBPyConnection, made: list[str]) -> None:
    import duckdb

    for statement in reversed(made):
        try:
            database.cursor().execute(statement)
        except duckdb.Error:  # the database went before the session did: nothing is left to drop
            return
