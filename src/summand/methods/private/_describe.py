"""Descriptive statistics under a privacy budget: one round of histograms, sums and squares with noise."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from summand.methods._placed import check_length
from summand.methods._protocol import Block, Layout, Local, Result, State, length
from summand.methods.description._describe_cells import Cell, codes_of, histogram_edges, levels
from summand.methods.description._describe_sums import pair_counts
from summand.methods.description._describe_update import parts_of
from summand.methods.private._protocol import Private
from summand.tables import Array, Batch, Count, CountTable


@dataclass(frozen=True)
class OneRound(State):
    """Nothing is known before the only round."""


@dataclass(frozen=True)
class PrivateDescribe(Private):
    """Describe under a privacy budget.

    Of a number, each person is in one bin of a histogram or among the missing, and adds its value and its square, scaled
    by the dictionary to [-1, 1]: at most 3 to the squared sensitivity. Of a category, each is at one level or missing: 1.
    A person is in one group of ``by``, and in one cell of each crosstab. Everything else follows from these sums: the
    number of people from the histogram, quantiles as the bin they lie in; minimum and maximum are not told, since one
    person makes them.

    Source: Dwork & Roth (2014), The algorithmic foundations of differential privacy, §3.3 for histograms; Bun & Steinke
        (2016), TCC, for the Gaussian mechanism.
    """

    state_type: ClassVar[type[State]] = OneRound

    @staticmethod
    def reason_against(method: Any) -> str | None:
        """Why a request has no private form; None if it has."""
        return (
            None if method.shape == "none" else "skewness and kurtosis are not told under noise; ask for shape 'none'"
        )

    def start(self) -> OneRound:
        """Nothing known yet."""
        return OneRound()

    def share(self, state: OneRound) -> float:  # noqa: ARG002
        """All of it: there is one round."""
        return 1.0

    def sensitivity(self, state: OneRound) -> float:  # noqa: ARG002
        """The square root of 3 for each number, 1 for each list of levels, 1 for each crosstab."""
        squared = sum(_squared(cell) for cell in self._one_group)
        return math.sqrt(squared + len(self.inner.crosstabs))

    @property
    def _one_group(self) -> tuple[Cell, ...]:
        return tuple(cell for cell in self.inner.cells if cell.group in (None, 0))

    def layout(self, state: OneRound) -> Layout:  # noqa: ARG002
        """Histogram or levels, missing, sum and squares of every cell; then the crosstabs."""
        blocks: list[Block] = []
        for cell in self.inner.cells:
            if cell.keys is not None:
                told = f"the histogram of {cell.name}, with noise"
                blocks.append(Block(f"{cell.name}: bins", "1", cell.histogram_bins + 1, 1.0, told))
                blocks.append(Block(f"{cell.name}: powers", "1", 2, 1.0, f"mean and spread of {cell.name}, with noise"))
            if cell.levels:
                told = f"how many people have each {cell.name}, with noise"
                blocks.append(Block(f"{cell.name}: levels", "1", len(cell.levels) + 1, 1.0, told))
        for k, (a, b) in enumerate(self.inner._pairs):
            size = len(levels(a, needed=True)) * len(levels(b, needed=True))
            told = f"how many people have each pair of {a.name} and {b.name}, with noise"
            blocks.append(Block(f"crosstab {k + 1}", "1", size, 1.0, told))
        return tuple(blocks)

    def tally(self, batch: Batch, state: OneRound, local: Local) -> Array:  # noqa: ARG002
        """The sums of one batch, in the layout's order."""
        by = self.inner.by
        group = None if by is None else codes_of(self.inner.placed.dictionary[by], batch)
        parts: list[Array] = [np.zeros(0)]
        for cell in self.inner.cells:
            own = batch if group is None else batch.where(group == cell.group)
            parts += _sums(cell, own)
        parts += [pair_counts(a, b, batch) for a, b in self.inner._pairs]
        return np.concatenate(parts)

    def update_noisy(self, total: Array, state: OneRound, sigma: float) -> Result:
        """The description."""
        check_length(total, length(self.layout(state)))
        rows, at = [], 0
        for cell in self.inner.cells:
            size = _length(cell)
            rows.append(_row(cell, total[at : at + size], sigma, parts_of(self.inner.quantiles)))
            at += size
        values: dict[str, Any] = {"noise_sd": sigma}
        if self.inner.by:
            width = len(self.inner.described)
            values["groups"] = [
                _group(f"{self.inner.by} = {level}", rows[k * width : (k + 1) * width])
                for k, level in enumerate(self.inner.groups)
            ]
        else:
            values["columns"] = rows
        tables = []
        for a, b in self.inner._pairs:
            one, other = levels(a, needed=True), levels(b, needed=True)
            cells = _people(total[at : at + len(one) * len(other)]).reshape(len(one), len(other))
            at += cells.size
            counts = CountTable(one, other, tuple(map(tuple, cells.tolist())), margins_released=False)
            tables.append({"rows": a.name, "columns": b.name, "counts": counts})
        if tables:
            values["crosstabs"] = tables
        return Result(self.name, values, ("Every figure has noise: counts may disagree with each other by a few.",))


def _squared(cell: Cell) -> float:
    return (3.0 if cell.keys is not None else 0.0) + (1.0 if cell.levels else 0.0)


def _length(cell: Cell) -> int:
    return (cell.histogram_bins + 3 if cell.keys is not None else 0) + (len(cell.levels) + 1 if cell.levels else 0)


def _sums(cell: Cell, batch: Batch) -> list[Array]:
    parts = []
    present = batch.complete((cell.column.name,))
    missing = float(batch.rows - np.count_nonzero(present))
    if cell.keys is not None:
        values = batch.number(cell.column.name)[present]
        scaled = np.clip(cell.scaled(values), -1.0, 1.0)  # the dictionary's range, which a row was checked against
        parts += [cell.histogram(values), np.array([missing, scaled.sum(), scaled @ scaled])]
    if cell.levels:
        codes = codes_of(cell.column, batch)
        counted = np.bincount(codes[codes >= 0], minlength=len(cell.levels)).astype(np.float64)
        parts += [counted, np.array([float(np.count_nonzero(codes < 0))])]
    return parts


def _row(cell: Cell, sums: Array, sigma: float, parts: dict[str, float]) -> dict[str, Any]:
    column = cell.column
    row: dict[str, Any] = {"column": column.name, "n": Count(0), "missing": Count(0), "mean": None, "sd": None}
    row |= dict.fromkeys(("mean_noise_sd", *parts, "levels", "histogram"))
    if cell.levels:
        places, counts = len(sums) - len(cell.levels) - 1, _people(sums[-len(cell.levels) - 1 :])
        row["n"], row["missing"] = Count(int(counts[:-1].sum())), Count(int(counts[-1]))
        row["levels"] = _frequencies(cell.levels, counts[:-1])
        sums = sums[:places]
    if cell.keys is None:
        return row
    bins, missing, (total, squares) = sums[: cell.histogram_bins], sums[cell.histogram_bins], sums[-2:]
    n = float(bins.sum())
    row["n"], row["missing"] = Count(max(0, round(n))), Count(max(0, round(float(missing))))
    edges = histogram_edges(cell)
    labels = tuple(f"{low:g} to {high:g}" for low, high in itertools.pairwise(edges))
    row["histogram"] = {"edges": edges, "counts": _frequencies(labels, _people(bins))}
    if n <= 2.0 * sigma * math.sqrt(len(bins)) or n < 2.0:
        return row  # as few as the noise itself: nothing is known of them
    mean = float(np.clip(total / n, -1.0, 1.0))
    spread = (squares - n * mean * mean) / (n - 1.0)
    row["mean"] = column.centre + column.half_width * mean
    row["sd"] = column.half_width * math.sqrt(spread) if spread > 0.0 else None
    row["mean_noise_sd"] = column.half_width * sigma * math.sqrt(1.0 + len(bins) * mean * mean) / n
    cumulated = np.cumsum(np.maximum(bins, 0.0))
    for name, part in parts.items():
        if 0.0 < part < 1.0 and cumulated[-1] > 0.0:
            place = int(np.searchsorted(cumulated, part * cumulated[-1]))
            row[name] = [edges[place], edges[place + 1]]
    return row


def _group(name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    people = rows[0]["n"].people + rows[0]["missing"].people if rows else 0
    return {"group": name, "n": Count(people), "columns": rows}


def _people(counts: Array) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.maximum(np.rint(counts), 0.0).astype(np.int64)


def _frequencies(labels: tuple[str, ...], counts: np.ndarray[Any, Any]) -> CountTable:
    return CountTable(labels, ("people",), tuple((int(count),) for count in counts), margins_released=False)
