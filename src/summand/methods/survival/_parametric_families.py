"""The distributions of log time that a parametric survival regression may assume.

With ``u = (log t - mu) / sigma``, a row adds ``log f(u)`` if it ends in the event and ``log S(u)`` if not, for the density
f and survival function S of the standard distribution. All are log-concave in u, so the log-likelihood is concave in
``mu / sigma`` and ``1 / sigma`` and has one maximum.

Source: Kalbfleisch & Prentice (2002), sections 2.2 and 3.6; concavity: Burridge (1981), JRSS B 43(1), 41-45.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from summand.tables import Array

FURTHEST = 200.0
"""The most that |u| may be; a log-likelihood of -200 for one person is no fit."""
TOTAL_BITS = 60

Terms = tuple[Array, Array, Array]


@dataclass(frozen=True)
class Family:
    """One distribution.

    Attributes:
        terms: From u and the event indicator, shape (rows,) each: the log-likelihood, its first derivative in u, and
            minus its second, which is not negative.
        ratio: What ``exp(-coefficient / sigma)`` is the ratio of; empty if of nothing that has a name.
        scale_is_one: Whether sigma is fixed at 1.
    """

    terms: Callable[[Array, Array], Terms]
    ratio: str
    scale_is_one: bool = False


def _weibull(u: Array, events: Array) -> Terms:
    hazard = np.exp(u)
    return events * u - hazard, events - hazard, hazard


def _log_logistic(u: Array, events: Array) -> Terms:
    z = np.exp(-np.abs(u))
    share = np.where(u >= 0.0, 1.0, z) / (1.0 + z)
    twice = 1.0 + events
    value = events * u - twice * (np.maximum(u, 0.0) + np.log1p(z))
    return value, events - twice * share, twice * z / (1.0 + z) ** 2


def _log_normal(u: Array, events: Array) -> Terms:
    from scipy.special import log_ndtr

    survival = log_ndtr(-u)
    density = -0.5 * (u * u + math.log(2.0 * math.pi))
    hazard = np.exp(density - survival)
    happened = events > 0.5
    return (
        np.where(happened, density, survival),
        np.where(happened, -u, -hazard),
        np.where(happened, 1.0, np.maximum(hazard * (hazard - u), 0.0)),
    )


FAMILIES: Mapping[str, Family] = {
    "weibull": Family(_weibull, "hazard_ratio"),
    "exponential": Family(_weibull, "hazard_ratio", scale_is_one=True),
    "lognormal": Family(_log_normal, ""),
    "loglogistic": Family(_log_logistic, "odds_ratio"),
}


def furthest_up(name: str, rows_max: int) -> float:
    """The most that u may be, so that a total of its terms over ``rows_max`` rows stays below 2^60."""
    if FAMILIES[name].terms is not _weibull:
        return FURTHEST
    return min(30.0, TOTAL_BITS * math.log(2.0) - math.log(4.0 * max(rows_max, 1)))


def bounds_of(name: str, rows_max: int) -> tuple[float, float, float]:
    """The most that one row adds to log-likelihood, first and second derivative, for u in [-FURTHEST, furthest_up]."""
    if FAMILIES[name].terms is _weibull:
        most = math.exp(furthest_up(name, rows_max))
        return FURTHEST + most, 1.0 + most, most
    if name == "loglogistic":
        return 2.0 * FURTHEST + 2.0, 2.0, 0.5
    # Mills' ratio: the hazard of a normal distribution is at most u + 1 for u >= 0, and its variance ratio at most 1
    return 0.5 * FURTHEST**2 + FURTHEST + 2.0, FURTHEST + 1.0, 1.0
