"""The sums by event time from which a Cox model's likelihood is made: inside a site, or over all of them."""

from __future__ import annotations

import numpy as np

from summand.methods._follow_up import Events
from summand.methods._partial_likelihood import Moments, Positions, partial_likelihood, weighted_sums, width
from summand.tables import Array


def risk_sums(
    x: Array, eta: Array, reached: Positions, events: Events, event_counts: Array, *, shift: float, efron: bool
) -> Array:
    """One batch's sums, with weights r = exp(eta - shift).

    Args:
        x: Scaled, centred covariates, shape (rows, p).
        eta: x @ beta, shape (rows,).
        reached: How many event times each row lived to see, its own included; shape (rows,).
        events: Who has the event, shape (rows,).
        event_counts: How many events each time has, shape (times,).
        shift: A constant, so that r stays small; it cancels in the likelihood.
        efron: Whether the sums over tied events are needed.

    Returns:
        Shape (1 + p + (times + tied times) * width,): over events eta - shift and x; by time r, r x, r x x' of those
        whose last event time it is; by tied time the same of those with the event.
    """
    weights = np.exp(eta - shift)
    of_events = np.concatenate([[(eta[events] - shift).sum()], events.astype(np.float64) @ x])
    exits = weighted_sums(x, weights, reached, len(event_counts) + 1)[1:]  # 0: gone before the first event
    tied = _tied(event_counts, efron)
    deaths = _death_sums(x, weights, reached - 1, events, tied)
    return np.concatenate([of_events, exits.ravel(), deaths.ravel()])


def likelihood(sums: Array, event_counts: Array, p: int, *, efron: bool) -> Moments:
    """The log-likelihood, score and information of the risk sets behind `risk_sums` of all batches."""
    tied = _tied(event_counts, efron)
    cut = 1 + p + len(event_counts) * width(p)
    exits = sums[1 + p : cut].reshape(len(event_counts), width(p))
    deaths = sums[cut:].reshape(len(tied), width(p))
    return partial_likelihood(exits, deaths, event_counts, tied, sums[: 1 + p])


def tied_count(event_counts: Array, *, efron: bool) -> int:
    """At how many times Efron's correction differs from Breslow's denominator."""
    return len(_tied(event_counts, efron))


def _tied(event_counts: Array, efron: bool) -> Positions:
    return np.flatnonzero(event_counts > 1.5) if efron else np.zeros(0, dtype=np.intp)


def _death_sums(x: Array, weights: Array, position: Positions, events: Events, tied: Positions) -> Array:
    """Sums over those with the event at the tied times, shape (len(tied), width)."""
    if not len(tied):
        return np.zeros((0, width(x.shape[1])))
    place = np.searchsorted(tied, position)
    hit = events & (place < len(tied))
    hit[hit] = tied[place[hit]] == position[hit]
    return weighted_sums(x[hit], weights[hit], place[hit], len(tied))
