"""What is averaged over everybody: predictions with some columns set, and effects of a column on the prediction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from summand.errors import FormulaInvalid
from summand.methods.formulas._derivatives import Derivative, largest_slope
from summand.methods.formulas._design import Design
from summand.methods.formulas._formula import Category, Formula
from summand.methods.formulas._terms import levels_of
from summand.methods.models._margins_means import Mean, Most, Rows
from summand.tables import Array, Batch, Column, Dictionary

Setting = tuple[tuple[str, float | str], ...]
"""Columns with the value at which everybody is put."""


@dataclass(frozen=True)
class Predicted:
    """The mean prediction with some columns set for everybody, or everyone as observed."""

    at: Setting

    @property
    def label(self) -> str:
        """What is set, as a reader sees it."""
        return ", ".join(f"{name} = {value if isinstance(value, str) else f'{value:g}'}" for name, value in self.at)


@dataclass(frozen=True)
class Difference:
    """The mean difference of predictions between a level of a column and its reference."""

    column: str
    level: float | str
    reference: float | str
    label: str


@dataclass(frozen=True)
class Slope:
    """The mean derivative of the prediction by a numeric column."""

    derivative: Derivative


Quantity = Predicted | Difference | Slope


def effects_of(column: str, formula: Formula, design: Design, dictionary: Dictionary) -> list[Quantity]:
    """The effects of one column: of each level against the first, or of a number the mean slope.

    A category, a column in ``C()`` and a two-valued one have differences; other numbers have slopes.

    Raises:
        FormulaInvalid: if the formula's right side lacks the column.
    """
    factors = [factor for term in formula.terms for factor in term.factors if factor.column == column]
    if not factors:
        raise FormulaInvalid(
            f"'{column[:80]}' is not on the right side of the formula.", remedy="Name columns of the model."
        )
    meaning = dictionary[column]
    levels = levels_of(meaning)
    if meaning.kind == "category" or len(levels) == 2 or any(isinstance(factor, Category) for factor in factors):
        values: list[float | str] = [float(level) for level in levels] if meaning.is_numeric else list(levels)
        return [
            Difference(column, value, values[0], f"{level} - {levels[0]}")
            for value, level in zip(values[1:], levels[1:], strict=True)
        ]
    return [Slope(Derivative.of(design, column, dictionary))]


def checked(at: Setting, design: Design, dictionary: Dictionary) -> Predicted:
    """A prediction whose values fit the dictionary; numbers and texts are taken for each other.

    Raises:
        FormulaInvalid: if a column is not the design's, or a value is none of its levels or out of its range.
    """
    found: list[tuple[str, float | str]] = []
    for name, value in at:
        if name not in design.columns:
            raise FormulaInvalid(
                f"'{name[:80]}' is not on the right side of the formula.", remedy="Set columns of the model."
            )
        fitting = _fitting(value, dictionary[name], tuple(design.numeric_codes.get(name, ())))
        if fitting is None:
            raise FormulaInvalid(
                f"'{name}' cannot be set to {value!r:.40}: it is not in the dictionary.",
                remedy="Use a value within the column's range, or one of its levels.",
            )
        found.append((name, fitting))
    return Predicted(tuple(found))


def _fitting(value: float | str, column: Column, codes: tuple[float, ...]) -> float | str | None:
    """The value as a batch may hold it; None if the dictionary does not allow it."""
    if not column.is_numeric:
        text = value if isinstance(value, str) else f"{value:g}"
        return text if text in column.levels else None
    try:
        number = float(value)
    except ValueError:
        return None
    low, high = column.range
    return number if low <= number <= high and (not codes or number in codes) else None


def put(batch: Batch, at: Setting, dictionary: Dictionary) -> Batch:
    """The batch with some columns set for everybody."""
    columns = dict(batch.columns)
    for name, value in at:
        column = dictionary[name]
        if column.is_numeric:
            columns[name] = np.full(batch.rows, float(value))
        else:
            columns[name] = np.full(batch.rows, column.levels.index(str(value)), dtype=np.int32)
    return Batch(columns, batch.rows)


@dataclass(frozen=True)
class Averager:
    """Sums a quantity and its gradient over rows, at given coefficients.

    Attributes:
        design: The model's design.
        dictionary: What the columns mean.
        mean: The model's mean.
        beta: On the scaled columns, shape (p,).
        eta_max: Beyond this, above, a linear predictor is cut off and counted.
        overdispersion: Of a negative binomial.
    """

    design: Design
    dictionary: Dictionary
    mean: Mean
    beta: Array
    eta_max: float
    overdispersion: float

    def sums(self, quantity: Quantity, batch: Batch) -> tuple[float, Array, float]:
        """The summed quantity, its gradient by the coefficients, shape (p,), and how many rows were cut off."""
        if isinstance(quantity, Predicted):
            return self._predicted(put(batch, quantity.at, self.dictionary))
        if isinstance(quantity, Difference):
            value, gradient, cut_off = self._predicted(
                put(batch, ((quantity.column, quantity.level),), self.dictionary)
            )
            less, smaller, again = self._predicted(
                put(batch, ((quantity.column, quantity.reference),), self.dictionary)
            )
            return value - less, gradient - smaller, cut_off + again
        x = self.design.matrix(batch).T
        rows, cut_off = self._rows(x)
        moves = quantity.derivative.matrix(batch, slice(None), x)
        change = self.beta @ moves
        return float(rows.slope @ change), x @ (rows.bend * change) + moves @ rows.slope, cut_off

    def _predicted(self, batch: Batch) -> tuple[float, Array, float]:
        x = self.design.matrix(batch).T
        rows, cut_off = self._rows(x)
        return float(rows.mean.sum()), x @ rows.slope, cut_off

    def _rows(self, x: Array) -> tuple[Rows, float]:
        eta = self.beta @ x
        kept = np.minimum(eta, self.eta_max)
        return self.mean.rows(kept, self.overdispersion), float(np.count_nonzero(kept != eta))

    def information(self, batch: Batch) -> Array:
        """The summed expected information at dispersion 1, shape (p, p)."""
        x = self.design.matrix(batch).T
        rows, _ = self._rows(x)
        return np.asarray((x * rows.weight) @ x.T)

    def most(self, quantity: Quantity, most: Most) -> tuple[float, float]:
        """The most that a row may add to the quantity and to its gradient."""
        if isinstance(quantity, Predicted):
            return most.mean, most.slope
        if isinstance(quantity, Difference):
            return 2.0 * most.mean, 2.0 * most.slope
        change = largest_slope(quantity.derivative, self.beta)
        steepest = float(quantity.derivative.bounds.max(initial=0.0))
        return most.slope * change, most.bend * change + most.slope * steepest


def averaged(names: Mapping[str, float | str]) -> Setting:
    """A profile as a request gives it, made comparable: numbers as float."""
    return tuple((name, value if isinstance(value, str) else float(value)) for name, value in names.items())
