"""How the columns of a design change with one numeric column of the data: for marginal effects."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from summand.methods.formulas._curves import functions_of
from summand.methods.formulas._design import Design
from summand.methods.formulas._terms import Monomial
from summand.tables import Array, Batch, Dictionary


@dataclass(frozen=True)
class Derivative:
    """The derivative of every column of a design by one numeric column, per half width of that column's range.

    A design column is a product of powers, indicators and functions of curves; by the product rule its derivative is a
    sum over the factors that read the column. A factor that reads it enters once in a term, so there is one.

    Attributes:
        design: The design.
        column: The numeric column.
        half_width: Half of the column's range: divide by it for the derivative per unit.
        low, high: The column's range.
    """

    design: Design
    column: str
    half_width: float
    low: float
    high: float

    @classmethod
    def of(cls, design: Design, column: str, dictionary: Dictionary) -> Derivative:
        """The derivative by one of a dictionary's numeric columns."""
        return cls(design, column, dictionary[column].half_width, *dictionary[column].range)

    @cached_property
    def _places(self) -> tuple[int, ...]:
        """The design columns that read the column."""
        return tuple(place for place, monomial in enumerate(self.design.monomials) if self._reads(monomial))

    def _reads(self, monomial: Monomial) -> bool:
        return bool(monomial.exponent(self.column)) or any(c.column == self.column for c, _ in monomial.curves)

    @cached_property
    def bounds(self) -> Array:
        """The most that each may be, in absolute value, shape (p,): every other factor is at most 1."""
        out = np.zeros(len(self.design))
        for place in self._places:
            monomial = self.design.monomials[place]
            power = monomial.exponent(self.column)
            if power:
                out[place] = power * self.half_width / self.design.scales[self.column].half_width
            for curve, j in monomial.curves:
                if curve.column == self.column:
                    slopes = functions_of(curve).slope_limits(self.low, self.high)
                    out[place] = self.half_width * slopes[j - 1] / self.design.curve_limits[curve][j - 1]
        return out

    def matrix(self, batch: Batch, rows: slice, x: Array) -> Array:
        """The derivatives of some rows, shape (p, rows).

        Args:
            batch: Has the design's columns.
            rows: Which of its rows.
            x: The design of the same rows, shape (p, rows).
        """
        out = np.zeros_like(x)
        values = batch.number(self.column)[rows]
        others = self._others(batch, rows)
        for place in self._places:
            monomial = self.design.monomials[place]
            power = monomial.exponent(self.column)
            if power:
                scale = self.design.scales[self.column]
                scaled = (values - scale.centre) / scale.half_width
                slope = power * scaled ** (power - 1) * (self.half_width / scale.half_width)
            else:
                curve, j = next((c, j) for c, j in monomial.curves if c.column == self.column)
                limit = self.design.curve_limits[curve][j - 1]
                slope = functions_of(curve).slopes(values)[j - 1] * (self.half_width / limit)
            out[place] = slope * others[place]
        return out

    def _others(self, batch: Batch, rows: slice) -> dict[int, Array]:
        """For each design column that reads the column, the product of its other factors, shape (rows,)."""
        rest = {place: self._without(self.design.monomials[place]) for place in self._places}
        kinds = tuple(dict.fromkeys(rest.values()))
        columns = self.design.only(kinds).matrix(batch, rows).T
        return {place: columns[kinds.index(monomial)] for place, monomial in rest.items()}

    def _without(self, monomial: Monomial) -> Monomial:
        return Monomial(
            frozenset((name, power) for name, power in monomial.powers if name != self.column),
            monomial.levels,
            frozenset((curve, j) for curve, j in monomial.curves if curve.column != self.column),
        )


def largest_slope(derivative: Derivative, beta: Array) -> float:
    """The most that the linear predictor may change per half width of the column, at coefficients of shape (p,)."""
    return math.fsum((derivative.bounds * np.abs(beta)).tolist())
