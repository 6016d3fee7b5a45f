"""Dictionaries guessed from summaries."""

from __future__ import annotations

import pytest

from summand.errors import ColumnMissing, UsageError
from summand.tables import Column, ColumnSummary, TableSummary, as_number, infer_dictionary, number_text, sort_levels


def _numbers(name: str, low: float, high: float, decimals: int | None = 0, **more: object) -> ColumnSummary:
    return ColumnSummary(name, 10, 10, low, high, decimals, 9, None, **more)  # type: ignore[arg-type]


def _texts(name: str, cells: int, levels: tuple[str, ...] | None) -> ColumnSummary:
    return ColumnSummary(name, cells, 0, None, None, None, 9, levels)


def _infer(*columns: ColumnSummary) -> dict[str, Column]:
    """One column per table."""
    dictionary, _ = infer_dictionary("d", [TableSummary((column,), 10) for column in columns])
    return {column.name: column for column in dictionary}


def test_ranges_and_levels_are_united() -> None:
    """The dictionary covers every table."""
    assert _infer(_numbers("a", 1, 5), _numbers("a", -2, 3))["a"] == Column("a", "integer", -2, 5, 1.0)
    assert _infer(_texts("c", 9, ("b", "10")), _texts("c", 9, ("a",)))["c"].levels == ("10", "a", "b")


def test_the_step_is_the_finest_power_of_ten() -> None:
    """One table with tenths and one with hundredths make hundredths; too many decimals make no step."""
    assert _infer(_numbers("a", 0, 1, 1), _numbers("a", 0, 1, 2))["a"].step == 0.01
    assert _infer(_numbers("a", 0, 1, 0), _numbers("a", 0, 1, None))["a"].step is None


def test_numbers_at_one_site_and_text_at_another_are_a_category() -> None:
    """A column is numeric only where every cell of every table is."""
    numbers = ColumnSummary("a", 10, 10, 1, 2, 0, 2, ("1", "2"))
    assert _infer(numbers, _texts("a", 10, ("x",)))["a"] == Column("a", "category", levels=("1", "2", "x"))


def test_nearly_unique_texts_are_not_levels() -> None:
    """Names and identifiers become text, which is never analysed, and the notes say so."""
    names = tuple(f"n{i}" for i in range(30))
    dictionary, notes = infer_dictionary("d", [TableSummary((_texts("name", 31, names),), 31)])
    assert dictionary["name"].kind == "text"
    assert any("'name'" in note and "text" in note for note in notes)
    assert _infer(_texts("name", 300, names))["name"].kind == "category"


def test_a_column_without_values_is_text() -> None:
    """Nothing is guessed from nothing."""
    assert _infer(ColumnSummary("a", 0, 0, None, None, None, 0, ()))["a"].kind == "text"


def test_missing_codes_are_taken_and_said() -> None:
    """Codes that occur anywhere become missing codes, with a note."""
    table = TableSummary((_numbers("a", 0, 1, missing_codes=("?",)),), 10)
    dictionary, notes = infer_dictionary("d", [table])
    assert dictionary["a"].missing_codes == ("?",)
    assert any("'?'" in note for note in notes)


def test_columns_that_some_tables_lack_are_left_out() -> None:
    """Only shared columns remain; without any there is no dictionary."""
    both = TableSummary((_numbers("a", 0, 1), _numbers("b", 0, 1)), 10)
    one = TableSummary((_numbers("b", 0, 1),), 10)
    dictionary, notes = infer_dictionary("d", [both, one])
    assert [column.name for column in dictionary] == ["b"]
    assert any("lack them: a" in note for note in notes)
    with pytest.raises(ColumnMissing):
        infer_dictionary("d", [one, TableSummary((_numbers("c", 0, 1),), 10)])
    with pytest.raises(UsageError):
        infer_dictionary("d", [])


def test_levels_are_sorted_as_the_reference_rule_says() -> None:
    """Numerically where all are numbers, else as text; the first is the reference."""
    assert sort_levels(["10", "9", "1.5"]) == ("1.5", "9", "10")
    assert sort_levels(["10", "9", "x", "9"]) == ("10", "9", "x")
    assert [as_number(text) for text in ("1e3", ".5", "1_0", "nan", "1e999", "٣", "")] == [1000, 0.5, *[None] * 5]
    assert [number_text(x) for x in (1.0, 2.5, -0.0, 1e300)] == ["1", "2.5", "0", "1e+300"]
