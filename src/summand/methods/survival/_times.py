"""A time grid that all sites share, learned as sums.

Exact, where the limits allow it: every distinct time. Its values come from one histogram where the dictionary declares
a step, or where all times turn out to be decimals of few digits; else from cells that are split again and again, the
empty ones dropped, down to single float64 numbers (which, at least 0, are ordered as their bit patterns are).

Coarse, where they do not: one histogram of at most a few hundred slots of round width, merged from the left until every
step holds at least ``minimum_cell`` exits. A time then counts as the end of its step. Ends are multiples of the width
and no patient's own times, the last one included.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from summand.errors import OutcomeConstant, UsageError
from summand.methods._protocol import Block, Layout, State
from summand.methods.survival._time_steps import Positions, step_ends
from summand.tables import Array, Column, Limits

SLOTS_MAX = 65_536
COARSE_SLOTS_MAX = 256
CELLS_MAX = 16_384
BITS_MIN = 3
DECIMALS = 6


@dataclass(frozen=True)
class TimesState(State):
    """What is known of the grid.

    Attributes:
        stage: ``decimals``, ``slots`` or ``cells`` while it is learned; ``known`` after.
        step: The width of a slot; 0 if there are none.
        shift: How many bits of a cell are still open.
        times: Cells by their lowest value, or the grid: its times, or the ends of its steps. Ascending.
    """

    stage: str
    step: float
    shift: int
    times: Array


S = TypeVar("S", bound=TimesState)


@dataclass(frozen=True)
class TimeGrid:
    """How a grid over one column is learned and used.

    Attributes:
        minimum, maximum: The column's range, at least 0.
        declared_step: The dictionary's step; None if it gives none.
        minimum_cell: The fewest exits of a step; 0 for the exact grid.
    """

    minimum: float
    maximum: float
    declared_step: float | None
    minimum_cell: int

    @classmethod
    def of(cls, column: Column, limits: Limits) -> Self:
        """The grid that ``limits`` allow over a time column."""
        low, high = column.range
        return cls(low, high, column.step, 0 if limits.exact_times else max(limits.minimum_cell, 1))

    @property
    def is_exact(self) -> bool:
        """Whether every distinct time is a time of the grid."""
        return self.minimum_cell == 0

    def start(self) -> TimesState:
        """The state before any sum."""
        none = np.zeros(0)
        if not self.is_exact:
            return TimesState("slots", self._round_width(), 0, none)
        if self.declared_step and self._slot_count(self.declared_step) <= SLOTS_MAX:
            return TimesState("slots", self.declared_step, 0, none)
        return TimesState("decimals", 0.0, 0, none)

    def layout(self, state: TimesState) -> Layout:
        """The counts that the next sum holds."""
        if state.stage == "decimals":
            return (Block("times finer than a decimal", "1", DECIMALS + 1, 1.0, "how many digits the times have", 0),)
        if state.stage == "slots":
            reveals = "how many people leave at each time" if self.is_exact else "how many people leave in each slot"
            return (Block("exits by time slot", "1", self._slot_count(state.step), 1.0, reveals, 0),)
        count = len(state.times) << _bits(state)
        return (Block("exits by time cell", "1", count, 1.0, "how many people leave at each time", 0),)

    def tally(self, times: Array, state: TimesState) -> Array:
        """The counts of some times, shape (length of the layout,)."""
        if state.stage == "decimals":
            off = [np.count_nonzero(times != np.rint(times * 10.0**k) / 10.0**k) for k in range(DECIMALS + 1)]
            return np.array(off, dtype=np.float64)
        if state.stage == "slots":
            slots = self._slot(times, state.step)
            return np.bincount(slots, minlength=self._slot_count(state.step)).astype(np.float64)
        bits = _bits(state)
        patterns = _pattern(times)
        cell = np.searchsorted(state.times, times, side="right") - 1
        part = (patterns - _pattern(state.times)[cell]) >> (state.shift - bits)
        inside = (cell >= 0) & (part < 1 << bits)
        place = (cell[inside] << bits) + part[inside]
        return np.bincount(place, minlength=len(state.times) << bits).astype(np.float64)

    def update(self, total: Array, state: S) -> S:
        """The next state of the grid, in a copy of ``state``.

        Raises:
            OutcomeConstant: if there is no time at all.
            UsageError: if there are more distinct times than a shared grid can hold.
        """
        if state.stage != "decimals" and not bool((total > 0.5).any()):
            raise OutcomeConstant(
                "Nobody at any site has such a time.", remedy="Check that somebody is in the cohort and has the event."
            )
        if state.stage == "decimals":
            return self._after_decimals(total, state)
        if state.stage == "slots":
            values = self._value(np.arange(len(total)), state.step)
            times = values[total > 0.5] if self.is_exact else values[step_ends(total[None, :], self.minimum_cell)]
            return dataclasses.replace(state, stage="known", times=times)
        bits = _bits(state)
        kept = np.flatnonzero(total > 0.5)
        if len(kept) > SLOTS_MAX:
            raise UsageError(
                f"There are more than {SLOTS_MAX} distinct times.",
                remedy="Round the times and give their step in the dictionary, or use site='strata'.",
            )
        shift = state.shift - bits
        patterns = _pattern(state.times)[kept >> bits] + ((kept & ((1 << bits) - 1)) << shift)
        stage = "cells" if shift else "known"
        return dataclasses.replace(state, stage=stage, shift=shift, times=patterns.view(np.float64))

    def slot_ends(self, state: TimesState) -> Array:
        """The times that the slots of a state stand for: their ends, where the grid is coarse."""
        return self._value(np.arange(self._slot_count(state.step)), state.step)

    def place(self, times: Array, state: TimesState) -> Positions:
        """How many grid times each time has reached: 0 before the first one, else one more than its position."""
        if self.is_exact:
            return np.searchsorted(state.times, self._snapped(times, state), side="right")
        ends = np.searchsorted(state.times, times - 1e-9 * state.step, side="left")
        return np.minimum(ends + 1, len(state.times))  # who stays beyond the last step has seen all of them

    def entered(self, starts: Array, state: TimesState) -> Positions:
        """How many grid times each start has passed: who enters at a grid time is at risk from the next one on.

        On a coarse grid a start counts as the beginning of its step, so that nobody leaves before having entered.
        """
        return np.searchsorted(state.times, starts + 1e-9 * state.step, side="right")

    def _snapped(self, times: Array, state: TimesState) -> Array:
        """Times as the grid writes them."""
        return times if state.step == 0.0 else self._value(self._slot(times, state.step), state.step)

    def _after_decimals(self, off: Array, state: S) -> S:
        fits = [10.0**-k for k in range(DECIMALS + 1) if off[k] < 0.5 and self._slot_count(10.0**-k) <= SLOTS_MAX]
        if fits:
            return dataclasses.replace(state, stage="slots", step=fits[0])
        low, high = _pattern(np.array([self.minimum, self.maximum]))
        shift = int(high - low).bit_length()
        lowest = np.array([self.minimum + 0.0])
        return dataclasses.replace(state, stage="cells" if shift else "known", shift=shift, times=lowest)

    # ── slots: by nearest multiple where exact, by rounding up where coarse ──────────────────────────────────────────
    def _round_width(self) -> float:
        """The smallest of 1, 2, 5, 10, 20, ... steps (or any power of ten) that makes few enough slots."""
        base = self.declared_step or 10.0 ** math.floor(math.log10(max(self.maximum, 1e-300) / COARSE_SLOTS_MAX))
        scale = 1.0
        while True:
            for factor in (1.0, 2.0, 5.0):
                if self.maximum / (base * scale * factor) <= COARSE_SLOTS_MAX:
                    return base * scale * factor
            scale *= 10.0

    def _origin(self, step: float) -> float:
        if not self.is_exact:
            return step
        return self.minimum if step == self.declared_step else math.floor(self.minimum / step) * step

    def _slot_count(self, step: float) -> int:
        if not self.is_exact:
            return max(1, math.ceil(self.maximum / step - 1e-9))
        return math.floor((self.maximum - self._origin(step)) / step + 1.5)

    def _slot(self, times: Array, step: float) -> Positions:
        if not self.is_exact:
            return np.maximum(np.ceil(times / step - 1e-9) - 1.0, 0.0).astype(np.intp)
        return np.rint((times - self._origin(step)) / step).astype(np.intp)

    def _value(self, slots: Positions, step: float) -> Array:
        """A slot's time, or its end. Rounded, so that 3 steps of 0.1 are 0.3."""
        values = self._origin(step) + slots.astype(np.float64) * step
        return np.round(values, 9) if step >= 1e-7 else values


def _bits(state: TimesState) -> int:
    """How many bits the next sum settles in every cell."""
    return min(state.shift, max(BITS_MIN, int(math.log2(CELLS_MAX / max(len(state.times), 1)))))


def _pattern(times: Array) -> NDArray[np.int64]:
    """The bit patterns, shape (times,): ordered as the times are, since these are at least 0."""
    return np.ascontiguousarray(times + 0.0).view(np.int64)
