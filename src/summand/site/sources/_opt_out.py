"""The people who opted out: their rows are left out before anything else sees them."""

from __future__ import annotations

import os
from pathlib import Path

from summand.errors import ColumnMissing, SourceUnreadable
from summand.site.sources._csv_shape import read_shape
from summand.site.sources._engine import Session
from summand.site.sources._expressions import text_sql
from summand.site.sources._relation import FileStamp, Relation
from summand.tables import Dictionary

_BYTES_MAX = 1 << 30


def opt_out_filter(relation: Relation, dictionary: Dictionary, path: str | os.PathLike[str]) -> tuple[str, FileStamp]:
    """SQL that is true for the rows of people who did not opt out, and the stamp of the list.

    The list has one person identifier a line, with or without the column's name as its first line; an empty list is
    one that nobody is on. Leading zeros and a trailing ``.0`` make no difference: in doubt a row is left out.

    Raises:
        ColumnMissing: if the dictionary names no person identifier, or the file does not hold it.
        SourceUnreadable: if the list cannot be read; no row is shown then.
    """
    if dictionary.person_id is None or dictionary.person_id not in relation.names:
        raise ColumnMissing(
            "There is a list of people who opted out, but no column tells who a row is about.",
            remedy="Name the column in the dictionary as 'x-person-id', and keep it in the file.",
        )
    file = Path(path)
    stamp = FileStamp.of(file)
    texts = _read(file, stamp, dictionary.person_id)
    stamp.verify()
    position = relation.names.index(dictionary.person_id)
    cell = _normal(text_sql(position, relation.types[position]))
    if not texts:
        return "true", stamp
    return f"TRY_CAST({cell} AS {_enum(relation.session, texts)}) IS NULL", stamp


def _read(file: Path, stamp: FileStamp, person_id: str) -> list[str]:
    size = stamp.fields[0]
    if size > _BYTES_MAX:
        raise SourceUnreadable("The opt-out list is over 1 GiB.", remedy="Give one identifier a line, nothing else.")
    if size == 0:
        return []
    # As a file without header and with one column: the same checks of its bytes as for data
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        text = "\0"
    if "\0" in text:
        read_shape(file, None, ())  # says what is wrong with the bytes
        raise SourceUnreadable("The opt-out list cannot be read.", remedy="Save it as UTF-8, one identifier a line.")
    found = [line.strip().strip('"').strip() for line in text.splitlines()]
    if found and found[0] == person_id:
        found = found[1:]
    return [person for person in found if person]


def _enum(session: Session, texts: list[str]) -> str:
    normal = session.rows(
        f"SELECT DISTINCT {_normal('x')} FROM (SELECT unnest($texts::VARCHAR[]) AS x)",  # noqa: S608
        {"texts": texts},
    )
    return session.make_enum([str(row[0]) for row in normal])


def _normal(text: str) -> str:
    return f"ltrim(regexp_replace({text}, '\\.0+$', ''), '0')"
