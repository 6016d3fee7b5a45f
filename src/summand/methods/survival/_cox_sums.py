"""The sums by event time from which a Cox model's likelihood is made: inside a site, or over all of them."""

from __future__ import annotations

import numpy as np

from summand.methods.survival._cox_rows import CoxRows
from summand.methods.survival._partial_likelihood import Moments, Positions, Sums, first_sums, weighted_sums, width
from summand.methods.survival._risk_sets import RiskSets
from summand.tables import Array


def risk_sums(
    rows: CoxRows, beta: Array, event_counts: Array, *, furthest: float, efron: bool, strata: int = 1
) -> Array:
    """One batch's sums at beta, with eta = x @ beta cut off at +-furthest and weights r = exp(eta).

    The cut is what makes the bound of every sum independent of how wide the dictionary's ranges are; the first number
    counts the rows it touched, and where there are any the sums are not used.

    Args:
        rows: Placed among the event times.
        beta: Shape (p,).
        event_counts: How many events each time has, shape (times,), one stratum behind the other.
        furthest: The most that abs(eta) may be.
        efron: Whether the sums over tied events are needed.
        strata: How many strata the times are of.

    Returns:
        Shape (2 + p + width * (times + tied times),): rows cut off; over events eta and x; by time r, r x, r x x' of
        those whose last event time it is, less those who enter after it; by tied time the same of those with the event.
    """
    _, parts = sums_by_time(rows, beta, event_counts, weighted_sums, furthest=furthest, efron=efron, strata=strata)
    return parts


def sums_by_time(
    rows: CoxRows, beta: Array, event_counts: Array, sums: Sums, *, furthest: float, efron: bool, strata: int
) -> tuple[Array, Array]:
    """Each row's r, shape (rows,), and `risk_sums` with the sums that ``sums`` makes by time."""
    x = rows.x
    linear = x @ beta
    eta = np.clip(linear, -furthest, furthest)
    risk = rows.weighted(np.exp(eta))
    of_events = rows.event_weights()
    head = np.concatenate([[float(np.count_nonzero(linear != eta)), float(of_events @ eta)], of_events @ x])
    exits = _exit_sums(rows, risk, len(event_counts) // strata, strata, sums)
    tied = tied_times(event_counts, efron)
    deaths = _death_sums(rows, risk, len(event_counts) // strata, tied, sums)
    return risk, np.concatenate([head, exits.ravel(), deaths.ravel()])


def risk_sets(
    sums: Array, event_counts: Array, p: int, *, efron: bool, weights: Array | None = None, strata: int = 1,
    products: bool = True,
) -> RiskSets:  # fmt: skip
    """The risk sets behind `risk_sums` of all batches, or behind `sums_by_time` without products."""
    tied, rows = tied_times(event_counts, efron), width(p) if products else 1 + p
    cut = 2 + p + len(event_counts) * rows
    exits = sums[2 + p : cut].reshape(rows, len(event_counts))
    deaths = sums[cut : cut + rows * len(tied)].reshape(rows, len(tied))
    return RiskSets.of(exits, deaths, p, event_counts, tied, weights, strata)


def likelihood(
    sums: Array, event_counts: Array, p: int, *, efron: bool, weights: Array | None = None, strata: int = 1
) -> Moments:
    """The log-likelihood, score and information of the risk sets behind `risk_sums` of all batches."""
    return risk_sets(sums, event_counts, p, efron=efron, weights=weights, strata=strata).moments(sums[1 : 2 + p])


def tied_count(event_counts: Array, *, efron: bool) -> int:
    """At how many times Efron's correction differs from Breslow's denominator."""
    return len(tied_times(event_counts, efron))


def tied_times(event_counts: Array, efron: bool) -> Positions:
    """The times at which Efron's correction differs from Breslow's denominator."""
    return np.flatnonzero(event_counts > 1.5) if efron else np.zeros(0, dtype=np.intp)


def exits_by_time(rows: CoxRows, times: int, strata: int) -> Array:
    """The case weight of those who leave at each time less those who enter, shape (strata * times,)."""
    ones = rows.weighted(np.ones(len(rows.reached)))
    by_time: Array = _exit_sums(rows, ones, times, strata, first_sums)[0]
    return by_time


def _exit_sums(rows: CoxRows, risk: Array, times: int, strata: int, sums: Sums) -> Array:
    """Sums over those who leave less those who enter, shape (width, strata * times)."""
    count = strata * (times + 1)
    found = sums(rows.x, risk, rows.slots(rows.reached, times), count)
    if rows.entered is not None:
        late = rows.entered > 0
        found -= sums(rows.x[late], risk[late], rows.slots(rows.entered, times)[late], count)
    by_stratum = found.reshape(len(found), strata, times + 1)[:, :, 1:]  # 0: gone before the first event
    return by_stratum.reshape(len(found), strata * times)


def _death_sums(rows: CoxRows, risk: Array, times: int, tied: Positions, sums: Sums) -> Array:
    """Sums over those with the event at the tied times, shape (width, len(tied))."""
    if not len(tied):
        return sums(rows.x[:0], risk[:0], rows.reached[:0], 0)
    places = np.full(tied[-1] + 1, -1)
    places[tied] = np.arange(len(tied))
    own = np.flatnonzero(rows.events)
    position = rows.at(times)[own]
    inside = position <= tied[-1]
    own, place = own[inside], places[position[inside]]
    hit = own[place >= 0]
    return sums(rows.x[hit], risk[hit], place[place >= 0], len(tied))
