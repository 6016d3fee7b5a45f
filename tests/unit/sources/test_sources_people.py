"""People: counted once, and unseen if they opted out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from summand.errors import ColumnMissing, SourceChanged, SourceUnreadable
from summand.site.sources import Source, open_source
from summand.tables import PERSONS, Column, Dictionary

DICTIONARY = Dictionary("d", (Column("pid", "text"), Column("x", "integer", 0, 9, 1)), person_id="pid")
TABLE = {"pid": ["007", "b", "b", "c", "12"], "x": [1, 2, None, 3, 4]}


def _values(source: Source) -> list[float]:
    return [value for batch in source.batches(["x"], ["x"]) for value in batch.number("x").tolist()]


def _opted_out(text: str, folder: Path) -> Path:
    path = folder / "opt-out.txt"
    path.write_text(text, encoding="utf-8")
    return path


def test_people_are_counted_once() -> None:
    """Complete cases by row and by person."""
    source = open_source(TABLE, DICTIONARY)
    assert source.check().people == 4
    assert source.count_people(["x"]) == (5, 4, 0)
    assert source.count_people(["x"], ["x"]) == (4, 4, 1)


@given(rows=st.lists(st.tuples(st.sampled_from("abcd"), st.one_of(st.none(), st.integers(0, 9))), max_size=25))
def test_counts_agree_with_sets(rows: list[tuple[str, int | None]]) -> None:
    """`count_people` is the size of a set of identifiers."""
    table = {"pid": [pid for pid, _ in rows], "x": [x if x is None else str(x) for _, x in rows]}
    kept = [pid for pid, x in rows if x is not None]
    assert open_source(table, DICTIONARY).count_people(["x"], ["x"]) == (
        len(kept),
        len(set(kept)),
        len(rows) - len(kept),
    )


LISTS = {
    "plain": "b\n",
    "with the column's name first": "pid\nb\n",
    "quoted, spaced, blank lines, carriage returns": '\r\n"b" \r\n\r\n',
    "byte order mark": "\ufeffb\n",
    "strangers too": "zzz\nb\nyyy\n",
}


@pytest.mark.parametrize("form", LISTS)
def test_rows_of_people_who_opted_out_are_gone(form: str, tmp_path: Path) -> None:
    """From batches, counts and the check alike."""
    source = open_source(TABLE, DICTIONARY, opt_out=_opted_out(LISTS[form], tmp_path))
    assert _values(source) == [1, 3, 4]
    assert source.count_people(["x"]) == (3, 3, 0)
    report = source.check()
    assert (report.rows, report.people, report.missing["x"], report.opted_out_rows) == (3, 3, 0, 2)


@pytest.mark.parametrize("written", ["7", "007", "7.0", "12\n7"])
def test_in_doubt_a_row_is_left_out(written: str, tmp_path: Path) -> None:
    """Leading zeros and a trailing .0, as spreadsheets make and lose them, do not bring a person back."""
    source = open_source(TABLE, DICTIONARY, opt_out=_opted_out(written, tmp_path))
    assert 1 not in _values(source)


@pytest.mark.parametrize("kind", [pa.int64(), pa.float64(), pa.string()])
def test_identifiers_of_any_type_are_matched(kind: pa.DataType, tmp_path: Path) -> None:
    """Numeric identifiers in Parquet too."""
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"pid": pa.array([1, 2, 3]).cast(kind), "x": [1, 2, 3]}), path)
    assert _values(open_source(path, DICTIONARY, opt_out=_opted_out("2\n", tmp_path))) == [1, 3]


def test_faults_in_rows_that_opted_out_are_not_seen(tmp_path: Path) -> None:
    """The check looks at nobody who opted out, and row numbers are still those of the file."""
    table = {"pid": ["a", "b", "c"], "x": ["old", "99", "new"]}
    report = open_source(table, DICTIONARY, opt_out=_opted_out("a\nb\n", tmp_path)).check()
    assert [(f.code, f.rows, f.examples) for f in report.findings] == [("data.value_not_numeric", 1, (3,))]


def test_an_empty_list_leaves_nobody_out(tmp_path: Path) -> None:
    """A list that nobody is on."""
    assert _values(open_source(TABLE, DICTIONARY, opt_out=_opted_out("", tmp_path))) == [1, 2, 3, 4]


def test_without_a_readable_list_no_row_is_shown(tmp_path: Path) -> None:
    """A list that is missing, unreadable or cannot be applied stops everything."""
    with pytest.raises(SourceUnreadable):
        open_source(TABLE, DICTIONARY, opt_out=tmp_path / "absent.txt")
    (tmp_path / "latin.txt").write_bytes("Zürich\n".encode("latin-1"))
    with pytest.raises(SourceUnreadable):
        open_source(TABLE, DICTIONARY, opt_out=tmp_path / "latin.txt")
    anonymous = Dictionary("d", DICTIONARY.columns)
    with pytest.raises(ColumnMissing):
        open_source(TABLE, anonymous, opt_out=_opted_out("b\n", tmp_path))


def test_a_list_that_changes_under_a_study_is_noticed(tmp_path: Path) -> None:
    """The next reading refuses: the person must be left out of a new start."""
    source = open_source(TABLE, DICTIONARY, opt_out=_opted_out("b\n", tmp_path))
    _values(source)
    _opted_out("b\nc\n", tmp_path)
    with pytest.raises(SourceChanged):
        _values(source)


@pytest.mark.parametrize("limit", [1, 1 << 20])
@pytest.mark.parametrize("form", ["table", "integers", "csv", "parquet"])
def test_whose_row_each_is(form: str, limit: int, tmp_path: Path) -> None:
    """Numbers are equal where identifiers are, in every batch; the identifiers themselves do not come out."""
    ids = [str(7 + 13 * i % 40) for i in range(100)]
    table = {
        "pid": list(map(int, ids)) if form == "integers" else ids,
        "x": [i % 10 if i % 7 else None for i in range(100)],
    }
    data: object = table
    if form == "csv":
        data = tmp_path / "a.csv"
        data.write_text(
            "pid,x\n" + "".join(f"{a},{'' if b is None else b}\n" for a, b in zip(ids, table["x"], strict=True))
        )
    if form == "parquet":
        data = tmp_path / "a.parquet"
        pq.write_table(pa.table(table), data)
    source = open_source(data, DICTIONARY, memory_limit_bytes=limit)
    batches = list(source.batches(["x"], ["x"], 9, persons=True))
    found = np.concatenate([batch.columns[PERSONS] for batch in batches])
    kept = [pid for pid, x in zip(ids, table["x"], strict=True) if x is not None]
    assert found.dtype == np.int64
    assert len(found) == len(kept) == sum(batch.rows for batch in batches)
    assert len(set(zip(found.tolist(), kept, strict=True))) == len(set(found.tolist())) == len(set(kept))
    assert PERSONS not in next(iter(source.batches(["x"], ["x"], 9))).columns


def test_nobody_is_told_apart_without_an_identifier() -> None:
    """A dictionary without one, or a file that lacks it, is told."""
    for dictionary, table in (
        (Dictionary("d", DICTIONARY.columns), TABLE),
        (Dictionary("d", DICTIONARY.columns, person_id="pid"), {"x": [1, 2]}),
    ):
        source = open_source(table, dictionary, allow_extra=True)
        with pytest.raises(ColumnMissing):
            next(iter(source.batches(["x"], ["x"], persons=True)))
