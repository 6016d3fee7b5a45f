"""The coordinator's half of descriptive statistics: where the quartiles lie, and the table in the end."""

from __future__ import annotations

import dataclasses
import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from summand.methods._describe_cells import Cell, histogram_edges
from summand.methods._grid import Keys, Target, Window, band_of, bands, between, quantile_ranks
from summand.methods._protocol import State
from summand.tables import Array, Count, CountTable

PARTS = {"min": 0.0, "q25": 0.25, "median": 0.5, "q75": 0.75, "max": 1.0}


@dataclass(frozen=True)
class DescribeState(State):
    """What is known so far.

    Attributes:
        round: 0 before anything is.
        first: The first round's total, without its fine bins where quartiles are exact; empty before.
        means: The scaled mean of every cell, 0 where it has none.
        squares: The scaled sum of squares about it; empty before the second round.
        order: Every wanted order statistic as (cell, rank, first key, span, below), sought or found.
    """

    round: int
    first: Array
    means: Array
    squares: Array
    order: tuple[tuple[int, int, int, int, int], ...]

    def windows(self, cell: int) -> list[Window]:
        """What is still to be counted in one cell, none twice."""
        sought = {(first, span) for place, _, first, span, _ in self.order if place == cell and span > 1}
        return [Target(0, first, span, 0).window for first, span in sorted(sought)]


@dataclass(frozen=True)
class CellSums:
    """One cell's part of the first total."""

    n: int
    missing: int
    mean: float
    histogram: Array
    bins: Array
    levels: Array


def read_first(cells: tuple[Cell, ...], total: Array, has_bins: bool) -> tuple[list[CellSums], Array]:
    """The first total by cell, with its fine bins or as `_without_bins` left it, and after it the crosstabs."""
    found, at = [], 0
    for cell in cells:
        n, missing = round(total[at]), round(total[at + 1])
        at, mean = at + 2, 0.0
        histogram = bins = np.zeros(0)
        if cell.keys is not None:
            mean = float(total[at]) / n if n else 0.0
            histogram, bins, at = _two(total, at + 1, cell.histogram_bins, cell.first_window.bins if has_bins else 0)
        levels = total[at : at + len(cell.levels)]
        at += len(cell.levels)
        found.append(CellSums(n, missing, mean, histogram, bins, levels))
    return found, total[at:]


def _two(total: Array, at: int, one: int, other: int) -> tuple[Array, Array, int]:
    return total[at : at + one], total[at + one : at + one + other], at + one + other


def _without_bins(cells: tuple[Cell, ...], total: Array) -> Array:
    """The first total without its fine bins, which need not travel in every later state."""
    keep, at = np.ones(len(total), dtype=np.bool_), 0
    for cell in cells:
        at += 2
        if cell.keys is not None:
            at += 1 + cell.histogram_bins
            keep[at : at + cell.first_window.bins] = False
            at += cell.first_window.bins
        at += len(cell.levels)
    return total[keep]


def after_first(cells: tuple[Cell, ...], total: Array, state: DescribeState, exact: bool) -> DescribeState:
    """The means, and the bins that hold each wanted rank."""
    sums, _ = read_first(cells, total, has_bins=True)
    order = []
    for place, (cell, known) in enumerate(zip(cells, sums, strict=True)):
        if cell.keys is None or not known.n or not exact:
            continue
        for rank in sorted({rank for part in PARTS.values() for rank in quantile_ranks(known.n, part)[:2]}):
            target = Target(rank, 0, cell.keys.count, 0).within(cell.first_window, known.bins)
            order.append((place, target.rank, target.first, target.span, target.below))
    means = np.array([known.mean for known in sums])
    first = _without_bins(cells, total) if exact else total
    return dataclasses.replace(state, round=1, first=first, means=means, order=tuple(order))


def after_later(cells: tuple[Cell, ...], total: Array, state: DescribeState) -> DescribeState:
    """The squares, where they were summed, and finer bins for each wanted rank."""
    at, squares = 0, np.zeros(len(cells)) if state.round == 1 else state.squares
    counted: dict[tuple[int, int, int], tuple[Window, Array]] = {}
    for place, cell in enumerate(cells):
        if state.round == 1 and cell.keys is not None:
            squares[place], at = total[at], at + 1
        for window in state.windows(place):
            counted[place, window.first, window.span] = (window, total[at : at + window.bins])
            at += window.bins
    order = []
    for place, rank, first, span, below in state.order:
        target = Target(rank, first, span, below)
        if span > 1:
            target = target.within(*counted[place, first, span])
        order.append((place, target.rank, target.first, target.span, target.below))
    return dataclasses.replace(state, round=state.round + 1, squares=squares, order=tuple(order))


def described(cells: tuple[Cell, ...], state: DescribeState, people_min: int) -> list[dict[str, Any]]:
    """One row of the result per cell."""
    sums, _ = read_first(cells, state.first, has_bins=people_min > 0)
    return [
        _row(cell, known, float(state.squares[place]), _found(state, place, cell.keys), people_min)
        for place, (cell, known) in enumerate(zip(cells, sums, strict=True))
    ]


def _found(state: DescribeState, cell: int, keys: Keys | None) -> dict[int, float]:
    """The value at each wanted rank of a cell."""
    return {rank: keys.value(first) for place, rank, first, _, _ in state.order if place == cell and keys is not None}


def _row(cell: Cell, known: CellSums, squares: float, order: dict[int, float], people_min: int) -> dict[str, Any]:
    column, is_number = cell.column, cell.keys is not None and known.n > 0
    row: dict[str, Any] = {"column": column.name, "n": Count(known.n), "missing": Count(known.missing)}
    row["mean"] = column.centre + column.half_width * known.mean if is_number else None
    row["sd"] = column.half_width * math.sqrt(squares / (known.n - 1)) if is_number and known.n > 1 else None
    for name, part in PARTS.items():
        row[name] = None
        if cell.keys is not None and known.n >= max(people_min, 1):
            row[name] = _quantile(order, known.n, part) if not people_min else _band(cell, known, part, people_min)
    row["levels"] = _frequencies(cell.levels, known.levels) if cell.levels else None
    row["histogram"] = None
    if cell.keys is not None:
        edges = histogram_edges(cell)
        labels = tuple(f"{low:g} to {high:g}" for low, high in itertools.pairwise(edges))
        row["histogram"] = {"edges": edges, "counts": _frequencies(labels, known.histogram)}
    return row


def _quantile(order: dict[int, float], n: int, part: float) -> float:
    below, above, weight = quantile_ranks(n, part)
    return between(order[below], order[above], weight)


def _band(cell: Cell, known: CellSums, part: float, people_min: int) -> list[float]:
    """The lowest and highest value of the bands in which a quantile lies."""
    assert cell.keys is not None
    ranges = bands(known.bins, people_min)
    below, above, _ = quantile_ranks(known.n, part)
    first, last = (ranges[band_of(rank, known.bins, ranges)] for rank in (below, above))
    width = cell.first_window.width
    return [cell.keys.value(first[0] * width), cell.keys.value(min(last[1] * width, cell.keys.count) - 1)]


def _frequencies(labels: tuple[str, ...], counts: Array) -> CountTable:
    return CountTable(labels, ("people",), tuple((round(count),) for count in counts.tolist()))


def crosstab(rows: tuple[str, ...], columns: tuple[str, ...], counts: Array) -> CountTable:
    """A table of two columns, from its cells row by row, shape (rows × columns,)."""
    cells = np.rint(counts).astype(int).reshape(len(rows), len(columns)).tolist()
    return CountTable(rows, columns, tuple(tuple(row) for row in cells))
