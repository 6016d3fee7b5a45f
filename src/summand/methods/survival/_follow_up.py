"""Follow-up until an event: reading ``Surv(time, status)`` or ``Surv(start, stop, status)``, and tables by time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from summand.errors import FormulaInvalid, StatusInvalid, ValueOutOfRange
from summand.methods.formulas._formula_tree import Formula, Survival
from summand.methods.formulas._terms import levels_of
from summand.tables import Array, Batch, Column, Dictionary

Events = NDArray[np.bool_]


@dataclass(frozen=True)
class FollowUp:
    """How a batch's rows become times and event indicators.

    Attributes:
        time: The column of the follow-up times, at least 0.
        status: The column of the event indicator.
        latest: The largest time that the dictionary allows.
        no_event, event: What the status column of a batch holds for "no event" and "event": 0 and 1, or 1 and 2, or
            the positions of these levels.
        start: The column of the times at which people come under observation; None if all do at time 0.
    """

    time: str
    status: str
    latest: float
    no_event: float
    event: float
    start: str | None = None

    @classmethod
    def of(cls, formula: Formula, dictionary: Dictionary) -> Self:
        """The follow-up that a formula's left side names.

        Which coding the status has is decided by the dictionary, which all sites share: a site whose patients all
        have status 1 could not tell. The range or levels {0, 1} mean 0/1, {1, 2} mean 1/2; 1 alone means 0/1.

        Raises:
            FormulaInvalid: if the left side is not ``Surv(…)`` with numeric times.
            ValueOutOfRange: if the dictionary allows negative times.
            StatusInvalid: if the dictionary allows other status values than 0/1 or 1/2.
        """
        outcome = formula.outcome
        if not isinstance(outcome, Survival):
            raise FormulaInvalid(
                "The outcome is not a follow-up time with a status.", remedy="Write Surv(time, status) ~ ..."
            )
        if outcome.start == outcome.time:
            raise FormulaInvalid("A row starts and ends in the same column.", remedy="Write Surv(start, stop, status).")
        for name in (outcome.time, *([] if outcome.start is None else [outcome.start])):
            _check_time(dictionary[name])
        latest, coding = dictionary[outcome.time].range[1], _coding(dictionary[outcome.status])
        return cls(outcome.time, outcome.status, latest, *coding, outcome.start)

    def read(self, batch: Batch) -> tuple[Array, Events]:
        """The times, shape (rows,), and whether they end in the event, shape (rows,).

        Raises:
            ValueOutOfRange: if a time is negative or beyond the dictionary's range.
            StatusInvalid: if a status is neither of the two values.
        """
        times, status = batch.number(self.time), batch.number(self.status)
        if batch.rows and float(times.min()) < 0.0:
            raise _negative(self.time)
        if batch.rows and float(times.max()) > self.latest:
            raise ValueOutOfRange(
                f"Some follow-up times '{self.time}' are above the dictionary's maximum.",
                remedy="Correct the column, or agree on a wider range.",
            )
        events: Events = status == self.event
        if not bool((events | (status == self.no_event)).all()):
            raise _not_a_status(self.status)
        return times, events

    def read_entries(self, batch: Batch, times: Array) -> Array | None:
        """When each row comes under observation, shape (rows,); None if all do at time 0.

        A row is at risk at t if ``start < t <= stop``, so that rows which follow each other meet in no time twice.

        Args:
            times: What `read` gave.

        Raises:
            ValueOutOfRange: if a row starts before 0, or not before it ends.
        """
        if self.start is None:
            return None
        starts = batch.number(self.start)
        if batch.rows and float(starts.min()) < 0.0:
            raise _negative(self.start)
        if not bool((starts < times).all()):
            raise ValueOutOfRange(
                f"Some rows start ('{self.start}') at or after the time at which they end ('{self.time}').",
                remedy="Correct the columns: a row is at risk after its start and up to its end.",
            )
        return starts


def _check_time(column: Column) -> None:
    if not column.is_numeric:
        raise FormulaInvalid(f"The time '{column.name}' is not numeric.", remedy="Give a numeric column.")
    if column.range[0] < 0.0:
        raise _negative(column.name)


def _coding(column: Column) -> tuple[float, float]:
    """What a batch holds for "no event" and for "event"."""
    if column.kind == "category":
        levels = column.levels
        for pair in (("0", "1"), ("1", "2")):
            if set(levels) == set(pair):
                return float(levels.index(pair[0])), float(levels.index(pair[1]))
        raise _not_a_status(column.name)
    if not column.is_numeric:
        raise _not_a_status(column.name)
    allowed = {float(level) for level in levels_of(column)} or set(column.range)
    if allowed <= {0.0, 1.0}:
        return 0.0, 1.0
    if allowed <= {1.0, 2.0}:
        return 1.0, 2.0
    raise _not_a_status(column.name)


def _negative(name: str) -> ValueOutOfRange:
    return ValueOutOfRange(
        f"The follow-up time '{name}' can be negative.",
        remedy="Times start at 0: correct the column, and its minimum in the dictionary.",
    )


def _not_a_status(name: str) -> StatusInvalid:
    return StatusInvalid(
        f"The status '{name}' is neither 0/1 nor 1/2 (the larger is the event).",
        remedy="Recode it at the sites, and give its range in the dictionary.",
    )


@dataclass(frozen=True, eq=False)
class TimeTable:
    """Sums by time over the times that occur: adds over batches as a union of times.

    Attributes:
        times: The distinct times, ascending, shape (times,).
        sums: What was summed at each of them, shape (times, columns).
    """

    times: Array
    sums: Array

    @classmethod
    def of(cls, times: Array, columns: tuple[Array, ...]) -> Self:
        """The table of some rows: ``times`` and every one of ``columns`` have shape (rows,)."""
        distinct, place = np.unique(times, return_inverse=True)
        sums = np.empty((len(distinct), len(columns)))
        for j, column in enumerate(columns):
            sums[:, j] = np.bincount(place, weights=column, minlength=len(distinct))
        return cls(distinct, sums)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TimeTable):
            return NotImplemented
        return np.array_equal(self.times, other.times) and np.array_equal(self.sums, other.sums)

    __hash__ = None  # type: ignore[assignment]  # arrays can change

    def __add__(self, other: TimeTable) -> TimeTable:
        times = np.union1d(self.times, other.times)
        sums = np.zeros((len(times), self.sums.shape[1]))
        sums[np.searchsorted(times, self.times)] += self.sums
        sums[np.searchsorted(times, other.times)] += other.sums
        return TimeTable(times, sums)
