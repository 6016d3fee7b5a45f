"""The coordinator's half of logistic regression: accept, halve, diagnose or finish."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from summand.errors import NotConverged, Separation, SingularInformation
from summand.methods._groups import check_classes, check_groups
from summand.methods._newton import Equations, equations, symmetric, term_rows
from summand.methods._protocol import Result
from summand.methods.formulas._design import Design
from summand.methods.models._logistic_state import LogisticState
from summand.tables import Array, Count, Limits

ROUNDS_MAX = 50
# Squared Newton decrement at which every step is below 1e-9 standard errors; the step is still taken, so the
# coefficients are some 1e-18 standard errors from the maximum, and the information is right to about 1e-9.
DECREMENT_MAX = 1e-18
# A decrement this small with steps that do not shrink means a maximum at infinity.
DECREMENT_VANISHING = 1e-6
STEP_STEADY = 0.5


@dataclass(frozen=True)
class _Sums:
    """One round's total by name."""

    counts: Array
    log_likelihood: float
    score: Array
    information: Array
    intercept_decrement: float
    sites_with_one_class: int


def advance(
    total: Array, state: LogisticState, design: Design, event: str, site: str, limits: Limits
) -> LogisticState | Result:
    """The next state, or the result.

    Raises:
        MethodError: with a diagnosis.
        CohortTooSmall: where a class or level has too few people.
    """
    sums = _read(total, state, design, site)
    if state.round == 0:
        state = dataclasses.replace(state, n=round(sums.counts[0]), events=round(sums.counts[1]))
        check_classes(state.n, state.events, event, limits)
        check_groups(sums.counts[2:], design, limits)
    elif sums.log_likelihood < state.log_likelihood - 1e-11 * (1.0 + abs(state.log_likelihood)):
        return _halved(state)
    solver = _solver(sums, state, design, site)
    step = solver.solve(sums.score)
    decrement = float(sums.score @ step) + sums.intercept_decrement
    steady = _steady(step, decrement, state)
    if decrement <= DECREMENT_MAX:
        return _result(state, sums, state.beta + step, solver, design, site)
    _check_separation(sums, steady, step, design)
    if state.round + 1 >= ROUNDS_MAX:
        raise _not_converged(state, decrement)
    return LogisticState(
        state.round + 1, state.beta, step, 1.0, sums.log_likelihood, decrement, steady, state.n, state.events
    )


def _read(total: Array, state: LogisticState, design: Design, site: str) -> _Sums:
    p = len(design)
    head = 2 + len(design.groups) if state.round == 0 else 0
    rest = total[head:]
    tail = rest[1 + p + p * (p + 1) // 2 :]
    return _Sums(
        counts=total[:head],
        log_likelihood=float(rest[0]),
        score=rest[1 : 1 + p],
        information=symmetric(rest[1 + p : 1 + p + p * (p + 1) // 2], p),
        intercept_decrement=float(tail[0]) if site == "fixed" else 0.0,
        sites_with_one_class=round(float(tail[2])) if site == "fixed" else 0,
    )


def _halved(state: LogisticState) -> LogisticState:
    """The same step tried again at half its size: the log-likelihood fell, so the maximum lies before it."""
    if state.round + 1 >= ROUNDS_MAX or state.step_size < 1e-6:
        raise _not_converged(state, state.decrement)
    return dataclasses.replace(state, round=state.round + 1, step_size=state.step_size / 2)


def _solver(sums: _Sums, state: LogisticState, design: Design, site: str) -> Equations:
    least = 1e-13 * 0.25 * state.n
    try:
        return equations(sums.information, design.terms, design.to_original, least if state.round == 0 else 0.0)
    except SingularInformation as singular:
        if state.round > 0:  # the columns were independent at equal weights: the weights have vanished since
            raise _separated(state.step, design) from None
        if site == "fixed":
            raise SingularInformation(
                f"With one intercept for each site: {singular.message}",
                remedy="Leave out what does not vary within any site, or use one intercept for all (site='pooled').",
            ) from None
        raise


def _steady(step: Array, decrement: float, state: LogisticState) -> int:
    """How many steps in a row kept their length while the decrement vanished."""
    length, before = float(np.abs(step).sum()), float(np.abs(state.step).sum())
    keeps = length >= STEP_STEADY and length >= 0.7 * before > 0.0
    return state.steady + 1 if keeps and decrement < DECREMENT_VANISHING else 0


def _check_separation(sums: _Sums, steady: int, step: Array, design: Design) -> None:
    if steady >= 2 or (sums.log_likelihood > -1e-7 and len(design)):
        raise _separated(step, design)


def _separated(step: Array, design: Design) -> Separation:
    size = np.abs(step)
    moving = [term for term, part in zip(design.terms, size, strict=True) if part >= 0.1 * size.max()]
    named = [term for term in moving if term != "Intercept"] or moving
    listed = ", ".join(f"'{term}'" for term in named[:6])
    return Separation(
        f"There is no maximum-likelihood estimate: {listed} separate those with the outcome from those without,"
        " and their coefficients grow without end.",
        remedy="Leave out or merge the levels named, or ask for a penalised fit; do not report these coefficients.",
    )


def _not_converged(state: LogisticState, decrement: float) -> NotConverged:
    return NotConverged(
        f"The fit has not converged after {state.round + 1} rounds (squared Newton decrement {decrement:.1e}).",
        remedy="Simplify the model; look for levels with few people and for columns that nearly repeat each other.",
    )


def _result(state: LogisticState, sums: _Sums, beta: Array, solver: Equations, design: Design, site: str) -> Result:
    estimates, covariance = design.unscale(beta, solver.inverse)
    warnings = []
    if sums.sites_with_one_class:
        sites = "1 site" if sums.sites_with_one_class == 1 else f"{sums.sites_with_one_class} sites"
        warnings.append(f"{sites} had only one outcome class and added nothing.")
    values = {
        "terms": term_rows(design.terms, estimates, covariance),
        "n": Count(state.n),
        "events": Count(state.events),
        "converged": True,
        "log_likelihood": sums.log_likelihood,
        "site": site,
    }
    return Result("logistic", values, tuple(warnings))
