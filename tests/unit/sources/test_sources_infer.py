"""Summaries, guessed dictionaries and files dealt to sites, on public data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_files import shared_data
from summand.errors import ColumnMissing, DataError
from summand.site.sources import deal_by, infer_from, open_source, summarise
from summand.tables import Column, Dictionary

HEART = [
    "age",
    "sex",
    "cp",
    "trestbps",
    "chol",
    "fbs",
    "restecg",
    "thalach",
    "exang",
    "oldpeak",
    "slope",
    "ca",
    "thal",
    "num",
]
HOSPITALS = {"cleveland": 303, "hungarian": 293, "switzerland": 117, "va": 141}


def test_the_heart_hospitals_have_the_published_complete_cases() -> None:
    """Four files without headers and with '?': one inferred dictionary, and 303, 293, 117 and 141 complete cases."""
    paths = [shared_data(f"heart/processed.{name}.data") for name in HOSPITALS]
    dictionary, notes = infer_from("heart", paths, HEART)
    asked = ["num", "age", "sex", "cp", "trestbps", "thalach", "exang", "oldpeak"]
    assert dictionary["age"] == Column("age", "integer", 28, 77, 1.0, dictionary["age"].levels)
    assert (dictionary["oldpeak"].kind, dictionary["oldpeak"].step) == ("number", 0.1)
    assert dictionary["cp"].levels == ("1", "2", "3", "4")
    assert dictionary["thal"].missing_codes == ("?",)
    assert any("'thal'" in note for note in notes)
    for path, rows in zip(paths, HOSPITALS.values(), strict=True):
        source = open_source(path, dictionary, columns=HEART)
        assert source.check().passed, source.check().findings
        assert source.count_people(asked, asked).rows == rows


def test_lung_is_dealt_to_eighteen_institutions() -> None:
    """The NCCTG lung trial: 227 rows at 18 institutions, one row without a code left out; the rows are pandas'."""
    from lifelines.datasets import load_lung

    frame = load_lung()
    dictionary, _ = infer_from("lung", [frame])
    deal = deal_by(frame, "inst", dictionary)
    assert deal.rows_left_out == 1
    assert list(deal.sources) == [str(int(code)) for code in sorted(frame["inst"].dropna().unique())]
    assert len(deal.sources) == 18
    for name, source in deal.sources.items():
        (batch,) = source.batches(["age", "time"])
        expected = frame[frame["inst"] == float(name)]
        np.testing.assert_array_equal(batch.number("age"), expected["age"].to_numpy(float))
        np.testing.assert_array_equal(batch.number("time"), expected["time"].to_numpy(float))
    assert len({source.fingerprint() for source in deal.sources.values()}) == 18


def test_every_public_survival_file_fits_its_own_inferred_dictionary() -> None:
    """A guessed dictionary accepts the data that it was guessed from, and its ranges are pandas'."""
    for path in sorted(shared_data("survival").glob("*.csv")):
        dictionary, _ = infer_from("d", [path])
        assert open_source(path, dictionary).check().passed
        frame = pd.read_csv(path)
        for column in dictionary:
            if column.is_numeric:
                values = frame[column.name].dropna()
                assert column.range == (values.min(), values.max())
                assert (column.kind == "integer") == bool((values == values.round()).all())


@given(st.lists(st.decimals(-1000, 1000, places=3), min_size=1, max_size=20))
def test_the_step_is_read_from_the_decimals(numbers: list[Any]) -> None:
    """As many decimal places as the exact decimal text has, without trailing zeros."""
    places = max(max(0, -number.normalize().as_tuple().exponent) for number in numbers)
    (column,) = summarise({"x": [str(number) for number in numbers]}).columns
    assert column.decimals == places
    (native,) = summarise({"x": [float(number) for number in numbers]}).columns
    assert (native.decimals, native.minimum, native.maximum) == (places, float(min(numbers)), float(max(numbers)))


def test_types_are_guessed_as_a_reader_would() -> None:
    """Booleans, categories, names, empty columns, codes, dates and endless decimals."""
    rows = 60
    table = {
        "smoker": [True, False, None] * 20,
        "ward": ["a", "b", "NA"] * 20,
        "name": [f"person {i}" for i in range(rows)],
        "empty": [None] * rows,
        "weight": ["70.25", "NA", "80"] * 20,
        "ratio": [1 / (i + 3) for i in range(rows)],
        "day": pd.date_range("2020-01-01", periods=rows),
        "mixed": [1, "x"] * 30,
    }
    found, _ = infer_from("d", [table])
    assert {c.name: (c.kind, c.step) for c in found} == {
        "smoker": ("category", None),
        "ward": ("category", None),
        "name": ("text", None),
        "empty": ("text", None),
        "weight": ("number", 0.01),
        "ratio": ("number", None),
        "day": ("text", None),
        "mixed": ("category", None),
    }
    assert found["smoker"].levels == ("false", "true")
    assert found["ward"].levels == ("a", "b")
    source = open_source(table, found)
    assert source.check().passed
    (batch,) = source.batches(["smoker", "ward", "mixed"])
    assert batch.codes("smoker")[:3].tolist() == [1, 0, -1]
    assert batch.codes("ward")[:3].tolist() == [0, 1, -1]
    assert batch.codes("mixed")[:2].tolist() == [0, 1]


def test_booleans_are_read_in_their_usual_spellings(tmp_path: Path) -> None:
    """R's TRUE, Python's True, and 1, as Table Schema lists them."""
    path = tmp_path / "t.csv"
    path.write_text("b\nTRUE\nFalse\ntrue\n1\n0\n")
    dictionary = Dictionary("d", (Column("b", "category", levels=("false", "true")),))
    (batch,) = open_source(path, dictionary).batches(["b"])
    assert batch.codes("b").tolist() == [1, 0, 1, 1, 0]


def test_a_level_written_with_a_zero_is_its_own_where_it_is_listed() -> None:
    """Text first, then number: '01' and '1' are told apart where both are levels, and are the same where one is."""
    table = {"zip": ["01", "1", "1.0"]}
    one = Dictionary("d", (Column("zip", "category", levels=("1",)),))
    (batch,) = open_source(table, one).batches(["zip"])
    assert batch.codes("zip").tolist() == [0, 0, 0]
    both = Dictionary("d", (Column("zip", "category", levels=("01", "1")),))
    source = open_source({"zip": ["01", "1"]}, both)
    (batch,) = source.batches(["zip"])
    assert batch.codes("zip").tolist() == [0, 1]
    assert not open_source(table, both).check().passed


def test_dealing_needs_a_column_that_names_sites() -> None:
    """An absent column and one without values are named errors."""
    dictionary = Dictionary("d", (Column("site", "text"), Column("x", "number", 0, 9)))
    with pytest.raises(ColumnMissing):
        deal_by({"site": ["a"], "x": [1.0]}, "clinic", dictionary)
    with pytest.raises(DataError):
        deal_by({"site": [None, ""], "x": [1.0, 2.0]}, "site", dictionary)
    deal = deal_by({"site": ["b", "a", "?", " b"], "x": [1.0, 2.0, 3.0, 4.0]}, "site", dictionary)
    assert (list(deal.sources), deal.rows_left_out) == (["?", "a", "b"], 0)
    (batch,) = deal.sources["b"].batches(["x"])
    assert batch.number("x").tolist() == [1, 4]
