"""Means of a regression as functions of the linear predictor, with their derivatives and the weight of a row.

Source: McCullagh & Nelder (1989), Generalized Linear Models, table 2.1 and §2.5: the expected information of a row is
``weight * x x'`` with ``weight = (dmu/deta)² / V(mu)``, divided by the dispersion.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from summand.tables import Array

# A mean with a log link may be this many times the largest outcome that the dictionary allows.
ROOM = 1024.0


@dataclass(frozen=True)
class Rows:
    """Some rows' means with first and second derivative by the linear predictor, and weights: shape (rows,) each."""

    mean: Array
    slope: Array
    bend: Array
    weight: Array


@dataclass(frozen=True)
class Most:
    """The most that each of `Rows` may be, in absolute value."""

    mean: float
    slope: float
    bend: float
    weight: float


@dataclass(frozen=True)
class Mean:
    """One family with its link.

    Attributes:
        rows: ``rows(eta, overdispersion)``.
        most: ``most(eta_max, overdispersion)``.
        to_link: The link itself, of a mean.
        from_link: Its inverse.
        has_dispersion: Whether the variance has a scale of its own, so that intervals go with Student's t.
        is_log: Whether means grow without bound.
    """

    rows: Callable[[Array, float], Rows]
    most: Callable[[float, float], Most]
    to_link: Callable[[float], float]
    from_link: Callable[[float], float]
    has_dispersion: bool = False
    is_log: bool = False


def _identity(eta: Array, _: float) -> Rows:
    one = np.ones(len(eta))
    return Rows(eta, one, np.zeros(len(eta)), one)


def _logit(eta: Array, _: float) -> Rows:
    z = np.exp(-np.abs(eta))
    small = z / (1.0 + z)
    mean = np.where(eta >= 0.0, 1.0 - small, small)
    weight = small / (1.0 + z)
    return Rows(mean, weight, weight * (1.0 - 2.0 * mean), weight)


def _probit(eta: Array, _: float) -> Rows:
    from scipy.special import ndtr

    mean, rest = ndtr(eta), ndtr(-eta)
    density = np.exp(-0.5 * eta**2) / math.sqrt(2.0 * math.pi)
    weight = np.divide(density**2, mean * rest, out=np.zeros(len(eta)), where=mean * rest > 0.0)
    return Rows(mean, density, -eta * density, weight)


def _cloglog(eta: Array, _: float) -> Rows:
    t = np.exp(np.minimum(eta, 7.0))  # from here on the mean is 1 to float64
    mean = -np.expm1(-t)
    slope = t * np.exp(-t)
    return Rows(mean, slope, slope * (1.0 - t), np.divide(t * slope, mean, out=np.zeros(len(t)), where=mean > 0.0))


def _log(weight: Callable[[Array, float], Array]) -> Callable[[Array, float], Rows]:
    def rows(eta: Array, overdispersion: float) -> Rows:
        mean = np.exp(eta)
        return Rows(mean, mean, mean, weight(mean, overdispersion))

    return rows


def _log_most(weight: Callable[[float, float], float]) -> Callable[[float, float], Most]:
    def most(eta_max: float, overdispersion: float) -> Most:
        mean = math.exp(eta_max)
        return Most(mean, mean, mean, weight(mean, overdispersion))

    return most


def _probability(mean: float, slope: float, bend: float, weight: float) -> Callable[[float, float], Most]:
    return lambda _eta_max, _overdispersion: Most(mean, slope, bend, weight)


def _normal_quantile(mean: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(mean))


def _normal(eta: float) -> float:
    from scipy.special import ndtr

    return float(ndtr(eta))


MEANS: Mapping[tuple[str, str], Mean] = {
    ("gaussian", "identity"): Mean(
        _identity, lambda eta_max, _: Most(eta_max, 1.0, 1.0, 1.0), float, float, has_dispersion=True
    ),
    # largest values of the derivatives: 1/4, 1/(6 sqrt 3); φ(0), φ(1), 2/π; 1/e, and for t = exp(eta) by calculus
    ("binomial", "logit"): Mean(
        _logit, _probability(1.0, 0.25, 0.0963, 0.25),
        lambda mean: math.log(mean / (1.0 - mean)), lambda eta: 1.0 / (1.0 + math.exp(-eta)),
    ),
    ("binomial", "probit"): Mean(_probit, _probability(1.0, 0.3990, 0.2420, 0.6367), _normal_quantile, _normal),
    ("binomial", "cloglog"): Mean(
        _cloglog, _probability(1.0, 0.3679, 0.3100, 0.6480),
        lambda mean: math.log(-math.log1p(-mean)), lambda eta: -math.expm1(-math.exp(eta)),
    ),
    ("poisson", "log"): Mean(
        _log(lambda mean, _: mean), _log_most(lambda mean, _: mean), math.log, math.exp, is_log=True
    ),
    ("negative_binomial", "log"): Mean(
        _log(lambda mean, a: mean / (1.0 + a * mean)), _log_most(lambda mean, a: mean / (1.0 + a * mean)),
        math.log, math.exp, is_log=True,
    ),
    ("gamma", "log"): Mean(
        _log(lambda mean, _: np.ones(len(mean))), _log_most(lambda _mean, _a: 1.0), math.log, math.exp,
        has_dispersion=True, is_log=True,
    ),
}  # fmt: skip
"""By family and link."""
