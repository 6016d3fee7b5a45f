"""Families of positive outcomes, such as costs and lengths of stay."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from summand.methods.models._glm_family import ROOM, ROOM_LOG, TINY, Family, Most, Rows
from summand.tables import Array


@dataclass(frozen=True)
class Gamma(Family):
    """Positive outcome with variance ``dispersion * mu²``, log link."""

    outcome: ClassVar[str] = "positive"
    ratio: ClassVar[str] = "mean_ratio"
    canonical: ClassVar[bool] = False
    has_dispersion: ClassVar[bool] = True
    has_log_link: ClassVar[bool] = True

    def start(self, mean: float) -> float:
        """The logarithm."""
        return math.log(mean)

    def most(self, eta_max: float) -> Most:
        """``y/mu`` is at most `ROOM`, and the logarithm of a float64 at least -745."""
        return Most(ROOM + 746.0 + eta_max, ROOM, ROOM, 1.0)

    def rows(self, y: Array, eta: Array) -> Rows:
        """``y/mu - 1 - log(y/mu)``."""
        log_y = np.log(np.maximum(y, TINY))
        log_ratio = log_y - eta
        ratio = np.exp(np.minimum(log_ratio, ROOM_LOG))
        cut_off = float(np.count_nonzero(log_ratio > ROOM_LOG))
        return Rows(ratio - 1.0 - np.minimum(log_ratio, ROOM_LOG), ratio - 1.0, ratio, cut_off)

    def expected(self, eta: Array) -> Array:
        """1."""
        return np.ones(len(eta))

    def pearson(self, y: Array, eta: Array) -> Array:
        """``(y/mu - 1)²``."""
        return (np.exp(np.minimum(np.log(np.maximum(y, TINY)) - eta, ROOM_LOG)) - 1.0) ** 2

    def saturated(self, y: Array) -> Array:
        """``-log y`` of the unscaled outcome; the rest depends on the dispersion, see `_glm_result`."""
        return -np.log(np.maximum(y * self.unit, TINY))

    @property
    def saturated_max(self) -> float:
        """The logarithm of a float64 is less than 746."""
        return 746.0


@dataclass(frozen=True)
class InverseGamma(Gamma):
    """Positive outcome with variance ``dispersion * mu²``, inverse link ``mu = 1 / eta``, the canonical one."""

    ratio: ClassVar[str] = ""
    canonical: ClassVar[bool] = True
    has_log_link: ClassVar[bool] = False

    def start(self, mean: float) -> float:
        """The inverse."""
        return 1.0 / mean

    def most(self, eta_max: float) -> Most:
        """The mean is at most `ROOM`."""
        return Most(eta_max + 746.0 + ROOM_LOG, ROOM, ROOM * ROOM, ROOM * ROOM)

    def rows(self, y: Array, eta: Array) -> Rows:
        """``y eta - 1 - log(y eta)``; an eta that is not positive has no mean."""
        inside = np.maximum(eta, 1.0 / ROOM)
        mean = 1.0 / inside
        ratio = np.maximum(y, TINY) * inside
        return Rows(ratio - 1.0 - np.log(ratio), mean - y, mean * mean, float(np.count_nonzero(eta < 1.0 / ROOM)))

    def expected(self, eta: Array) -> Array:
        """``mu²``."""
        return np.maximum(eta, 1.0 / ROOM) ** -2.0

    def pearson(self, y: Array, eta: Array) -> Array:
        """``(y/mu - 1)²``."""
        return (y * np.maximum(eta, 1.0 / ROOM) - 1.0) ** 2
