"""CSV files as people really write them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summand.errors import SourceUnreadable
from summand.site.sources import open_source
from summand.tables import Column, Dictionary, sort_levels

DICTIONARY = Dictionary(
    "d", (Column("age", "integer", 0, 110, 1), Column("town", "category", levels=("Basel", "a, b")))
)
PLAIN = 'age,town\n63,Basel\n41,"a, b"\n'

WRITTEN: dict[str, bytes] = {
    "comma": PLAIN.encode(),
    "semicolon": b'age;town\n63;Basel\n41;"a, b"\n',
    "tab": b"age\ttown\n63\tBasel\n41\ta, b\n",
    "vertical bar": b"age|town\n63|Basel\n41|a, b\n",
    "byte order mark": b"\xef\xbb\xbf" + PLAIN.encode(),
    "carriage return and line feed": PLAIN.replace("\n", "\r\n").encode(),
    "no end of line at the end": PLAIN.rstrip().encode(),
    "quoted header": PLAIN.replace("age,town", '"age","town"').encode(),
    "spaces in the header": PLAIN.replace("age,town", "age , town").encode(),
    "quoted numbers": PLAIN.replace("63", '"63"').encode(),
    "blank lines": PLAIN.replace("\n", "\n\n").encode(),
    "columns the other way round": b'town,age\nBasel,63\n"a, b",41\n',
}


@pytest.mark.parametrize("case", WRITTEN)
def test_every_dialect_reads_the_same(case: str, tmp_path: Path) -> None:
    """Delimiter, quotes, line ends, byte order mark and column order make no difference."""
    path = tmp_path / "t.csv"
    path.write_bytes(WRITTEN[case])
    source = open_source(path, DICTIONARY)
    assert source.check().passed, source.check().findings
    (batch,) = source.batches(["age", "town"])
    assert batch.number("age").tolist() == [63, 41]
    assert batch.codes("town").tolist() == [0, 1]


def test_a_file_without_a_header_needs_names(tmp_path: Path) -> None:
    """The names come from the caller; numbers in the first line are not taken for a header, nor shown."""
    path = tmp_path / "t.data"
    path.write_bytes(b"63,Basel\n41,Basel\n")
    (batch,) = open_source(path, DICTIONARY, columns=["age", "town"]).batches(["age"])
    assert batch.number("age").tolist() == [63, 41]
    with pytest.raises(SourceUnreadable) as caught:
        open_source(path, DICTIONARY)
    assert "63" not in str(caught.value)
    with pytest.raises(SourceUnreadable, match="2 cells; 3 column names"):
        open_source(path, DICTIONARY, columns=["age", "town", "more"])


BROKEN: dict[str, tuple[bytes, str]] = {
    "too many cells": (PLAIN.encode() + b"1,Basel,SECRET\n", "Line 4"),
    "too few cells": (PLAIN.encode() + b"77\n", "Line 4"),
    "open quotation mark": (PLAIN.encode() + b'1,"SECRET\n', "Line"),
    "not UTF-8": (PLAIN.encode() + "1,Zürich\n".encode("latin-1"), "not UTF-8"),
    "NUL bytes": (PLAIN.encode() + b"1,\0SECRET\n", "NUL"),
    "UTF-16": (PLAIN.encode("utf-16"), "UTF-16"),
    "gzip": (b"\x1f\x8b\x08rest", "gzip"),
    "Excel": (b"PK\x03\x04rest", "Excel"),
    "the same name twice": (b"age,age\n1,2\n", "name of another"),
    "a cut character at the end": (PLAIN.encode() + "ü".encode()[:1], "not UTF-8"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_files_say_what_is_wrong_but_not_what_is_in_them(case: str, tmp_path: Path) -> None:
    """A named error with a remedy; no cell in it, nor in the exceptions behind it."""
    content, says = BROKEN[case]
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(SourceUnreadable, match=says) as caught:
        open_source(path, DICTIONARY).check()
    error: BaseException | None = caught.value
    assert caught.value.remedy
    while error is not None:
        assert "SECRET" not in str(error)
        error = error.__cause__ or error.__context__


CELLS = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\r", exclude_categories=["Cs"]), min_size=1, max_size=8
)


@given(cells=st.lists(CELLS.map(str.strip).filter(bool), min_size=1, max_size=8), delimiter=st.sampled_from(",;\t|"))
def test_what_the_csv_module_writes_is_read_back(
    cells: list[str], delimiter: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Any text survives quoting, as Python's own writer quotes it."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
    writer.writerows([["n", "t"], *[[str(i), cell] for i, cell in enumerate(cells)]])
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    path.write_text(stream.getvalue(), encoding="utf-8", newline="")
    levels = sort_levels(cells)
    dictionary = Dictionary("d", (Column("n", "integer", 0, 99, 1), Column("t", "category", levels=levels)))
    source = open_source(path, dictionary)
    assert source.check().passed, source.check().findings
    (batch,) = source.batches(["n", "t"])
    assert batch.number("n").tolist() == list(range(len(cells)))
    assert [levels[code] for code in batch.codes("t")] == cells
