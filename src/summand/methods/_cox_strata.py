"""Cox regression with every site as its own stratum: only the likelihood, its score and information leave a site.

A stratum's partial likelihood needs its own risk sets and nothing of another stratum's (Kalbfleisch & Prentice 2002,
section 4.4), so a site keeps its event times in ``local``, tallies sums by time, and `condense` turns these into
1 + p + p(p+1)/2 numbers, in which no time is left. A site without events, or with one patient, adds zero.
"""

from __future__ import annotations

import math

import numpy as np

from summand.methods._cox_step import CoxState
from summand.methods._follow_up import Events
from summand.methods._partial_likelihood import Positions, partial_likelihood, weighted_sums, width
from summand.methods._protocol import Block, Layout, Local
from summand.tables import Array

REACH_MAX = 300.0
"""exp(eta) of both signs, times the people of a site, stays within float64; only ratios of sums leave."""

ROUNDING = 1.001
"""A scaled covariate lies in [-1, 1] up to rounding."""


def strata_layout(state: CoxState, rows_max: int) -> Layout:
    """What a site contributes at ``state``.

    An event adds to the log-likelihood eta - log(sum of exp(eta) over at most ``rows_max`` at risk), where two eta
    differ by at most 2 |beta|; to the score a difference of two covariates in [-1, 1]; to the information a covariance
    of such covariates, at most 1 by Popoviciu's inequality.
    """
    p = len(state.beta)
    log_likelihood = 2.0 * float(np.abs(state.beta).sum()) + math.log(max(rows_max, 2))
    return (
        Block("partial log-likelihood", "nat", 1, ROUNDING * log_likelihood, "how well the model fits"),
        Block("score", "1", p, ROUNDING * 2.0, "the direction in which the model fits better"),
        Block("information", "1", p * (p + 1) // 2, ROUNDING, "how precisely the data determine the model"),
    )


def strata_tally(x: Array, times: Array, events: Events, state: CoxState, local: Local, efron: bool) -> Array:
    """One batch's sums by the site's own event times, shape (1 + p + (times + tied times) * width,).

    Args:
        x: Scaled, centred covariates, shape (rows, p).
        times, events: Shape (rows,).
        local: ``event_times`` and ``event_counts``, shape (times,).
        efron: Whether the sums over tied events are needed.
    """
    grid = local["event_times"]
    eta = x @ state.beta
    weights = np.exp(eta)
    after = np.searchsorted(grid, times, side="right")  # 0: left before the first event, never at risk
    exits = weighted_sums(x, weights, after, len(grid) + 1)[1:]
    deaths = death_sums(x, weights, after - 1, events, tied_times(local["event_counts"], efron))
    return np.concatenate([of_events(x, eta, events), exits.ravel(), deaths.ravel()])


def strata_condense(partial: Array, local: Local, p: int, efron: bool) -> Array:
    """The site's log-likelihood, score and information, shape (1 + p + p(p+1)/2,)."""
    counts = local["event_counts"]
    if not len(counts):
        return np.zeros(width(p))
    tied = tied_times(counts, efron)
    cut = 1 + p + len(counts) * width(p)
    exits = partial[1 + p : cut].reshape(len(counts), width(p))
    deaths = partial[cut:].reshape(len(tied), width(p))
    return partial_likelihood(exits, deaths, counts, tied, partial[: 1 + p]).flat()


def of_events(x: Array, eta: Array, events: Events) -> Array:
    """The sums of eta and x over those with the event, shape (1 + p,)."""
    return np.concatenate([[eta[events].sum()], events.astype(np.float64) @ x])


def tied_times(event_counts: Array, efron: bool) -> Positions:
    """The positions of the times at which Efron's correction differs from Breslow's denominator."""
    return np.flatnonzero(event_counts > 1) if efron else np.zeros(0, dtype=np.intp)


def death_sums(x: Array, weights: Array, position: Positions, events: Events, tied: Positions) -> Array:
    """Sums over those with the event at the tied times, shape (len(tied), width)."""
    if not len(tied):
        return np.zeros((0, width(x.shape[1])))
    place = np.searchsorted(tied, position)
    hit = events & (place < len(tied))
    hit[hit] = tied[place[hit]] == position[hit]
    return weighted_sums(x[hit], weights[hit], place[hit], len(tied))
