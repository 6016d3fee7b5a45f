"""Where values lie among those of everybody: bins over keys that are divided until nobody's place is in doubt.

Unlike `_profile_state`, which needs only sums of ranks, the bins themselves are kept and broadcast, so that in a later
round every site gives each of its people the place among all. What is kept are the bins in which anybody lies, with how
many people of each group they hold and how many lie below. Where the limits forbid to divide, or there are too many bins
for a round or for the state, people of one bin are taken as tied, which a reader is told.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from summand.methods.description._grid import KeyArray
from summand.methods.description._profile_state import Bins, Windows, windows_of
from summand.methods.description._profile_sums import counted_in
from summand.tables import Array

NUMBERS_MAX = 262_144
DIVISIONS_MAX = 1024
REFINEMENTS_MAX = 16
KEPT_MAX = 200_000

Settles = Callable[[Bins], NDArray[np.bool_]]


@dataclass(frozen=True)
class RankTable:
    """The bins of several variables.

    Attributes:
        groups: How many groups people are counted in.
        kept: What is settled: variable, first key, people of each group below, people of each group; shape
            (bins, 2 + 2 groups), in order.
        open: What is divided next: variable, first key, span, people of each group below; shape (bins, 3 + groups).
        divisions: Into how many each open bin is divided, at most.
        grouped: Whether a variable's bins were taken as ties.
    """

    groups: int
    kept: Array
    open: Array
    divisions: int
    grouped: tuple[bool, ...]

    @classmethod
    def start(cls, key_counts: Sequence[int], groups: int, first_bins: int) -> Self:
        """Nothing known: every variable's keys are one open bin."""
        rows = [[k, 0, count, *([0] * groups)] for k, count in enumerate(key_counts)]
        table = np.array(rows, dtype=np.float64).reshape(-1, 3 + groups)
        return cls(groups, np.zeros((0, 2 + 2 * groups)), table, first_bins, (False,) * len(key_counts))

    @classmethod
    def read(cls, groups: int, kept: Array, open_: Array, divisions: int, grouped: tuple[bool, ...]) -> Self:
        """The table behind the flat arrays of a state."""
        return cls(groups, kept.reshape(-1, 2 + 2 * groups), open_.reshape(-1, 3 + groups), divisions, grouped)

    def windows(self, variable: int) -> Windows:
        """How the open bins of a variable are divided."""
        own = self.open[self.open[:, 0] == variable]
        return windows_of(own, self.divisions)

    def size(self, variable: int) -> int:
        """How many numbers are counted of a variable."""
        return self.groups * self.windows(variable).bins

    def count(self, variable: int, keys: KeyArray, codes: NDArray[np.intp]) -> Array:
        """People of each group in each divided bin, shape (`size`,)."""
        windows = self.windows(variable)
        return counted_in(windows, keys, codes, self.groups) if len(windows) else np.zeros(0)

    def after(self, total: Array, settles: Settles, *, may_divide: bool) -> RankTable:
        """The table after its divided bins were counted.

        Args:
            total: The counts of all variables in order, shape (sum of `size`,).
            settles: Which bins need no division, whatever their span.
            may_divide: Whether anything may still be divided.
        """
        found: list[tuple[int, Bins, NDArray[np.bool_]]] = []
        at = 0
        for variable in range(len(self.grouped)):
            size = self.size(variable)
            if size:
                counts = total[at : at + size].reshape(-1, self.groups)
                own = self.open[self.open[:, 0] == variable]
                bins = Bins.of(self.windows(variable), counts, own[:, 3:], np.ones(len(own), dtype=np.bool_))
                found.append((variable, bins, (bins.people > 0.0) & ~settles(bins) & (bins.span > 1)))
            at += size
        count = sum(int(np.count_nonzero(unsettled)) for _, _, unsettled in found)
        if not may_divide or 2 * count * self.groups > NUMBERS_MAX or len(self.kept) + count > KEPT_MAX:
            grouped = list(self.grouped)
            for variable, _, unsettled in found:
                grouped[variable] = grouped[variable] or bool(unsettled.any())
                unsettled[:] = False
            return dataclasses.replace(self._with(found), grouped=tuple(grouped))
        return self._with(found)

    def _with(self, found: list[tuple[int, Bins, NDArray[np.bool_]]]) -> RankTable:
        kept, open_ = [self.kept], []
        for variable, bins, unsettled in found:
            done = (bins.people > 0.0) & ~unsettled
            which = np.full(len(bins.first), variable)
            kept.append(np.column_stack([which, bins.first, bins.below, bins.counts])[done])
            open_.append(np.column_stack([which, bins.first, bins.span, bins.below])[unsettled])
        table = np.concatenate(kept)
        order = np.lexsort((table[:, 1], table[:, 0]))
        left = np.concatenate(open_) if open_ else np.zeros((0, 3 + self.groups))
        divisions = max(2, min(DIVISIONS_MAX, NUMBERS_MAX // (max(len(left), 1) * self.groups)))
        return dataclasses.replace(self, kept=table[order], open=left, divisions=divisions)

    def merged(self) -> RankTable:
        """Neighbours that hold one group alone, the same one, with nobody of another between them, as one bin.

        For those who only ask how people of one group lie among those of another.
        """
        groups = self.groups
        below, counts = self.kept[:, 2 : 2 + groups], self.kept[:, 2 + groups :]
        single = np.count_nonzero(counts, axis=1) == 1
        own = counts > 0.0
        follows = (self.kept[1:, 0] == self.kept[:-1, 0]) & single[1:] & single[:-1] & (own[1:] == own[:-1]).all(axis=1)
        follows &= ((below[1:] == below[:-1]) | own[1:]).all(axis=1)
        starts = np.flatnonzero(np.concatenate([[True], ~follows])) if len(self.kept) else np.zeros(0, dtype=np.intp)
        if len(starts) == len(self.kept):
            return self
        summed = np.add.reduceat(counts, starts, axis=0)
        return dataclasses.replace(self, kept=np.column_stack([self.kept[starts, : 2 + groups], summed]))

    def of(self, variable: int) -> Array:
        """The kept bins of a variable, shape (bins, 1 + 2 groups): first key, below, people."""
        return self.kept[self.kept[:, 0] == variable, 1:]

    def places(self, variable: int, keys: KeyArray) -> NDArray[np.intp]:
        """Which of `of` holds each key, shape (rows,)."""
        first = self.of(variable)[:, 0]
        return np.maximum(np.searchsorted(first, keys, side="right") - 1, 0)


def alone(bins: Bins) -> NDArray[np.bool_]:
    """Bins whose one person has a place of their own."""
    settled: NDArray[np.bool_] = bins.people <= 1.0
    return settled


def one_group(bins: Bins) -> NDArray[np.bool_]:
    """Bins with people of one group alone: no two of different groups are compared in them."""
    settled: NDArray[np.bool_] = np.count_nonzero(bins.counts, axis=1) <= 1
    return settled
