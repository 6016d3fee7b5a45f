"""What is described by itself: one column in one group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from summand.errors import FormulaInvalid
from summand.methods.description._grid import FIRST_BINS, Keys, Window
from summand.methods.formulas._terms import levels_of
from summand.tables import Array, Batch, Column

# Bins of the one histogram from which bands are made, where exact quantiles may not be released.
BAND_BINS = 128
LEVELS_MAX = 100


@dataclass(frozen=True)
class Cell:
    """One column in one group.

    Attributes:
        column: Its column.
        group: Position among the levels of the ``by`` column; None without one.
        keys: Where values lie in order; None if the column is no number.
        levels: The levels that are counted; none for a number without codes.
        first_bins: Bins of the first histogram over its keys, at most.
        histogram_bins: Bins of the histogram that is released.
    """

    column: Column
    group: int | None
    keys: Keys | None
    levels: tuple[str, ...]
    first_bins: int
    histogram_bins: int

    @classmethod
    def of(cls, column: Column, group: int | None, *, exact: bool, bins: int) -> Cell:
        """The cell of a column in a group; never more histogram bins than the column has declared values."""
        keys = Keys.of(column) if column.is_numeric else None
        few = keys is not None and keys.is_declared and keys.count < bins
        shown = keys.count if few and keys is not None else bins
        return cls(column, group, keys, levels(column, needed=False), FIRST_BINS if exact else BAND_BINS, shown)

    @property
    def name(self) -> str:
        """The cell as layouts name it."""
        return self.column.name if self.group is None else f"{self.column.name}, group {self.group + 1}"

    @property
    def first_window(self) -> Window:
        """The bins of the first histogram over all keys of a numeric column."""
        assert self.keys is not None
        return Window.over(0, self.keys.count, self.first_bins)

    def scaled(self, values: Array) -> Array:
        """Values of a numeric column in [-1, 1], same shape."""
        scaled = np.subtract(values, self.column.centre)
        return np.divide(scaled, self.column.half_width, out=scaled)

    def histogram(self, values: Array) -> Array:
        """How many values each bin of the released histogram holds, shape (histogram_bins,)."""
        edges = np.array(histogram_edges(self))
        last = self.histogram_bins - 1
        if edges[0] == edges[-1]:
            return np.bincount(np.full(len(values), last), minlength=self.histogram_bins).astype(np.float64)
        # All edges are equally far apart: the place by arithmetic is right, or one off where the value is near an edge.
        guess = np.subtract(values, edges[0])
        np.divide(guess, (edges[-1] - edges[0]) / self.histogram_bins, out=guess)
        places = np.clip(guess, 0, last, out=guess).astype(np.intp)
        places -= values < edges[places]
        places += (values >= edges[places + 1]) & (places < last)
        return np.bincount(places, minlength=self.histogram_bins).astype(np.float64)


def histogram_edges(cell: Cell) -> list[float]:
    """The edges of the released histogram, one more than its bins; each bin includes its lower edge."""
    low, high = cell.column.range
    return [float(edge) for edge in np.linspace(low, high, cell.histogram_bins + 1)]


def levels(column: Column, *, needed: bool) -> tuple[str, ...]:
    """The levels of a column, reference first; none for a number without codes.

    Raises:
        FormulaInvalid: if there are too many, or none although ``needed``.
    """
    found = levels_of(column) if column.kind != "text" else ()
    if len(found) > LEVELS_MAX:
        raise FormulaInvalid(
            f"Column '{column.name}' has more than {LEVELS_MAX} levels.", remedy="Merge them in the dictionary."
        )
    if needed and not found:
        raise FormulaInvalid(
            f"Column '{column.name}' has no levels in the dictionary.", remedy="Give it levels, or choose another."
        )
    return found


def codes_of(column: Column, batch: Batch) -> NDArray[np.intp]:
    """Positions in the sorted levels of a column, shape (rows,); -1 where missing or none of them."""
    known = levels_of(column)
    if not column.is_numeric:
        order = np.array([known.index(level) for level in column.levels] + [-1], dtype=np.intp)
        return order[batch.codes(column.name)]
    numbers = np.array([float(level) for level in known])
    values = batch.number(column.name)
    found = np.minimum(np.searchsorted(numbers, values), len(numbers) - 1)
    return np.where(numbers[found] == values, found, -1).astype(np.intp)
