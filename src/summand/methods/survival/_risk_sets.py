"""Those at risk at each event time, as ratios: likelihood, hazard and their like follow from sums by time.

The symbols are those of `_partial_likelihood`. Times of several strata stand one stratum behind the other: risk sets
and running sums begin anew in each.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from summand.methods.survival._efron import EfronSums
from summand.methods.survival._partial_likelihood import Moments, Positions
from summand.tables import Array


@dataclass(frozen=True)
class RiskSets:
    """What the sums by time say about those at risk.

    Attributes:
        strata: How many strata the times are of, equally many each.
        at_risk: S0 as it was summed, shape (times,).
        counts, weights: d and W of each time with events, else 0; shape (times,).
        s0: S0, 1 at times without events.
        a: S1 / S0, shape (p, times).
        tied: The times at which Efron's correction applies.
        share: D0 / S0, shape (tied,).
        b: D1 / S0, shape (p, tied).
        efron: The sums over l.
        first, second: The sums over l of u and u^2, times W/d; shape (times,).
        leaving, leaving_by_event: Sums of r x x' over those who leave (less those who enter), and over the tied events;
            without rows where they were not summed by time.
    """

    strata: int
    at_risk: Array
    counts: Array
    weights: Array
    s0: Array
    a: Array
    tied: Positions
    share: Array
    b: Array
    efron: EfronSums
    first: Array
    second: Array
    leaving: Array
    leaving_by_event: Array

    @classmethod
    def of(
        cls, exits: Array, deaths: Array, p: int, counts: Array, tied: Positions,
        weights: Array | None = None, strata: int = 1,
    ) -> Self:  # fmt: skip
        """The risk sets of all times.

        Args:
            exits: Sums over the people who leave at or after each event time and before the next, less the same sums
                over those who enter then: shape (width, times), or (1 + p, times) without products.
            deaths: Sums over those with the event at the times ``tied``, as many rows; for Breslow no columns.
            p: How many covariates there are.
            counts: d at each time, shape (times,); a time without events, or with nobody at risk, adds nothing.
            tied: Which times Efron's correction applies to.
            weights: W at each time; None: d.
            strata: How many strata the times are of.
        """
        at_risk = from_end(exits[: 1 + p], strata)
        happens = (counts > 0.5) & (at_risk[0] > 0.0)
        tied, deaths = tied[happens[tied]], deaths[:, happens[tied]]
        d = np.where(happens, counts, 0.0)
        w = d if weights is None else np.where(happens, weights, 0.0)
        s0 = np.where(happens, at_risk[0], 1.0)
        share = np.minimum(deaths[0] / s0[tied], 1.0)  # at most all at risk have the event, however sums were rounded
        efron = EfronSums.of(share, d[tied], w[tied])
        first, second = w.copy(), w.copy()
        first[tied], second[tied] = efron.u, efron.uu
        return cls(
            strata, at_risk[0], d, w, s0, at_risk[1:] / s0, tied, share, deaths[1 : 1 + p] / s0[tied], efron, first,
            second, exits[1 + p :], deaths[1 + p :],
        )  # fmt: skip

    def moments(self, of_events: Array) -> Moments:
        """The likelihood, given the sums of eta and x over all events, shape (1 + p,)."""
        everywhere = np.ones(len(self.s0))
        return self.moments_with(of_events, self.information(everywhere))

    def moments_with(self, of_events: Array, information: Array) -> Moments:
        """The same with the information, packed, from elsewhere."""
        log_likelihood = float(of_events[0]) - float(self.weights @ np.log(self.s0)) + self.efron.log_u
        return Moments(log_likelihood, of_events[1:] - self.expected(np.ones(len(self.s0))), information)

    def expected(self, factor: Array) -> Array:
        """The events' expected covariates, each time counted ``factor`` times: shape (p,)."""
        return self.a @ (self.first * factor) - self.b @ (self.efron.cu * factor[self.tied])

    def information(self, factor: Array) -> Array:
        """The variance of the covariates at risk over the events, each time counted ``factor`` times: packed."""
        tied = factor[self.tied]
        # The sum over event times of S2 times a weight is the sum over exits of r x x' times the weights up to the exit.
        squares = self.leaving @ running(self.first * factor / self.s0, self.strata)
        squares = squares - self.leaving_by_event @ (self.efron.cu * tied / self.s0[self.tied])
        return squares - self.mean_squares(factor)

    def mean_squares(self, factor: Array) -> Array:
        """The sum over l and times of u^2 (a - c b)(a - c b)', each time counted ``factor`` times: packed."""
        second, tied = self.second * factor, factor[self.tied]
        cross = (self.a[:, self.tied] * (self.efron.cuu * tied)) @ self.b.T
        square = (self.a * second) @ self.a.T - cross - cross.T + (self.b * (self.efron.ccuu * tied)) @ self.b.T
        return square[np.triu_indices(len(self.a))]

    def judged_by(self, s0: Array, share: Array) -> tuple[Self, float]:
        """These risk sets with one of the two u of u^2, and its S0, taken from elsewhere; and how far these are off.

        Args:
            s0, share: S0 at each time and D0 / S0 at each tied time as they were thought to be.

        Returns:
            The sets whose `mean_squares` belong to products weighted by the thought hazards; and the largest relative
            difference of such a hazard from the one of these sets.
        """
        ratio = np.where(self.weights > 0.0, self.s0 / s0, 1.0)
        efron, least, most = self.efron.judged_by(self.share, share, self.counts[self.tied], self.weights[self.tied])
        scale = ratio[self.tied]
        scaled = replace(efron, uu=efron.uu * scale, cuu=efron.cuu * scale, ccuu=efron.ccuu * scale)
        second = self.weights * ratio
        second[self.tied] = scaled.uu
        off = np.concatenate([ratio, scale * least, scale * most]) - 1.0
        return replace(self, efron=scaled, second=second), float(np.abs(off).max(initial=0.0))


def from_end(sums: Array, strata: int) -> Array:
    """Sums over each time and all later ones of its stratum, shape as given."""
    by_stratum = sums.reshape(len(sums), strata, -1)[:, :, ::-1]
    return np.cumsum(by_stratum, axis=2)[:, :, ::-1].reshape(sums.shape)


def running(values: Array, strata: int) -> Array:
    """Sums over each time and all earlier ones of its stratum, shape (times,)."""
    return np.cumsum(values.reshape(strata, -1), axis=1).ravel()
