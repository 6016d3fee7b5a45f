"""Documents as PDF and CSV: text is data, never markup or formula, and the same document has the same bytes."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from summand.documents import Document, Sheet, to_csv, to_pdf
from summand.errors import UsageError

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
HOSTILE = '#read("/etc/passwd") $x$ *bold* [link](x) <label> @ref #panic() \\ ` // /* = heading "'


def document(*cells: str) -> Document:
    """One table of one column."""
    return Document("Title", (HOSTILE,), (Sheet(HOSTILE, ("value",), tuple((cell,) for cell in cells)),), (HOSTILE,))


def test_a_pdf_takes_text_as_text() -> None:
    """Whatever looks like markup is set as it is: tagged, titled, and the same bytes each time."""
    found = to_pdf(document(HOSTILE, "1,000.00"))
    assert found == to_pdf(document(HOSTILE, "1,000.00"))
    assert found.startswith(b"%PDF-")
    assert b"pdfuaid" in found
    assert b"root:" not in found


def test_long_tables_run_over_pages_and_empty_ones_are_left_out() -> None:
    """Two hundred rows, and a table without any."""
    long = Sheet("Long", ("a", "b"), tuple((str(place), "x") for place in range(200)), ("a",))
    assert b"/Count 4/" in to_pdf(Document("T", (), (long, Sheet("Empty", ("a",), ()))))
    assert b"/Count 1/" in to_pdf(Document("T", (), (Sheet("Empty", ("a",), ()),)))


@settings(max_examples=20, deadline=None)
@given(st.lists(TEXT, min_size=1, max_size=4))
def test_any_text_makes_a_pdf(cells: list[str]) -> None:
    """No text breaks the setting."""
    assert to_pdf(document(*cells)).startswith(b"%PDF-")


@given(st.lists(TEXT, min_size=1, max_size=5))
def test_a_csv_holds_every_cell_and_no_formula(cells: list[str]) -> None:
    """Read back, each cell is itself, or itself behind an apostrophe where it would be a formula."""
    rows = list(csv.reader(io.StringIO(to_csv(document(*cells)))))[1:]
    for cell, (_, found) in zip(cells, rows, strict=True):
        assert found.removeprefix("'") == cell.removeprefix("'")
        assert not found.startswith(("=", "+", "@"))


def test_negative_amounts_stay_numbers() -> None:
    """A minus before a formula is a formula, before a number a number."""
    text = to_csv(document("-1,234.56", "-1+2", "-5%"))
    assert '"-1,234.56"' in text
    assert "'-1+2" in text
    assert ",-5%" in text


def test_tables_of_several_kinds_share_one_csv() -> None:
    """Columns that a table lacks are empty."""
    sheets = (Sheet("A", ("x", "y"), (("1", "2"),)), Sheet("B", ("y", "z"), (("3", "4"),)))
    assert to_csv(Document("T", (), sheets)) == "section,x,y,z\nA,1,2,\nB,,3,4\n"


def test_without_the_library_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the extra to install."""
    monkeypatch.setitem(__import__("sys").modules, "typst", None)
    with pytest.raises(UsageError, match="cannot be set"):
        to_pdf(document("x"))
