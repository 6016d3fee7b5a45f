"""The table of a description, from its sums: what a reader sees, before counts are judged.

Under limits a mean must not give away a count that is hidden. Of values that are whole numbers of steps it is a fraction
with the count as denominator, and in all its digits it tells which. Rounded to at least a step divided by the count, it
fits every count; likewise the standard deviation. And where every value has a count of its own and some are hidden,
these figures with the shown counts are equations for the hidden ones: they are left out.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from summand.methods._rounding import to_digits, to_unit
from summand.methods.description._describe_cells import Cell, histogram_edges
from summand.methods.description._describe_update import HIGHER, CellSums, DescribeState, read_first
from summand.methods.description._dominance import may_dominate
from summand.methods.description._grid import Keys, band_of, bands, between, quantile_ranks
from summand.tables import Array, Column, Count, CountTable, Limits

# What a value is taken to be rounded to where the dictionary gives no step: this part of the range.
ASSUMED_STEPS = 100


def described(
    cells: tuple[Cell, ...], state: DescribeState, limits: Limits, parts: Mapping[str, float], shape: str
) -> list[dict[str, Any]]:
    """One row of the result per cell, under the limits of the release.

    Args:
        cells: What is described.
        state: The last.
        limits: Of the release.
        parts: The quantiles told, by name.
        shape: ``none``, or how skewness and kurtosis are told: ``unbiased`` or ``biased``.
    """
    sums, _ = read_first(cells, state.first, has_bins=not limits.exact_quantiles)
    rows = [
        _row(cell, known, float(state.squares[place]), _found(state, place, cell.keys), limits, parts)
        for place, (cell, known) in enumerate(zip(cells, sums, strict=True))
    ]
    if shape != "none":
        for row, known, squares, powers in zip(
            rows, sums, state.squares, state.higher.reshape(-1, HIGHER), strict=True
        ):
            row.update(_shape(row, known.n, (float(squares), *powers.tolist()), limits, unbiased=shape == "unbiased"))
    return rows


def _shape(
    row: dict[str, Any], n: int, powers: tuple[float, ...], limits: Limits, *, unbiased: bool
) -> dict[str, float | None]:
    """Skewness, excess kurtosis and coefficient of variation; few digits under limits, None with the mean.

    Source: Joanes & Gill (1998), Comparing measures of sample skewness and kurtosis, The Statistician 47(1): g1 and g2
        ``biased``, G1 and G2 ``unbiased``.
    """
    nothing: dict[str, float | None] = dict.fromkeys(("skewness", "kurtosis", "cv"))
    if row["mean"] is None or row["sd"] is None:
        return nothing
    found: dict[str, float | None] = {**nothing, "cv": row["sd"] / row["mean"] if row["mean"] else None}
    second, third, fourth = (power / n for power in powers)
    if second <= 0.0:
        return found
    skewness, kurtosis = third / second**1.5, fourth / second**2 - 3.0
    if not unbiased:
        found.update(skewness=skewness, kurtosis=kurtosis)
    if unbiased and n > 2:
        found["skewness"] = skewness * math.sqrt(n * (n - 1.0)) / (n - 2.0)
    if unbiased and n > 3:
        found["kurtosis"] = ((n + 1.0) * kurtosis + 6.0) * (n - 1.0) / ((n - 2.0) * (n - 3.0))
    if limits.minimum_cell > 1:
        found = {name: None if value is None else to_digits(value, 2) for name, value in found.items()}
    return found


def _found(state: DescribeState, cell: int, keys: Keys | None) -> dict[int, float]:
    """The value at each wanted rank of a cell."""
    return {rank: keys.value(first) for place, rank, first, _, _ in state.order if place == cell and keys is not None}


def _row(
    cell: Cell, known: CellSums, squares: float, order: dict[int, float], limits: Limits, parts: Mapping[str, float]
) -> dict[str, Any]:
    people_min = 0 if limits.exact_quantiles else max(limits.minimum_cell, 1)
    column, is_number = cell.column, cell.keys is not None and known.n > 0
    row: dict[str, Any] = {"column": column.name, "n": Count(known.n), "missing": Count(known.missing)}
    row["mean"] = column.centre + column.half_width * known.mean if is_number else None
    row["sd"] = column.half_width * math.sqrt(squares / (known.n - 1)) if is_number and known.n > 1 else None
    if limits.minimum_cell > 1 and is_number:
        row["mean"], row["sd"] = _coarsened(cell, known, row["mean"], row["sd"], limits.minimum_cell)
    for name, part in parts.items():
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


def _coarsened(
    cell: Cell, known: CellSums, mean: float, sd: float | None, people_min: int
) -> tuple[float | None, float | None]:
    """Mean and standard deviation so that they tell no count below ``people_min``; None where no rounding helps.

    Pure arithmetic on the total, without BLAS: every machine rounds the same bits to the same side.
    """
    assert cell.keys is not None
    by_value = known.levels if cell.levels else known.histogram
    told_apart = bool(cell.levels) or len(by_value) == cell.keys.count
    if told_apart and bool((np.rint(by_value) < people_min).any()):
        return None, None
    if may_dominate(cell, known.bins, known.n * mean):
        return None, None
    unit = step_of(cell.column) / fewest(known.n, known.missing, people_min)
    if sd is None or sd == 0.0:
        return to_unit(mean, unit), sd
    return to_unit(mean, unit), to_unit(sd, unit * max(1.0, step_of(cell.column) / sd))


def step_of(column: Column) -> float:
    """The distance of two values of a numeric column, declared or assumed."""
    low, high = column.range
    declared = column.step or (1.0 if column.kind == "integer" else None)
    return declared or (high - low) / ASSUMED_STEPS or 1.0


def fewest(n: int, missing: int, people_min: int) -> int:
    """The fewest people that a reader must think possible: all but a missing count that is still hidden."""
    return max(people_min, n + missing - people_min + 1)


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
