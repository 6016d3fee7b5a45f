"""Harrell's C of people counted by time and score."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from summand.methods.description._grid import KeyArray
from summand.tables import Array


@dataclass(frozen=True)
class Grid:
    """Steps of a variable.

    Attributes:
        first: The first key of each, shape (steps,).
        last: The last key in it that anybody has, or an upper bound of it.
        is_grouped: Whether some step holds more than one bin of people.
    """

    first: NDArray[np.int64]
    last: NDArray[np.int64]
    is_grouped: bool

    def __len__(self) -> int:
        return max(len(self.first), 1)

    def places(self, keys: KeyArray) -> NDArray[np.intp]:
        """Which step each key lies in, shape (rows,)."""
        return np.maximum(np.searchsorted(self.first, keys, side="right") - 1, 0)


def grid_of(bins: Array, most: int, minimum_cell: int, cut: int | None) -> Grid:
    """Steps that join neighbouring bins until there are few enough, each of enough people.

    Args:
        bins: First key, people below and people in it, shape (bins, 3).
        most: How many steps there may be.
        minimum_cell: The fewest people of a step.
        cut: A key after which a step must end; None if anywhere.
    """
    first = bins[:, 0].astype(np.int64)
    if not len(first) or (len(first) <= most and minimum_cell <= 1):
        return Grid(first, first, is_grouped=False)
    reached = np.cumsum(bins[:, 2]).tolist()
    people = reached[-1] if reached else 0.0
    each, starts, before = max(people / most, float(minimum_cell)), [0], 0.0
    for k, (now, following) in enumerate(itertools.pairwise(first.tolist())):
        at, left = reached[k] - before, people - reached[k]
        ends_at_cut = cut is not None and now <= cut < following and min(at, left) >= minimum_cell
        if (at >= each and left >= minimum_cell) or ends_at_cut:
            starts.append(k + 1)
            before = reached[k]
    ends = np.array([*starts[1:], len(first)]) - 1
    return Grid(first[starts], first[ends], is_grouped=len(starts) < len(first))


def concordance(people: Array) -> tuple[float, float] | None:
    """C and its standard error; None where no pair can be compared.

    With c_i and n_i the concordant (ties half) and comparable pairs that person i is in, and N the comparable pairs of
    all, the infinitesimal jackknife gives the variance ``sum_i ((c_i - C n_i) / N)²``.

    Args:
        people: By time, score, and whether with the event; shape (times, scores, 2).
    """
    censored, events = people[:, :, 0], people[:, :, 1]
    everybody = people.sum(axis=2)
    later = everybody[::-1].cumsum(axis=0)[::-1] - events  # who leaves later, and the censored of the same time
    lower = later.cumsum(axis=1) - later
    comparable = later.sum(axis=1, keepdims=True)
    pairs = float((events * comparable).sum())
    if pairs <= 0.0:
        return None
    concordant = float((events * (lower + later / 2.0)).sum())
    c = concordant / pairs
    upto = events.cumsum(axis=0)
    total = 0.0
    for group, before in ((censored, upto), (events, upto - events)):
        higher = before[:, ::-1].cumsum(axis=1)[:, ::-1] - before
        own = (higher + before / 2.0) - c * before.sum(axis=1, keepdims=True)
        if group is events:
            own = own + (lower + later / 2.0) - c * comparable
        total += float((group * own**2).sum())
    return c, math.sqrt(total) / pairs
