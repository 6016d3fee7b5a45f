"""Fine and Gray's weighted risk sets, and the residuals of their sandwich variance.

Who had a competing event at x stays in the risk set at every later t with the weight G(t-) / G(x-), the probability not
to have been censored since. With r = exp(eta), an event time has the sums S0, S1, S2 of w r, w r x, w r x x'; Breslow's
partial likelihood is made of them. The score is a sum of residuals that are independent to first order,

    residual = integral of (x - S1/S0) w dM  +  integral of q(u) / Y(u) dMc(u),
    q(u) = sum over competing exits up to u of the integral over s > u of (x - S1/S0) w r dLambda(s),

with M and Mc the martingales of the event and of censoring; the second part is there because G is estimated.

Source: Fine & Gray (1999), JASA 94(446), 496-509, section 3 and its eqs. 7-8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from summand.methods.survival._causes import Kinds
from summand.methods.survival._fine_gray_times import CENSORED, COMPETING, EVENT, ExitTimes
from summand.methods.survival._partial_likelihood import Moments, weighted_sums, width
from summand.tables import Array


@dataclass(frozen=True)
class Rows:
    """Some rows at the coefficients in question.

    Attributes:
        x: Scaled, centred covariates, shape (rows, p).
        eta: Linear predictors, cut off at ±furthest, shape (rows,).
        risk: ``exp(eta)``.
        cut_off: How many rows were cut off.
        reached: How many grid times each row has reached, its own included, at least 1; shape (rows,).
        kinds: `CENSORED`, `EVENT` or `COMPETING`, shape (rows,).
    """

    x: Array
    eta: Array
    risk: Array
    cut_off: int
    reached: Kinds
    kinds: Kinds

    @classmethod
    def of(cls, x: Array, beta: Array, reached: Kinds, kinds: Kinds, furthest: float) -> Self:
        """Rows at ``beta``, shape (p,)."""
        linear = x @ beta
        eta = np.clip(linear, -furthest, furthest)
        return cls(x, eta, np.exp(eta), int(np.count_nonzero(linear != eta)), reached, kinds)


def partial_sums(rows: Rows, times: ExitTimes) -> Array:
    """What adds over batches: rows cut off, eta and x over events, and by event time the sums of those who leave there
    and, weighted by 1 / G(x-), of those whose competing event falls before it.

    Returns:
        Shape (2 + p + 2 * width * event times,).
    """
    events, competing = rows.kinds == EVENT, rows.kinds == COMPETING
    head = [float(rows.cut_off), float(rows.eta[events].sum())]
    place, count = times.events_reached[rows.reached], len(times.event_counts) + 1
    leaving = weighted_sums(rows.x, rows.risk, place, count)[:, 1:]
    kept = rows.risk[competing] / times.uncensored_before[rows.reached[competing] - 1]
    staying = weighted_sums(rows.x[competing], kept, place[competing], count)[:, :-1]
    return np.concatenate([head, events.astype(np.float64) @ rows.x, leaving.ravel(), staying.ravel()])


def risk_sets(sums: Array, times: ExitTimes, p: int) -> Array:
    """`partial_sums` with S0, S1 and S2 of every event time in place of who leaves and stays.

    Returns:
        Shape (2 + p + width * event times,). Linear in ``sums``, so risk sets add over sites.
    """
    leaving, staying = sums[2 + p :].reshape(2, width(p), len(times.event_counts))
    at_risk = np.cumsum(leaving[:, ::-1], axis=1)[:, ::-1] + times.uncensored_at_events * np.cumsum(staying, axis=1)
    return np.concatenate([sums[: 2 + p], at_risk.ravel()])


def likelihood(sets: Array, event_counts: Array, p: int) -> Moments:
    """Breslow's log-likelihood, score and information from `risk_sets`."""
    s0, mean, second = _by_event_time(sets, p)
    counts = np.where(s0 > 0.0, event_counts, 0.0)
    s0 = np.where(s0 > 0.0, s0, 1.0)
    log_likelihood = float(sets[1]) - float(counts @ np.log(s0))
    square = (mean * counts) @ mean.T
    information = second @ (counts / s0) - square[np.triu_indices(p)]
    return Moments(log_likelihood, sets[2 : 2 + p] - mean @ counts, information)


def _by_event_time(sets: Array, p: int) -> tuple[Array, Array, Array]:
    """S0, S1/S0 and S2 of every event time; the mean is 0 where nobody is at risk."""
    s = sets[2 + p :].reshape(width(p), -1)
    mean = np.divide(s[1 : 1 + p], s[0], out=np.zeros_like(s[1 : 1 + p]), where=s[0] > 0.0)
    return s[0], mean, s[1 + p :]


def competing_sums(rows: Rows, grid_times: int) -> Array:
    """Sums of r and r x by grid time over those with a competing event there, shape ((1 + p) * grid times,)."""
    competing = rows.kinds == COMPETING
    place, risk = rows.reached[competing] - 1, rows.risk[competing]
    columns = [risk, *(risk * column for column in rows.x[competing].T)]
    sums = [np.bincount(place, weights=column, minlength=grid_times) for column in columns]
    return np.concatenate(sums).astype(np.float64)


@dataclass(frozen=True)
class Baseline:
    """What residuals compare a row with.

    Attributes:
        means: S1/S0 at each event time, shape (p, event times).
        hazards: The baseline's steps d / S0, shape (event times,).
        influence: q(u) / Y(u) at each grid time, shape (p, grid times).
    """

    means: Array
    hazards: Array
    influence: Array

    @classmethod
    def of(cls, sets: Array, competing: Array, times: ExitTimes, p: int) -> Self:
        """The baseline behind `risk_sets` and `competing_sums` at the maximum.

        Without sums over competing events, shape (0,), censoring counts as known and has no influence.
        """
        s0, means, _ = _by_event_time(sets, p)
        hazards = np.divide(times.event_counts, s0, out=np.zeros_like(s0), where=s0 > 0.0)
        if not len(competing):
            return cls(means, hazards, np.zeros((p, times.exits.shape[1])))
        before = np.cumsum(competing.reshape(1 + p, -1) / times.uncensored_before, axis=1)
        later, later_means = _later(times.uncensored_at_events * hazards, means)
        after = times.events_reached[1:]
        q = before[1:] * later[after] - before[0] * later_means[:, after]
        risk = np.broadcast_to(times.at_risk_of_censoring, q.shape)
        return cls(means, hazards, np.divide(q, risk, out=np.zeros_like(q), where=risk > 0.5))


def residuals(rows: Rows, times: ExitTimes, baseline: Baseline) -> Array:
    """The residuals of some rows, whose sum is the score: shape (p, rows)."""
    x, place, last = rows.x.T, times.events_reached[rows.reached], rows.reached - 1
    so_far = np.concatenate([[0.0], np.cumsum(baseline.hazards)])
    so_far_means = _from_zero(np.cumsum(baseline.means * baseline.hazards, axis=1))
    found = np.asarray(-rows.risk * (x * so_far[place] - so_far_means[:, place]))
    events, competing, censored = (rows.kinds == kind for kind in (EVENT, COMPETING, CENSORED))
    found[:, events] += x[:, events] - baseline.means[:, place[events] - 1]
    later, later_means = _later(times.uncensored_at_events * baseline.hazards, baseline.means)
    kept = rows.risk[competing] / times.uncensored_before[last[competing]]
    then = place[competing]
    found[:, competing] -= kept * (x[:, competing] * later[then] - later_means[:, then])
    censoring = _from_zero(np.cumsum(baseline.influence * times.censoring_hazard, axis=1))
    found -= censoring[:, last + censored]
    found[:, censored] += baseline.influence[:, last[censored]]
    return found


def _later(steps: Array, means: Array) -> tuple[Array, Array]:
    """Sums of ``steps``, and of ``means`` times them, over the event times from the k-th on, k = 0 … event times."""
    sums = np.concatenate([np.cumsum(steps[::-1])[::-1], [0.0]])
    return sums, _from_zero(np.cumsum((means * steps)[:, ::-1], axis=1))[:, ::-1]


def _from_zero(sums: Array) -> Array:
    """Running sums with a 0 before the first."""
    return np.concatenate([np.zeros((len(sums), 1)), sums], axis=1)
