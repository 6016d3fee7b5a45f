"""Files made to break the reader: noise, hostile names, and paths that mean something to a database."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from summand.errors import ColumnMissing, DataError, SourceUnreadable
from summand.site.sources import infer_from, open_source, summarise
from summand.site.sources._engine import Session
from summand.tables import Column, Dictionary

DICTIONARY = Dictionary("d", (Column("a", "number", 0, 9), Column("b", "category", levels=("x", "y"))))
GOOD_CSV = b"a,b\n1,x\n2.5,y\n,\n"
HOSTILE_NAMES = [
    '"; DROP TABLE t; --',
    "'); SELECT 1; --",
    "c1",
    "C1",
    "$path",
    "?",
    "{x}",
    "%s",
    "select",
    "\u202e\u200f",
    "a.b",
    "rowid",
    "Ünïcode",
    "\\",
]


def _read_all(path: Path, **options: object) -> None:
    """Everything a site does with a file; only our own errors may come out."""
    try:
        source = open_source(path, DICTIONARY, **options)  # type: ignore[arg-type]
        if source.check().passed:
            rows = sum(batch.rows for batch in source.batches(["a", "b"]))
            assert rows == source.count_people(["a"]).rows
    except DataError as error:
        assert error.remedy
        assert error.code.startswith("data.")
    try:
        infer_from("d", [path])
    except DataError as error:
        assert error.remedy


def _good_parquet() -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"a": [1.0, 2.5, None], "b": ["x", "y", None]}), sink)
    return bytes(sink.getvalue())


GOOD_PARQUET = _good_parquet()


@given(noise=st.binary(max_size=400), suffix=st.sampled_from([".csv", ".parquet", ".data", ""]))
def test_noise_gives_a_named_error(noise: bytes, suffix: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Random bytes under any name."""
    path = tmp_path_factory.mktemp("noise") / f"t{suffix}"
    path.write_bytes(noise)
    _read_all(path)


@given(text=st.text(alphabet="ab12,;\"\n\r\t .-e'", max_size=60))
def test_scrambled_csv_gives_a_named_error_or_rows(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Text of the characters that mean something in CSV."""
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    path.write_bytes(b"a,b\n" + text.encode())
    _read_all(path)


@given(data=st.data(), good=st.sampled_from([GOOD_CSV, GOOD_PARQUET]))
def test_damaged_files_give_a_named_error_or_rows(
    data: st.DataObject, good: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Good files with bytes changed, cut out or repeated."""
    damaged = bytearray(good)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        match data.draw(st.sampled_from(["change", "cut", "repeat"])):
            case "change":
                damaged[at] = data.draw(st.integers(0, 255))
            case "cut":
                del damaged[at : at + data.draw(st.integers(1, 20))]
            case "repeat":
                damaged[at:at] = damaged[at : at + 20]
        if not damaged:
            break
    path = tmp_path_factory.mktemp("damaged") / "t.parquet"
    path.write_bytes(bytes(damaged))
    _read_all(path)
    path.rename(path.with_suffix(".csv"))
    _read_all(path.with_suffix(".csv"))


def test_names_from_a_file_are_never_sql(tmp_path: Path) -> None:
    """Columns named like SQL, parameters or our own aliases are just columns, in CSV and Parquet and in memory."""
    table = {name: [float(i % 7), float(i % 7) + 1] for i, name in enumerate(HOSTILE_NAMES)}
    pq.write_table(pa.table(table), tmp_path / "t.parquet")
    quoted = ",".join('"' + name.replace('"', '""') + '"' for name in HOSTILE_NAMES)
    rows = [",".join(str(values[row]) for values in table.values()) for row in range(2)]
    (tmp_path / "t.csv").write_text("\n".join([quoted, *rows]) + "\n", encoding="utf-8")
    dictionary = Dictionary("d", tuple(Column(name, "number", 0, 9) for name in HOSTILE_NAMES))
    for data in (tmp_path / "t.csv", table):
        source = open_source(data, dictionary)
        assert source.check().passed, source.check().findings
        (batch,) = source.batches(HOSTILE_NAMES)
        assert all(batch.number(name).tolist() == table[name] for name in HOSTILE_NAMES)
        assert infer_from("d", [data])[0]["select"].range == (table["select"][0], table["select"][1])


def test_names_that_differ_in_case_only_are_two_columns(tmp_path: Path) -> None:
    """DuckDB's own names ignore case; ours do not."""
    path = tmp_path / "t.csv"
    path.write_text("age,Age\n1,2\n")
    dictionary = Dictionary("d", (Column("Age", "number", 0, 9), Column("age", "number", 0, 9)))
    (batch,) = open_source(path, dictionary).batches(["Age", "age"])
    assert (batch.number("Age").tolist(), batch.number("age").tolist()) == ([2], [1])


@pytest.mark.parametrize("level", ["x'; DROP TABLE t; --", '"', "$v1", "\\", "\u202e", "x" * 10_000])
def test_levels_are_never_sql(level: str) -> None:
    """A level is a parameter like any other value."""
    dictionary = Dictionary("d", (Column("b", "category", levels=(level, "y"), missing_codes=("'", "$v0")),))
    (batch,) = open_source({"b": [level, "y", "'", "$v0"]}, dictionary).batches(["b"])
    assert batch.codes("b").tolist() == [0, 1, -1, -1]


@pytest.mark.parametrize(
    "name",
    [
        "t*.csv",
        "t[1].csv",
        "t?.csv",
        "it's.csv",
        "a;b.csv",
        "$path.csv",
        "k=1.csv",
        "t{1,2}.csv",
        "t[!2].csv",
        "t\\1.csv",
        "**",
    ],
)
def test_a_path_means_one_file(name: str, tmp_path: Path) -> None:
    """Characters that a database reads as patterns are part of the name."""
    (tmp_path / "t1.csv").write_text("a,b\n9,x\n")
    (tmp_path / name).write_text("a,b\n1,x\n")
    (batch,) = open_source(tmp_path / name, DICTIONARY).batches(["a"])
    assert batch.number("a").tolist() == [1]


@pytest.mark.parametrize("folder", ["f*", "f[1]", "f?", "f'", "f1/.."])
def test_a_folder_means_one_folder(folder: str, tmp_path: Path) -> None:
    """The same for the folder that it is in."""
    for name in ("f1", folder):
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / "t.csv").write_text(f"a,b\n{9 if name == 'f1' else 1},x\n")
    (batch,) = open_source(tmp_path / folder / "t.csv", DICTIONARY).batches(["a"])
    assert batch.number("a").tolist() == [1]


@pytest.mark.parametrize("path", ["absent.csv", "http://127.0.0.1:9/t.csv", "s3://bucket/t.parquet", "a\0b", ""])
def test_paths_that_are_no_file_are_refused(path: str) -> None:
    """No address is fetched, and an absent file is a named error."""
    with pytest.raises(SourceUnreadable):
        open_source(path, DICTIONARY)


def test_folders_and_devices_are_no_files(tmp_path: Path) -> None:
    """Neither is waited on."""
    for path in (tmp_path, Path("/dev/zero")):
        with pytest.raises(SourceUnreadable, match="not a file"):
            open_source(path, DICTIONARY)


def test_the_database_of_a_folder_reads_no_other(tmp_path: Path) -> None:
    """Even SQL of an attacker's choosing could not leave the site's folder, nor reopen it."""
    (tmp_path / "own").mkdir()
    (tmp_path / "other.csv").write_text("a\n1\n")
    session = Session(tmp_path / "own")
    attempts = [
        ("SELECT * FROM read_csv($path, columns = {'c0': 'VARCHAR'})", {"path": str(tmp_path / "other.csv")}),
        ("SELECT * FROM read_csv($path, columns = {'c0': 'VARCHAR'})", {"path": f"{tmp_path}/own/../other.csv"}),
        ("COPY (SELECT 1) TO '" + str(tmp_path / "leak.csv") + "'", {}),
        ("SET enable_external_access = true", {}),
        ("INSTALL httpfs", {}),
    ]
    for sql, parameters in attempts:
        with pytest.raises(SourceUnreadable):
            session.rows(sql, parameters)
    assert not (tmp_path / "leak.csv").exists()


def test_ten_thousand_columns(tmp_path: Path) -> None:
    """Wide files are read column by column; unknown ones fail the check without a thousand messages."""
    names = [f"v{i}" for i in range(10_000)]
    path = tmp_path / "wide.csv"
    path.write_text(",".join(["a", "b", *names]) + "\n" + ",".join(["1", "x", *["0"] * 10_000]) + "\n")
    source = open_source(path, DICTIONARY, allow_extra=True)
    (batch,) = source.batches(["a", "b"])
    assert batch.rows == 1
    report = open_source(path, DICTIONARY).check()
    assert report.summary()["findings"] == {"data.column_unknown": 10_000}


@pytest.mark.parametrize("content", [b"a,b" + b"," * (5 << 20), b"x" * (5 << 20), b"a,b\n1," + b"x" * (5 << 20)])
def test_one_huge_line(content: bytes, tmp_path: Path) -> None:
    """Five million characters without a line end are refused, not held."""
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        open_source(path, DICTIONARY).check().raise_if_failed()
    assert len(str(caught.value)) < 1000


def test_a_file_that_shrinks_while_it_is_read(tmp_path: Path) -> None:
    """Cut off between opening and reading: a named error, never rows of half a file."""
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"a": np.linspace(0, 9, 10_000), "b": ["x"] * 10_000}), path)
    source = open_source(path, DICTIONARY)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(DataError):
        source.check()


def test_one_damaged_file_does_not_break_the_next(tmp_path: Path) -> None:
    """A reader that failed leaves the other sources of the process working."""
    (tmp_path / "good.csv").write_bytes(GOOD_CSV)
    good = open_source(tmp_path / "good.csv", DICTIONARY)
    (tmp_path / "bad.parquet").write_bytes(GOOD_PARQUET[:40] + GOOD_PARQUET[60:])
    _read_all(tmp_path / "bad.parquet")
    assert sum(batch.rows for batch in good.batches(["a"])) == 3


def test_nothing_in_a_dictionary_reaches_for_columns_that_are_not_there() -> None:
    """A file without any of the dictionary's columns fails its check and gives no batch."""
    source = open_source({"other": [1]}, DICTIONARY)
    assert {finding.code for finding in source.check().findings} == {"data.column_missing", "data.column_unknown"}
    with pytest.raises(ColumnMissing):
        source.batches(["a"])


def test_reprs_hold_no_values() -> None:
    """Logs may show a source or a report: names and counts only."""
    source = open_source({"a": [7.125], "b": ["x"]}, DICTIONARY)
    assert "7.125" not in repr(source) + repr(source.check()) + repr(summarise({"b": ["x"]}).rows)


def test_a_small_csv_file_needs_no_heavy_modules(tmp_path: Path) -> None:
    """A site process that reads a CSV file loads neither pandas nor pyarrow."""
    path = tmp_path / "t.csv"
    path.write_bytes(GOOD_CSV)
    program = (
        "import sys\n"
        "from summand.site.sources import open_source\n"
        "from summand.tables import Column, Dictionary\n"
        f"source = open_source({str(path)!r}, Dictionary('d', (Column('a', 'number', 0, 9), Column('b', 'text'))))\n"
        "print(sum(batch.rows for batch in source.batches(['a'])))\n"
        "print([name for name in ('pandas', 'pyarrow', 'scipy.stats') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["3", "[]"]
