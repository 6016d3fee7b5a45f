"""The outcome of a comparison: a number scaled by its range, or yes and no."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from summand.errors import FormulaInvalid
from summand.methods.formulas._formula import parse
from summand.methods.formulas._formula_tree import Value
from summand.methods.formulas._outcome import Indicator
from summand.methods.formulas._terms import TEXT_REMEDY, levels_of
from summand.tables import Array, Batch, Dictionary


@dataclass(frozen=True)
class Measured:
    """An outcome over a dictionary.

    Attributes:
        column: What it reads.
        indicator: Where it is yes or no; None where it is a number.
        low, high: Its range.
        label: As a reader sees it.
    """

    column: str
    indicator: Indicator | None
    low: float
    high: float
    label: str

    @classmethod
    def of(cls, text: str, dictionary: Dictionary) -> Self:
        """The outcome that a request writes as the left side of a formula.

        Raises:
            FormulaInvalid: if it is neither a numeric column nor two-valued.
            ColumnMissing: if the dictionary lacks the column.
        """
        formula = parse(f"{text} ~ 1")
        match formula.outcome:
            case Value(name) if dictionary[name].is_numeric and len(levels_of(dictionary[name])) != 2:
                low, high = dictionary[name].range
                return cls(name, None, low, high, name)
            case Value(name) if dictionary[name].kind == "text":
                raise FormulaInvalid(f"Column '{name}' is text and is never analysed.", remedy=TEXT_REMEDY)
        indicator = Indicator.of(formula, dictionary)
        return cls(indicator.column, indicator, 0.0, 1.0, indicator.label)

    @cached_property
    def is_binary(self) -> bool:
        """Whether it is yes or no."""
        return self.indicator is not None

    @property
    def centre(self) -> float:
        """What `scaled` maps to 0."""
        return (self.low + self.high) / 2

    @property
    def half_width(self) -> float:
        """What `scaled` divides by."""
        return (self.high - self.low) / 2 or 1.0

    def scaled(self, batch: Batch, rows: slice = slice(None)) -> Array:
        """The outcome in [-1, 1] up to rounding, shape (rows,)."""
        values = batch.columns[self.column][rows] if self.indicator is None else self.indicator(batch, rows)
        return np.asarray((values - self.centre) / self.half_width, dtype=np.float64)

    def unscaled(self, mean: Array) -> Array:
        """Means of `scaled` as means of the outcome itself."""
        return self.centre + self.half_width * mean


def outcome_columns(text: str) -> tuple[str, ...]:
    """The columns that an outcome reads, without a dictionary."""
    return parse(f"{text} ~ 1").columns
