"""Data against the dictionary: every kind of finding, from every kind of input."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from summand.errors import ColumnUnknown, SourceEmpty, SourceUnreadable, ValueNotNumeric, ValueOutOfRange
from summand.site.sources import CheckReport, open_source
from summand.tables import Column, Dictionary

DICTIONARY = Dictionary(
    "d",
    (
        Column("pid", "text"),
        Column("age", "integer", 0, 110, 1, unit="a"),
        Column("dose", "number", 0, 10, 0.5, missing_codes=("NA", "-9")),
        Column("sex", "category", levels=("1", "2"), missing_codes=("?",)),
        Column("ecog", "integer", 0, 9, 1, ("0", "1", "2")),
    ),
    person_id="pid",
)
GOOD = {
    "pid": ["a", "b", "c", "d"],
    "age": ["63", "41", "", "0"],
    "dose": ["0.5", "NA", "-9.0", "10"],
    "sex": ["1", "2.0", "?", " 1 "],
    "ecog": ["0", "1", "2", ""],
}


def _with(**columns: list[str]) -> dict[str, list[str]]:
    return {**GOOD, **columns}


def _csv(table: dict[str, list[str]], folder: Path) -> Any:
    path = folder / "t.csv"
    pd.DataFrame(table).to_csv(path, index=False)
    return path


def _parquet(table: dict[str, list[str]], folder: Path) -> Any:
    path = folder / "t.parquet"
    pq.write_table(pa.table(table), path)
    return path


FORMS: dict[str, Callable[[dict[str, list[str]], Path], Any]] = {
    "csv": _csv,
    "parquet": _parquet,
    "arrow": lambda table, _: pa.table(table),
    "reader": lambda table, _: pa.table(table).to_reader(),
    "pandas": lambda table, _: pd.DataFrame(table),
    "dict": lambda table, _: table,
}


def _check(data: Any, **options: Any) -> CheckReport:
    """The report, which is the same when a study's columns are read ahead of the check."""
    report = open_source(data, DICTIONARY, **options).check()
    if not isinstance(data, pa.RecordBatchReader):  # which can be read once
        ahead = open_source(data, DICTIONARY, **options).check([column.name for column in DICTIONARY])
        assert ahead == report
    return report


@pytest.mark.parametrize("form", FORMS)
def test_good_data_pass_in_every_form(form: str, tmp_path: Path) -> None:
    """The same cells pass, with the same missing counts, whatever they come in."""
    report = _check(FORMS[form](GOOD, tmp_path))

    assert report.passed, report.findings
    assert report.findings == ()
    assert (report.rows, report.people) == (4, 4)
    assert report.missing == {"pid": 0, "age": 1, "dose": 2, "sex": 1, "ecog": 1}


FINDINGS: dict[str, tuple[dict[str, list[str]], str, str, int, tuple[int, ...], bool]] = {
    # the case: (table, code, column, rows, examples, fails)
    "letters in a number": (_with(age=["63", "old", "1O", "4"]), "data.value_not_numeric", "age", 2, (2, 3), True),
    "missing code of another column": (
        _with(age=["63", "NA", "", "4"]),
        "data.value_not_numeric",
        "age",
        1,
        (2,),
        True,
    ),
    "infinity": (_with(dose=["inf", "1", "1", "1"]), "data.value_not_numeric", "dose", 1, (1,), True),
    "NaN as text": (_with(dose=["nan", "1", "1", "1"]), "data.value_not_numeric", "dose", 1, (1,), True),
    "decimal comma": (_with(dose=["1,5", "1", "1", "1"]), "data.value_not_numeric", "dose", 1, (1,), True),
    "digits with underscores": (_with(dose=["1_0", "1", "1", "1"]), "data.value_not_numeric", "dose", 1, (1,), True),
    "above the range": (_with(age=["63", "111", "", "4"]), "data.value_out_of_range", "age", 1, (2,), True),
    "below the range": (_with(age=["-1", "-2", "", "-3"]), "data.value_out_of_range", "age", 3, (1, 2, 4), True),
    "unknown level": (_with(sex=["1", "3", "x", ""]), "data.category_unknown", "sex", 2, (2, 3), True),
    "unknown code of a number": (_with(ecog=["1", "5", "1", "1"]), "data.category_unknown", "ecog", 1, (2,), True),
    "fraction of a whole number": (_with(age=["1.5", "1", "1", "1"]), "data.value_off_step", "age", 1, (1,), True),
    "finer than the step": (_with(dose=["1.25", "1", "1", "1"]), "data.value_off_step", "dose", 1, (1,), False),
    "no person": (_with(pid=["a", "", "c", "d"]), "data.value_missing", "pid", 1, (2,), True),
    "a person twice": (_with(pid=["a", "b", "a ", "a"]), "data.person_repeated", "pid", 2, (), False),
    "unknown column": (_with(note=["x", "y", "z", "w"]), "data.column_unknown", "note", 0, (), True),
    "missing column": ({k: v for k, v in GOOD.items() if k != "age"}, "data.column_missing", "age", 0, (), True),
}


@pytest.mark.parametrize("form", ["csv", "parquet", "dict"])
@pytest.mark.parametrize("case", FINDINGS)
def test_each_fault_is_found(case: str, form: str, tmp_path: Path) -> None:
    """Code, column, exact number of rows and row numbers; nothing else is found, and values are nowhere."""
    table, code, column, rows, examples, fails = FINDINGS[case]

    report = _check(FORMS[form](table, tmp_path))

    assert [(f.code, f.column, f.rows, f.examples) for f in report.findings] == [(code, column, rows, examples)]
    assert report.passed is not fails
    assert report.summary()["findings"] == {code: max(rows, 1)}


def test_an_unknown_column_is_forgiven_only_on_request() -> None:
    """Extra columns fail the check unless the dictionary was inferred."""
    table = _with(note=["x", "y", "z", "w"])
    with pytest.raises(ColumnUnknown):
        _check(table).raise_if_failed()
    assert _check(table, allow_extra=True).passed


def test_the_public_text_has_no_counts_or_names() -> None:
    """The site's own text names column and rows; what others see does not."""
    with pytest.raises(ValueNotNumeric) as caught:
        list(open_source(_with(age=["63", "zzz", "1", "4"]), DICTIONARY).batches(["dose"]))
    assert "'age'" in str(caught.value)
    assert "2" in str(caught.value)
    assert "age" not in caught.value.public
    assert "zzz" not in str(caught.value)


def test_a_header_without_rows_is_an_empty_site(tmp_path: Path) -> None:
    """It passes, counts nobody, and gives one empty batch."""
    path = tmp_path / "t.csv"
    path.write_text("pid,age,dose,sex,ecog\n")
    source = open_source(path, DICTIONARY)
    assert source.check().passed
    assert source.count_people(["age"], ["age"]) == (0, 0, 0)
    (batch,) = source.batches(["age", "sex"], ["age"])
    assert batch.rows == 0
    assert (batch.number("age").shape, batch.codes("sex").shape) == ((0,), (0,))


@pytest.mark.parametrize("content", [b"", b"\n", b"  \r\n\n", b"\xef\xbb\xbf"])
def test_a_file_without_a_header_line_is_empty(content: bytes, tmp_path: Path) -> None:
    """No bytes, or blank ones, are `SourceEmpty`."""
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(SourceEmpty):
        open_source(path, DICTIONARY)


TYPED: dict[str, Any] = {
    "decimal": pa.array(["1.50", None, "2.00"]).cast(pa.decimal128(5, 2)),
    "float32": pa.array([1.5, None, 2.0], pa.float32()),
    "int8": pa.array([1, None, 2], pa.int8()),
    "uint64": pa.array([1, None, 2], pa.uint64()),
    "dictionary": pa.array(["1.5", None, "2"]).dictionary_encode(),
    "NaN": pa.array([1.0, float("nan"), 2.0]),
    "boolean": pa.array([True, None, False]),
}


@pytest.mark.parametrize("kind", TYPED)
def test_the_types_of_columnar_files_are_understood(kind: str, tmp_path: Path) -> None:
    """Numbers of any width, decimals, dictionaries and not-a-number are read as numbers and missing."""
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"x": TYPED[kind]}), path)
    source = open_source(path, Dictionary("d", (Column("x", "number", 0, 10),)))
    assert source.check().missing == {"x": 1}
    (batch,) = source.batches(["x"], ["x"])
    assert batch.number("x").tolist() == [float(x) for x in TYPED[kind].drop_null().to_pylist() if x == x]


def test_infinity_in_a_float_column_is_no_number() -> None:
    """It is neither missing nor a value."""
    report = open_source({"x": [1.0, float("inf")]}, Dictionary("d", (Column("x", "number", 0, 10),))).check()
    assert [(f.code, f.rows, f.examples) for f in report.findings] == [("data.value_not_numeric", 1, (2,))]


def test_numeric_missing_codes_count_before_the_range() -> None:
    """A cholesterol of 0 is missing where the dictionary says so, and out of range where it does not."""
    chol = Column("chol", "integer", 80, 700, 1, missing_codes=("0", "?"))
    table = {"chol": [0, 233, 250]}
    assert open_source(table, Dictionary("d", (chol,))).check().missing == {"chol": 1}
    with pytest.raises(ValueOutOfRange):
        plain = Dictionary("d", (Column("chol", "integer", 80, 700, 1),))
        open_source(table, plain).check().raise_if_failed()


def test_a_required_column_may_not_be_empty() -> None:
    """`required` makes empty cells an error."""
    required = Dictionary("d", (Column("x", "integer", 0, 9, 1, required=True),))
    report = open_source({"x": [1, None]}, required).check()
    assert [(f.code, f.examples) for f in report.findings] == [("data.value_missing", (2,))]


@pytest.mark.parametrize("data", [3, [1, 2], {"a": [1], "b": [1, 2]}, {"a": 5}, object()])
def test_what_is_not_a_table_is_refused(data: Any) -> None:
    """Any other object gives `SourceUnreadable`, which says what may be given."""
    with pytest.raises(SourceUnreadable):
        open_source(data, DICTIONARY)
