"""Families of generalized linear models, row by row, in scaled units: what one row adds, and at most how much.

An outcome is divided by its largest value ``unit`` in the dictionary (a gaussian one is centred too), and so is the mean:
with a log link ``eta`` is the logarithm of the scaled mean. Half a row's deviance, the score and the information are then
those of the unscaled model divided by `Family.factor`.

Steps use the observed information ``-d²l/deta²``, which is positive for every family here, so Newton's method has one
maximum to go to; standard errors use the expected one.

Source: McCullagh & Nelder (1989), Generalized Linear Models, table 2.1, §2.2-2.5 and §4.3 (links); Jørgensen (1984),
Biometrika 71(1), 21-30 (observed information of non-canonical links).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from summand.tables import Array

ROOM = 1024.0
"""A fitted mean may be this many times the largest outcome that the dictionary allows; beyond it a row is cut off.

Sums stay bounded so, and no fit is lost: at a maximum fitted means lie among the outcomes, and a step that leads further
is halved.
"""
ROOM_LOG = math.log(ROOM)
TINY = 1e-300


@dataclass(frozen=True)
class Rows:
    """What some rows add, each of shape (rows,).

    Attributes:
        half_deviance: Half the unit deviance: the log-likelihood of a perfect fit less that of this one.
        score: ``dl/deta``.
        weight: The observed information ``-d²l/deta²``, at least 0.
        cut_off: How many rows were out of range.
    """

    half_deviance: Array
    score: Array
    weight: Array
    cut_off: float = 0.0


@dataclass(frozen=True)
class Most:
    """The most that one row may add, given the largest possible ``|eta|``: see `Rows`, and the expected weight."""

    half_deviance: float
    score: float
    weight: float
    expected: float


@dataclass(frozen=True)
class Family(ABC):
    """Base of the families; ``unit`` is the outcome's largest value in the dictionary.

    Class attributes:
        outcome: What it must be: ``two-valued``, ``number``, ``count`` or ``positive``.
        ratio: What ``exp(coefficient)`` is; "" where it is nothing that people use.
        canonical: Whether observed and expected information are one.
        has_dispersion: Whether the variance has a scale of its own, estimated by Pearson's statistic.
        separated: What terms do when there is no maximum.
    """

    unit: float = 1.0

    outcome: ClassVar[str]
    ratio: ClassVar[str] = ""
    canonical: ClassVar[bool] = True
    has_dispersion: ClassVar[bool] = False
    has_log_link: ClassVar[bool] = False
    separated: ClassVar[str] = "predict the outcome without error"

    @property
    def factor(self) -> float:
        """What deviance, score and information of the scaled outcome are multiplied by."""
        return 1.0

    @abstractmethod
    def start(self, mean: float) -> float:
        """The linear predictor of a scaled mean: where an intercept alone starts."""

    @abstractmethod
    def most(self, eta_max: float) -> Most:
        """Bounds of one row."""

    @abstractmethod
    def rows(self, y: Array, eta: Array) -> Rows:
        """What rows with scaled outcomes y add at eta."""

    @abstractmethod
    def expected(self, eta: Array) -> Array:
        """The expected information ``(dmu/deta)² / V(mu)`` of each row."""

    @abstractmethod
    def pearson(self, y: Array, eta: Array) -> Array:
        """Each row's ``(y - mu)² / V(mu)``, scaled like `Rows`; may be very large."""

    def saturated(self, y: Array) -> Array:
        """Each row's log-likelihood at its own outcome, unscaled, dispersion 1."""
        return np.zeros(len(y))

    @property
    def saturated_max(self) -> float:
        """Bound of `saturated`."""
        return 1.0


@dataclass(frozen=True)
class Gaussian(Family):
    """Normal outcome, identity link; in units of half the outcome's range."""

    outcome: ClassVar[str] = "number"
    has_dispersion: ClassVar[bool] = True

    def start(self, mean: float) -> float:
        """The mean itself."""
        return mean

    def most(self, eta_max: float) -> Most:
        """A scaled outcome is at most 1."""
        away = 1.0 + eta_max
        return Most(0.5 * away * away, away, 1.0, 1.0)

    def rows(self, y: Array, eta: Array) -> Rows:
        """``(y - eta)² / 2``."""
        residual = y - eta
        return Rows(0.5 * residual * residual, residual, np.ones(len(y)))

    def expected(self, eta: Array) -> Array:
        """1."""
        return np.ones(len(eta))

    def pearson(self, y: Array, eta: Array) -> Array:
        """The squared residual."""
        residual = y - eta
        return residual * residual
