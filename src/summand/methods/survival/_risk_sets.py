"""Those at risk at each event time, as ratios: likelihood, hazard and their like follow from sums by time.

The symbols are those of `_partial_likelihood`. Times of several strata stand one stratum behind the other: risk sets
and running sums begin anew in each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from summand.methods.survival._partial_likelihood import Moments, Positions, covariates
from summand.tables import Array


@dataclass(frozen=True)
class RiskSets:
    """What the sums by time say about those at risk.

    Attributes:
        strata: How many strata the times are of, equally many each.
        at_risk: S0 as it was summed, shape (times,).
        weights: W of each time with events, else 0; shape (times,).
        s0: S0, 1 at times without events.
        a: S1 / S0, shape (p, times).
        tied: The times at which Efron's correction applies.
        b: D1 / S0, shape (p, tied).
        efron: The sums over l.
        first, second: The sums over l of u and u^2, times W/d; shape (times,).
        leaving, leaving_by_event: Sums of r x x' over those who leave (less those who enter), and over the tied events.
    """

    strata: int
    at_risk: Array
    weights: Array
    s0: Array
    a: Array
    tied: Positions
    b: Array
    efron: EfronSums
    first: Array
    second: Array
    leaving: Array
    leaving_by_event: Array

    @classmethod
    def of(
        cls, exits: Array, deaths: Array, counts: Array, tied: Positions, weights: Array | None = None, strata: int = 1
    ) -> Self:
        """The risk sets of all times.

        Args:
            exits: Sums over the people who leave at or after each event time and before the next, less the same sums
                over those who enter then: shape (width, times).
            deaths: Sums over those with the event at the times ``tied``, shape (width, len(tied)); for Breslow none.
            counts: d at each time, shape (times,); a time without events, or with nobody at risk, adds nothing.
            tied: Which times Efron's correction applies to.
            weights: W at each time; None: d.
            strata: How many strata the times are of.
        """
        p = covariates(len(exits))
        at_risk = _from_end(exits[: 1 + p], strata)
        happens = (counts > 0.5) & (at_risk[0] > 0.0)
        tied, deaths = tied[happens[tied]], deaths[:, happens[tied]]
        d = np.where(happens, counts, 0.0)
        w = d if weights is None else np.where(happens, weights, 0.0)
        s0 = np.where(happens, at_risk[0], 1.0)
        efron = EfronSums.of(deaths[0] / s0[tied], d[tied], w[tied])
        first, second = w.copy(), w.copy()
        first[tied], second[tied] = efron.u, efron.uu
        return cls(
            strata, at_risk[0], w, s0, at_risk[1:] / s0, tied, deaths[1 : 1 + p] / s0[tied], efron, first, second,
            exits[1 + p :], deaths[1 + p :],
        )  # fmt: skip

    def moments(self, of_events: Array) -> Moments:
        """The likelihood, given the sums of eta and x over all events, shape (1 + p,)."""
        log_likelihood = float(of_events[0]) - float(self.weights @ np.log(self.s0)) + self.efron.log_u
        everywhere = np.ones(len(self.s0))
        return Moments(log_likelihood, of_events[1:] - self.expected(everywhere), self.information(everywhere))

    def expected(self, factor: Array) -> Array:
        """The events' expected covariates, each time counted ``factor`` times: shape (p,)."""
        return self.a @ (self.first * factor) - self.b @ (self.efron.cu * factor[self.tied])

    def information(self, factor: Array) -> Array:
        """The variance of the covariates at risk over the events, each time counted ``factor`` times: packed."""
        first, second, tied = self.first * factor, self.second * factor, factor[self.tied]
        # The sum over event times of S2 times a weight is the sum over exits of r x x' times the weights up to the exit.
        squares = self.leaving @ _running(first / self.s0, self.strata)
        squares = squares - self.leaving_by_event @ (self.efron.cu * tied / self.s0[self.tied])
        cross = (self.a[:, self.tied] * (self.efron.cuu * tied)) @ self.b.T
        square = (self.a * second) @ self.a.T - cross - cross.T + (self.b * (self.efron.ccuu * tied)) @ self.b.T
        return squares - square[np.triu_indices(len(self.a))]


def _from_end(sums: Array, strata: int) -> Array:
    """Sums over each time and all later ones of its stratum, shape as given."""
    by_stratum = sums.reshape(len(sums), strata, -1)[:, :, ::-1]
    return np.cumsum(by_stratum, axis=2)[:, :, ::-1].reshape(sums.shape)


def _running(values: Array, strata: int) -> Array:
    """Sums over each time and all earlier ones of its stratum, shape (times,)."""
    return np.cumsum(values.reshape(strata, -1), axis=1).ravel()


@dataclass(frozen=True)
class EfronSums:
    """Per tied time, sums over l of u, c u, u^2, c u^2 and c^2 u^2, times W/d: shape (tied,); and of log u over all."""

    u: Array
    cu: Array
    uu: Array
    cuu: Array
    ccuu: Array
    log_u: float

    @classmethod
    def of(cls, share: Array, counts: Array, weights: Array) -> Self:
        """The sums, from ``D0 / S0``, d and W at each tied time."""
        whole = counts.astype(np.intp)
        time = np.repeat(np.arange(len(whole)), whole)
        rank = np.arange(len(time)) - np.repeat(np.cumsum(whole) - whole, whole)
        c = rank / counts[time]
        u = 1.0 / (1.0 - c * share[time])
        mean = weights / counts

        def by_time(values: Array) -> Array:
            return mean * np.bincount(time, weights=values, minlength=len(whole)).astype(np.float64)

        squares = u * u
        return cls(
            by_time(u), by_time(c * u), by_time(squares), by_time(c * squares), by_time(c * c * squares),
            float(by_time(np.log(u)).sum()),
        )  # fmt: skip
