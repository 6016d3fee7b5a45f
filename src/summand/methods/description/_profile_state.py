"""What is known of columns in groups between rounds, and how ranks and quantiles are narrowed down.

Values are keys (see `_grid`). The keys of a column are cut into bins, and how many people of each group lie in each bin is
counted. A bin is *settled* for the ranks once it holds at most one person, or a single key: its people then have the
midrank ``below + (people + 1) / 2``, and its ties add ``people³ - people``. What is not settled is divided again, and so
is a bin in which a wanted quantile lies. Where there is more to divide than a round may count, or the limits forbid it,
the bins are taken as ties: the ranks are then those of values grouped so, which a reader is told.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from summand.methods._protocol import State
from summand.methods.description._grid import Window, quantile_ranks
from summand.tables import Array

# At most this many numbers for the bins of one round.
NUMBERS_MAX = 262_144
DIVISIONS_MAX = 1024
REFINEMENTS_MAX = 16
PARTS = {"min": 0.0, "q25": 0.25, "median": 0.5, "q75": 0.75, "max": 1.0}
BIN_FIELDS = 4
TARGET_FIELDS = 5


@dataclass(frozen=True)
class ProfileState(State):
    """What is known so far.

    Attributes:
        round: 0 before anything is.
        first: The first round's total without the bins of the numbers; where quartiles are bands, all of it.
        squares: The scaled squares about each group's mean, shape (numbers × groups,); empty before the second round.
        rank_sums: Sum of the settled midranks, shape (numbers × groups,).
        ties: Sum of ``people³ - people`` over settled bins, shape (numbers,).
        grouped: Whether ranks are those of grouped values, for each number.
        bins: What is divided next, in order: number, first key, span, whether for the ranks, and how many people of
            each group lie below; shape (bins × (4 + groups),).
        targets: The wanted order statistics: number, place (0 for all, then the groups), rank, first key and span of
            the bin that holds it; shape (targets × 5,).
    """

    round: int
    first: Array
    squares: Array
    rank_sums: Array
    ties: Array
    grouped: tuple[bool, ...]
    bins: Array
    targets: Array

    def open_bins(self, groups: int) -> Array:
        """The bins as a table."""
        return self.bins.reshape(-1, BIN_FIELDS + groups)

    def wanted(self) -> Array:
        """The targets as a table."""
        return self.targets.reshape(-1, TARGET_FIELDS)

    def divisions(self, groups: int) -> int:
        """Into how many each open bin is divided in this round, at most."""
        count = max(len(self.open_bins(groups)), 1)
        return max(2, min(DIVISIONS_MAX, NUMBERS_MAX // (count * groups)))


@dataclass(frozen=True)
class Windows:
    """Disjoint windows in ascending order, as `Window` but many at once. All of shape (windows,).

    Attributes:
        first: The first key of each.
        span: How many keys it has.
        width: Keys per bin.
    """

    first: NDArray[np.int64]
    span: NDArray[np.int64]
    width: NDArray[np.int64]

    @classmethod
    def over(cls, first: Array, span: Array, divisions: int) -> Windows:
        """The finest windows with at most so many bins each."""
        keys = span.astype(np.int64)
        return cls(first.astype(np.int64), keys, -(-keys // divisions))

    @classmethod
    def one(cls, window: Window) -> Windows:
        """A single window."""
        first, span, width = (np.array([n], dtype=np.int64) for n in (window.first, window.span, window.width))
        return cls(first, span, width)

    def __len__(self) -> int:
        return len(self.first)

    @property
    def sizes(self) -> NDArray[np.int64]:
        """How many bins each has."""
        return -(-self.span // self.width)

    @property
    def bins(self) -> int:
        """How many bins all have together."""
        return int(self.sizes.sum())


def windows_of(bins: Array, divisions: int) -> Windows:
    """How each of some open bins is divided."""
    return Windows.over(bins[:, 1], bins[:, 2], divisions)


@dataclass(frozen=True)
class Bins:
    """Some bins of one number after counting, in ascending order.

    Attributes:
        first, span: Their keys, shape (bins,).
        counts: People of each group, shape (bins, groups).
        below: People of each group below, shape (bins, groups).
        is_ranked: Whether their people's ranks are still wanted, shape (bins,).
    """

    first: NDArray[np.int64]
    span: NDArray[np.int64]
    counts: Array
    below: Array
    is_ranked: NDArray[np.bool_]

    @classmethod
    def of(cls, windows: Windows, counts: Array, below: Array, is_ranked: NDArray[np.bool_]) -> Bins:
        """The bins of divided windows.

        Args:
            windows: What was divided.
            counts: Of all their bins, shape (bins, groups).
            below: People of each group below each window, shape (windows, groups).
            is_ranked: For each window.
        """
        sizes = windows.sizes
        starts = np.cumsum(sizes) - sizes
        which = np.repeat(np.arange(len(windows)), sizes)
        place = np.arange(len(which)) - starts[which]
        first, span, width = windows.first[which], windows.span[which], windows.width[which]
        rounded = np.rint(counts)
        before = np.cumsum(rounded, axis=0) - rounded
        reached = before - before[starts][which] + below[which]
        left = np.minimum(width, span - place * width)
        return cls((first + place * width).astype(np.int64), left.astype(np.int64), rounded, reached, is_ranked[which])

    @property
    def people(self) -> Array:
        """People of all groups, shape (bins,)."""
        return np.asarray(self.counts.sum(axis=1), dtype=np.float64)

    def ranked(self, chosen: NDArray[np.bool_]) -> tuple[Array, float]:
        """Rank sums of each group and the ties of the chosen bins, each taken as one tie."""
        people = self.people[chosen]
        midranks = self.below[chosen].sum(axis=1) + (people + 1.0) / 2.0
        return midranks @ self.counts[chosen], float((people**3 - people).sum())

    def table(self, number: int, chosen: NDArray[np.bool_]) -> Array:
        """The chosen bins as `ProfileState.bins` holds them."""
        head = (np.full(len(self.first), number), self.first, self.span, self.is_ranked)
        return np.column_stack([*head, self.below]).astype(np.float64)[chosen]


class Narrowing:
    """One round's narrowing down, number by number."""

    def __init__(self, state: ProfileState, numbers: int, groups: int) -> None:
        self.groups = groups
        self.rank_sums = state.rank_sums.reshape(numbers, groups).copy() if state.round else np.zeros((numbers, groups))
        self.ties = state.ties.copy() if state.round else np.zeros(numbers)
        self.grouped = list(state.grouped) if state.round else [False] * numbers
        self.targets = state.wanted().copy()
        self.open: list[tuple[int, Bins, NDArray[np.bool_], NDArray[np.bool_]]] = []

    def want(self, number: int, people: Array, span: int) -> None:
        """Want the quartiles of a number over all and in each group."""
        rows = [self.targets]
        for place, n in enumerate([people.sum(), *people]):
            ranks = (
                sorted({rank for part in PARTS.values() for rank in quantile_ranks(round(n), part)[:2]}) if n else []
            )
            rows += [np.array([[number, place, rank, 0, span]], dtype=np.float64) for rank in ranks]
        self.targets = np.concatenate(rows)

    def settle(self, number: int, bins: Bins) -> None:
        """Settle what can be, and find the bins that hold the targets."""
        done = bins.is_ranked & ((bins.people <= 1.0) | (bins.span == 1))
        self._rank(number, bins, done)
        bins.is_ranked[done] = False
        holds = np.zeros(len(bins.first), dtype=np.bool_)
        sought = np.flatnonzero((self.targets[:, 0] == number) & (self.targets[:, 4] > 1))
        for row in sought.tolist():
            _, place, rank, first, span = self.targets[row]
            inside = np.flatnonzero((bins.first >= first) & (bins.first < first + span))
            chosen = slice(inside[0], inside[-1] + 1)
            own = (int(place) - 1,) if place else slice(None)
            counts, below = (table[chosen][:, own].sum(axis=1) for table in (bins.counts, bins.below))
            at = int(inside[np.searchsorted(below + counts, rank, side="right")])
            self.targets[row, 3:] = bins.first[at], bins.span[at]
            holds[at] = bins.span[at] > 1
        self.open.append((number, bins, bins.is_ranked & (bins.people > 1.0), holds))

    def _rank(self, number: int, bins: Bins, chosen: NDArray[np.bool_]) -> None:
        sums, ties = bins.ranked(chosen)
        self.rank_sums[number] += sums
        self.ties[number] += ties

    def finish(self, *, may_divide: bool) -> Array:
        """What is divided next; the ranks are given up where that is too much."""
        count = sum(int(np.count_nonzero(ranked | holds)) for _, _, ranked, holds in self.open)
        if not may_divide or 2 * count * self.groups > NUMBERS_MAX:
            for number, bins, ranked, _ in self.open:
                self._rank(number, bins, ranked)
                self.grouped[number] = self.grouped[number] or bool(ranked.any())
                bins.is_ranked[:] = False
                ranked[:] = False
        if not may_divide:
            return np.zeros(0)
        rows = [bins.table(number, ranked | holds) for number, bins, ranked, holds in self.open]
        return np.concatenate(rows).ravel() if rows else np.zeros(0)
