"""Groups of people by one column, and how many of each leave at each time of a grid, with and without the event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from summand.errors import CategoryUnknown, CohortTooSmall, FormulaInvalid
from summand.methods._protocol import Block
from summand.methods.formulas._formula_tree import Category, Formula, Variable, quoted
from summand.methods.formulas._terms import levels_of
from summand.methods.survival._follow_up import Events
from summand.tables import Array, Batch, Dictionary, Limits

Codes = NDArray[np.intp]


@dataclass(frozen=True)
class Grouping:
    """The groups of a formula's right side: the levels of one column, or everybody.

    Attributes:
        column: The column; None if there is one group, "all".
        labels: The levels as text, reference first.
        values: What a batch holds for each level: positions for a category, else numbers.
    """

    column: str | None
    labels: tuple[str, ...]
    values: tuple[float, ...]

    @classmethod
    def of(cls, formula: Formula, dictionary: Dictionary) -> Self:
        """The grouping of ``~ 1`` or ``~ column``.

        Raises:
            FormulaInvalid: if the right side is another, or the column has no levels in the dictionary.
            ColumnMissing: if the dictionary lacks the column.
        """
        if not formula.terms:
            return cls(None, ("all",), (0.0,))
        factors = formula.terms[0].factors
        if len(formula.terms) > 1 or len(factors) > 1 or not isinstance(factors[0], (Variable, Category)):
            raise FormulaInvalid(
                "The right side names more than one group column.", remedy="Write ~ 1, or ~ column with one column."
            )
        return cls.by(factors[0].column, dictionary)

    @classmethod
    def by(cls, name: str, dictionary: Dictionary) -> Self:
        """The levels of one column.

        Raises:
            FormulaInvalid: if it has none in the dictionary.
            ColumnMissing: if the dictionary lacks it.
        """
        column = dictionary[name]
        labels = () if column.kind == "text" else levels_of(column)
        if not labels:
            raise FormulaInvalid(
                f"Column '{column.name}' has no levels in the dictionary to make groups of.",
                remedy=f"Give {quoted(column.name)} levels there, or choose another column.",
            )
        numeric = column.is_numeric
        # a batch holds positions in the dictionary's order, which need not be that of the labels
        values = tuple(float(label) if numeric else float(column.levels.index(label)) for label in labels)
        return cls(column.name, labels, values)

    def __len__(self) -> int:
        return len(self.labels)

    def codes(self, batch: Batch) -> Codes:
        """The position of each row's group, shape (rows,).

        Raises:
            CategoryUnknown: if a value is none of the levels.
        """
        if self.column is None:
            return np.zeros(batch.rows, dtype=np.intp)
        values, known = batch.number(self.column), np.asarray(self.values)
        order = np.argsort(known)
        found = order[np.minimum(np.searchsorted(known, values, sorter=order), len(known) - 1)]
        if not bool((known[found] == values).all()):
            raise CategoryUnknown(
                f"Column '{self.column}' has values that are none of its dictionary's levels.",
                remedy="Add the levels to the dictionary, or correct the column.",
            )
        return found

    def check_sizes(self, sizes: Array, limits: Limits, within: str = "") -> None:
        """Refuse where a group is too small to be shown; an empty one and a small one are told alike.

        One group left out would follow from the total and the others, so nothing is shown.

        Args:
            sizes: People in each group over all sites, shape (groups,).
            within: What the groups are further divided by, as words for the refusal.

        Raises:
            CohortTooSmall: if a group has fewer than ``minimum_cell`` people.
        """
        if limits.minimum_cell > 1 and bool((sizes < limits.minimum_cell - 0.5).any()):
            where = "The cohort" if self.column is None else f"A group of '{self.column}'{within}"
            raise CohortTooSmall(
                f"{where} has fewer than {limits.minimum_cell} people over all sites.",
                remedy="Merge levels of the column, widen the cohort, or leave the grouping out.",
                clause="D.min_cell",
            )


def table_block(groups: int, times: int) -> Block:
    """The numbers of `group_table`."""
    what = "how many people of each group leave at each time, with and without the event"
    return Block("events and other exits by group and time", "1", 2 * groups * times, 1.0, what)


def group_table(codes: Codes, reached: Codes, events: Events, groups: int, times: int) -> Array:
    """How many of each group leave at each time with the event, and how many without: shape (2 * groups * times,).

    Args:
        codes: The group of each row, shape (rows,).
        reached: How many grid times each row has reached, its own included, shape (rows,); none: it is not counted.
        events: Whether the row leaves by the event, shape (rows,).
    """
    cell = (np.where(events, 0, groups) + codes) * (times + 1) + reached
    counts = np.bincount(cell, minlength=2 * groups * (times + 1)).reshape(2 * groups, times + 1)
    return counts[:, 1:].astype(np.float64).ravel()


def events_and_exits(table: Array, groups: int) -> tuple[Array, Array]:
    """Events, and all exits, by group and time: shape (groups, times) each."""
    events, others = np.rint(table).reshape(2, groups, table.size // (2 * groups))
    return events, events + others
