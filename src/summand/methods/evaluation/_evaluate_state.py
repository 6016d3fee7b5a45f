"""What travels between the rounds of an evaluation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from summand.methods._protocol import State
from summand.methods.description._grid import KeyArray, Window
from summand.tables import Array

# At most this many numbers for the bins of all models in one round.
NUMBERS_MAX = 131_072
BINS_MAX = 1024


@dataclass(frozen=True)
class Bin:
    """Some consecutive keys of one model's scores that hold people of both classes.

    Attributes:
        model: Which model.
        first, span: The keys.
        cases, controls: People in it with and without the outcome.
    """

    model: int
    first: int
    span: int
    cases: int
    controls: int


@dataclass(frozen=True)
class EvaluateState(State):
    """What is known so far.

    Attributes:
        round: 0 before anything is.
        n, cases: Rows, and rows with the outcome.
        first: The first round's sums without bins: per model Brier, expected, and the calibration curve's three.
        slopes: Intercept and slope of the recalibration, on the scaled predictor, shape (models, 2).
        offsets: The intercept where the slope is held at 1, shape (models,).
        slope_status, offset_status: ``open``, ``done`` or ``failed`` per model.
        concordant: Pairs of a case with a control of lower score that are settled, per model.
        tied: Pairs of the same score that are settled, per model.
        bins: What is not settled, as (model, first, span, cases, controls), in order.
        refining: Whether these bins are divided in this round.
    """

    round: int
    n: int
    cases: int
    first: Array
    slopes: Array
    offsets: Array
    slope_status: tuple[str, ...]
    offset_status: tuple[str, ...]
    concordant: tuple[int, ...]
    tied: tuple[int, ...]
    bins: tuple[tuple[int, int, int, int, int], ...]
    refining: bool

    def split(self, model: int) -> Split:
        """How the unsettled bins of a model are divided next."""
        if not self.refining:
            return Split(())
        each = max(2, min(BINS_MAX, NUMBERS_MAX // (2 * max(len(self.bins), 1))))
        mine = [Bin(*numbers) for numbers in self.bins if numbers[0] == model]
        return Split(tuple(Window.over(found.first, found.span, each) for found in mine))

    @property
    def is_divisible(self) -> bool:
        """Whether all unsettled bins can be divided within the numbers that a round may have."""
        return 4 * len(self.bins) <= NUMBERS_MAX


@dataclass(frozen=True)
class Split:
    """Windows over disjoint keys in ascending order, counted in one pass."""

    windows: tuple[Window, ...]

    @property
    def sizes(self) -> NDArray[np.int64]:
        """How many bins each window has."""
        return np.array([window.bins for window in self.windows], dtype=np.int64)

    def count(self, keys: KeyArray, weights: Array) -> tuple[Array, Array]:
        """The sum of ``weights``, shape (rows,), and of ``1 - weights`` in every bin: each of shape (sum of sizes,)."""
        total = int(self.sizes.sum())
        if not self.windows:
            return np.zeros(0), np.zeros(0)
        first, span, width = (
            np.array([getattr(window, name) for window in self.windows], dtype=np.int64)
            for name in ("first", "span", "width")
        )
        which = np.searchsorted(first, keys, side="right") - 1
        inside = which >= 0
        inside &= keys < first[which] + span[which]
        which, kept = which[inside], weights[inside]
        starts = np.cumsum(self.sizes) - self.sizes
        flat = starts[which] + (keys[inside] - first[which]) // width[which]
        cases = np.bincount(flat, weights=kept, minlength=total)
        people = np.bincount(flat, minlength=total).astype(np.float64)
        return cases.astype(np.float64), people - cases
