"""What a CSV file looks like before DuckDB reads it: its bytes, its delimiter, its header."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from summand.errors import SourceEmpty, SourceUnreadable
from summand.tables import as_number

_CHUNK_BYTES = 1 << 20
_HEADER_BYTES_MAX = 4 << 20
_DELIMITERS = (",", ";", "\t", "|")
_SAVE_AGAIN = "Save it as CSV in UTF-8, or as Parquet."
_FORMS = {
    b"\x1f\x8b": ("compressed with gzip", "Decompress it first."),
    b"PK\x03\x04": ("a ZIP archive or an Excel workbook", _SAVE_AGAIN),
    b"\xff\xfe": ("UTF-16 text", _SAVE_AGAIN),
    b"\xfe\xff": ("UTF-16 text", _SAVE_AGAIN),
}


@dataclass(frozen=True)
class CsvShape:
    """How to read one CSV file.

    Attributes:
        names: The columns' names, in order.
        delimiter: One of comma, semicolon, tab and vertical bar.
        has_header: Whether the first line holds the names.
        sha256: Of the file's bytes.
    """

    names: tuple[str, ...]
    delimiter: str
    has_header: bool
    sha256: bytes


def read_shape(path: Path, columns: Sequence[str] | None, expected: Collection[str]) -> CsvShape:
    """Look through the whole file once.

    The delimiter is the one under which the first line has the most of the ``expected`` names, then the most cells.

    Args:
        path: The file.
        columns: The names, for a file without a header; None if the first line holds them.
        expected: Names that a dictionary gives; may be empty.

    Raises:
        SourceEmpty: if there is not even a header.
        SourceUnreadable: if the bytes are not UTF-8 text, or the first line is not a header (or not ``columns``).
    """
    sha256, head, size = _read_bytes(path)
    if not head.strip():
        raise SourceEmpty(f"'{path.name}' is empty.", remedy="Export it again: a site without patients has a header.")
    records = {delimiter: _first_record(head, delimiter, len(head) < size) for delimiter in _DELIMITERS}
    if columns is not None:
        return _without_header(path, records, tuple(columns), sha256)
    wanted = set(expected)
    delimiter = max(_DELIMITERS, key=lambda d: (len(wanted & set(records[d])), len(records[d])))
    names = tuple(name or f"column_{position}" for position, name in enumerate(records[delimiter], 1))
    _check_names(path, names, wanted)
    return CsvShape(names, delimiter, True, sha256)


def check_unique(names: Sequence[str]) -> None:
    """Every name occurs once.

    Raises:
        SourceUnreadable: if not.
    """
    if len(set(names)) != len(names):
        repeats = len(names) - len(set(names))
        raise SourceUnreadable(
            f"{repeats} of the {len(names)} columns have the name of another.", remedy="Give each column its own name."
        )


def _without_header(path: Path, records: dict[str, list[str]], names: tuple[str, ...], sha256: bytes) -> CsvShape:
    check_unique(names)
    for delimiter, record in records.items():
        if len(record) == len(names):
            return CsvShape(names, delimiter, False, sha256)
    found = max(len(record) for record in records.values())
    raise SourceUnreadable(
        f"The first line of '{path.name}' has {found} cells; {len(names)} column names are given.",
        remedy="Name every column of the file, in order.",
    )


def _check_names(path: Path, names: tuple[str, ...], wanted: set[str]) -> None:
    numbers = sum(as_number(name) is not None for name in names)
    if numbers and not wanted & set(names) and 2 * numbers >= len(names):
        raise SourceUnreadable(  # says nothing of what stands there: it may be a patient
            f"The first line of '{path.name}' holds numbers, not the columns' names.",
            remedy="Add a header line, or give the names of the columns.",
        )
    check_unique(names)


def _read_bytes(path: Path) -> tuple[bytes, str, int]:
    """The file's SHA-256, its first characters (without a byte order mark), and how many characters it has at least."""
    state = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    head: list[str] = []
    length = 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                if not length:
                    _refuse_other_forms(path, chunk)
                if b"\0" in chunk:
                    raise _not_text(path, "holds NUL bytes")
                state.update(chunk)
                text = decoder.decode(chunk)
                if length < _HEADER_BYTES_MAX:
                    head.append(text)
                length += len(text)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise _not_text(path, "is not UTF-8") from None
    except OSError as error:
        raise unreadable(path, error) from None
    return state.digest(), "".join(head), length


def unreadable(path: Path, error: OSError) -> SourceUnreadable:
    """The operating system says no."""
    return SourceUnreadable(
        f"'{path.name}' cannot be opened: {(error.strerror or 'the system refuses').lower()}.",
        remedy="Check the path and who may read it.",
    )


def _refuse_other_forms(path: Path, chunk: bytes) -> None:
    for magic, (form, remedy) in _FORMS.items():
        if chunk.startswith(magic):
            raise SourceUnreadable(f"'{path.name}' is {form}, not CSV.", remedy=remedy)


def _not_text(path: Path, what: str) -> SourceUnreadable:
    return SourceUnreadable(f"'{path.name}' is not a CSV file: it {what}.", remedy=_SAVE_AGAIN)


def _first_record(head: str, delimiter: str, is_cut: bool) -> list[str]:
    stream = io.StringIO(head, newline="")
    record: list[str] = []
    try:
        reader = csv.reader(stream, delimiter=delimiter)
        while not record:  # empty lines before the first record are skipped, as DuckDB does
            record = next(reader)
    except (csv.Error, StopIteration):
        return []
    if is_cut and stream.tell() >= len(head):
        raise SourceUnreadable(
            "The first line is longer than 4 MiB.", remedy="Check the line endings: a CSV file has one line per row."
        )
    return [name.strip() for name in record]
