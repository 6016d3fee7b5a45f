"""Cox's partial log-likelihood, its score and information, from sums by time.

With linear predictors eta = x @ beta and weights r = exp(eta), let S0, S1, S2 be the sums of r, r x, r x x' over those
at risk at an event time, D0, D1, D2 the same over the d people who have the event there. Breslow's likelihood takes the
denominator S0 for each of the d; Efron's takes S0 - (l/d) D0 for l = 0 ... d - 1. With u_l = S0 / denominator, c_l =
l/d (0 for Breslow), a = S1/S0 and b = D1/S0, one event time adds

    log-likelihood   sum over events of eta  -  sum_l log(S0 / u_l)
    score            sum over events of x    -  sum_l u_l (a - c_l b)
    information      sum_l u_l (S2 - c_l D2)/S0  -  sum_l u_l^2 (a - c_l b)(a - c_l b)'

Only ratios to S0 appear, so a common factor in all r cancels.

Source: Cox (1972), JRSS B 34(2), eqs 12-17; Breslow (1974), Biometrics 30(1); Efron (1977), JASA 72(359), section 6.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from summand.tables import Array

Positions = NDArray[np.intp]


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


def partial_likelihood(exits: Array, deaths: Array, event_counts: Array, tied: Positions, of_events: Array) -> Moments:
    """The log-likelihood, score and information of one stratum.

    Args:
        exits: Sums over the people who leave at or after each event time and before the next: shape (width, times).
        deaths: Sums over those with the event at the times ``tied``, shape (width, len(tied)); for Breslow none.
        event_counts: d at each time, shape (times,); a time without events, or with nobody at risk, adds nothing.
        tied: Which times Efron's correction applies to.
        of_events: The sums of eta and x over all events, shape (1 + p,).
    """
    p = len(of_events) - 1
    at_risk = np.cumsum(exits[: 1 + p, ::-1], axis=1)[:, ::-1]
    happens = (event_counts > 0.5) & (at_risk[0] > 0.0)
    tied, deaths = tied[happens[tied]], deaths[:, happens[tied]]
    d, s0 = np.where(happens, event_counts, 0.0), np.where(happens, at_risk[0], 1.0)
    a = at_risk[1:] / s0
    efron = _efron_sums(deaths, d[tied], s0[tied])
    first, second = d.copy(), d.copy()
    first[tied], second[tied] = efron.u, efron.uu
    log_likelihood = float(of_events[0]) - float(d @ np.log(s0)) + efron.log_u
    score = of_events[1:] - a @ first + efron.b @ efron.cu
    # The sum over event times of S2 times a weight is the sum over exits of r x x' times the weights up to the exit.
    information = exits[1 + p :] @ np.cumsum(first / s0) - deaths[1 + p :] @ (efron.cu / s0[tied])
    cross = (a[:, tied] * efron.cuu) @ efron.b.T
    square = (a * second) @ a.T - cross - cross.T + (efron.b * efron.ccuu) @ efron.b.T
    return Moments(log_likelihood, score, information - square[np.triu_indices(p)])


@dataclass(frozen=True)
class _EfronSums:
    """Per tied time, sums over l of u, c u, u^2, c u^2 and c^2 u^2, shape (tied,); and b, shape (p, tied)."""

    u: Array
    cu: Array
    uu: Array
    cuu: Array
    ccuu: Array
    b: Array
    log_u: float


def _efron_sums(deaths: Array, counts: Array, s0: Array) -> _EfronSums:
    whole = counts.astype(np.intp)
    time = np.repeat(np.arange(len(whole)), whole)
    rank = np.arange(len(time)) - np.repeat(np.cumsum(whole) - whole, whole)
    c = rank / counts[time]
    u = 1.0 / (1.0 - c * (deaths[0] / s0)[time])

    def by_time(values: Array) -> Array:
        return np.bincount(time, weights=values, minlength=len(whole)).astype(np.float64)

    p = _covariates(len(deaths))
    b = deaths[1 : 1 + p] / s0
    squares = u * u
    return _EfronSums(
        by_time(u),
        by_time(c * u),
        by_time(squares),
        by_time(c * squares),
        by_time(c * c * squares),
        b,
        float(np.log(u).sum()),
    )


def _covariates(columns: int) -> int:
    """p, given 1 + p + p(p+1)/2."""
    return int((np.sqrt(8 * columns + 1) - 3) / 2 + 0.5)
