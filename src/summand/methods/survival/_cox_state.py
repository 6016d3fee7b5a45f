"""What travels between the rounds of a Cox regression, and where it ends."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from summand.methods.survival._times import TimesState
from summand.tables import Array


@dataclass(frozen=True)
class CoxState(TimesState):
    """What travels between the rounds of a Cox regression.

    Attributes:
        phase: ``times`` while a shared grid is learned, ``survey`` for people, events and means, ``ascent``, and
            ``after`` the fit for what only its coefficients allow to sum.
        iteration: How many times the likelihood was evaluated.
        n, events: People and events over all sites.
        centre: The means of the scaled covariates, shape (p,).
        beta: Where the likelihood is asked for, shape (p,), in scaled units.
        accepted: The best coefficients so far, shape (p,).
        log_likelihood, log_likelihood_null: At ``accepted``, and without covariates.
        decrement: Newton's decrement at ``accepted``.
        cut_offs: How many steps led to hazards out of range.
        information_null: The upper triangle of the information without covariates, shape (p(p+1)/2,).
        event_counts: How many events each time of a shared grid has, one stratum behind the other; empty with one
            stratum per site.
        foreseen: What is thought of the risk sets of a shared grid at ``beta``: see `Foresight.flat`.
        event_weights: The case weight of these events; empty without case weights.
        events_weight: The case weight of all events, as a share of the largest weight.
        clusters: How many clusters robust errors are of.
        score_test: The score test of no effect at all.
        at_risk: How many are at risk at each time of a shared grid, where that is asked for.
        hazards: Of a shared grid at ``beta``, where residuals are asked for: see `Hazards.flat`.
        timed: Sums by transformed time of a shared grid at ``beta``: see `timed_sums`.
        classes: The edges between classes of the linear predictor after the fit, over a shared grid.
        covariance: The upper triangle of the covariance after the fit; ``accepted`` then holds the estimates.
    """

    phase: str
    iteration: int
    n: int
    events: int
    centre: Array
    beta: Array
    accepted: Array
    log_likelihood: float
    log_likelihood_null: float
    decrement: float
    cut_offs: int
    information_null: Array
    event_counts: Array
    event_weights: Array = field(default_factory=lambda: np.zeros(0))
    events_weight: float = 0.0
    foreseen: Array = field(default_factory=lambda: np.zeros((4, 0)))
    clusters: int = 0
    score_test: float = 0.0
    at_risk: Array = field(default_factory=lambda: np.zeros(0))
    hazards: Array = field(default_factory=lambda: np.zeros((0, 0)))
    timed: Array = field(default_factory=lambda: np.zeros(0))
    classes: Array = field(default_factory=lambda: np.zeros(0))
    covariance: Array = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True)
class Fit:
    """Where the ascent ended, in scaled units.

    Attributes:
        beta: Shape (p,).
        covariance: The inverse of the information, shape (p, p).
        log_likelihood, log_likelihood_null: At ``beta``, and without covariates.
        iterations: How many times the likelihood was evaluated.
        score_test: The score test of no effect at all.
    """

    beta: Array
    covariance: Array
    log_likelihood: float
    log_likelihood_null: float
    iterations: int
    score_test: float
