"""Regressions of a short series of totals: least squares, Prais–Winsten, Poisson and logistic; errors with memory.

Everything here is computed from what was opened, a number for each period; no rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from summand.errors import NotConverged
from summand.methods._newton import equations
from summand.tables import Array

ITERATIONS_MAX = 200
RHO_DONE = 1e-13
STEP_DONE = 1e-13
RHO_MOST = 0.999


@dataclass(frozen=True)
class Series:
    """One or two series of the same periods, one behind the other.

    Attributes:
        x: The design, shape (series × periods, p).
        terms: Its columns.
        y: The outcome, shape (series × periods,): means or totals; for Poisson and logistic, totals of events.
        size: For Poisson what the rate is per; for logistic how many people; else ones.
        count: How many series.
        family: ``linear``, ``poisson`` or ``logistic``.
    """

    x: Array
    terms: tuple[str, ...]
    y: Array
    size: Array
    count: int
    family: str

    def mean(self, eta: Array) -> Array:
        """Expected outcomes at linear predictors, for the given sizes."""
        if self.family == "poisson":
            return self.size * np.exp(eta)
        return eta if self.family == "linear" else self.size / (1.0 + np.exp(-eta))

    def variance(self, mean: Array) -> Array:
        """The variance function, which is also the derivative of the mean by the predictor."""
        if self.family == "poisson":
            return mean
        return np.ones_like(mean) if self.family == "linear" else mean * (1.0 - mean / self.size)


@dataclass(frozen=True)
class Fitted:
    """A fit.

    Attributes:
        beta: Shape (p,).
        covariance: Shape (p, p).
        residuals: Outcome less expectation, shape (series × periods,).
        dispersion: Pearson's chi-squared, or the squared residuals, over their degrees of freedom.
        rho: The autoregressive parameter of a Prais–Winsten fit; None for others.
        lags: Of Newey–West errors; None for others.
    """

    beta: Array
    covariance: Array
    residuals: Array
    dispersion: float
    rho: float | None = None
    lags: int | None = None


def least_squares(x: Array, y: Array, terms: tuple[str, ...]) -> tuple[Array, Array]:
    """Coefficients and ``inverse(x'x)``, by orthogonal factors.

    Raises:
        SingularInformation: where a term is a combination of others.
    """
    scale = np.sqrt((x * x).sum(axis=0))
    scale[scale == 0.0] = 1.0
    equations(x.T @ x, terms, np.eye(len(terms)))
    q, r = np.linalg.qr(x / scale)
    inverse = np.linalg.inv(r)
    return np.asarray((inverse @ (q.T @ y)) / scale), inverse @ inverse.T / np.outer(scale, scale)


def fit(series: Series, errors: str, lags: int) -> Fitted:
    """The fit of a series.

    Args:
        series: What is fitted.
        errors: ``independent``, ``newey_west`` or (linear only) ``prais_winsten``.
        lags: Of Newey–West; -1 for ``floor(4 (T / 100)^(2/9))``.

    Raises:
        SingularInformation, NotConverged: with a diagnosis.

    Source: Newey & West (1987), Econometrica 55(3), and (1994), Review of Economic Studies 61(4), for the lags;
        Prais & Winsten (1954), Cowles Commission 383; McCullagh & Nelder (1989), §9.2, for the dispersion.
    """
    if errors == "prais_winsten":
        return _prais_winsten(series)
    found, inverse = _maximum(series)
    if errors == "independent":
        return replace(found, covariance=inverse * found.dispersion)
    periods, p = len(series.y) // series.count, series.x.shape[1]
    lags = math.floor(4.0 * (periods / 100.0) ** (2.0 / 9.0)) if lags < 0 else lags
    by_time = (series.x * found.residuals[:, None]).reshape(series.count, periods, p).sum(axis=0)
    n = len(series.y)
    covariance = inverse @ _long_run(by_time, lags) @ inverse * (n / (n - p))
    return replace(found, covariance=covariance, lags=lags)


def _long_run(scores: Array, lags: int) -> Array:
    """Newey and West's sum of products of scores, Bartlett's weights, shape (p, p), from shape (periods, p)."""
    total = scores.T @ scores
    for lag in range(1, min(lags, len(scores) - 1) + 1):
        product = scores[lag:].T @ scores[:-lag]
        total += (1.0 - lag / (lags + 1.0)) * (product + product.T)
    return np.asarray(total)


def _maximum(series: Series) -> tuple[Fitted, Array]:
    """The estimates and the inverse of ``x' v x``; by Newton's method where the mean is not linear."""
    x, y, terms = series.x, series.y, series.terms
    freedom = len(y) - x.shape[1]
    if series.family == "linear":
        beta, inverse = least_squares(x, y, terms)
        residuals = y - x @ beta
        return Fitted(beta, inverse, residuals, float(residuals @ residuals) / freedom), inverse
    start = (y + 0.5) / (series.size + 1.0)
    eta = np.log(start / (1.0 - start)) if series.family == "logistic" else np.log((y + 0.5) / series.size)
    beta = np.zeros(x.shape[1])
    for _ in range(ITERATIONS_MAX):
        mean = series.mean(eta)
        weight = np.sqrt(np.maximum(series.variance(mean), 1e-300))
        working = weight * eta + (y - mean) / weight
        following, inverse = least_squares(x * weight[:, None], working, terms)
        done = float(np.abs(following - beta).max()) <= STEP_DONE * (1.0 + float(np.abs(following).max()))
        beta, eta = following, np.clip(x @ following, -700.0, 700.0)
        if done:
            residuals = y - series.mean(eta)
            pearson = float((residuals**2 / series.variance(series.mean(eta))).sum()) / freedom
            return Fitted(beta, inverse, residuals, pearson), inverse
    raise NotConverged(
        "The series' regression has not converged.",
        remedy="Look for periods without any event; use longer periods, fewer seasonal terms or the linear model.",
    )


def _prais_winsten(series: Series) -> Fitted:
    """Feasible generalised least squares with residuals that follow ``e_t = ρ e_(t-1) + u_t``, iterated to the end."""
    rho, terms = 0.0, series.terms
    for _ in range(ITERATIONS_MAX):
        x, y = _whitened(series.x, rho, series.count), _whitened(series.y[:, None], rho, series.count)[:, 0]
        beta, inverse = least_squares(x, y, terms)
        residuals = series.y - series.x @ beta
        following = autocorrelation(residuals, series.count)
        if abs(following - rho) <= RHO_DONE:
            own = y - x @ beta
            dispersion = float(own @ own) / (len(y) - x.shape[1])
            return Fitted(beta, inverse * dispersion, residuals, dispersion, rho=rho)
        rho = max(-RHO_MOST, min(RHO_MOST, following))
    raise NotConverged(
        "The autoregressive errors have not converged.", remedy="Use errors='newey_west', or a longer series."
    )


def _whitened(values: Array, rho: float, count: int) -> Array:
    """Values less ρ times those of the period before; the first of each series times ``sqrt(1 − ρ²)``."""
    shaped = values.reshape(count, -1, values.shape[1])
    found = shaped.copy()
    found[:, 1:] -= rho * shaped[:, :-1]
    found[:, 0] *= math.sqrt(1.0 - rho * rho)
    return found.reshape(values.shape)


def autocorrelation(residuals: Array, count: int) -> float:
    """The slope of residuals on those of the period before, 0 where they are all zero."""
    shaped = residuals.reshape(count, -1)
    below = float((shaped[:, :-1] ** 2).sum())
    return float((shaped[:, 1:] * shaped[:, :-1]).sum()) / below if below > 0.0 else 0.0
