"""The sums by event time from which a Cox model's likelihood is made: inside a site, or over all of them."""

from __future__ import annotations

import numpy as np

from summand.methods.survival._cox_rows import CoxRows
from summand.methods.survival._partial_likelihood import Moments, Positions, weighted_sums, width
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
    x = rows.x
    linear = x @ beta
    eta = np.clip(linear, -furthest, furthest)
    risk = rows.weighted(np.exp(eta))
    of_events = rows.event_weights()
    head = np.concatenate([[float(np.count_nonzero(linear != eta)), float(of_events @ eta)], of_events @ x])
    exits = _exit_sums(rows, risk, len(event_counts) // strata, strata)
    tied = _tied(event_counts, efron)
    deaths = _death_sums(rows, risk, len(event_counts) // strata, tied)
    return np.concatenate([head, exits.ravel(), deaths.ravel()])


def risk_sets(
    sums: Array, event_counts: Array, p: int, *, efron: bool, weights: Array | None = None, strata: int = 1
) -> RiskSets:
    """The risk sets behind `risk_sums` of all batches."""
    tied = _tied(event_counts, efron)
    cut = 2 + p + len(event_counts) * width(p)
    exits = sums[2 + p : cut].reshape(width(p), len(event_counts))
    deaths = sums[cut:].reshape(width(p), len(tied))
    return RiskSets.of(exits, deaths, event_counts, tied, weights, strata)


def likelihood(
    sums: Array, event_counts: Array, p: int, *, efron: bool, weights: Array | None = None, strata: int = 1
) -> Moments:
    """The log-likelihood, score and information of the risk sets behind `risk_sums` of all batches."""
    return risk_sets(sums, event_counts, p, efron=efron, weights=weights, strata=strata).moments(sums[1 : 2 + p])


def tied_count(event_counts: Array, *, efron: bool) -> int:
    """At how many times Efron's correction differs from Breslow's denominator."""
    return len(_tied(event_counts, efron))


def _tied(event_counts: Array, efron: bool) -> Positions:
    return np.flatnonzero(event_counts > 1.5) if efron else np.zeros(0, dtype=np.intp)


def _exit_sums(rows: CoxRows, risk: Array, times: int, strata: int) -> Array:
    """Sums over those who leave less those who enter, shape (width, strata * times)."""
    count = strata * (times + 1)
    sums = weighted_sums(rows.x, risk, rows.slots(rows.reached, times), count)
    if rows.entered is not None:
        late = rows.entered > 0
        sums -= weighted_sums(rows.x[late], risk[late], rows.slots(rows.entered, times)[late], count)
    by_stratum = sums.reshape(len(sums), strata, times + 1)[:, :, 1:]  # 0: gone before the first event
    return by_stratum.reshape(len(sums), strata * times)


def _death_sums(rows: CoxRows, risk: Array, times: int, tied: Positions) -> Array:
    """Sums over those with the event at the tied times, shape (width, len(tied))."""
    if not len(tied):
        return np.zeros((width(rows.x.shape[1]), 0))
    position = rows.at(times)
    place = np.searchsorted(tied, position)
    hit = rows.events & (place < len(tied))
    hit[hit] = tied[place[hit]] == position[hit]
    return weighted_sums(rows.x[hit], risk[hit], place[hit], len(tied))
