"""The recurrence that makes polynomials orthogonal over all sites' people, from summed products of polynomials."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from summand.errors import FormulaInvalid, SingularInformation
from summand.methods._newton import symmetric, upper
from summand.methods._protocol import Block, Layout
from summand.methods.formulas._curves import OrthogonalPolynomials
from summand.methods.formulas._formula_tree import Polynomial
from summand.methods.formulas._learning import Known
from summand.tables import Array, Column, Limits

CHUNK_ROWS = 4096
SLACK = 1.0 + 2.0**-40
# A polynomial that keeps less than this part of its squares beside the lower ones has no digits left.
PART_MIN = 1e-12


@dataclass(frozen=True)
class PolynomialLearner:
    """The centres and norms of ``poly(x, k)``.

    First the products of Chebyshev's polynomials T_0 … T_k of the scaled column are summed, and their Cholesky factor
    gives orthogonal polynomials; then the products of these, which lie near zero beside the diagonal, so that a second
    factor restores the digits that the first lost. With basis φ, Gram matrix ``φ'φ = R'R`` and ``x φ = φ M``, the
    orthonormal basis is ``φ / R``, and ``R M / R`` is the matrix whose diagonal holds the centres.

    Source: Gautschi (2004), Orthogonal Polynomials, §2.1.7 (modified moments) and §1.3 (Jacobi matrix); Yamamoto et al.
        (2015), ETNA 44, 306-326, for repeating the factorisation.
    """

    curve: Polynomial
    column: Column

    told_as: ClassVar[str] = "polynomials"
    warnings: ClassVar[tuple[str, ...]] = ()

    def check(self, limits: Limits) -> None:
        """Centres and norms are as good as 2k moments: of a column with few values they tell how many have each.

        Raises:
            FormulaInvalid: under limits, if the dictionary gives the column at most twice as many values as there are
                moments, the number of people with them: fewer than as many follow at once, some more by trying.
        """
        few = 2 * (2 * self.curve.degree + 1)
        if limits.minimum_cell > 1 and _values(self.column) <= few:
            raise FormulaInvalid(
                f"'{self.curve.label}' would tell how many people have each of the few values of '{self.column.name}'.",
                remedy=f"Use C({self.column.name}), whose levels are judged.",
            )

    def layout(self, known: Known) -> Layout:
        """The upper triangle of the products of k + 1 polynomials."""
        k = self.curve.degree
        reveals = f"mean, variance and higher moments of {self.column.name}"
        name = f"{self.curve.label}: {'products again' if known.numbers else 'products'}"
        return (Block(name, "1", (k + 1) * (k + 2) // 2, SLACK, reveals),)

    def tally(self, values: Array, known: Known) -> Array:
        """Sums of products."""
        k = self.curve.degree
        products = np.zeros((k + 1, k + 1))
        for first in range(0, len(values), CHUNK_ROWS):
            basis = self._basis(values[first : first + CHUNK_ROWS], known)
            products += basis @ basis.T
        return upper(products)

    def _basis(self, values: Array, known: Known) -> Array:
        """Polynomials of degree 0 to k, each at most 1: shape (k + 1, rows)."""
        if known.numbers:
            orthogonal = self._orthogonal(known)
            limits = orthogonal.limits(*self.column.range)
            return np.vstack([np.ones(len(values)), orthogonal(values) / limits[:, None]])
        z = np.clip((values - self.column.centre) / self.column.half_width, -1.0, 1.0)
        return np.cos(np.arange(self.curve.degree + 1)[:, None] * np.arccos(z))

    def _orthogonal(self, known: Known) -> OrthogonalPolynomials:
        k = self.curve.degree
        return OrthogonalPolynomials(known.numbers[:k], known.numbers[k:])

    def _multiplied(self, known: Known) -> Array:
        """M with ``x φ = φ M``, shape (k + 1, k): column j is x times polynomial j."""
        k = self.curve.degree
        m = np.zeros((k + 1, k))
        if not known.numbers:
            centre, half = self.column.centre, self.column.half_width
            for j in range(k):
                m[j, j] = centre
                m[j + 1, j] += half * (1.0 if j == 0 else 0.5)
                if j:
                    m[j - 1, j] += half * 0.5
            return m
        orthogonal = self._orthogonal(known)
        norms = np.array(orthogonal.norms)
        limits = np.concatenate(([norms[0] ** -0.5], orthogonal.limits(*self.column.range)))
        up = np.sqrt(norms[1:] / norms[:-1])
        for j in range(k):
            m[j, j] = orthogonal.centres[j]
            m[j + 1, j] = up[j] * limits[j + 1] / limits[j]
            if j:
                m[j - 1, j] = up[j - 1] * limits[j - 1] / limits[j]
        return m

    def update(self, total: Array, known: Known) -> Known:
        """Centres and norms, better by each of two sums.

        Raises:
            SingularInformation: where the column has too few distinct values.
        """
        k = self.curve.degree
        gram = symmetric(total, k + 1)
        diagonal = np.diag(gram)
        if not diagonal.min() > 0.0:
            raise self._too_few()
        scale = 1.0 / np.sqrt(diagonal)
        try:
            factor = np.linalg.cholesky(gram * np.outer(scale, scale)).T / scale
        except np.linalg.LinAlgError:
            raise self._too_few() from None
        if bool((np.diag(factor) ** 2 < PART_MIN * diagonal).any()):
            raise self._too_few()
        jacobi = factor @ self._multiplied(known) @ np.linalg.inv(factor[:k, :k])
        norms = diagonal[0] * np.cumprod(np.concatenate(([1.0], np.diag(jacobi[1:]) ** 2)))
        numbers = (*np.diag(jacobi).tolist(), *norms.tolist())
        found = Known(tuple(map(float, numbers)), (), done=bool(known.numbers))
        if bool((self._orthogonal(found).limits(*self.column.range) ** -2.0 < PART_MIN * diagonal[0]).any()):
            raise self._too_few()  # so much larger elsewhere on the range that among the people it counts as zero
        return found

    def _too_few(self) -> SingularInformation:
        return SingularInformation(
            f"'{self.curve.label}' needs more distinct values of '{self.column.name}' than there are, or a narrower range.",
            remedy="Choose a lower degree, or bring the column's range in the dictionary nearer to its values.",
        )

    def told(self, known: Known) -> list[dict[str, Any]]:
        """The recurrence, by degree: what a prediction for another person needs."""
        k = self.curve.degree
        return [
            {"term": self.curve.label, "degree": j, "centre": known.numbers[j] if j < k else None,
             "squared_norm": known.numbers[k + j]}
            for j in range(k + 1)
        ]  # fmt: skip


def _values(column: Column) -> float:
    """How many values a numeric column may take; without end where the dictionary gives no step."""
    if column.levels:
        return float(len(column.levels))
    step = column.step or (1.0 if column.kind == "integer" else 0.0)
    low, high = column.range
    return (high - low) / step + 1.0 if step else math.inf
