"""Prior weights of rows: how they are read, and whether they leave enough people in effect."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from summand.errors import CohortTooSmall, FormulaInvalid, TooManyParameters
from summand.methods._groups import check_groups
from summand.methods.formulas._design import Design
from summand.tables import Array, Batch, Dictionary, Limits


@dataclass(frozen=True)
class Weights:
    """Prior weights, divided by the largest of the dictionary.

    Attributes:
        column: Where they are read; "" for 1.
        unit: The largest weight.
    """

    column: str
    unit: float

    @classmethod
    def of(cls, name: str, dictionary: Dictionary) -> Self:
        """The weights in a column; an empty name is none.

        Raises:
            FormulaInvalid: if the column is not numeric, or may be negative.
        """
        if not name:
            return cls("", 1.0)
        column = dictionary[name]
        if not column.is_numeric or column.range[0] < 0.0 or column.range[1] <= 0.0:
            raise FormulaInvalid(
                f"The weights '{name}' are not numbers of at least 0 in the dictionary.",
                remedy="Name a numeric column whose minimum is 0 or more.",
            )
        return cls(name, column.range[1])

    def __call__(self, batch: Batch, rows: slice = slice(None)) -> Array | None:
        """The scaled weights, shape (rows,); None if every row counts alike."""
        return batch.number(self.column)[rows] / self.unit if self.column else None


@dataclass(frozen=True)
class Effective:
    """How many people weights leave.

    Attributes:
        rows: People with a weight above 0.
        weights, squares: Sums of the scaled weights and of their squares.
        group_weights, group_squares: The same for each of the design's groups.
    """

    rows: int
    weights: float
    squares: float
    group_weights: Array
    group_squares: Array

    @property
    def people(self) -> float:
        """Kish's effective number of people, ``(sum w)² / sum w²``."""
        return self.weights**2 / self.squares if self.squares > 0.0 else 0.0


def check_effective(found: Effective, design: Design, limits: Limits, parameters: int) -> None:
    """The people whom the weights leave, in effect, are enough: else weights could single a few out.

    Raises:
        CohortTooSmall, TooManyParameters: if they are not.

    Source: Kish (1965), Survey Sampling, §11.7: a weighted sum is as if of ``(sum w)² / sum w²`` people.
    """
    if found.rows < 1:
        raise CohortTooSmall("Nobody has a weight above 0.", remedy="Check the column of weights.")
    if math.floor(found.people + 1e-6) < limits.minimum_cell:
        raise CohortTooSmall(
            f"The weights leave fewer than {limits.minimum_cell} people in effect.",
            remedy="Use weights that vary less, or none.",
            clause="D.min_cell",
        )
    most = limits.parameters_per_person_max
    if most is not None and parameters > most * found.people:
        raise TooManyParameters(
            f"The model has more parameters than {most:g} for each person whom the weights leave in effect.",
            remedy="Choose fewer terms, or weights that vary less.",
        )
    if limits.minimum_cell > 0 and len(found.group_weights):
        effective = found.group_weights**2 / np.maximum(found.group_squares, 1e-300)
        check_groups(np.floor(effective + 1e-6), design, limits)


def group_weights(design: Design, batch: Batch, weights: Array) -> tuple[Array, Array]:
    """The weights, and their squares, summed over the rows of each group."""
    if not batch.rows:
        none = np.zeros(len(design.groups))
        return none, none
    return design.group_sums(batch, weights), design.group_sums(batch, weights * weights)
