"""Follow-up that ends in one of several events: reading ``Surv(time, status)`` where the status names the cause."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from summand.errors import FormulaInvalid, StatusInvalid, UsageError, ValueOutOfRange
from summand.methods.formulas._formula_tree import Formula, Survival
from summand.methods.formulas._terms import levels_of
from summand.methods.survival._by_group import Codes
from summand.tables import Array, Batch, Column, Dictionary

Kinds = NDArray[np.intp]
CAUSES_MAX = 20


@dataclass(frozen=True)
class CauseFollowUp:
    """How a batch's rows become times and kinds of exit: 0 where follow-up ends without event, k for the k-th cause.

    Attributes:
        time: The column of the follow-up times, at least 0.
        status: The column of the kind of exit.
        latest: The largest time that the dictionary allows.
        causes: The causes as text, in the order of the dictionary's levels.
        values: What the status column of a batch holds for "censored" and for each cause: ascending numbers, or the
            positions of the levels.
        kinds: The kind of exit of each of ``values``.
    """

    time: str
    status: str
    latest: float
    causes: tuple[str, ...]
    values: tuple[float, ...]
    kinds: tuple[int, ...]

    @classmethod
    def of(cls, formula: Formula, dictionary: Dictionary, censored: str = "0") -> Self:
        """The follow-up that a formula's left side names.

        Args:
            formula: ``Surv(time, status) ~ …``.
            dictionary: Gives the levels of the status, or its range in whole numbers.
            censored: The level that means the end of follow-up without event.

        Raises:
            FormulaInvalid: if the left side is not ``Surv(time, status)`` with a numeric time.
            ValueOutOfRange: if the dictionary allows negative times.
            StatusInvalid: if the status has no levels, or ``censored`` is none of them.
        """
        time, status = survival_of(formula, dictionary)
        labels = _labels(dictionary[status])
        if censored not in labels:
            raise StatusInvalid(
                f"The status '{status}' has no level '{censored[:40]}' that means the end of follow-up without event.",
                remedy=f"Name it by the setting 'censored'; the levels are: {', '.join(labels)}.",
            )
        causes = tuple(label for label in labels if label != censored)
        if not causes:
            raise StatusInvalid(
                f"The status '{status}' has no cause in the dictionary.", remedy="Give it levels there."
            )
        held = labels if dictionary[status].is_numeric else dictionary[status].levels
        values = map(float, held if dictionary[status].is_numeric else range(len(held)))
        kinds = tuple(0 if label == censored else 1 + causes.index(label) for label in held)
        return cls(time, status, dictionary[time].range[1], causes, tuple(values), kinds)

    def read(self, batch: Batch) -> tuple[Array, Kinds]:
        """The times, shape (rows,), and the kind of exit at each, shape (rows,).

        Raises:
            ValueOutOfRange: if a time is negative or beyond the dictionary's range.
            StatusInvalid: if a status is none of the levels.
        """
        times, status = checked_times(batch.number(self.time), self.time, self.latest), batch.number(self.status)
        known = np.asarray(self.values)
        found = np.minimum(np.searchsorted(known, status), len(known) - 1)
        if not bool((known[found] == status).all()):
            raise StatusInvalid(
                f"The status '{self.status}' has values that are none of its dictionary's levels.",
                remedy="Add the levels to the dictionary, or correct the column.",
            )
        return times, np.asarray(self.kinds, dtype=np.intp)[found]

    def position(self, cause: str) -> int:
        """The kind of exit that a cause has, from 1.

        Raises:
            UsageError: if the status has no such cause.
        """
        if cause not in self.causes:
            raise UsageError(
                f"The status '{self.status}' has no cause '{cause[:40]}'.",
                remedy=f"Set 'cause' to one of: {', '.join(self.causes)}.",
            )
        return 1 + self.causes.index(cause)


def survival_of(formula: Formula, dictionary: Dictionary) -> tuple[str, str]:
    """The columns of time and status that a formula's left side names.

    Raises:
        FormulaInvalid: if the left side is not ``Surv(time, status)`` with a numeric time.
        ValueOutOfRange: if the dictionary allows negative times.
    """
    outcome = formula.outcome
    if not isinstance(outcome, Survival):
        raise FormulaInvalid(
            "The outcome is not a follow-up time with a status.", remedy="Write Surv(time, status) ~ ..."
        )
    if outcome.start is not None:
        raise FormulaInvalid(
            "Entry after time 0, Surv(start, stop, status), does not fit this method.",
            remedy="Write Surv(time, status).",
        )
    column = dictionary[outcome.time]
    if not column.is_numeric:
        raise FormulaInvalid(f"The time '{column.name}' is not numeric.", remedy="Give a numeric column.")
    if column.range[0] < 0.0:
        raise _negative(column.name)
    return outcome.time, outcome.status


def checked_times(times: Array, name: str, latest: float) -> Array:
    """The times themselves, shape (rows,).

    Raises:
        ValueOutOfRange: if one is negative or above ``latest``.
    """
    if len(times) and float(times.min()) < 0.0:
        raise _negative(name)
    if len(times) and float(times.max()) > latest:
        raise ValueOutOfRange(
            f"Some follow-up times '{name}' are above the dictionary's maximum.",
            remedy="Correct the column, or agree on a wider range.",
        )
    return times


def _negative(name: str) -> ValueOutOfRange:
    return ValueOutOfRange(
        f"The follow-up time '{name}' can be negative.",
        remedy="Times start at 0: correct the column, and its minimum in the dictionary.",
    )


def _labels(column: Column) -> tuple[str, ...]:
    """The levels of a status as text, in their order: as the dictionary lists them, or the range's whole numbers."""
    if column.kind == "text":
        raise FormulaInvalid(f"Column '{column.name}' is text and is never analysed.", remedy="Give it levels.")
    if column.levels:
        return levels_of(column)
    low, high = column.range
    if column.kind != "integer" or high - low > CAUSES_MAX:
        raise StatusInvalid(
            f"The status '{column.name}' has no levels in the dictionary.",
            remedy="Give it levels there: one for the end of follow-up without event, and one for each cause.",
        )
    return tuple(f"{level:g}" for level in np.arange(low, high + 1.0))


def exit_table(kinds: Kinds, codes: Codes, reached: Codes, shape: tuple[int, int, int]) -> Array:
    """How many people leave with each kind of exit, by group and grid time: shape (kinds * groups * times,).

    Args:
        kinds: The kind of exit of each row, shape (rows,).
        codes: The group of each row, shape (rows,).
        reached: How many grid times each row has reached, its own included, shape (rows,); none: it is not counted.
        shape: How many kinds (censored included), groups and grid times there are.
    """
    kind_count, groups, times = shape
    cell = (kinds * groups + codes) * (times + 1) + reached
    counts = np.bincount(cell, minlength=kind_count * groups * (times + 1)).reshape(-1, times + 1)
    return counts[:, 1:].astype(np.float64).ravel()
