"""How alike two arms are in their covariates, before and after weighting."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from summand.methods.formulas._design import Design
from summand.tables import Array


@dataclass(frozen=True)
class Balance:
    """The columns of a design that a balance table shows: single columns and single levels.

    Standardised differences and variance ratios do not change with the scale of a column, so they are computed on the
    scaled design.

    Source: Austin (2011), Multivariate Behavioral Research 46(3), 399–424, for both figures; weighted variances with
        the correction ``Σw / ((Σw)² − Σw²)``.
    """

    terms: tuple[str, ...]
    places: tuple[int, ...]
    numeric: tuple[bool, ...]

    @classmethod
    def of(cls, design: Design) -> Self:
        """The balance columns of a design."""
        found = [
            (term, place, monomial.is_main_effect)
            for place, (term, monomial) in enumerate(zip(design.terms, design.monomials, strict=True))
            if monomial.is_main_effect or (not monomial.powers and len(monomial.levels) == 1)
        ]
        return cls(*(tuple(column) for column in zip(*found, strict=True))) if found else cls((), (), ())

    def __len__(self) -> int:
        return len(self.terms)

    def sums(self, x: Array, weights: Array) -> Array:
        """Weighted sums of values and squares by arm, shape (2 arms, 2 kinds, columns), from x of shape (p, rows)."""
        own = x[list(self.places)]
        return np.stack([weights @ own.T, weights @ (own * own).T], axis=1)

    def rows(self, before: Array, after: Array, people: Array, weights: Array, squares: Array) -> list[dict[str, Any]]:
        """The table: one record for each column.

        Args:
            before, after: What `sums` gave with weights of 1 and with the weights, shape (2, 2, columns).
            people: By arm, shape (2,); control first.
            weights, squares: Sums of weights and of their squares by arm, shape (2,).
        """
        mean_b, var_b = _moments(before, people, people)
        mean_a, var_a = _moments(after, weights, squares)
        spread = np.sqrt(var_b.mean(axis=0))
        return [
            {
                "term": term,
                "difference_before": _ratio(mean_b[1, j] - mean_b[0, j], spread[j]),
                "difference_after": _ratio(mean_a[1, j] - mean_a[0, j], spread[j]),
                "variance_ratio_before": _ratio(var_b[1, j], var_b[0, j]) if self.numeric[j] else None,
                "variance_ratio_after": _ratio(var_a[1, j], var_a[0, j]) if self.numeric[j] else None,
            }
            for j, term in enumerate(self.terms)
        ]


def _moments(sums: Array, weights: Array, squares: Array) -> tuple[Array, Array]:
    """Means and variances by arm, shape (2, columns) each."""
    mean = sums[:, 0] / weights[:, None]
    about = np.maximum(sums[:, 1] - weights[:, None] * mean * mean, 0.0)
    rest = weights**2 - squares
    scale = np.where(rest > 0.0, weights / np.where(rest > 0.0, rest, 1.0), 0.0)
    variance = about * scale[:, None]
    return mean, np.where(variance > 1e-14, variance, 0.0)


def _ratio(above: float, below: float) -> float | None:
    """A quotient, None where it has no finite value."""
    value = float(above / below) if below > 0.0 else math.inf
    return value if math.isfinite(value) else None
