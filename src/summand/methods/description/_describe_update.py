"""The coordinator's half of descriptive statistics: sums by column, and where the quartiles lie."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from summand.methods._protocol import State
from summand.methods.description._describe_cells import Cell
from summand.methods.description._grid import Target, Window, quantile_ranks
from summand.tables import Array

PARTS = {"min": 0.0, "q25": 0.25, "median": 0.5, "q75": 0.75, "max": 1.0}
# Cubes and fourth powers about the mean, where skewness and kurtosis are asked for.
HIGHER = 2


def parts_of(quantiles: tuple[float, ...]) -> dict[str, float]:
    """What is told of the order of values: the quartiles and extremes, then other quantiles such as ``p2.5``."""
    return {**PARTS, **{f"p{float(f'{100 * part:.12g}'):g}": part for part in quantiles}}


@dataclass(frozen=True)
class DescribeState(State):
    """What is known so far.

    Attributes:
        round: 0 before anything is.
        first: The first round's total, without its fine bins where quartiles are exact; empty before.
        means: The scaled mean of every cell, 0 where it has none.
        squares: The scaled sum of squares about it; empty before the second round.
        higher: The scaled cubes and fourth powers, cell by cell, where they are asked for; else empty.
        order: Every wanted order statistic as (cell, rank, first key, span, below), sought or found.
    """

    round: int
    first: Array
    means: Array
    squares: Array
    higher: Array
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


def after_first(
    cells: tuple[Cell, ...], total: Array, state: DescribeState, exact: bool, parts: Sequence[float]
) -> DescribeState:
    """The means, and the bins that hold each wanted rank."""
    sums, _ = read_first(cells, total, has_bins=True)
    order = []
    for place, (cell, known) in enumerate(zip(cells, sums, strict=True)):
        if cell.keys is None or not known.n or not exact:
            continue
        for rank in sorted({rank for part in parts for rank in quantile_ranks(known.n, part)[:2]}):
            target = Target(rank, 0, cell.keys.count, 0).within(cell.first_window, known.bins)
            order.append((place, target.rank, target.first, target.span, target.below))
    means = np.array([known.mean for known in sums])
    first = _without_bins(cells, total) if exact else total
    return dataclasses.replace(state, round=1, first=first, means=means, order=tuple(order))


def after_later(cells: tuple[Cell, ...], total: Array, state: DescribeState, *, higher: bool) -> DescribeState:
    """The squares and higher powers, where they were summed, and finer bins for each wanted rank."""
    at, squares = 0, np.zeros(len(cells)) if state.round == 1 else state.squares
    powers = np.zeros((len(cells), HIGHER)) if state.round == 1 and higher else state.higher
    counted: dict[tuple[int, int, int], tuple[Window, Array]] = {}
    for place, cell in enumerate(cells):
        if state.round == 1 and cell.keys is not None:
            squares[place], at = total[at], at + 1
            if higher:
                powers[place], at = total[at : at + HIGHER], at + HIGHER
        for window in state.windows(place):
            counted[place, window.first, window.span] = (window, total[at : at + window.bins])
            at += window.bins
    order = []
    for place, rank, first, span, below in state.order:
        target = Target(rank, first, span, below)
        if span > 1:
            target = target.within(*counted[place, first, span])
        order.append((place, target.rank, target.first, target.span, target.below))
    return dataclasses.replace(state, round=state.round + 1, squares=squares, higher=powers.ravel(), order=tuple(order))
