"""Something to select from: a CSV or Parquet file, a table in memory, or one site's part of either."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from summand.errors import SourceChanged, SourceEmpty, SourceUnreadable
from summand.site.sources._csv_shape import CsvShape, check_unique, read_shape, unreadable
from summand.site.sources._engine import Session, literally
from summand.site.sources._memory import fingerprint_of_table, to_arrow

Type = Literal["text", "integer", "float", "boolean", "other"]
Tabular = Any
"""A pyarrow table or reader, a pandas data frame, anything with ``__arrow_c_stream__``, or a mapping of columns."""

_PARQUET_MAGIC = b"PAR1"
_HASH_CHUNK_BYTES = 1 << 20
_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_INTEGER_TYPES = {*_INTEGERS, *(f"U{name}" for name in _INTEGERS)}


class Stamp(Protocol):
    """Tells whether the bytes behind a relation are still those that were opened."""

    def verify(self) -> None:
        """Raises SourceChanged if not."""


@dataclass(frozen=True)
class FileStamp:
    """Size, modification time and identity of a file."""

    path: Path
    fields: tuple[int, int, int, int]

    @classmethod
    def of(cls, path: Path) -> FileStamp:
        """The stamp of a regular file as it is now; SourceUnreadable if it is not there or not a file."""
        try:
            found = path.stat()
        except OSError as error:
            raise unreadable(path, error) from None
        except ValueError:
            raise SourceUnreadable("The path holds a NUL byte.", remedy="Give the path of a file.") from None
        if not stat.S_ISREG(found.st_mode):
            raise SourceUnreadable(f"'{path.name}' is not a file.", remedy="Give the path of a CSV or Parquet file.")
        return cls(path, _fields(found))

    def verify(self) -> None:
        """Raises SourceChanged if the file is gone or another."""
        try:
            is_same = _fields(self.path.stat()) == self.fields
        except OSError:
            is_same = False
        if not is_same:
            raise SourceChanged(
                f"'{self.path.name}' changed since it was opened: a study never mixes two versions of its data.",
                remedy="Leave the file alone while studies run; start the study again on the new version.",
                public="The site's data changed while the study ran.",
            )


def _fields(found: os.stat_result) -> tuple[int, int, int, int]:
    return found.st_size, found.st_mtime_ns, found.st_ino, found.st_dev


@dataclass(frozen=True)
class Relation:
    """A table that SQL can read, its columns called ``c0``, ``c1``, … there.

    Attributes:
        names: The columns' own names, each once.
        types: What each column holds, as far as the file says: a CSV file says "text".
        session: Where to ask.
        source: The SQL that stands after FROM.
        parameters: The values of the parameters in ``source``.
        stamps: The files behind it.
        digest: Its fingerprint, where opening it gave one.
        path, table: What to take the fingerprint of otherwise.
    """

    names: tuple[str, ...]
    types: tuple[Type, ...]
    session: Session
    source: str
    parameters: Mapping[str, Any]
    stamps: tuple[Stamp, ...] = ()
    digest: bytes | None = None
    path: Path | None = None
    table: Any = field(default=None, repr=False)

    @property
    def from_sql(self) -> str:
        """The relation under the alias ``t``, columns renamed."""
        return f"{self.source} AS t({', '.join(f'c{i}' for i in range(len(self.names)))})"

    @property
    def is_columnar(self) -> bool:
        """Whether one column can be read without the others: not from a CSV file."""
        return self.path is not None or not self.stamps

    def verify_unchanged(self) -> None:
        """Raises SourceChanged if a file behind it is not the one that was opened."""
        for stamp in self.stamps:
            stamp.verify()

    def rows_most(self) -> int:
        """No fewer rows than it has, without reading it: a Parquet file says, and a row of a CSV takes some bytes.

        An empty cell has no byte but the separator or line end behind it.
        """
        if self.table is not None:
            return int(self.table.num_rows)
        if self.path is None and self.stamps and isinstance(stamp := self.stamps[0], FileStamp):
            return stamp.fields[0] // len(self.names) + 1
        sql = f"SELECT count(*) FROM {self.source}"  # noqa: S608 — our own template
        return int(self.session.rows(sql, self.parameters)[0][0])

    def fingerprint(self) -> bytes:
        """SHA-256 of the file's bytes, or of the table's Arrow form: shape (32,) bytes."""
        if self.digest is not None:
            return self.digest
        if self.path is not None:
            return _sha256(self.path)
        return fingerprint_of_table(self.table)


def open_relation(
    data: str | os.PathLike[str] | Tabular, columns: Sequence[str] | None = None, expected: Collection[str] = ()
) -> Relation:
    """A relation over a file or a table in memory.

    Args:
        data: A path, or a table.
        columns: The names of the columns, for a CSV file without a header.
        expected: The dictionary's names, which help to find a CSV file's delimiter.

    Raises:
        SourceEmpty: if a file has no bytes or no header, or a table no columns.
        SourceUnreadable: if it is neither CSV nor Parquet nor a table.
    """
    if isinstance(data, (str, os.PathLike)):
        return _open_file(Path(data), columns, expected)
    table = to_arrow(data)
    names = tuple(str(name) for name in table.column_names)
    check_unique(names)
    if not names:
        raise SourceEmpty("The table has no columns.", remedy="Give a table with at least one column.")
    session = Session()
    table = table.rename_columns([f"c{i}" for i in range(len(names))])
    view = session.register(table)
    return Relation(names, _describe(session, view, {})[1], session, view, {}, table=table)


def _open_file(path: Path, columns: Sequence[str] | None, expected: Collection[str]) -> Relation:
    stamp = FileStamp.of(path)
    path = path.resolve()
    stamp = FileStamp(path, stamp.fields)
    if stamp.fields[0] == 0:
        raise SourceEmpty(f"'{path.name}' is empty.", remedy="Export it again: a site without patients has a header.")
    is_parquet, head_is_parquet = path.suffix.lower() in (".parquet", ".pq"), _starts_as_parquet(path)
    if is_parquet and not head_is_parquet:
        raise SourceUnreadable(f"'{path.name}' is not a Parquet file.", remedy="Export it again as Parquet or CSV.")
    relation = _open_parquet(path, stamp) if head_is_parquet else _open_csv(path, stamp, columns, expected)
    relation.verify_unchanged()
    return relation


def _starts_as_parquet(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_PARQUET_MAGIC)) == _PARQUET_MAGIC
    except OSError as error:
        raise unreadable(path, error) from None


def _open_parquet(path: Path, stamp: FileStamp) -> Relation:
    session, parameters = Session(path.parent), {"path": literally(str(path))}
    source = "read_parquet($path, hive_partitioning = false)"
    names, types = _describe(session, source, parameters)
    check_unique(names)
    return Relation(names, types, session, source, parameters, (stamp,), path=path)


def _open_csv(path: Path, stamp: FileStamp, columns: Sequence[str] | None, expected: Collection[str]) -> Relation:
    shape = read_shape(path, columns, expected)
    types: tuple[Type, ...] = tuple("text" for _ in shape.names)
    parameters = {"path": literally(str(path)), "delimiter": shape.delimiter}
    return Relation(shape.names, types, Session(path.parent), _csv_source(shape), parameters, (stamp,), shape.sha256)


def _csv_source(shape: CsvShape) -> str:
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(shape.names)))
    header = "true" if shape.has_header else "false"
    return (
        f"read_csv($path, auto_detect = false, columns = {{{columns}}}, delim = $delimiter, header = {header}, "
        "quote = '\"', escape = '\"', strict_mode = true, null_padding = false, ignore_errors = false, "
        "hive_partitioning = false)"
    )


def _describe(session: Session, source: str, parameters: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[Type, ...]]:
    found = session.rows(f"DESCRIBE SELECT * FROM {source}", parameters)  # noqa: S608
    return tuple(str(row[0]) for row in found), tuple(_type(str(row[1])) for row in found)


def _type(sql_type: str) -> Type:
    if sql_type in _INTEGER_TYPES:
        return "integer"
    if sql_type in ("FLOAT", "DOUBLE") or sql_type.startswith("DECIMAL"):
        return "float"
    if sql_type == "BOOLEAN":
        return "boolean"
    return "text" if sql_type == "VARCHAR" or sql_type.startswith("ENUM") else "other"


def _sha256(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            state = hashlib.sha256()
            while chunk := file.read(_HASH_CHUNK_BYTES):
                state.update(chunk)
    except OSError as error:
        raise unreadable(path, error) from None
    return state.digest()
