"""Sums by group: the groups of one site, which stay there, and what is added over them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from summand.tables import Array, Batch

Places = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class ByGroup:
    """A partial: numbers of all rows, and numbers by group.

    Attributes:
        head: Shape (h,).
        keys: What tells the groups of the site apart, ascending, shape (g,).
        sums: Shape (g, m).
    """

    head: Array
    keys: Array
    sums: Array

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ByGroup):
            return False
        pairs = ((self.head, other.head), (self.keys, other.keys), (self.sums, other.sums))
        return all(np.array_equal(one, two) for one, two in pairs)

    __hash__ = None  # type: ignore[assignment]  # arrays can change

    def __add__(self, other: ByGroup) -> ByGroup:
        keys = np.union1d(self.keys, other.keys)
        sums = np.zeros((len(keys), self.sums.shape[1]))
        sums[np.searchsorted(keys, self.keys)] += self.sums
        sums[np.searchsorted(keys, other.keys)] += other.sums
        return ByGroup(self.head + other.head, keys, sums)


@dataclass(frozen=True)
class Grouping:
    """How the rows of a site fall into groups.

    Attributes:
        column: Rows with one value of it are a group; "" if all rows of a site are.
    """

    column: str

    def order(self, batch: Batch) -> tuple[Array, Places, Places | None]:
        """The groups of a batch.

        Returns:
            The keys, shape (g,); where each group's rows begin, shape (g,), once the rows are in the order that is
            returned last, shape (rows,); None if they are in order as they are.
        """
        if not batch.rows:
            return np.zeros(0), np.zeros(0, dtype=np.intp), None
        if not self.column:
            return np.zeros(1), np.zeros(1, dtype=np.intp), None
        values = np.asarray(batch.columns[self.column], dtype=np.float64)
        order = np.argsort(values, kind="stable")
        keys, starts = np.unique(values[order], return_index=True)
        return keys, starts, order


def add_within(columns: Array, starts: Places) -> Array:
    """The sums by group of columns in the order of their groups: shape (m, rows) to (g, m)."""
    if not len(starts):
        return np.zeros((0, len(columns)))
    if len(starts) == 1:
        return np.asarray(columns.sum(axis=1)[None, :])
    return np.ascontiguousarray(np.add.reduceat(columns, starts, axis=1).T)
