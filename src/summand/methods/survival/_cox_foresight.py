"""Products of covariates weighted by hazards that are foreseen, so that none has to be summed by time.

The information needs, of x x', only its sum over rows of r times the hazard that a row has lived through (less Efron's
part at its own event). That hazard is made of S0 and D0 at ``beta``, which the same round sums: so it is foreseen from
the last total, by log S0 as a linear function of beta, exact to the square of the step. From S0, S1, D0 and D1 at
``beta`` then follow the means at risk and how far what was foreseen is off, and with both

    sum over times and l of h_l S0_l V_l,        h_l foreseen, S0_l V_l the weighted covariance of those at risk

where the information has 1 / S0_l in place of h_l. Every term is positive semidefinite, so this differs from the
information, in any direction, by no more than the largest relative difference of an h_l. Newton's method keeps its
quadratic convergence (the information's error is that of a squared step), the covariance is taken where it is off by less
than `OFF_DONE`, and where a step was foreseen badly the same place is asked at again with the hazards now known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from summand.methods._newton import symmetric, upper
from summand.methods.survival._cox_rows import CoxRows
from summand.methods.survival._cox_sums import sums_by_time, tied_times
from summand.methods.survival._efron import EfronSums
from summand.methods.survival._partial_likelihood import first_sums
from summand.methods.survival._risk_sets import RiskSets, from_end, running
from summand.tables import Array

SHARE_MAX = 2.0
"""The most that a row's r times its hazard may be, as a share of all events; at what was foreseen right, 1."""

GROWTH_MAX = 40.0
"""The most that the logarithm of S0 is foreseen to change."""


OFF_DONE = 1e-10
OFF_MAX = 0.3
"""How far hazards may be off where the covariance is taken, and where a step is."""


@dataclass(frozen=True)
class Foresight:
    """What is thought of the risk sets at a place where nothing was summed yet.

    Attributes:
        s0, share: S0 and D0/S0 at each time, shape (times,).
        step: The hazard there, as a share of the weight of all events.
        own: What of ``step`` a row that has the event there does not live through.
    """

    s0: Array
    share: Array
    step: Array
    own: Array

    @classmethod
    def of(cls, s0: Array, share: Array, counts: Array, weights: Array, *, efron: bool) -> Self:
        """The hazards that S0 and D0/S0 give.

        Args:
            counts, weights: d and W at each time, shape (times,).
        """
        tied, happens = tied_times(counts, efron), counts > 0.5
        mean = np.where(happens, weights, 0.0) / max(float(weights[happens].sum()), 1e-300)
        step, own = mean / s0, np.zeros(len(s0))
        u, cu = EfronSums.hazards(share[tied], counts[tied], mean[tied])
        step[tied], own[tied] = u / s0[tied], cu / s0[tied]
        return cls(s0, share, step, own)

    def flat(self) -> Array:
        """All as rows of one table, shape (4, times)."""
        return np.stack([self.s0, self.share, self.step, self.own])

    @classmethod
    def from_flat(cls, table: Array) -> Self:
        """What is behind `flat`."""
        return cls(*table)


def at_start(exits: Array, deaths: Array, counts: Array, strata: int) -> tuple[Array, Array]:
    """S0 and D0/S0 at beta = 0, where r is 1: shape (times,).

    Args:
        exits: People, or their case weights, who leave at each time, less those who enter; shape (times,).
        deaths: Events, or their case weights.
        counts: Events.
    """
    at_risk = from_end(exits[np.newaxis], strata)[0]
    happens = (counts > 0.5) & (at_risk > 0.0)
    s0 = np.where(happens, at_risk, 1.0)
    return s0, np.where(happens, np.minimum(deaths / s0, 1.0), 0.0)


def foreseen(sets: RiskSets, step: Array, information: Array) -> tuple[Array, Array]:
    """S0 and D0/S0 one step on: shape (times,).

    Args:
        sets: Where the step begins.
        step: Shape (p,).
        information: Packed; its share of an event tells how much the predictor varies among those at risk.
    """
    events = float(sets.weights.sum())
    half = max(float(step @ symmetric(information, len(step)) @ step), 0.0) / (2.0 * events) if events else 0.0
    at_risk = np.clip(step @ sets.a + half, -GROWTH_MAX, GROWTH_MAX)
    own = np.clip((step @ sets.b) / np.where(sets.share > 0.0, sets.share, 1.0) + half, -GROWTH_MAX, GROWTH_MAX)
    share = np.zeros(len(sets.s0))
    share[sets.tied] = np.minimum(sets.share * np.exp(own - at_risk[sets.tied]), 1.0)
    return sets.s0 * np.exp(at_risk), share


def products(rows: CoxRows, risk: Array, step: Array, own: Array, strata: int, most: float) -> Array:
    """The sum of x x' times r times the hazard each row has lived through, packed.

    Args:
        risk: r of each row, shape (rows,).
        step, own: See `Foresight`; shape (strata * times,).
        most: Larger parts of a row, in absolute value, are cut off: so that every sum has a bound.
    """
    times = len(step) // strata
    lived = np.zeros((strata, times + 1))
    lived[:, 1:] = running(step, strata).reshape(strata, times)
    hazard = lived.ravel()[rows.slots(rows.reached, times)]
    if rows.entered is not None:
        hazard -= lived.ravel()[rows.slots(rows.entered, times)]
    hazard[rows.events] -= own[rows.at(times)[rows.events]]
    weighted = np.clip(risk * hazard, -most, most)
    return upper(rows.x.T @ (rows.x * weighted[:, np.newaxis]))


def grid_sums(
    rows: CoxRows, beta: Array, counts: Array, thought: Foresight, *, furthest: float, efron: bool, strata: int
) -> Array:
    """One batch's sums over a grid that sites share.

    Args:
        rows: Placed among the event times.
        beta: Shape (p,).
        counts: How many events each time has.
        thought: What is foreseen at beta.
        furthest: The most that abs(eta) may be.

    Returns:
        What `sums_by_time` gives without products, and behind it the products weighted by hazards, packed.
    """
    risk, by_time = sums_by_time(rows, beta, counts, first_sums, furthest=furthest, efron=efron, strata=strata)
    return np.concatenate([by_time, products(rows, risk, thought.step, thought.own, strata, SHARE_MAX)])
