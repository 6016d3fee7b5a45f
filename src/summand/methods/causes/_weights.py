"""Weights from propensity scores, for the people whom an estimand is about."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from summand.tables import Array

ESTIMANDS = ("ate", "att", "overlap")
CUT_LEAST, CUT_MOST = 0.001, 0.2
TRIM_MOST = 0.45


@dataclass(frozen=True)
class Weighing:
    """How scores become weights.

    With score e: ``ate`` weighs the treated by 1/e and the others by 1/(1 − e); ``att`` by 1 and e/(1 − e);
    ``overlap`` by 1 − e and e. Scores are cut to ``[cut, 1 − cut]`` before, and people whose score lies outside
    ``[trim, 1 − trim]`` are left out.

    Source: Li, Morgan & Zaslavsky (2018), Balancing Covariates via Propensity Score Weighting, JASA 113(521), Table 1;
        Crump et al. (2009), Biometrika 96(1), for trimming.
    """

    estimand: str
    cut: float
    trim: float

    @property
    def largest(self) -> float:
        """No weight is larger."""
        return {"ate": 1.0 / self.cut, "att": max((1.0 - self.cut) / self.cut, 1.0), "overlap": 1.0}[self.estimand]

    def inside(self, score: Array) -> NDArray[np.bool_]:
        """Who is compared: whose score lies within the trimming range."""
        return (score >= self.trim) & (score <= 1.0 - self.trim)

    def weights(self, score: Array, treated: Array) -> tuple[Array, Array, NDArray[np.bool_]]:
        """Weights, their derivatives with respect to the linear predictor, and whose score was cut.

        Args:
            score: Between 0 and 1, shape (rows,).
            treated: 0 or 1, shape (rows,).
        """
        e = np.clip(score, self.cut, 1.0 - self.cut)
        is_cut = e != score
        is_treated = treated > 0.5
        if self.estimand == "ate":
            weight = np.where(is_treated, 1.0 / e, 1.0 / (1.0 - e))
            slope = np.where(is_treated, (e - 1.0) / e, e / (1.0 - e))
        elif self.estimand == "att":
            odds = e / (1.0 - e)
            weight, slope = np.where(is_treated, 1.0, odds), np.where(is_treated, 0.0, odds)
        else:
            spread = e * (1.0 - e)
            weight, slope = np.where(is_treated, 1.0 - e, e), np.where(is_treated, -spread, spread)
        slope[is_cut] = 0.0
        return weight, slope, is_cut


def probability(eta: Array) -> Array:
    """1 / (1 + exp(-eta)) without overflow."""
    z = np.exp(-np.abs(eta))
    return np.where(eta >= 0.0, 1.0, z) / (1.0 + z)
