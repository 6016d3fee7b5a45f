"""Cox's partial log-likelihood, its score and information: what they are, and the sums by time they are made of.

With linear predictors eta = x @ beta and weights r = exp(eta), let S0, S1, S2 be the sums of r, r x, r x x' over those
at risk at an event time, D0, D1, D2 the same over the d people who have the event there. Breslow's likelihood takes the
denominator S0 for each of the d; Efron's takes S0 - (l/d) D0 for l = 0 ... d - 1. With u_l = S0 / denominator, c_l =
l/d (0 for Breslow), a = S1/S0 and b = D1/S0, one event time adds

    log-likelihood   sum over events of eta  -  sum_l log(S0 / u_l)
    score            sum over events of x    -  sum_l u_l (a - c_l b)
    information      sum_l u_l (S2 - c_l D2)/S0  -  sum_l u_l^2 (a - c_l b)(a - c_l b)'

Only ratios to S0 appear, so a common factor in all r cancels. With case weights w every sum of r is one of w r, sums over
events are weighted, and each of the d terms at a time counts W/d, where W is the weight of the d (Therneau & Grambsch
2000, section 3.3).

Source: Cox (1972), JRSS B 34(2), eqs 12-17; Breslow (1974), Biometrics 30(1); Efron (1977), JASA 72(359), section 6.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from summand.tables import Array

Positions = NDArray[np.intp]
Sums = Callable[[Array, Array, Positions, int], Array]
"""`weighted_sums` or `first_sums`."""


@dataclass(frozen=True)
class Moments:
    """The numbers a partial likelihood is made of: its value, its gradient, minus its second derivative.

    Attributes:
        log_likelihood: In nats.
        score: Shape (p,).
        information: The upper triangle of the symmetric (p, p), row by row, shape (p(p+1)/2,).
    """

    log_likelihood: float
    score: Array
    information: Array

    def flat(self) -> Array:
        """All in one vector, shape (1 + p + p(p+1)/2,)."""
        return np.concatenate([[self.log_likelihood], self.score, self.information])


def width(p: int) -> int:
    """How many sums a time has: of r, r x and the upper triangle of r x x'."""
    return 1 + p + p * (p + 1) // 2


def weighted_sums(x: Array, weights: Array, positions: Positions, count: int) -> Array:
    """Sums of r, r x and r x x' by position.

    Args:
        x: Shape (rows, p); fastest if column-major.
        weights: r, shape (rows,).
        positions: Where each row is added, in 0 ... count - 1; shape (rows,).
        count: How many positions there are.

    Returns:
        Shape (1 + p + p(p+1)/2, count).
    """
    p = x.shape[1]
    out = np.empty((width(p), count))
    out[0] = np.bincount(positions, weights=weights, minlength=count)
    at = 1 + p
    for i in range(p):
        weighted = weights * x[:, i]
        out[1 + i] = np.bincount(positions, weights=weighted, minlength=count)
        for j in range(i, p):
            out[at] = np.bincount(positions, weights=weighted * x[:, j], minlength=count)
            at += 1
    return out


def first_sums(x: Array, weights: Array, positions: Positions, count: int) -> Array:
    """Sums of r and r x by position: `weighted_sums` without products, shape (1 + p, count)."""
    out = np.empty((1 + x.shape[1], count))
    out[0] = np.bincount(positions, weights=weights, minlength=count)
    for i, row in enumerate(out[1:]):
        row[:] = np.bincount(positions, weights=weights * x[:, i], minlength=count)
    return out
