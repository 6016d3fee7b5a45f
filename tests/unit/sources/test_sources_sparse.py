"""A CSV file most of whose cells are empty: its rows are shorter than two bytes a cell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from summand.site.sources import _engine, open_source
from summand.tables import Column, Dictionary


@pytest.mark.parametrize("width", [1, 2, 5])
@pytest.mark.parametrize("ending", ["\n", ""])
def test_every_row_of_a_sparse_file_is_read(
    width: int, ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However short the rows, there is room for all of them, ahead of the check and after it."""
    monkeypatch.setattr(_engine, "SMALL_NUMBERS", 0)
    cells = np.array(["", "", "1"])[np.random.default_rng(width).integers(0, 3, (4_000, width))]
    cells[-1, -1] = "1"
    if width == 1:
        cells[:] = "1"
    names = tuple(f"x{k}" for k in range(width))
    file = tmp_path / "sparse.csv"
    file.write_text("\n".join(",".join(row) for row in [np.array(names), *cells]) + ending)
    source = open_source(file, Dictionary("sparse", tuple(Column(name, "integer", 0, 1) for name in names)))

    assert source._relation.rows_most() >= len(cells)
    assert source.check(names).rows == len(cells)
    (batch,) = source.batches(names)
    for k, name in enumerate(names):
        np.testing.assert_array_equal(batch.number(name), np.where(cells[:, k] == "1", 1.0, np.nan))
