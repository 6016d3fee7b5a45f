"""Order statistics by refinement: histograms whose bins become finer only where an answer lies.

A numeric value becomes a whole number, its *key*, in the order of the values: the number of steps above the minimum
where the dictionary gives a step, else its place among 2^52 equal parts of the dictionary's range, which is float64's
own resolution. A first histogram has at most 4,096 bins; each later one divides the bin that holds a wanted rank by
1,024, so five rounds end at single keys whatever the data are.

What it discloses: the pooled counts of every bin that was looked at, so the wanted values themselves and how many
people lie near them; without a wanted rank in it, a bin is never divided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from summand.tables import Array, Column

FIRST_BINS = 4096
LATER_BINS = 1024
PARTS = 2**52

KeyArray = NDArray[np.int64]


@dataclass(frozen=True)
class Keys:
    """The order-preserving map from the values of a column, or of a score, to whole numbers from 0.

    Attributes:
        low: The value of key 0.
        step: The distance of two keys.
        count: How many keys there are.
        is_declared: Whether the step is the dictionary's, so that a key is exactly a value.
    """

    low: float
    step: float
    count: int
    is_declared: bool = False

    @classmethod
    def of(cls, column: Column) -> Self:
        """The keys of a numeric column.

        Raises:
            ColumnMissing: if the dictionary gives it no range.
        """
        low, high = column.range
        step = column.step or (1.0 if column.kind == "integer" else None)
        if step is not None and (high - low) / step < PARTS - 1:
            return cls(low, step, round((high - low) / step) + 1, is_declared=True)
        return cls.between(low, high)

    @classmethod
    def between(cls, low: float, high: float) -> Self:
        """Keys at float64's resolution of a range."""
        step = (high - low) / (PARTS - 1)
        return cls(low, step, PARTS) if step > 0.0 else cls(low, 1.0, 1)

    def __call__(self, values: Array) -> KeyArray:
        """The keys of values without NaN, shape (rows,)."""
        return self.as_numbers(values).astype(np.int64)

    def as_numbers(self, values: Array) -> Array:
        """The same as float64, which holds every key exactly, shape (rows,)."""
        keys = np.subtract(values, self.low)
        np.divide(keys, self.step, out=keys)
        np.rint(keys, out=keys)
        return np.clip(keys, 0, self.count - 1, out=keys)

    def near(self, values: Array, window: Window) -> Array:
        """The values, NaN left out, whose keys may lie in a window: all that do, and perhaps a few beside it.

        Where a window holds few of the rows, its keys are then worked out for few.
        """
        # Farther from the window than a key and its rounding, no value's key is in it.
        beyond = 4.0 * self.step + 1e-14 * max(abs(self.low), abs(self.low + self.count * self.step))
        last = window.first + window.span
        at_least = values >= self.low + window.first * self.step - beyond if window.first > 0 else None
        at_most = values <= self.low + last * self.step + beyond if last < self.count else None
        if at_least is None:
            return values[~np.isnan(values)] if at_most is None else values[at_most]
        return values[at_least] if at_most is None else values[np.logical_and(at_least, at_most, out=at_least)]

    def value(self, key: int) -> float:
        """The value at a key: exact for a declared step, else within half a key, and the shortest decimal there."""
        value = self.low + key * self.step
        short = float(f"{value:.15g}")
        return short if self.is_declared or abs(short - value) <= self.step else value


@dataclass(frozen=True)
class Window:
    """Some consecutive keys in bins of equal width; the last bin may be cut short.

    Attributes:
        first: The first key.
        span: How many keys.
        width: Keys per bin.
    """

    first: int
    span: int
    width: int

    @classmethod
    def over(cls, first: int, span: int, bins_max: int) -> Self:
        """The finest window with at most ``bins_max`` bins."""
        return cls(first, span, -(-span // bins_max))

    @property
    def bins(self) -> int:
        """How many bins it has."""
        return -(-self.span // self.width)

    def count(self, keys: KeyArray | Array, weights: Array | None = None) -> Array:
        """How many of ``keys``, shape (rows,), each bin holds (or the sum of ``weights``): shape (bins,).

        Keys may come as float64. A quotient of whole numbers below 2^53 that is no whole number never rounds up to
        one, so that its float64, cut off, gives the bin.
        """
        places = np.subtract(keys, self.first, dtype=np.float64)
        inside = (places >= 0) & (places < self.span)
        if not inside.all():
            places, weights = places[inside], None if weights is None else weights[inside]
        np.divide(places, self.width, out=places)
        return np.bincount(places.astype(np.intp), weights=weights, minlength=self.bins).astype(np.float64)


@dataclass(frozen=True)
class Target:
    """A wanted order statistic and where it is known to lie.

    Attributes:
        rank: Its place among the sorted values, from 0.
        first, span: The keys among which it is; found when ``span`` is 1.
        below: How many values lie below ``first``.
    """

    rank: int
    first: int
    span: int
    below: int

    @property
    def is_found(self) -> bool:
        """Whether it is known to a single key."""
        return self.span == 1

    @property
    def window(self) -> Window:
        """What to count next."""
        return Window.over(self.first, self.span, LATER_BINS)

    def within(self, window: Window, counts: Array) -> Target:
        """The target after the bins of the window it lies in were counted."""
        reached = self.below + np.cumsum(np.rint(counts))
        place = min(int(np.searchsorted(reached, self.rank, side="right")), len(counts) - 1)
        first = window.first + place * window.width
        span = min(window.width, window.first + window.span - first)
        return Target(self.rank, first, span, int(reached[place] - round(counts[place])))


def quantile_ranks(n: int, part: float) -> tuple[int, int, float]:
    """The two ranks between which a quantile of n values lies, and how far: numpy's method "linear".

    Source: Hyndman & Fan (1996), The American Statistician 50(4), definition 7.
    """
    place = (n - 1) * part
    below = int(np.floor(place))
    return below, min(below + 1, n - 1), place - below


def between(low: float, high: float, part: float) -> float:
    """Linear interpolation as numpy's quantile does it, exact where both ends are equal."""
    return low + (high - low) * part if part < 0.5 else high - (high - low) * (1.0 - part)


def bands(counts: Array, people_min: int) -> list[tuple[int, int]]:
    """Adjacent bins joined so that every band holds at least ``people_min`` people.

    Args:
        counts: People per bin, shape (bins,).
        people_min: At least 1.

    Returns:
        Half-open ranges of bins that cover all of them; a single one where there are too few people.
    """
    found: list[tuple[int, int]] = []
    start, people = 0, 0
    for place, count in enumerate(np.rint(counts).astype(int).tolist()):
        people += count
        if people >= people_min:
            found.append((start, place + 1))
            start, people = place + 1, 0
    if not found:
        return [(0, len(counts))]
    found[-1] = (found[-1][0], len(counts)) if start < len(counts) else found[-1]
    return found


def band_of(rank: int, counts: Array, ranges: Sequence[tuple[int, int]]) -> int:
    """Which of `bands` holds the value of a rank."""
    reached = np.cumsum([np.rint(counts[first:last]).sum() for first, last in ranges])
    return min(int(np.searchsorted(reached, rank, side="right")), len(ranges) - 1)
