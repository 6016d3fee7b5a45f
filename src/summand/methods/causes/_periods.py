"""Periods of time, groups by the first period of treatment, and clusters: where each row belongs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from summand.errors import CategoryUnknown, FormulaInvalid
from summand.methods.formulas._terms import TEXT_REMEDY, levels_of
from summand.tables import Array, Batch, Column, Dictionary

Places = NDArray[np.intp]

PERIODS_MAX = 600


def _values_of(column: Column, most: int, what: str) -> tuple[str, ...]:
    """The values that a column of periods or clusters can take, in their order, as text."""
    if column.kind == "text":
        raise FormulaInvalid(f"Column '{column.name}' is text and is never analysed.", remedy=TEXT_REMEDY)
    levels = levels_of(column)
    if not levels and column.kind == "integer":
        low, high = column.range
        if high - low < most:
            levels = tuple(f"{low + k:g}" for k in range(int(high - low) + 1))
    if not 2 <= len(levels) <= most:
        raise FormulaInvalid(
            f"Column '{column.name}' does not have 2 to {most} {what} in the dictionary.",
            remedy="Use a whole number with a range, or a column with levels, such as the month's number.",
        )
    return levels


@dataclass(frozen=True)
class Values:
    """Rows by the value of a column: periods in their order, or clusters.

    Attributes:
        column: What holds it.
        labels: The values as a reader sees them, in order.
        values: What a batch holds for each, ascending for a numeric column.
        is_numeric: Whether a batch holds numbers.
    """

    column: str
    labels: tuple[str, ...]
    values: tuple[float, ...]
    is_numeric: bool

    @classmethod
    def of(cls, name: str, dictionary: Dictionary, what: str = "periods", most: int = PERIODS_MAX) -> Self:
        """The values of a column.

        Raises:
            FormulaInvalid: if it has no levels or too many.
            ColumnMissing: if the dictionary lacks it.
        """
        column = dictionary[name]
        labels = _values_of(column, most, what)
        numeric = column.is_numeric
        values = tuple(float(label) if numeric else float(column.levels.index(label)) for label in labels)
        return cls(name, labels, values, numeric)

    def __len__(self) -> int:
        return len(self.labels)

    def __call__(self, batch: Batch) -> Places:
        """The place of each row, shape (rows,).

        Raises:
            CategoryUnknown: if a value is none of the dictionary's.
        """
        values, known = np.asarray(batch.columns[self.column], dtype=np.float64), np.array(self.values)
        order = np.argsort(known)
        found = order[np.minimum(np.searchsorted(known, values, sorter=order), len(known) - 1)]
        if not bool((known[found] == values).all()):
            raise CategoryUnknown(
                f"Column '{self.column}' has values that are none of its dictionary's.",
                remedy="Add the levels to the dictionary, or correct the column.",
            )
        return found


@dataclass(frozen=True)
class FirstTreated:
    """The period from which each row's group is treated.

    Place k says "treated from period k on"; the last place, ``len(periods)``, "never within these periods".

    Attributes:
        column: What holds it.
        periods: The periods.
        never: The code that means never; empty where a missing value does.
        places: For a category: the place of each of the dictionary's levels; None for a number.
    """

    column: str
    periods: Values
    never: str
    places: tuple[int, ...] | None

    @classmethod
    def of(cls, name: str, never: str, periods: Values, dictionary: Dictionary) -> Self:
        """The groups.

        Raises:
            FormulaInvalid: if the column's kind does not fit the periods', or ``never`` is no number where it must be.
            ColumnMissing: if the dictionary lacks the column.
        """
        column = dictionary[name]
        if column.is_numeric and periods.is_numeric:
            if not _is_number(never or "0"):
                raise FormulaInvalid(
                    f"The code for never, '{never[:40]}', is no number, but '{name}' holds numbers.",
                    remedy="Give a number, or leave it empty where a missing value means never.",
                )
            return cls(name, periods, never, None)
        if column.kind != "category" or periods.is_numeric:
            raise FormulaInvalid(
                f"'{name}' and '{periods.column}' are not columns of the same kind.",
                remedy="Give both as numbers, or both as categories with the same labels.",
            )
        places = []
        for level in column.levels:
            if level != never and level not in periods.labels:
                raise FormulaInvalid(
                    f"The level '{level}' of '{name}' is no period of '{periods.column}'.",
                    remedy="Name the level that means never, or correct the levels.",
                )
            places.append(len(periods) if level == never else periods.labels.index(level))
        return cls(name, periods, never, tuple(places))

    def __len__(self) -> int:
        return len(self.periods) + 1

    def __call__(self, batch: Batch) -> Places:
        """The group of each row, shape (rows,): the first period at or after the start of treatment."""
        values = np.asarray(batch.columns[self.column], dtype=np.float64)
        last = len(self.periods)
        if self.places is not None:
            known = np.array([*self.places, last], dtype=np.intp)  # -1, missing, reads the end
            return known[values.astype(np.intp)]
        found = np.searchsorted(np.array(self.periods.values), values, side="left").astype(np.intp)
        if self.never:
            found[values == float(self.never)] = last
        found[np.isnan(values)] = last
        return found

    def label(self, group: int) -> str:
        """A group as a reader sees it."""
        return "never" if group == len(self.periods) else self.periods.labels[group]


def cell_sums(place: Places, y: Array, cells: int) -> Array:
    """How many rows, the sum of y and the sum of its squares in each cell, shape (3, cells)."""
    return np.stack([np.bincount(place, weights=w, minlength=cells) for w in (np.ones(len(y)), y, y * y)])


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False
