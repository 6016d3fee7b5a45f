"""What a generalized linear model reads of a batch beside its design: outcome, offset and weights, scaled."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Self

import numpy as np

from summand.errors import FormulaInvalid, UsageError
from summand.methods.formulas._formula import Comparison, Formula, Value
from summand.methods.formulas._outcome import Indicator
from summand.methods.formulas._terms import TEXT_REMEDY, levels_of
from summand.methods.models._glm_family import Family
from summand.tables import Array, Batch, Column, Dictionary

OFFSET_MAX = 60.0
_LOG = re.compile(r"log\(\s*(?P<name>[^()]+?)\s*\)")


@dataclass(frozen=True)
class GlmOutcome:
    """The outcome, ``(value - centre) / unit``.

    Attributes:
        column: Where it is read.
        centre, unit: Its scaling.
        indicator: Reads it where it is two-valued by comparison; None where it is a number.
        label: The outcome as a reader sees it.
        two_values: Its two values, unscaled, if it has no more; else None.
        least: Its smallest value in the dictionary.
    """

    column: str
    centre: float
    unit: float
    indicator: Indicator | None
    label: str
    two_values: tuple[float, float] | None
    least: float

    @classmethod
    def of(cls, formula: Formula, dictionary: Dictionary, family: type[Family], *, centred: bool) -> Self:
        """The outcome that a family asks for.

        Args:
            centred: Whether a gaussian outcome is centred: only where an intercept takes the centre up.

        Raises:
            FormulaInvalid: if the formula has none, or one of another kind.
            ColumnMissing: if the dictionary lacks the column or its range.
        """
        is_indicator = family.outcome == "two-valued" or (
            isinstance(formula.outcome, Comparison) and family.outcome in ("number", "count")
        )
        if is_indicator:
            indicator = Indicator.of(formula, dictionary)
            centre, unit = (0.5, 0.5) if family.outcome == "number" and centred else (0.0, 1.0)
            return cls(indicator.column, centre, unit, indicator, indicator.label, (0.0, 1.0), 0.0)
        column = _numeric_outcome(formula, dictionary)
        low, high = column.range
        if family.outcome != "number" and (low < 0.0 or high <= 0.0):
            raise FormulaInvalid(
                f"The outcome '{column.name}' may be negative in the dictionary; this family is for a {family.outcome}"
                f" {'outcome' if family.outcome == 'positive' else 'of events or days'}.",
                remedy="Correct its range in the dictionary, or use family='gaussian'.",
            )
        if family.outcome == "number":
            centre, unit = ((low + high) / 2, (high - low) / 2) if centred else (0.0, max(abs(low), abs(high)))
        else:
            centre, unit = 0.0, (max(high, 1.0) if family.outcome == "count" else high)
        levels = levels_of(column)
        two_values = (float(levels[0]), float(levels[1])) if len(levels) == 2 else None
        return cls(column.name, centre, unit or 1.0, None, column.name, two_values, low)

    def __call__(self, batch: Batch, rows: slice = slice(None)) -> Array:
        """The scaled outcome, shape (rows,)."""
        values = batch.columns[self.column][rows] if self.indicator is None else self.indicator(batch, rows)
        return np.asarray((values - self.centre) / self.unit, dtype=np.float64)

    def events(self, scaled: Array) -> Array:
        """Which rows have the event: the larger of two values, or a count above 0; shape (rows,), 0 or 1."""
        low = 0.0 if self.two_values is None else self.two_values[0]
        return np.asarray(scaled > (low - self.centre) / self.unit + 1e-9 / self.unit, dtype=np.float64)


def _numeric_outcome(formula: Formula, dictionary: Dictionary) -> Column:
    if not isinstance(formula.outcome, Value):
        raise FormulaInvalid("This family needs a numeric outcome.", remedy="Write it like: visits ~ age + sex.")
    column = dictionary[formula.outcome.column]
    if column.kind == "text":
        raise FormulaInvalid(f"Column '{column.name}' is text and is never analysed.", remedy=TEXT_REMEDY)
    if not column.is_numeric:
        raise FormulaInvalid(
            f"The outcome '{column.name}' is not numeric.", remedy="Use family='binomial' for a category of two levels."
        )
    return column


@dataclass(frozen=True)
class Offset:
    """A known part of the linear predictor, ``(value - shift) / unit``; its coefficient is 1 and not estimated.

    Attributes:
        column: Where it is read; "" for none.
        is_log: Whether the column's logarithm is taken, as for time at risk.
        shift, unit: Its scaling: with a log link the shift is the logarithm of the outcome's unit.
        low, high: The range of the scaled offset.
    """

    column: str
    is_log: bool
    shift: float
    unit: float
    low: float
    high: float

    @classmethod
    def of(cls, text: str, dictionary: Dictionary, family: Family) -> Self:
        """The offset ``column`` or ``log(column)``; an empty text is none.

        Raises:
            FormulaInvalid: if the column is not numeric, or its range is too wide, or holds 0 under a logarithm.
            ColumnMissing: if the dictionary lacks the column or its range.
        """
        shift = math.log(family.unit) if family.has_log_link else 0.0
        unit = family.unit if family.outcome == "number" else 1.0
        if not text:
            return cls("", False, shift, unit, -shift / unit, -shift / unit)
        found = _LOG.fullmatch(text.strip())
        name = found["name"] if found else text.strip()
        column = dictionary[name.strip("`")]
        if not column.is_numeric:
            raise FormulaInvalid(f"The offset '{column.name}' is not numeric.", remedy="Name a numeric column.")
        low, high = column.range
        if found and low <= 0.0:
            raise FormulaInvalid(
                f"The offset log({column.name}) has no value where '{column.name}' is 0, which the dictionary allows.",
                remedy=f"Give '{column.name}' a minimum above 0 in the dictionary, and leave such rows out.",
            )
        low, high = (math.log(low), math.log(high)) if found else (low, high)
        if family.outcome != "number" and max(abs(low), abs(high)) > OFFSET_MAX:
            raise FormulaInvalid(
                f"The offset '{column.name}' may be {max(abs(low), abs(high)):.3g} in the dictionary, which is no"
                " plausible part of a linear predictor.",
                remedy=f"Write log({column.name}) for time at risk, or correct its range.",
            )
        return cls(column.name, bool(found), shift, unit, (low - shift) / unit, (high - shift) / unit)

    @property
    def most(self) -> float:
        """The largest scaled offset, in absolute value."""
        return max(abs(self.low), abs(self.high))

    def __call__(self, batch: Batch, rows: slice = slice(None)) -> Array | float:
        """The scaled offset, shape (rows,), or one number for all."""
        if not self.column:
            return self.low
        values = batch.number(self.column)[rows]
        return ((np.log(values) if self.is_log else values) - self.shift) / self.unit

    def start_sum(self, batch: Batch, weights: Array, *, is_exponential: bool) -> float:
        """The weighted sum from which a starting intercept is found: of the offset, or of ``exp(offset - high)``."""
        offset = np.broadcast_to(self(batch), (batch.rows,))
        return float(weights @ (np.exp(offset - self.high) if is_exponential else offset))


def check_name(text: str, what: str) -> None:
    """An offset or a weight of a request is a short text.

    Raises:
        UsageError: if it holds what no column's name holds.
    """
    if any(ord(letter) < 32 for letter in text):
        raise UsageError(f"The {what} is not a column's name.", remedy="Name a column of the dictionary.")
