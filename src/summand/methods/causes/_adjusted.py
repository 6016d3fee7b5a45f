"""Cell means adjusted for covariates whose slopes all cells share, and the residuals about them.

Least squares on one indicator for each cell and the covariates x: with ``W = Σ (x − x̄_c)(x − x̄_c)'`` about the cells' own
means, ``β = inverse(W) Σ (x − x̄_c) y`` and the adjusted mean of a cell is ``ȳ_c − x̄_c β`` (Frisch & Waugh 1933). An effect
``Σ_c L_c (ȳ_c − x̄_c β)`` moves with a row's residual u by ``u (L_c / n_c − (Σ_c L_c x̄_c)' inverse(W) (x − x̄_c))``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from summand.methods._newton import equations, symmetric, upper
from summand.methods.causes._periods import Places
from summand.methods.formulas._design import Design
from summand.tables import Array

# Residuals are divided by the root of 1 − leverage (HC2); a row that determines its own fit is held here.
LEVERAGE_MAX = 1.0 - 1e-6


@dataclass(frozen=True)
class Adjustment:
    """The slopes of some cells.

    Attributes:
        counts: People by cell, shape (cells,).
        x_means: Shape (cells, p).
        inverse: ``inverse(W)``, shape (p, p).
        beta: Shape (p,).
        means: Adjusted means, shape (cells,).
    """

    counts: Array
    x_means: Array
    inverse: Array
    beta: Array
    means: Array

    @classmethod
    def of(
        cls, counts: Array, sums: Array, x_sums: Array, products: Array, with_y: Array, design: Design
    ) -> Adjustment:
        """From the sums over all rows.

        Args:
            counts, sums: People and their outcome by cell, shape (cells,).
            x_sums: Covariates by cell, shape (cells, p).
            products: The upper triangle of ``Σ x x'``.
            with_y: ``Σ x y``, shape (p,).
            design: Of the covariates.

        Raises:
            SingularInformation: where a covariate does not vary within cells, or is a combination of others.
        """
        n = np.maximum(counts, 1.0)
        x_means, y_means = x_sums / n[:, None], sums / n
        within = symmetric(products, len(design)) - x_means.T @ x_sums
        solver = equations(within, design.terms, design.to_original, least=1e-11 * float(counts.sum()))
        beta = solver.solve(with_y - x_means.T @ sums)
        return cls(counts, x_means, solver.inverse, beta, y_means - x_means @ beta)

    def residuals(self, y: Array, x: Array, place: Places) -> tuple[Array, Array]:
        """Residuals, shape (rows,), and covariates about their cells' means, shape (p, rows)."""
        return y - self.means[place] - self.beta @ x, x - self.x_means[place].T

    @property
    def residual_bound(self) -> float:
        """No residual is larger in size."""
        return 1.0 + float(np.abs(self.means).max(initial=0.0)) + float(np.abs(self.beta).sum())

    def along(self, weights: Array) -> Array:
        """What each effect takes from ``(x − x̄) u``, shape (effects, p), from weights of shape (effects, cells)."""
        return np.asarray(-(weights @ self.x_means) @ self.inverse)

    def squares(self, u: Array, x: Array, place: Places) -> Array:
        """Squared residuals over 1 − leverage, by cell; times covariates, by cell; times their products.

        Args:
            u: Shape (rows,).
            x: About the cells' means, shape (p, rows).
            place: The cell of each row.
        """
        leverage = 1.0 / np.maximum(self.counts, 1.0)[place] + (x * (self.inverse @ x)).sum(axis=0)
        square = u * u / (1.0 - np.clip(leverage, 0.0, LEVERAGE_MAX))
        cells = len(self.counts)
        by_cell = [np.bincount(place, weights=square * row, minlength=cells) for row in (np.ones(len(u)), *x)]
        return np.concatenate((by_cell[0], np.array(by_cell[1:]).T.ravel(), upper((x * square) @ x.T)))

    def covariance(self, total: Array, weights: Array) -> Array:
        """The covariance of effects where rows are independent, from the sum of `squares`."""
        cells, p = self.x_means.shape
        a, b = weights / np.maximum(self.counts, 1.0), self.along(weights)
        crossed = a @ total[cells : cells + cells * p].reshape(cells, p) @ b.T
        own = (a * total[:cells]) @ a.T
        return np.asarray(own + crossed + crossed.T + b @ symmetric(total[cells + cells * p :], p) @ b.T)

    def site_sums(self, u: Array, x: Array, place: Places) -> Array:
        """Residuals by cell, and times covariates: shape (cells + p,)."""
        by_cell = np.bincount(place, weights=u, minlength=len(self.counts))
        return np.concatenate((by_cell, x @ u))

    def scores(self, sums: Array, weights: Array) -> Array:
        """A site's score of each effect, from its `site_sums`, no larger than any site's can be."""
        cells = len(self.counts)
        found = weights / np.maximum(self.counts, 1.0) @ sums[:cells] + self.along(weights) @ sums[cells:]
        most = self.site_bound(weights)
        return np.clip(found, -most, most)

    def row_bound(self, weights: Array) -> float:
        """The most that one row adds to any score."""
        by_cell = np.abs(weights / np.maximum(self.counts, 1.0)).max(initial=0.0)
        return self.residual_bound * float(by_cell + 2.0 * np.abs(self.along(weights)).sum(axis=1).max(initial=0.0))

    def site_bound(self, weights: Array) -> Array:
        """The most that one site's score can be, shape (effects,): it has at most the people of each cell."""
        along = weights @ self.x_means
        spread = np.sqrt(np.maximum((along @ self.inverse * along).sum(axis=1) * float(self.counts.sum()), 0.0))
        return np.asarray(self.residual_bound * (np.abs(weights).sum(axis=1) + spread))


def unadjusted(counts: Array, sums: Array) -> Adjustment:
    """Cell means as they are: no covariates."""
    none = np.zeros((0, 0))
    return Adjustment(counts, np.zeros((len(counts), 0)), none, np.zeros(0), sums / np.maximum(counts, 1.0))
