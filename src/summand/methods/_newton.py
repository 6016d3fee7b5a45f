"""Solving with an information matrix: symmetric storage, equilibration, and a diagnosis where it is singular."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from summand.errors import SingularInformation
from summand.tables import Array

# A pivot of the equilibrated matrix below this means that a column is, to eleven digits, a combination of others.
PIVOT_MIN = 1e-11
# A pivot up to this is what rounding leaves of a column that is exactly a combination.
EXACT_PART_MAX = 1e-14
NORMAL_975 = 1.959963984540054


def upper(matrix: Array) -> Array:
    """The upper triangle of a symmetric matrix, shape (p(p+1)/2,)."""
    return matrix[np.triu_indices(len(matrix))]


def symmetric(packed: Array, p: int) -> Array:
    """The symmetric matrix, shape (p, p), behind `upper`."""
    matrix = np.zeros((p, p))
    rows, columns = np.triu_indices(p)
    matrix[rows, columns] = packed
    matrix[columns, rows] = packed
    return matrix


@dataclass(frozen=True)
class Equations:
    """Linear equations with a positive definite matrix A, shape (p, p), scaled to a unit diagonal before solving.

    Attributes:
        scale: ``1 / sqrt(diagonal)``, shape (p,).
        inverse_scaled: The inverse of the equilibrated matrix, shape (p, p).
        scaled: The equilibrated matrix.
    """

    scale: Array
    scaled: Array
    inverse_scaled: Array

    def solve(self, right: Array) -> Array:
        """``inverse(A) @ right``, shape (p,), refined once."""
        scaled_right = self.scale * right
        solution = self.inverse_scaled @ scaled_right
        solution += self.inverse_scaled @ (scaled_right - self.scaled @ solution)
        return self.scale * solution

    @property
    def inverse(self) -> Array:
        """The inverse of A, shape (p, p): for an information matrix, the covariance."""
        return self.inverse_scaled * np.outer(self.scale, self.scale)


def equations(matrix: Array, terms: tuple[str, ...], to_original: Array, least: float = 0.0) -> Equations:
    """The matrix made ready to solve with.

    Args:
        matrix: Symmetric, shape (p, p).
        terms: What its columns are.
        to_original: The map of scaled to original coefficients, so that a combination is told in original units.
        least: A diagonal entry at or below this counts as zero.

    Raises:
        SingularInformation: naming a term that is a combination of others, and how.
    """
    diagonal = np.diag(matrix).copy()
    empty = [term for term, entry in zip(terms, diagonal, strict=True) if not entry > least]
    if empty:
        raise SingularInformation(
            f"The term '{empty[0]}' does not vary: nobody differs in it.",
            remedy="Leave it out, or merge its level with another.",
        )
    scale = 1.0 / np.sqrt(diagonal)
    scaled = matrix * np.outer(scale, scale)
    _check_rank(scaled, scale, terms, to_original)
    inverse = np.linalg.inv(scaled)
    return Equations(scale, scaled, (inverse + inverse.T) / 2)


def _check_rank(scaled: Array, scale: Array, terms: tuple[str, ...], to_original: Array) -> None:
    """Cholesky with diagonal pivoting; stops at the first pivot below the tolerance (Higham 2002, §10.3)."""
    rest = scaled.copy()
    left = list(range(len(terms)))
    basis: list[int] = []
    while left:
        pivot = max(left, key=lambda j: (rest[j, j], -j))
        if rest[pivot, pivot] < PIVOT_MIN:
            raise _combination(left[0], basis, scaled, scale, terms, to_original, float(rest[pivot, pivot]))
        basis.append(pivot)
        left.remove(pivot)
        column = rest[left, pivot]
        rest[np.ix_(left, left)] -= np.outer(column, column) / rest[pivot, pivot]


def _combination(
    dependent: int,
    basis: list[int],
    scaled: Array,
    scale: Array,
    terms: tuple[str, ...],
    to_original: Array,
    own_part: float,
) -> SingularInformation:
    """The error that tells which terms make ``dependent``, in the original units.

    Args:
        own_part: The part of its sum of squares that the others do not explain: an equation solved from sums of products
            loses as many digits as this has zeros.
    """
    weights = np.zeros(len(terms))
    weights[dependent] = -1.0
    if basis:
        weights[basis] = np.linalg.solve(scaled[np.ix_(basis, basis)], scaled[basis, dependent])
    weights[np.abs(weights) < 1e-6 * np.abs(weights).max()] = 0.0
    original = to_original @ (scale * weights)
    # what is left of a term after its summands cancelled is rounding
    named = np.flatnonzero(np.abs(original) > 1e-7 * (np.abs(to_original) @ np.abs(scale * weights))).tolist()
    target = dependent if dependent in named else named[-1]
    parts = [f"{-original[j] / original[target]:.4g} × {terms[j]}" for j in named if j != target]
    how = " + ".join(parts[:6]) + (" + …" if len(parts) > 6 else "")
    if own_part > EXACT_PART_MAX:
        lost = math.ceil(-math.log10(own_part))
        return SingularInformation(
            f"The term '{terms[target]}' is nearly a linear combination of others: {how or 'a constant'}. What is left of "
            f"it is {own_part:.0e} of its square, so that about {lost} of the 16 digits of a coefficient would be lost.",
            remedy=f"Leave out '{terms[target]}' or one of the others; write powers as I(x^2) or poly(x, 2), which lose none.",
        )
    return SingularInformation(
        f"The term '{terms[target]}' is a linear combination of others: {how or 'a constant'}.",
        remedy=f"Leave out '{terms[target]}' or one of the others.",
    )


def term_rows(
    terms: tuple[str, ...], estimates: Array, covariance: Array, degrees_of_freedom: float | None = None
) -> list[dict[str, Any]]:
    """The table of a model: one row per term with its 95 % interval.

    Args:
        terms: Their names.
        estimates: Shape (p,).
        covariance: Shape (p, p).
        degrees_of_freedom: Of Student's t; None for the normal distribution.
    """
    errors = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    width = NORMAL_975
    if degrees_of_freedom is not None:
        from scipy.special import stdtrit

        width = float(stdtrit(degrees_of_freedom, 0.975))
    rows = []
    for term, estimate, error in zip(terms, estimates.tolist(), errors.tolist(), strict=True):
        statistic = estimate / error if error > 0.0 else None
        rows.append(
            {
                "term": term,
                "estimate": estimate,
                "std_error": error,
                "statistic": statistic,
                "p_value": None if statistic is None else p_value(statistic, degrees_of_freedom),
                "conf_low": estimate - width * error,
                "conf_high": estimate + width * error,
            }
        )
    return rows


def ratios(rows: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """The rows of `term_rows` with ``exp(estimate)`` as ``name`` and its interval; None where it has no finite float64."""
    parts = {name: "estimate", f"{name}_low": "conf_low", f"{name}_high": "conf_high"}
    return [{**row, **{key: _exp(row[of]) for key, of in parts.items()}} for row in rows]


def _exp(value: float) -> float | None:
    return math.exp(value) if value < 700.0 else None


def p_value(statistic: float, degrees_of_freedom: float | None = None) -> float:
    """Two-sided, from the tail itself and not as one minus the rest, so that small ones keep their digits."""
    if degrees_of_freedom is None:
        return math.erfc(abs(statistic) / math.sqrt(2.0))
    from scipy.special import stdtr

    return float(2.0 * stdtr(degrees_of_freedom, -abs(statistic)))
