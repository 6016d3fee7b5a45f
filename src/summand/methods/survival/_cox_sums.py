"""The sums by event time from which a Cox model's likelihood is made: inside a site, or over all of them."""

from __future__ import annotations

import numpy as np

from summand.methods.survival._follow_up import Events
from summand.methods.survival._partial_likelihood import Moments, Positions, partial_likelihood, weighted_sums, width
from summand.tables import Array


def risk_sums(
    x: Array, beta: Array, reached: Positions, events: Events, event_counts: Array, *, furthest: float, efron: bool
) -> Array:
    """One batch's sums at beta, with eta = x @ beta cut off at +-furthest and weights r = exp(eta).

    The cut is what makes the bound of every sum independent of how wide the dictionary's ranges are; the first number
    counts the rows it touched, and where there are any the sums are not used.

    Args:
        x: Scaled, centred covariates, shape (rows, p).
        beta: Shape (p,).
        reached: How many event times each row lived to see, its own included; shape (rows,).
        events: Who has the event, shape (rows,).
        event_counts: How many events each time has, shape (times,).
        furthest: The most that abs(eta) may be.
        efron: Whether the sums over tied events are needed.

    Returns:
        Shape (2 + p + width * (times + tied times),): rows cut off; over events eta and x; by time r, r x, r x x' of
        those whose last event time it is; by tied time the same of those with the event.
    """
    linear = x @ beta
    eta = np.clip(linear, -furthest, furthest)
    weights = np.exp(eta)
    head = [float(np.count_nonzero(linear != eta)), float(eta[events].sum())]
    of_events = np.concatenate([head, events.astype(np.float64) @ x])
    exits = weighted_sums(x, weights, reached, len(event_counts) + 1)[:, 1:]  # 0: gone before the first event
    tied = _tied(event_counts, efron)
    deaths = _death_sums(x, weights, reached - 1, events, tied)
    return np.concatenate([of_events, exits.ravel(), deaths.ravel()])


def likelihood(sums: Array, event_counts: Array, p: int, *, efron: bool) -> Moments:
    """The log-likelihood, score and information of the risk sets behind `risk_sums` of all batches."""
    tied = _tied(event_counts, efron)
    cut = 2 + p + len(event_counts) * width(p)
    exits = sums[2 + p : cut].reshape(width(p), len(event_counts))
    deaths = sums[cut:].reshape(width(p), len(tied))
    return partial_likelihood(exits, deaths, event_counts, tied, sums[1 : 2 + p])


def tied_count(event_counts: Array, *, efron: bool) -> int:
    """At how many times Efron's correction differs from Breslow's denominator."""
    return len(_tied(event_counts, efron))


def _tied(event_counts: Array, efron: bool) -> Positions:
    return np.flatnonzero(event_counts > 1.5) if efron else np.zeros(0, dtype=np.intp)


def _death_sums(x: Array, weights: Array, position: Positions, events: Events, tied: Positions) -> Array:
    """Sums over those with the event at the tied times, shape (width, len(tied))."""
    if not len(tied):
        return np.zeros((width(x.shape[1]), 0))
    place = np.searchsorted(tied, position)
    hit = events & (place < len(tied))
    hit[hit] = tied[place[hit]] == position[hit]
    return weighted_sums(x[hit], weights[hit], place[hit], len(tied))
