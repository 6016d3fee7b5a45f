"""What one row says about the thresholds on both sides of its level, for the logit and the probit link.

With F the link's distribution, a row of level y has the likelihood ``F(a) - F(b)``, where ``a = θ_y - η`` is the
threshold above it and ``b = θ_{y-1} - η`` the one below; above the highest level a is ∞, below the lowest b is -∞. Its
logarithm is concave in (a, b), so a fit climbs to the only maximum.

Source: McCullagh (1980), Regression models for ordinal data, JRSS B 42(2), 109-142; Pratt (1981), JASA 76(373), 103-106
(concavity).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from summand.tables import Array


@dataclass(frozen=True)
class RowTerms:
    """Derivatives of each row's log-likelihood, shape (rows,) each.

    Attributes:
        log_likelihood: ``log(F(a) - F(b))``.
        above, below: First derivatives by a and by b; 0 where there is no such threshold.
        curvature_above, curvature_below: Minus the second derivatives by a and by b.
        between: The mixed second derivative, at least 0.
    """

    log_likelihood: Array
    above: Array
    below: Array
    curvature_above: Array
    curvature_below: Array
    between: Array


@dataclass(frozen=True)
class RowBounds:
    """The most that each may be, in absolute value, for every row.

    Attributes:
        log_likelihood, slope, curvature: As in `RowTerms`, ``curvature`` for all second derivatives.
    """

    log_likelihood: float
    slope: float
    curvature: float


def row_terms(link: str, thresholds: Array, eta: Array, levels: NDArray[np.intp]) -> RowTerms:
    """The derivatives at increasing ``thresholds``, shape (k - 1,), for rows of linear predictor ``eta``."""
    edges = np.concatenate(([-np.inf], thresholds, [np.inf]))
    a, b = edges[levels + 1] - eta, edges[levels] - eta
    return _logit(a, b, np.diff(edges)[levels]) if link == "logit" else _probit(a, b)


def row_bounds(link: str, thresholds: Array, eta_max: float) -> RowBounds:
    """The bounds for rows whose linear predictor is at most ``eta_max`` in size.

    Logit: ``log F(a) + log F(-b) + log(1 - exp(-d))`` with the gap d = a - b, which is the level's alone; slopes are at
    most ``1 + 1 / (exp(d) - 1)``, curvatures at most ``1/4 + exp(d) / (exp(d) - 1)²``. Probit: with |a|, |b| ≤ A,
    ``φ(a) / (Φ(a) - Φ(b)) ≤ A + d/2 + 1/d``, since the density falls from a by at most ``exp(-(A + d/2) u)``; beside an
    open end Mills' ratio gives ``A + 1``.
    """
    most = float(np.abs(thresholds).max(initial=0.0)) + eta_max
    gaps = np.diff(thresholds)
    least = float(gaps.min(initial=np.inf))
    if link == "logit":
        w = 1.0 / math.expm1(least) if least < 700.0 else 0.0
        fit = 2.0 * (most + math.log(2.0)) + (-math.log(-math.expm1(-least)) if math.isfinite(least) else 0.0)
        return RowBounds(fit, 1.0 + w, 0.25 + w * (1.0 + w))
    slope = most + float((gaps / 2.0 + 1.0 / gaps).max(initial=1.0))
    fit = most**2 / 2.0 + 1.0 + math.log1p(most) + max(0.0, -math.log(least) if math.isfinite(least) else 0.0)
    return RowBounds(fit, slope, slope * (most + slope))


def _logit(a: Array, b: Array, gap: Array) -> RowTerms:
    upper, lower = _tail(a), _tail(-b)  # F(-a), F(b)
    with np.errstate(over="ignore"):
        w = 1.0 / np.expm1(gap)  # 0 beside an open end
    v = w * (1.0 + w)
    fit = -np.logaddexp(0.0, -a) - np.logaddexp(0.0, b) + np.log(-np.expm1(-gap))
    above = np.where(np.isinf(a), 0.0, upper + w)
    below = np.where(np.isinf(b), 0.0, -lower - w)
    return RowTerms(fit, above, below, upper * (1.0 - upper) + v, lower * (1.0 - lower) + v, v)


def _tail(margin: Array) -> Array:
    """1 / (1 + exp(margin)) without overflow."""
    z = np.exp(-np.abs(margin))
    return np.where(margin >= 0.0, z, 1.0) / (1.0 + z)


def _probit(a: Array, b: Array) -> RowTerms:
    from scipy.special import log_ndtr

    flipped = b > 0.0  # in the upper tail F(a) - F(b) is a difference of small numbers on the other side
    low, high = np.where(flipped, -a, b), np.where(flipped, -b, a)
    top = log_ndtr(high)
    fit = top + np.log(-np.expm1(log_ndtr(low) - top))
    # density / likelihood; beyond the ends the density is 0
    above, below = (np.exp(-0.5 * edge**2 - 0.5 * math.log(2.0 * math.pi) - fit) for edge in (a, b))
    reach_a, reach_b = (np.where(np.isinf(edge), 0.0, edge) for edge in (a, b))
    return RowTerms(fit, above, -below, above * (reach_a + above), below * (below - reach_b), above * below)
