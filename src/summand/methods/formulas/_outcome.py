"""The left side of a formula as one number per row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from summand.errors import FormulaInvalid, OutcomeConstant, ValueOutOfRange
from summand.methods.formulas._formula import Comparison, Formula, Survival, Value
from summand.methods.formulas._terms import TEXT_REMEDY, levels_of
from summand.tables import Array, Batch, Column, Dictionary

_COMPARE = {
    ">": np.greater,
    ">=": np.greater_equal,
    "<": np.less,
    "<=": np.less_equal,
    "==": np.equal,
    "!=": np.not_equal,
}


@dataclass(frozen=True)
class Indicator:
    """An outcome that is 1 where a comparison with one column holds, else 0.

    Attributes:
        column: The column it reads.
        operator: One of ``> >= < <= == !=``; ``=1`` where the column must be 0 or 1 by itself.
        value: What a numeric column is compared with.
        codes: For a category: whether the comparison holds for each position in its levels; None if numeric.
        label: The event as a reader sees it, such as ``num > 0``.
    """

    column: str
    operator: str
    value: float
    codes: tuple[bool, ...] | None
    label: str

    @classmethod
    def of(cls, formula: Formula, dictionary: Dictionary) -> Self:
        """The two-valued outcome of a formula.

        Raises:
            FormulaInvalid: if it is none, or the comparison does not fit the column.
            ColumnMissing: if the dictionary lacks the column.
        """
        match formula.outcome:
            case Comparison(name, operator, value):
                return cls._comparison(dictionary[name], operator, value, f"{name} {operator} {_text(value)}")
            case Value(name):
                return cls._two_valued(dictionary[name])
            case Survival():
                raise FormulaInvalid("A survival outcome does not fit this method.", remedy="Use cox, km or logrank.")
            case None:
                raise FormulaInvalid("The formula has no outcome.", remedy="Write it like: outcome ~ age + sex.")

    @classmethod
    def _comparison(cls, column: Column, operator: str, value: float | str, label: str) -> Self:
        if column.is_numeric:
            try:
                return cls(column.name, operator, float(value), None, label)
            except ValueError:
                raise FormulaInvalid(
                    f"The numeric column '{column.name}' is compared with a text.", remedy="Compare it with a number."
                ) from None
        if column.kind != "category":
            raise FormulaInvalid(f"Column '{column.name}' is text and is never analysed.", remedy=TEXT_REMEDY)
        return cls(column.name, operator, 0.0, _codes(column, operator, value), label)

    @classmethod
    def _two_valued(cls, column: Column) -> Self:
        if column.kind == "category" and len(column.levels) == 2:
            event = levels_of(column)[1]
            codes = tuple(level == event for level in column.levels)
            return cls(column.name, "==", 0.0, codes, f"{column.name} = {event}")
        if column.is_numeric and column.range in ((0.0, 1.0), (1.0, 2.0)):
            event_value = column.range[1]
            return cls(column.name, "=1", event_value, None, f"{column.name} = {event_value:g}")
        if column.kind == "text":
            raise FormulaInvalid(f"Column '{column.name}' is text and is never analysed.", remedy=TEXT_REMEDY)
        if len(column.levels) == 1 or (column.is_numeric and column.minimum == column.maximum):
            raise OutcomeConstant(
                f"The outcome '{column.name}' has one value only.", remedy="Choose an outcome that varies."
            )
        raise FormulaInvalid(
            f"The outcome '{column.name}' is not two-valued in the dictionary.",
            remedy=f"Compare it with a value, like: {column.name} > 0 ~ ….",
        )

    def __call__(self, batch: Batch, rows: slice = slice(None)) -> Array:
        """1.0 where the event is, else 0.0: shape (rows,), for rows without missing values.

        Raises:
            ValueOutOfRange: if a column that must be two-valued is not.
        """
        values = batch.columns[self.column][rows]
        if self.codes is not None:
            return np.asarray(self.codes, dtype=np.float64)[values.astype(np.intp)]
        if self.operator != "=1":
            return np.asarray(_COMPARE[self.operator](values, self.value), dtype=np.float64)
        event = np.asarray(values, dtype=np.float64) - (self.value - 1.0)
        if not bool(((event == 0.0) | (event == 1.0)).all()):
            raise ValueOutOfRange(
                f"The outcome '{self.column}' has values between its two.", remedy="Compare it with a value instead."
            )
        return event


def _text(value: float | str) -> str:
    return f"'{value}'" if isinstance(value, str) else f"{value:g}"


def _codes(column: Column, operator: str, value: float | str) -> tuple[bool, ...]:
    """For each level of a category, whether the comparison holds: by text if equal, else by number."""
    if isinstance(value, str) and operator in ("==", "!=") and value in column.levels:
        return tuple((level == value) is (operator == "==") for level in column.levels)
    try:
        numbers = [float(level) for level in column.levels]
        against = float(value)
    except ValueError:
        raise FormulaInvalid(
            f"The levels of '{column.name}' cannot be compared so.",
            remedy=f"Write {column.name} == 'level' with one of its levels.",
        ) from None
    return tuple(bool(_COMPARE[operator](number, against)) for number in numbers)
