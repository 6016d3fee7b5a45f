"""Binomial families: an outcome of 0 or 1 under three links."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from summand.methods.models._glm_family import ROOM, ROOM_LOG, TINY, Family, Most, Rows
from summand.tables import Array


@dataclass(frozen=True)
class Logit(Family):
    """Binomial outcome 0 or 1, logit link."""

    outcome: ClassVar[str] = "two-valued"
    ratio: ClassVar[str] = "odds_ratio"
    separated: ClassVar[str] = "separate those with the outcome from those without"

    def start(self, mean: float) -> float:
        """Log odds."""
        return math.log(mean / (1.0 - mean))

    def most(self, eta_max: float) -> Most:
        """``-log(1 / (1 + exp(-|eta|)))`` is at most ``log 2 + |eta|``."""
        return Most(math.log(2.0) + eta_max, 1.0, 0.25, 0.25)

    def rows(self, y: Array, eta: Array) -> Rows:
        """From ``z = exp(-|eta|)``, which neither overflows nor loses the small tail probability."""
        sign = y + y - 1.0
        margin = eta * sign
        z = np.exp(-np.abs(margin))
        tail = 1.0 / (1.0 + z)
        missed = np.maximum(z, margin < 0.0) * tail
        return Rows(np.log1p(z) - np.minimum(margin, 0.0), sign * missed, z * tail * tail)

    def expected(self, eta: Array) -> Array:
        """``mu (1 - mu)``."""
        z = np.exp(-np.abs(eta))
        return z / ((1.0 + z) * (1.0 + z))

    def pearson(self, y: Array, eta: Array) -> Array:
        """``exp(-margin)``."""
        return np.exp(np.minimum(-eta * (y + y - 1.0), 600.0))


@dataclass(frozen=True)
class Probit(Family):
    """Binomial outcome 0 or 1, probit link: ``mu = Phi(eta)``.

    With ``m = ±eta`` and Mills' ratio ``r = phi(m) / Phi(m)``, a row adds ``±r`` to the score and ``r (r + m)`` to the
    information, which lies in (0, 1).
    """

    outcome: ClassVar[str] = "two-valued"
    canonical: ClassVar[bool] = False
    separated: ClassVar[str] = Logit.separated

    def start(self, mean: float) -> float:
        """The normal quantile."""
        from scipy.special import ndtri

        return float(ndtri(mean))

    def most(self, eta_max: float) -> Most:
        """Mills' ratio is at most ``|m| + 0.8``, and ``-log Phi(m)`` at most ``m²/2 + log(|m| + 2) + 1``."""
        return Most(0.5 * eta_max**2 + math.log(eta_max + 2.0) + 1.0, eta_max + 0.8, 1.0, 2.0 / math.pi + 1e-12)

    def rows(self, y: Array, eta: Array) -> Rows:
        """From ``log Phi``, which keeps the digits of small tails."""
        from scipy.special import log_ndtr

        sign = y + y - 1.0
        margin = eta * sign
        log_mean = log_ndtr(margin)
        mills = np.exp(-0.5 * margin * margin - 0.5 * math.log(2.0 * math.pi) - log_mean)
        # far out r (r + m) loses its digits; it is between 0 and 1 and falls from 1 as 1 - 1/m² there
        weight = np.clip(mills * (mills + margin), 0.0, 1.0)
        return Rows(-log_mean, sign * mills, weight)

    def expected(self, eta: Array) -> Array:
        """``phi² / (Phi (1 - Phi))``."""
        from scipy.special import log_ndtr

        log_weight = -eta * eta - math.log(2.0 * math.pi) - log_ndtr(eta) - log_ndtr(-eta)
        return np.asarray(np.exp(log_weight), dtype=np.float64)

    def pearson(self, y: Array, eta: Array) -> Array:
        """The odds against what was observed."""
        from scipy.special import log_ndtr

        margin = eta * (y + y - 1.0)
        return np.asarray(np.exp(np.minimum(log_ndtr(-margin) - log_ndtr(margin), 600.0)), dtype=np.float64)


@dataclass(frozen=True)
class CLogLog(Family):
    """Binomial outcome 0 or 1, complementary log-log link: ``mu = 1 - exp(-t)`` with ``t = exp(eta)``.

    With ``s = t / (exp(t) - 1)`` a row with the event adds s to the score and ``s (s + t - 1)`` to the information; one
    without adds ``-t`` and ``t``.
    """

    outcome: ClassVar[str] = "two-valued"
    canonical: ClassVar[bool] = False
    separated: ClassVar[str] = Logit.separated

    def start(self, mean: float) -> float:
        """``log(-log(1 - mean))``."""
        return math.log(-math.log1p(-mean))

    def most(self, eta_max: float) -> Most:
        """``t`` is at most `ROOM`; ``-log(1 - exp(-t))`` at most ``1 + |eta|``."""
        return Most(ROOM + 1.0 + eta_max, ROOM, ROOM, 0.65)

    def rows(self, y: Array, eta: Array) -> Rows:
        """Small t by series, which the difference in the information needs."""
        t = _exponential(eta)
        s = np.where(t < 700.0, t / np.expm1(np.minimum(t, 700.0)), 0.0)
        information = np.where(t < 1e-2, t / 2 + t * t / 12 - t**4 / 720, s + t - 1.0) * s
        event = y > 0.5
        missed = np.where(event, -np.log(-np.expm1(-t)), t)
        # with the event a large t is a mean of 1, and nothing is lost
        cut_off = float(np.count_nonzero((eta > ROOM_LOG) & ~event))
        return Rows(missed, np.where(event, s, -t), np.where(event, information, t), cut_off)

    def expected(self, eta: Array) -> Array:
        """``t² / (exp(t) - 1)``."""
        t = _exponential(eta)
        return np.where(t < 700.0, t * t / np.expm1(np.minimum(t, 700.0)), 0.0)

    def pearson(self, y: Array, eta: Array) -> Array:
        """``exp(t) - 1`` without the event, its inverse with it."""
        odds = np.expm1(np.minimum(_exponential(eta), 600.0))
        return np.where(y > 0.5, 1.0 / np.maximum(odds, TINY), odds)


def _exponential(eta: Array) -> Array:
    """``exp(eta)`` in the range in which ratios of it are finite."""
    return np.exp(np.clip(eta, -700.0, ROOM_LOG))
