"""The left side of a formula as one of several levels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from summand.errors import CategoryUnknown, CohortTooSmall, FormulaInvalid, OutcomeConstant
from summand.methods.formulas._formula import Formula, Value
from summand.methods.formulas._terms import TEXT_REMEDY, levels_of
from summand.tables import Array, Batch, Column, Dictionary, Limits

LEVELS_MAX = 30


@dataclass(frozen=True)
class OutcomeLevels:
    """An outcome that is one of some levels.

    Attributes:
        column: The column it reads.
        levels: The levels as text, in their order.
        numbers: Their values in the column where it is numeric; empty where it is a category.
        places: For a category: the place of each dictionary level among `levels`.
    """

    column: str
    levels: tuple[str, ...]
    numbers: tuple[float, ...]
    places: tuple[int, ...]

    @classmethod
    def of(cls, formula: Formula, dictionary: Dictionary, *, is_ordered: bool) -> Self:
        """The outcome of a formula.

        Levels that are numbers are in the order of the numbers; texts in the dictionary's order where ``is_ordered``,
        else sorted.

        Raises:
            FormulaInvalid: if the left side is no column with 2 to 30 levels.
            ColumnMissing: if the dictionary lacks the column.
        """
        if not isinstance(formula.outcome, Value):
            raise FormulaInvalid("The outcome is not a column with levels.", remedy="Write it like: stage ~ age + sex.")
        column = dictionary[formula.outcome.column]
        if column.kind == "text":
            raise FormulaInvalid(f"Column '{column.name}' is text and is never analysed.", remedy=TEXT_REMEDY)
        levels = _levels(column, is_ordered=is_ordered)
        if not 2 <= len(levels) <= LEVELS_MAX:
            raise FormulaInvalid(
                f"The outcome '{column.name}' has no levels in the dictionary, or not 2 to {LEVELS_MAX}.",
                remedy="Give it levels there, or use linear regression for a number.",
            )
        if column.is_numeric:
            return cls(column.name, levels, tuple(map(float, levels)), ())
        return cls(column.name, levels, (), tuple(map(levels.index, column.levels)))

    def __len__(self) -> int:
        return len(self.levels)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The levels as a diagnosis names them: ``stage = 3``."""
        return tuple(f"{self.column} = {level}" for level in self.levels)

    def __call__(self, batch: Batch, rows: slice = slice(None)) -> NDArray[np.intp]:
        """Each row's place among the levels, shape (rows,), for rows without missing values.

        Raises:
            CategoryUnknown: if a value is none of the levels.
        """
        if not self.numbers:
            return np.asarray(self.places, dtype=np.intp)[batch.codes(self.column)[rows]]
        values, known = batch.number(self.column)[rows], np.asarray(self.numbers)
        found = np.minimum(np.searchsorted(known, values), len(known) - 1)
        if not bool((known[found] == values).all()):
            raise CategoryUnknown(
                f"The outcome '{self.column}' has values that are none of its dictionary's levels.",
                remedy="Add the levels to the dictionary, or correct the column.",
            )
        return found

    def counts(self, batch: Batch) -> Array:
        """How many rows have each level, shape (levels,)."""
        return np.bincount(self(batch), minlength=len(self)).astype(np.float64)

    def check(self, counts: Array, limits: Limits) -> None:
        """Every level has people, and enough of them.

        Raises:
            CohortTooSmall: if the limits ask for more, naming the level and not the count.
            OutcomeConstant: if there is no limit and nobody has a level.
        """
        small = np.flatnonzero(np.rint(counts) < max(limits.minimum_cell, 1))
        if not len(small):
            return
        label, remedy = self.labels[int(small[0])], "Merge levels in the dictionary, or leave the level's people out."
        if limits.minimum_cell > 0:
            raise CohortTooSmall(
                f"Fewer than {limits.minimum_cell} people have the outcome '{label}' over all sites.",
                remedy=remedy,
                clause="D.min_cell",
            )
        raise OutcomeConstant(f"Nobody has the outcome '{label}'.", remedy=remedy)


def _levels(column: Column, *, is_ordered: bool) -> tuple[str, ...]:
    found = levels_of(column)
    if not found and column.kind == "integer" and column.minimum is not None and column.maximum is not None:
        few = column.maximum - column.minimum < LEVELS_MAX
        return tuple(f"{value:g}" for value in np.arange(column.minimum, column.maximum + 1.0)) if few else ()
    if is_ordered and not _are_numbers(found):
        return column.levels
    return found


def _are_numbers(levels: tuple[str, ...]) -> bool:
    try:
        tuple(map(float, levels))
    except ValueError:
        return False
    return True
