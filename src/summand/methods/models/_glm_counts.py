"""Families of counts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from summand.methods.models._glm_family import ROOM, ROOM_LOG, TINY, Family, Most, Rows
from summand.tables import Array

SIZE_LARGE = 50.0
"""From here on Stirling's series has every digit of float64, and the difference of two gamma functions has not."""


@dataclass(frozen=True)
class Poisson(Family):
    """Counts with variance mu, log link."""

    outcome: ClassVar[str] = "count"
    ratio: ClassVar[str] = "rate_ratio"
    has_log_link: ClassVar[bool] = True
    separated: ClassVar[str] = "name people who all have an outcome of 0"

    @property
    def factor(self) -> float:
        """The outcome's unit: a sum of counts is that many times the sum of scaled ones."""
        return self.unit

    def start(self, mean: float) -> float:
        """The logarithm."""
        return math.log(mean)

    def most(self, eta_max: float) -> Most:
        """``y log(y/mu) - (y - mu)`` with y at most 1 and mu at most `ROOM`."""
        return Most(ROOM + 2.0 + eta_max, ROOM, ROOM, ROOM)

    def rows(self, y: Array, eta: Array) -> Rows:
        """``y log(y/mu) - (y - mu)``."""
        mean = np.exp(np.minimum(eta, ROOM_LOG))
        residual = y - mean
        half = y * (np.log(np.maximum(y, TINY)) - eta) - residual
        return Rows(half, residual, mean, float(np.count_nonzero(eta > ROOM_LOG)))

    def expected(self, eta: Array) -> Array:
        """Mu."""
        return np.exp(np.minimum(eta, ROOM_LOG))

    def pearson(self, y: Array, eta: Array) -> Array:
        """``(y - mu)² / mu``."""
        mean = np.exp(np.minimum(eta, ROOM_LOG))
        return (y - mean) ** 2 / np.maximum(mean, TINY)

    def saturated(self, y: Array) -> Array:
        """``y log y - y - log y!`` of the unscaled count."""
        from scipy.special import gammaln, xlogy

        count = y * self.unit
        return np.asarray(xlogy(count, count) - count - gammaln(count + 1.0), dtype=np.float64)

    @property
    def saturated_max(self) -> float:
        """By Stirling's formula ``-log(2 pi y) / 2`` and less than 1/12."""
        return 0.5 * math.log(2.0 * math.pi * max(self.unit, 1.0)) + 1.0


@dataclass(frozen=True)
class NegativeBinomial(Poisson):
    """Counts with variance ``mu + a mu²``, log link; the size ``r = 1/a``, scaled like the counts: ``r / unit``.

    With a estimated, its logarithm is one parameter more. Near the Poisson distribution r is very large, and the terms
    of the likelihood are differences of numbers much larger than themselves: they are written here by
    ``z = (y - mu) / (r + mu)`` and Stirling's series, without such differences.

    Source: Lawless (1987), Canadian Journal of Statistics 15(3), 209-225; Venables & Ripley (2002), Modern Applied
        Statistics with S, §7.4.
    """

    overdispersion: float = 1.0

    canonical: ClassVar[bool] = False

    @property
    def size(self) -> float:
        """The scaled size r."""
        return 1.0 / (self.overdispersion * self.unit)

    def most(self, eta_max: float) -> Most:
        """As Poisson's; the deviance of the second kind of outcome is smaller, the observed information larger by y/4."""
        return Most(ROOM + 2.0 + eta_max, ROOM, ROOM + 1.0, ROOM)

    def rows(self, y: Array, eta: Array) -> Rows:
        """``y log(y/mu) - (y + r) log((y + r)/(mu + r))``."""
        r = self.size
        mean = np.exp(np.minimum(eta, ROOM_LOG))
        residual, total = y - mean, mean + r
        half = y * (np.log(np.maximum(y, TINY)) - eta) - (y + r) * np.log1p(residual / total)
        share = r / total
        return Rows(half, residual * share, mean * share * (y + r) / total, float(np.count_nonzero(eta > ROOM_LOG)))

    def expected(self, eta: Array) -> Array:
        """``mu / (1 + a mu)``."""
        mean = np.exp(np.minimum(eta, ROOM_LOG))
        return mean * (self.size / (mean + self.size))

    def pearson(self, y: Array, eta: Array) -> Array:
        """``(y - mu)² / (mu + a mu²)``."""
        mean = np.exp(np.minimum(eta, ROOM_LOG))
        return (y - mean) ** 2 / np.maximum(mean * (1.0 + mean / self.size), TINY)

    def saturated(self, y: Array) -> Array:
        """Poisson's, and what the size adds."""
        return super().saturated(y) + self._size_part(y * self.unit)

    @property
    def saturated_max(self) -> float:
        """What the size adds is at most ``log(1 + y/r) / 2 + log(1 + 1/r) + 2``."""
        alpha = self.overdispersion
        return super().saturated_max + math.log1p(self.unit * alpha) + math.log1p(alpha) + 2.0

    def _size_part(self, y: Array) -> Array:
        """``log G(y + r) - log G(r) + r log r - (y + r) log(y + r) + y`` for unscaled counts and size."""
        r = 1.0 / self.overdispersion
        if r >= SIZE_LARGE:
            series = _odd(1.0 / (r + y)) - _odd(np.array(1.0 / r))
            return np.asarray(series - 0.5 * np.log1p(y / r), dtype=np.float64)
        from scipy.special import gammaln

        total = y + r
        part = gammaln(total) - gammaln(r) + r * math.log(r) - total * np.log(total) + y
        return np.asarray(part, dtype=np.float64)

    def size_rows(self, y: Array, eta: Array) -> tuple[Array, Array, Array, Array]:
        """What rows add for ``log a``: to the log-likelihood, its score, its information with eta, and its own.

        Each is scaled like `Rows`; the information of ``log a`` itself may be negative far from the maximum.
        """
        r, alpha = self.size, self.overdispersion
        mean = np.exp(np.minimum(eta, ROOM_LOG))
        total = mean + r
        z = (y - mean) / total
        count = y * self.unit
        first, second = self._differences(count)
        # dl/dr and d²l/dr² of the unscaled size, times r and r²; both in units of the count, then scaled
        once = (first + _log1p_less(z)) / alpha
        twice = (second + alpha * z * z / (1.0 + alpha * count)) / (alpha * alpha)
        cross = z * mean * (r / total)
        return self._size_part(count) / self.unit, -once / self.unit, cross, -(once + twice) / self.unit

    def _differences(self, y: Array) -> tuple[Array, Array]:
        """``psi(y + r) - psi(r) - log(1 + y/r)`` and its derivative by r, for unscaled counts and size."""
        r = 1.0 / self.overdispersion
        total = y + r
        if r < SIZE_LARGE:
            from scipy.special import digamma, polygamma

            first = digamma(total) - digamma(r) - np.log1p(y / r)
            second = polygamma(1, total) - polygamma(1, r) - 1.0 / total + 1.0 / r  # type: ignore[no-untyped-call]
            return np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
        a, b = 1.0 / r, 1.0 / total
        first = 0.5 * y * a * b + (a**2 - b**2) / 12 - (a**4 - b**4) / 120 + (a**6 - b**6) / 252
        second = -0.5 * y * (total + r) * (a * b) ** 2 - (a**3 - b**3) / 6 + (a**5 - b**5) / 30 - (a**7 - b**7) / 42
        return first, second

    def size_most(self) -> tuple[float, float, float, float]:
        """Bounds of `size_rows`."""
        own = self.saturated_max / self.unit
        return own, 2.0 * ROOM + 4.0, ROOM, 4.0 * ROOM + 8.0


def _odd(x: Array) -> Array:
    """Stirling's series of log G without its leading part."""
    return np.asarray(x / 12 - x**3 / 360 + x**5 / 1260 - x**7 / 1680, dtype=np.float64)


def _log1p_less(z: Array) -> Array:
    """``log(1 + z) - z`` with all its digits."""
    small = np.where(np.abs(z) < 0.05, z, 0.0)
    series = np.zeros_like(z)
    for k in range(12, 1, -1):
        series = (series + (-1.0) ** (k + 1) / k) * small
    return np.where(np.abs(z) < 0.05, series * small, np.log1p(z) - z)
