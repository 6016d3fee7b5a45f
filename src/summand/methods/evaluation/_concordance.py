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


@dataclass(frozen=True)
class Concordance:
    """C, and what each person does to it.

    Attributes:
        c: The share of comparable pairs that are concordant, ties half.
        pairs: How many pairs can be compared.
        influence: ``c_i - C n_i`` of a person at each time and score, without and with the event; c_i and n_i are the
            concordant and the comparable pairs that the person is in. Shape (times, scores, 2).
    """

    c: float
    pairs: float
    influence: Array

    @classmethod
    def of(cls, people: Array) -> Concordance | None:
        """The concordance of people counted by time and score; None where no pair can be compared.

        Args:
            people: By time, score, and whether with the event; shape (times, scores, 2).
        """
        events = people[:, :, 1]
        everybody = people.sum(axis=2)
        later = everybody[::-1].cumsum(axis=0)[::-1] - events  # who leaves later, and the censored of the same time
        comparable = later.sum(axis=1, keepdims=True)
        pairs = float((events * comparable).sum())
        if pairs <= 0.0:
            return None
        earlier = (later.cumsum(axis=1) - later) + later / 2.0
        c = float((events * earlier).sum()) / pairs
        upto = events.cumsum(axis=0)
        own = [_as_later(before, c) for before in (upto, upto - events)]
        own[1] = own[1] + earlier - c * comparable
        return cls(c, pairs, np.stack(own, axis=2))

    def std_error(self, people: Array) -> float:
        """By the infinitesimal jackknife: the root of ``sum_i ((c_i - C n_i) / pairs)²``."""
        return math.sqrt(float((people * self.influence**2).sum())) / self.pairs


def _as_later(before: Array, c: float) -> Array:
    """What the pairs with somebody who had the event before add to ``c_i - C n_i``."""
    higher = before[:, ::-1].cumsum(axis=1)[:, ::-1] - before
    influence: Array = (higher + before / 2.0) - c * before.sum(axis=1, keepdims=True)
    return influence
