"""What travels between the rounds of a Cox regression, and where it ends."""

from __future__ import annotations

from dataclasses import dataclass

from summand.methods.survival._times import TimesState
from summand.tables import Array


@dataclass(frozen=True)
class CoxState(TimesState):
    """What travels between the rounds of a Cox regression.

    Attributes:
        phase: ``times`` while a shared grid is learned, ``survey`` for people, events and means, ``ascent`` after.
        iteration: How many times the likelihood was evaluated.
        n, events: People and events over all sites.
        centre: The means of the scaled covariates, shape (p,).
        beta: Where the likelihood is asked for, shape (p,), in scaled units.
        accepted: The best coefficients so far, shape (p,).
        log_likelihood, log_likelihood_null: At ``accepted``, and without covariates.
        decrement: Newton's decrement at ``accepted``.
        cut_offs: How many steps led to hazards out of range.
        information_null: The upper triangle of the information without covariates, shape (p(p+1)/2,).
        event_counts: How many events each time of a shared grid has; empty with one stratum per site.
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


@dataclass(frozen=True)
class Fit:
    """Where the ascent ended, in scaled units.

    Attributes:
        beta: Shape (p,).
        covariance: The inverse of the information, shape (p, p).
        log_likelihood, log_likelihood_null: At ``beta``, and without covariates.
        iterations: How many times the likelihood was evaluated.
    """

    beta: Array
    covariance: Array
    log_likelihood: float
    log_likelihood_null: float
    iterations: int
