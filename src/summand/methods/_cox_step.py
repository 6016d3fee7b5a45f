"""From one Newton step of Cox's partial likelihood to the next, or to a diagnosis."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NoReturn

import numpy as np

from summand.errors import NotConverged, Separation, SingularInformation
from summand.methods._design import Design
from summand.methods._newton import Equations, equations, symmetric
from summand.methods._partial_likelihood import Moments
from summand.methods._times import TimesState
from summand.tables import Array

ITERATIONS_MAX = 60
DECREMENT_DONE = 1e-18
"""Newton's decrement s' I^-1 s is the squared length of the step in standard errors: 1e-9 of one is left to go."""
DECREMENT_FLAT = 1e-6
STEP_ENDLESS = 0.05


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


def reach(beta: Array, centre: Array) -> float:
    """The most that |eta| can be: covariates lie in [-1, 1] before centring."""
    return float(np.abs(beta) @ (1.0 + np.abs(centre)))


def ascend(moments: Moments, state: CoxState, design: Design, reach_max: float) -> CoxState | Fit:
    """The next place to ask at, or the maximum.

    Newton's method with step halving. The maximum is reported one step beyond the last evaluation, which then lies
    within 1e-9 standard errors: the step's error is about the square of that.

    Raises:
        SingularInformation, Separation, NotConverged: with the terms at fault.
    """
    first = state.iteration == 0
    slack = 1e-12 * (1.0 + abs(state.log_likelihood))
    if state.iteration >= ITERATIONS_MAX:
        _not_converged()
    if not first and not moments.log_likelihood >= state.log_likelihood - slack:
        return replace(state, iteration=state.iteration + 1, beta=(state.beta + state.accepted) / 2)
    solver = _equations(symmetric(moments.information, len(design)), state, design)
    step = solver.solve(moments.score)
    decrement = float(moments.score @ step)
    null = moments.log_likelihood if first else state.log_likelihood_null
    if decrement < DECREMENT_FLAT and float(np.abs(step).sum()) > STEP_ENDLESS:
        _monotone(step, design.terms)
    stalled = not first and decrement < 1e-16 and decrement > state.decrement / 4
    if decrement <= DECREMENT_DONE or stalled:
        return Fit(state.beta + step, solver.inverse, moments.log_likelihood, null, state.iteration + 1)
    return replace(
        state,
        iteration=state.iteration + 1,
        beta=state.beta + _within(state.beta, step, state.centre, reach_max, design.terms),
        accepted=state.beta,
        log_likelihood=moments.log_likelihood,
        log_likelihood_null=null,
        decrement=decrement,
    )


def _within(beta: Array, step: Array, centre: Array, reach_max: float, terms: tuple[str, ...]) -> Array:
    """The step, shortened so that the sums' bounds fit."""
    room = reach_max - reach(beta, centre)
    if room < 1e-3 * reach_max:
        _monotone(step, terms)
    length = reach(step, centre)
    return step if length <= room else step * (room / length)


def _equations(information: Array, state: CoxState, design: Design) -> Equations:
    """The information ready to solve with; where it vanishes only on the way, the likelihood is monotone."""
    try:
        return equations(information, design.terms, design.to_original, least=1e-14 * state.events)
    except SingularInformation:
        if state.iteration == 0:
            raise
        _monotone(1.0 / np.sqrt(np.maximum(np.diag(information), np.finfo(np.float64).tiny)), design.terms)


def _monotone(step: Array, terms: tuple[str, ...]) -> NoReturn:
    largest = float(np.abs(step).max())
    guilty = [term for term, length in zip(terms, step, strict=True) if abs(length) > largest / 10]
    raise Separation(
        f"The partial likelihood rises without end along {_quoted(guilty)}: at every event the one who has it is "
        "extreme among those at risk, so no finite hazard ratio fits best.",
        remedy="Leave the term out, merge its levels, or compare the groups by Kaplan-Meier curves and a log-rank test.",
    )


def _not_converged() -> NoReturn:
    raise NotConverged(
        f"The partial likelihood has no maximum within {ITERATIONS_MAX} evaluations.",
        remedy="Check the covariates' ranges in the dictionary, and leave out terms with few events.",
    )


def _quoted(terms: list[str]) -> str:
    return ", ".join(f"'{term}'" for term in terms)
