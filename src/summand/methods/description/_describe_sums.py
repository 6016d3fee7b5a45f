"""What a site counts for a description: the blocks of a round, and the sums of some rows in their order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from summand.methods._protocol import Block
from summand.methods.description._describe_cells import Cell, codes_of, levels
from summand.methods.description._describe_update import DescribeState
from summand.tables import Array, Batch, Column

SLACK = 1.0 + 2.0**-40


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
        values = batch.number(cell.column.name)[present]
        parts += [np.array([cell.scaled(values).sum()]), cell.histogram(values)]
        parts.append(cell.first_window.count(cell.keys(values)))
    if cell.levels:
        codes = codes_of(cell.column, batch)[present]
        parts.append(np.bincount(codes[codes >= 0], minlength=len(cell.levels)).astype(np.float64))
    return parts


def later_sums(cell: Cell, place: int, batch: Batch, rows: NDArray[np.bool_], state: DescribeState) -> list[Array]:
    """Squares about the mean in the second round, and the bins of every window still open."""
    windows = state.windows(place)
    if cell.keys is None or (state.round > 1 and not windows):
        return []
    values = batch.number(cell.column.name)[rows]
    values = values[~np.isnan(values)]
    parts = []
    if state.round == 1:
        deviation = cell.scaled(values) - state.means[place]
        parts.append(np.array([float(deviation @ deviation)]))
    keys = cell.keys(values)
    return parts + [window.count(keys) for window in windows]


def pair_counts(a: Column, b: Column, batch: Batch) -> Array:
    """The cells of a crosstab, row by row, of people who have both."""
    one, other = codes_of(a, batch), codes_of(b, batch)
    both = (one >= 0) & (other >= 0)
    height, width = len(levels(a, needed=True)), len(levels(b, needed=True))
    return np.bincount(one[both] * width + other[both], minlength=height * width).astype(np.float64)
