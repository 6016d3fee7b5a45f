"""What a site counts for a description: the blocks of a round, and the sums of some rows in their order."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from summand.methods._protocol import Block
from summand.methods.description._describe_cells import Cell, codes_of, levels
from summand.methods.description._describe_update import HIGHER, DescribeState
from summand.methods.description._grid import Keys
from summand.tables import Array, Batch, Column

SLACK = 1.0 + 2.0**-40
CHUNK_ROWS = 65_536


def first_blocks(cell: Cell) -> list[Block]:
    """What the first round counts of a cell, in the order of `first_sums`."""
    name = cell.name
    blocks = [
        Block(f"{name}: present", "1", 1, 1.0, f"how many people have {name}"),
        Block(f"{name}: missing", "1", 1, 1.0, f"how many people lack {name}"),
    ]
    if cell.keys is not None:
        blocks.append(Block(f"{name}: sum", "1", 1, SLACK, f"the mean of {name}"))
        blocks.append(Block(f"{name}: histogram", "1", cell.histogram_bins, 1.0, f"the histogram of {name}"))
        reveals = f"how many people lie where in {name}, finely"
        blocks.append(Block(f"{name}: bins", "1", cell.first_window.bins, 1.0, reveals))
    if cell.levels:
        blocks.append(Block(f"{name}: levels", "1", len(cell.levels), 1.0, f"how many people have each {name}"))
    return blocks


def first_sums(cell: Cell, batch: Batch, rows: NDArray[np.bool_]) -> list[Array]:
    """Present, missing, and for a number its sum and histograms, for a category its levels, of ``rows``."""
    present = rows & batch.complete((cell.column.name,))
    n = float(np.count_nonzero(present))
    parts = [np.array([n, float(np.count_nonzero(rows)) - n])]
    if cell.keys is not None:
        parts += _number_sums(cell, cell.keys, batch.number(cell.column.name), None if n == len(present) else present)
    if cell.levels:
        codes = codes_of(cell.column, batch)[present]
        parts.append(np.bincount(codes[codes >= 0], minlength=len(cell.levels)).astype(np.float64))
    return parts


def _number_sums(cell: Cell, keys: Keys, values: Array, present: NDArray[np.bool_] | None) -> list[Array]:
    """The scaled sum, the released histogram and the first bins of a column; ``present`` None for all rows."""
    total, histogram, bins = np.zeros(1), np.zeros(cell.histogram_bins), np.zeros(cell.first_window.bins)
    for chunk in _chunks(len(values)):
        some = values[chunk] if present is None else values[chunk][present[chunk]]
        total += cell.scaled(some).sum()
        histogram += cell.histogram(some)
        bins += cell.first_window.count(keys.as_numbers(some))
    return [total, histogram, bins]


def later_sums(
    cell: Cell, place: int, batch: Batch, rows: NDArray[np.bool_], state: DescribeState, *, higher: bool
) -> list[Array]:
    """Squares about the mean in the second round, higher powers if asked, and the bins of every window still open."""
    windows = state.windows(place)
    if cell.keys is None or (state.round > 1 and not windows):
        return []
    values = batch.number(cell.column.name)
    values = values if cell.group is None else values[rows]
    squares, powers = np.zeros(1), np.zeros(HIGHER if higher else 0)
    near: list[list[Array]] = [[np.zeros(0)] for _ in windows]
    for chunk in _chunks(len(values)):
        some = values[chunk]
        if state.round == 1:
            deviation = cell.scaled(some[~np.isnan(some)])
            np.subtract(deviation, state.means[place], out=deviation)
            squares += deviation @ deviation
            if higher:
                square = deviation * deviation
                powers += (square @ deviation, square @ square)
        for found, window in zip(near, windows, strict=True):
            found.append(cell.keys.near(some, window))
    counts = [w.count(cell.keys.as_numbers(np.concatenate(some))) for w, some in zip(windows, near, strict=True)]
    return [squares, powers, *counts] if state.round == 1 else counts


def _chunks(rows: int) -> Iterator[slice]:
    """Rows handled at once: few enough that a column and its temporaries stay in cache, many enough to hide the calls."""
    return (slice(first, first + CHUNK_ROWS) for first in range(0, rows, CHUNK_ROWS))


def pair_counts(a: Column, b: Column, batch: Batch) -> Array:
    """The cells of a crosstab, row by row, of people who have both."""
    one, other = codes_of(a, batch), codes_of(b, batch)
    both = (one >= 0) & (other >= 0)
    height, width = len(levels(a, needed=True)), len(levels(b, needed=True))
    return np.bincount(one[both] * width + other[both], minlength=height * width).astype(np.float64)
