"""The arms of a comparison: the levels of one column, and rows as if they were in another arm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from summand.errors import CategoryUnknown, CohortTooSmall, FormulaInvalid, SingularInformation
from summand.methods.formulas._terms import TEXT_REMEDY, levels_of
from summand.tables import Array, Batch, Dictionary, Limits


@dataclass(frozen=True)
class Arms:
    """The treatments that are compared.

    Attributes:
        column: What holds them.
        labels: As a reader sees them, the reference first.
        values: What a batch holds for each.
        is_numeric: Whether a batch holds numbers.
    """

    column: str
    labels: tuple[str, ...]
    values: tuple[float, ...]
    is_numeric: bool

    @classmethod
    def of(cls, name: str, dictionary: Dictionary) -> Self:
        """The arms in a column with levels.

        Raises:
            FormulaInvalid: if it has no levels in the dictionary, or more than 20.
            ColumnMissing: if the dictionary lacks it.
        """
        column = dictionary[name]
        if column.kind == "text":
            raise FormulaInvalid(f"Column '{name}' is text and is never analysed.", remedy=TEXT_REMEDY)
        levels = levels_of(column)
        if not 2 <= len(levels) <= 20:
            raise FormulaInvalid(
                f"The treatment '{name}' does not have 2 to 20 levels in the dictionary.",
                remedy="Name a column with levels, such as 0 and 1; give it levels in the dictionary.",
            )
        numeric = column.is_numeric
        values = tuple(float(level) if numeric else float(column.levels.index(level)) for level in levels)
        return cls(name, tuple(f"{name} = {level}" for level in levels), values, numeric)

    def __len__(self) -> int:
        return len(self.labels)

    def membership(self, batch: Batch) -> Array:
        """1 where a row is in an arm, else 0: shape (arms, rows).

        Raises:
            CategoryUnknown: if a row is in none.
        """
        values = np.asarray(batch.columns[self.column], dtype=np.float64)
        found: Array = (values == np.array(self.values)[:, None]).astype(np.float64)
        if not bool(found.any(axis=0).all()):
            raise CategoryUnknown(
                f"Column '{self.column}' has values that are none of its dictionary's levels.",
                remedy="Add the levels to the dictionary, or correct the column.",
            )
        return found

    def as_if(self, batch: Batch, arm: int) -> Batch:
        """The rows as if all were in one arm."""
        numbers = np.full(batch.rows, self.values[arm])
        changed = numbers if self.is_numeric else numbers.astype(np.int32)
        return Batch({**batch.columns, self.column: changed}, batch.rows)

    def check(self, people: Array, events: Array | None, outcome: str, limits: Limits) -> None:
        """Every arm has people, and enough of them; of each outcome class too.

        Args:
            people: By arm, shape (arms,).
            events: By arm; None for a numeric outcome.
            outcome: The outcome as a reader sees it.
            limits: The limits.

        Raises:
            CohortTooSmall: naming the arm, not the count.
            SingularInformation: if there is no limit and an arm is empty.
        """
        for arm, label in enumerate(self.labels):
            count = round(people[arm])
            if count < max(limits.minimum_cell, 1) and limits.minimum_cell <= 1:
                raise SingularInformation(f"Nobody has {label}.", remedy="Merge levels of the treatment.")
            classes = [] if events is None else [round(events[arm]), count - round(events[arm])]
            if limits.minimum_cell > 1 and min([count, *classes]) < limits.minimum_cell:
                which = f"{label}, or of them have, or do not have, the outcome '{outcome}'," if classes else label
                raise CohortTooSmall(
                    f"Fewer than {limits.minimum_cell} people have {which} over all sites.",
                    remedy="Merge levels of the treatment, or choose a larger cohort.",
                    clause="D.min_cell",
                )
