"""The functions behind ``poly`` and ``ns``: evaluated at every row, and bounded before data are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from summand.methods.formulas._formula_tree import Polynomial, Spline
from summand.tables import Array


class CurveFunctions(Protocol):
    """The functions of one curve, made of a column's values."""

    def __call__(self, values: NDArray[np.floating]) -> Array:
        """Every function at every value: shape (functions, rows)."""

    def limits(self, low: float, high: float) -> Array:
        """The most that each may be, in absolute value, for values from ``low`` to ``high``: shape (functions,)."""

    def slopes(self, values: NDArray[np.floating]) -> Array:
        """The derivative of every function at every value: shape (functions, rows)."""

    def slope_limits(self, low: float, high: float) -> Array:
        """The most that each derivative may be, in absolute value: shape (functions,)."""


def functions_of(curve: Polynomial | Spline) -> CurveFunctions:
    """The functions of a curve whose numbers are known."""
    return OrthogonalPolynomials.of(curve) if isinstance(curve, Polynomial) else NaturalSpline.of(curve)


@dataclass(frozen=True)
class OrthogonalPolynomials:
    """Polynomials of degree 1 to k, orthonormal over the people they were learned from, as R's ``poly`` makes them.

    With the monic polynomials ``p_0 = 1`` and ``p_{j+1} = (x - a_j) p_j - (n_j / n_{j-1}) p_{j-1}``, function j is
    ``p_j / sqrt(n_j)``: over those people its sum is 0, its sum of squares 1.

    Attributes:
        centres: a_0 … a_{k-1}.
        norms: n_0 … n_k, sums of squares over the people; n_0 is how many they are.

    Source: Forsythe (1957), Journal of SIAM 5(2), for the recurrence; Kennedy & Gentle (1980), Statistical Computing,
        pp. 343-344, as R's ``poly`` cites it.
    """

    centres: tuple[float, ...]
    norms: tuple[float, ...]

    @classmethod
    def of(cls, curve: Polynomial) -> Self:
        """The polynomials of a term whose numbers are known."""
        return cls(curve.numbers[: curve.degree], curve.numbers[curve.degree :])

    def __call__(self, values: NDArray[np.floating]) -> Array:
        """Every polynomial at every value: shape (degree, rows)."""
        x = np.asarray(values, dtype=np.float64)
        out = np.empty((len(self.centres), len(x)))
        # each is normed on the way, so that high degrees of large values neither overflow nor vanish
        before, now, down = np.zeros(len(x)), np.full(len(x), self.norms[0] ** -0.5), 0.0
        for j, centre in enumerate(self.centres):
            up = (self.norms[j + 1] / self.norms[j]) ** 0.5
            out[j] = ((x - centre) * now - down * before) / up
            before, now, down = now, out[j], up
        return out

    def limits(self, low: float, high: float) -> Array:
        """Sums of the absolute coefficients in Chebyshev's polynomials, each of which is at most 1 on the range."""
        k = len(self.centres)
        angles = np.pi * (np.arange(k + 1) + 0.5) / (k + 1)
        at_nodes = self((low + high) / 2 + (high - low) / 2 * np.cos(angles))
        coefficients = at_nodes @ np.cos(np.outer(angles, np.arange(k + 1))) * (2.0 / (k + 1))
        coefficients[:, 0] /= 2.0
        return np.asarray(np.abs(coefficients).sum(axis=1))

    def slopes(self, values: NDArray[np.floating]) -> Array:
        """The derivative of every polynomial at every value, by the recurrence differentiated: shape (degree, rows)."""
        x, functions = np.asarray(values, dtype=np.float64), self(values)
        out = np.empty_like(functions)
        constant = np.full(len(x), self.norms[0] ** -0.5)
        before, now, down = np.zeros(len(x)), np.zeros(len(x)), 0.0
        for j, centre in enumerate(self.centres):
            up = (self.norms[j + 1] / self.norms[j]) ** 0.5
            out[j] = ((functions[j - 1] if j else constant) + (x - centre) * now - down * before) / up
            before, now, down = now, out[j], up
        return out

    def slope_limits(self, low: float, high: float) -> Array:
        """Markov's inequality: on [-1, 1] a derivative is at most degree² times the polynomial's largest value."""
        degrees = np.arange(1, len(self.centres) + 1)
        return np.asarray(degrees**2 * self.limits(low, high) * 2.0 / (high - low))


@dataclass(frozen=True)
class NaturalSpline:
    """Cardinal natural cubic splines: function j is 1 at knot j, 0 at every other, and straight beyond the boundary.

    The function of the lowest knot is left out: all of them add up to the constant. So a coefficient is the difference
    between the curve at its knot and at the lowest knot, and the span is that of R's ``ns`` with the same knots.

    Attributes:
        knots: k_0 < … < k_m.
        pieces: Power coefficients of every function between and beyond the knots, shape (4, m, m + 2).

    Source: Green & Silverman (1994), Nonparametric Regression and Generalized Linear Models, §2.1 (value and second
        derivative form); cardinal bases: Wood (2017), Generalized Additive Models, §5.3.1.
    """

    knots: Array
    pieces: Array

    @classmethod
    def of(cls, curve: Spline) -> Self:
        """The splines of a term whose knots are known."""
        knots = np.array(curve.numbers)
        m, h = len(knots) - 1, np.diff(knots)
        values = np.eye(m + 1)
        bends = np.zeros((m + 1, m + 1))  # second derivatives at the knots, by function; 0 at the boundary
        if m > 1:
            slopes = np.diff(values, axis=0) / h[:, None]
            system = np.diag((h[:-1] + h[1:]) / 3.0) + np.diag(h[1:-1] / 6.0, 1) + np.diag(h[1:-1] / 6.0, -1)
            bends[1:-1] = np.linalg.solve(system, np.diff(slopes, axis=0))
        pieces = np.zeros((4, m + 1, m + 2))
        pieces[0, :, 1:] = values.T
        pieces[0, :, 0] = values[0]
        pieces[1, :, 1:-1] = (np.diff(values, axis=0) / h[:, None] - h[:, None] * (2 * bends[:-1] + bends[1:]) / 6).T
        pieces[2, :, 1:-1] = bends[:-1].T / 2.0
        pieces[3, :, 1:-1] = (np.diff(bends, axis=0) / (6.0 * h[:, None])).T
        pieces[1, :, 0] = pieces[1, :, 1]
        pieces[1, :, -1] = (values[-1] - values[-2]) / h[-1] + h[-1] * bends[-2] / 6.0
        return cls(knots, pieces[:, 1:, :].copy())

    def __call__(self, values: NDArray[np.floating]) -> Array:
        """Every spline at every value: shape (m, rows)."""
        x = np.asarray(values, dtype=np.float64)
        place = np.searchsorted(self.knots, x, side="right")
        t = x - self.knots[np.maximum(place - 1, 0)]
        constant, linear, square, cube = self.pieces[:, :, place]
        return np.asarray(((cube * t + square) * t + linear) * t + constant)

    def limits(self, low: float, high: float) -> Array:
        """Bézier's control values bound a cubic between two knots; beyond them a straight line ends at the range."""
        h = np.diff(self.knots)
        constant, linear, square, cube = self.pieces[:, :, 1:-1]
        end = ((cube * h + square) * h + linear) * h + constant
        control = np.stack(
            [constant, constant + linear * h / 3, end - (linear + (2 * square + 3 * cube * h) * h) * h / 3]
        )
        ends = np.stack([self(np.array([low, high])).T, np.tile(self(self.knots[-1:]).T, (2, 1))])
        return np.asarray(np.maximum(np.abs(control).max(axis=(0, 2)), np.abs(ends).max(axis=(0, 1))))

    def slopes(self, values: NDArray[np.floating]) -> Array:
        """The derivative of every spline at every value: shape (m, rows)."""
        x = np.asarray(values, dtype=np.float64)
        place = np.searchsorted(self.knots, x, side="right")
        t = x - self.knots[np.maximum(place - 1, 0)]
        _, linear, square, cube = self.pieces[:, :, place]
        return np.asarray((3.0 * cube * t + 2.0 * square) * t + linear)

    def slope_limits(self, low: float, high: float) -> Array:  # noqa: ARG002 — straight beyond the knots
        """Bézier's control values of the derivative, a parabola between two knots."""
        h = np.diff(self.knots)
        _, linear, square, cube = self.pieces[:, :, 1:-1]
        end = linear + (2.0 * square + 3.0 * cube * h) * h
        return np.asarray(np.abs(np.stack([linear, linear + square * h, end])).max(axis=(0, 2)))
