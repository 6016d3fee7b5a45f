"""Hazards of a fitted Cox model, and each row's part in its score: what robust standard errors are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from summand.methods.survival._cox_rows import CoxRows
from summand.methods.survival._risk_sets import RiskSets
from summand.tables import Array

HAZARD_MAX = 100.0
"""The most events that a model may expect of one person: beyond it, a few people lie far from all others."""

RESIDUAL_MAX = 2.0 + 4.0 * HAZARD_MAX
"""The most that a score residual of such a person is: scaled covariates differ by at most 2."""


@dataclass(frozen=True)
class Hazards:
    """Sums over the l of each event time (see `_partial_likelihood`), with dH_l = (W/d) / (S0 - c_l D0).

    Attributes:
        step: The hazard, the sum of dH_l; shape (times,).
        step_x: The sum of dH_l xbar_l, where xbar_l is the mean covariate at risk; shape (p, times).
        mean: The mean of xbar_l, shape (p, times).
        tied, tied_x: The sums of c_l dH_l and of c_l dH_l xbar_l, for those who have the event themselves.
    """

    step: Array
    step_x: Array
    mean: Array
    tied: Array
    tied_x: Array

    @classmethod
    def of(cls, sets: RiskSets) -> Self:
        """The hazards of some risk sets."""
        efron, at = sets.efron, sets.tied
        step_x, mean = sets.a * sets.second, sets.a * sets.first
        step_x[:, at] -= sets.b * efron.cuu
        mean[:, at] -= sets.b * efron.cu
        tied, tied_x = np.zeros(len(sets.s0)), np.zeros_like(sets.a)
        tied[at] = efron.cu / sets.s0[at]
        tied_x[:, at] = (sets.a[:, at] * efron.cuu - sets.b * efron.ccuu) / sets.s0[at]
        weights = np.where(sets.weights > 0.0, sets.weights, 1.0)
        return cls(sets.first / sets.s0, step_x / sets.s0, mean / weights, tied, tied_x)

    def flat(self) -> Array:
        """All as rows of one table, shape (2 + 3p, times)."""
        return np.vstack([self.step, self.tied, self.step_x, self.mean, self.tied_x])

    @classmethod
    def from_flat(cls, table: Array) -> Self:
        """The hazards behind `flat`."""
        p = (len(table) - 2) // 3
        step_x, mean, tied_x = table[2 : 2 + p], table[2 + p : 2 + 2 * p], table[2 + 2 * p :]
        return cls(table[0], step_x, mean, table[1], tied_x)


def score_residuals(rows: CoxRows, beta: Array, hazards: Hazards, strata: int, furthest: float) -> tuple[Array, int]:
    """Each row's part in the score, times its case weight: shape (p, rows); and how many rows' hazard is out of range.

    A row adds ``x - xbar`` at its event, less the integral of ``(x - xbar) exp(eta) dH`` while it is at risk. Efron's
    correction counts a row that has the event at a tied time there only 1 - c_l times.

    Args:
        rows: Placed among the event times.
        beta: Where ``hazards`` were found, shape (p,).
        strata: How many strata the times are of.
        furthest: The most that abs(eta) may be.

    Source: Therneau, Grambsch & Fleming (1990), Biometrika 77(1), 147-160, section 4; for Efron's ties: Therneau &
        Grambsch (2000), section 4.2.
    """
    x, p = rows.x.T, len(beta)
    times = len(hazards.step) // strata
    by_stratum = np.zeros((1 + p, strata, times + 1))
    steps = np.vstack([hazards.step, hazards.step_x])
    by_stratum[:, :, 1:] = np.cumsum(steps.reshape(1 + p, strata, times), axis=2)
    running = by_stratum.reshape(1 + p, -1)
    passed = running[:, rows.slots(rows.reached, times)]
    if rows.entered is not None:
        passed = passed - running[:, rows.slots(rows.entered, times)]
    risk = np.exp(np.clip(rows.x @ beta, -furthest, furthest))
    expected = risk * passed[0]
    residuals = risk * passed[1:] - x * expected
    own, at = rows.events, rows.at(times)[rows.events]
    tied = risk[own] * (x[:, own] * hazards.tied[at] - hazards.tied_x[:, at])
    residuals[:, own] += x[:, own] - hazards.mean[:, at] + tied
    beyond = expected > HAZARD_MAX
    residuals[:, beyond] = 0.0
    return rows.weighted(residuals), int(np.count_nonzero(beyond))
