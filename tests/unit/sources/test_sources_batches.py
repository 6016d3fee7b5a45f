"""Batches: the same rows whether kept in memory or streamed, as pandas reads them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_files import shared_data
from summand.errors import ColumnMissing, SourceChanged, UsageError, ValueNotNumeric
from summand.site.sources import Source, open_source
from summand.tables import Batch, Column, Dictionary

PBC = Dictionary(
    "pbc",
    (
        Column("age", "number", 18, 110),
        Column("bili", "number", 0, 50, 0.1),
        Column("stage", "integer", 1, 4, 1),
        Column("sex", "category", levels=("f", "m")),
        Column("trt", "category", levels=("1", "2")),
    ),
)
NAMES = ("age", "bili", "stage", "sex", "trt")


def _joined(batches: list[Batch], name: str) -> np.ndarray[Any, Any]:
    return np.concatenate([batch.columns[name] for batch in batches])


def _pbc(form: str, folder: Path) -> Path:
    path = shared_data("survival/pbc.csv")
    if form == "csv":
        return path
    frame = pd.read_csv(path)
    frame.to_parquet(folder / "pbc.parquet", index=False, row_group_size=50)
    return folder / "pbc.parquet"


@pytest.mark.parametrize("form", ["csv", "parquet"])
@pytest.mark.parametrize("memory_limit_bytes", [1 << 30, 1])
@pytest.mark.parametrize("complete", [None, ("stage", "trt")])
def test_batches_are_what_pandas_reads(
    form: str, memory_limit_bytes: int, complete: tuple[str, ...] | None, tmp_path: Path
) -> None:
    """Real data, kept or streamed, with and without complete cases: values, codes, order and counts agree."""
    path = _pbc(form, tmp_path)
    frame = pd.read_csv(path) if form == "csv" else pd.read_parquet(path)
    expected = frame.dropna(subset=list(complete)) if complete else frame
    source = open_source(path, PBC, memory_limit_bytes=memory_limit_bytes, allow_extra=True)

    first = list(source.batches(NAMES, complete, batch_rows=100))
    second = list(source.batches(NAMES, complete, batch_rows=100))

    for name in ("age", "bili", "stage"):
        np.testing.assert_array_equal(_joined(first, name), expected[name].to_numpy(np.float64))
    np.testing.assert_array_equal(_joined(first, "sex"), (expected["sex"] == "m").to_numpy(np.int32))
    np.testing.assert_array_equal(_joined(first, "trt"), expected["trt"].fillna(0).to_numpy(np.int32) - 1)
    for name in NAMES:
        np.testing.assert_array_equal(_joined(first, name), _joined(second, name))
        assert first[0].columns[name].dtype == (np.int32 if name in ("sex", "trt") else np.float64)
    counted = source.count_people(NAMES, complete)
    assert counted == (len(expected), len(expected), len(frame) - len(expected))
    assert counted.rows == sum(batch.rows for batch in first)


def test_kept_columns_are_read_once(tmp_path: Path) -> None:
    """The second pass copies nothing: it gives the same memory, and nobody can write into it."""
    source = open_source({"x": np.arange(1000.0)}, Dictionary("d", (Column("x", "number", 0, 1000),)))
    (first,), (second,) = source.batches(["x"]), source.batches(["x"], ["x"])
    assert np.shares_memory(first.columns["x"], second.columns["x"])
    with pytest.raises(ValueError, match="read-only"):
        first.columns["x"][0] = 1


CELLS = st.lists(st.one_of(st.none(), st.integers(0, 9)), max_size=30)


@given(a=CELLS, b=CELLS, limit=st.sampled_from([1, 1 << 20]), batch_rows=st.integers(1, 7))
def test_any_cut_into_batches_holds_the_same_rows(
    a: list[int | None], b: list[int | None], limit: int, batch_rows: int
) -> None:
    """Batch size and memory limit change nothing but the cut."""
    rows = min(len(a), len(b))
    table = {
        "a": [None if x is None else float(x) for x in a[:rows]],
        "b": [None if x is None else str(x) for x in b[:rows]],
    }
    levels = tuple(str(i) for i in range(10))
    dictionary = Dictionary("d", (Column("a", "number", 0, 9), Column("b", "category", levels=levels)))
    batches = list(open_source(table, dictionary, memory_limit_bytes=limit).batches(["b", "a"], ["b"], batch_rows))
    kept = [(x, y) for x, y in zip(a[:rows], b[:rows], strict=True) if y is not None]
    assert batches
    assert _joined(batches, "b").tolist() == [y for _, y in kept]
    np.testing.assert_array_equal(_joined(batches, "a"), [np.nan if x is None else x for x, _ in kept])


def test_what_cannot_be_analysed_is_refused() -> None:
    """Text, absent and unknown columns, and batches of no rows."""
    dictionary = Dictionary("d", (Column("x", "number", 0, 9), Column("note", "text"), Column("gone", "text")))
    source = open_source({"x": [1.0], "note": ["a"]}, dictionary)
    with pytest.raises(ValueNotNumeric):
        source.batches(["note"])
    with pytest.raises(ColumnMissing):
        source.batches(["gone"])
    with pytest.raises(ColumnMissing):
        source.batches(["other"])
    with pytest.raises(UsageError):
        source.batches(["x"], batch_rows=0)


def _numbered(path: Path) -> Source:
    return open_source(path, Dictionary("d", (Column("x", "number", 0, 9),)))


@pytest.mark.parametrize("change", ["append", "touch", "replace", "delete"])
def test_a_file_that_changes_under_a_study_is_noticed(change: str, tmp_path: Path) -> None:
    """Even when all columns are kept in memory: a study never mixes two versions."""
    path = tmp_path / "t.csv"
    path.write_text("x\n1\n2\n")
    source = _numbered(path)
    list(source.batches(["x"]))
    if change == "append":
        path.write_text("x\n1\n2\n3\n")
    elif change == "touch":
        os.utime(path, ns=(1, 1))
    elif change == "delete":
        path.unlink()
    else:
        other = tmp_path / "other.csv"
        other.write_text("x\n1\n2\n")
        other.replace(path)
    for ask in (lambda: source.batches(["x"]), source.check, lambda: source.count_people(["x"]), source.fingerprint):
        with pytest.raises(SourceChanged):
            ask()
    if change != "delete":
        assert _numbered(path).check().passed


def test_fingerprints_tell_contents_apart(tmp_path: Path) -> None:
    """SHA-256 of a file's bytes; equal tables in memory agree, others do not."""
    path = tmp_path / "t.csv"
    path.write_text("x\n1\n2\n")
    dictionary = Dictionary("d", (Column("x", "number", 0, 9),))
    assert _numbered(path).fingerprint() == hashlib.sha256(b"x\n1\n2\n").digest()
    tables = [{"x": [1.0, 2.0]}, {"x": [1.0, 2.0]}, {"x": [1.0, 3.0]}]
    first, same, other = (open_source(table, dictionary).fingerprint() for table in tables)
    assert first == same != other


@pytest.mark.parametrize("ahead", [False, True])
def test_many_numbers_are_decoded_a_few_columns_at_a_time(
    ahead: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More numbers than come in one piece: each value in its row, missing ones, opt-outs and codes as in small files."""
    rng = np.random.default_rng(3)
    rows = 2_000
    table = pd.DataFrame(
        {
            "pid": [f"p{i}" for i in range(rows)],
            **{name: rng.normal(size=rows) for name in "abc"},
            "sex": rng.choice(["1", "2"], rows),
        }
    )
    table.loc[rng.random(rows) < 0.1, "b"] = np.nan
    table.to_parquet(tmp_path / "t.parquet", row_group_size=300)
    (tmp_path / "out.txt").write_text("p0\np7\np1999\n")
    numbers = tuple(Column(name, "number", -10, 10) for name in "abc")
    dictionary = Dictionary("d", (Column("pid", "text"), *numbers, Column("sex", "category", levels=("1", "2"))), "pid")
    monkeypatch.setattr("summand.site.sources._engine.SMALL_NUMBERS", 100)
    monkeypatch.setattr("summand.site.sources._source.DECODED_TOGETHER", 2 * rows)
    source = open_source(tmp_path / "t.parquet", dictionary, opt_out=tmp_path / "out.txt")
    source.check(["a", "b", "c", "sex"] if ahead else ())

    (batch,) = source.batches(["a", "b", "c", "sex"])

    kept = table.drop(index=[0, 7, 1999])
    for name in "abc":
        np.testing.assert_array_equal(batch.columns[name], kept[name].to_numpy())
    np.testing.assert_array_equal(batch.columns["sex"], (kept["sex"] == "2").astype(int))
