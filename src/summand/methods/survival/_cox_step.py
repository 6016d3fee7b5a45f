"""From one Newton step of Cox's partial likelihood to the next, or to a diagnosis."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from summand.errors import NotConverged, Separation, SingularInformation
from summand.methods._newton import Equations, equations, symmetric
from summand.methods.formulas._design import Design
from summand.methods.survival._cox_foresight import OFF_DONE, OFF_MAX
from summand.methods.survival._cox_state import CoxState, Fit
from summand.methods.survival._partial_likelihood import Moments
from summand.tables import Array

ITERATIONS_MAX = 60
DECREMENT_DONE = 1e-18
DECREMENT_DONE_BY_EVENT, DECREMENT_DONE_MAX = 1e-20, 1e-14
"""Newton's decrement s' I^-1 s is the squared length of the step in standard errors: 1e-9 of one is left to go; or more with
many events, as divided by their number it is the mean square by which predictors of those at risk change: by 1e-10."""
DECREMENT_VANISHING = 1e-6
INFORMATION_VANISHING = 1e-5
"""Along a step to infinity the information falls by a factor with each step; elsewhere it keeps its magnitude."""
CUT_OFFS_MAX = 6
LEAST_VARIANCE = 1e-24
"""Of a scaled, centred covariate: below this it is rounding."""


def ascend(moments: Moments, rows_cut_off: float, state: CoxState, design: Design, off: float = 0.0) -> CoxState | Fit:
    """The next place to ask at, or the maximum.

    Newton's method with step halving. The maximum is reported one step beyond the last evaluation, which then lies
    within 1e-7 standard errors, or 1e-9 with few events: the step's error is about the square of that. Where the information is too far off, the
    next place is the same.

    Args:
        off: By how much the information may be off, relative to itself, in any direction.

    Raises:
        SingularInformation, Separation, NotConverged: with the terms at fault.
    """
    first = state.iteration == 0
    if first and off > OFF_DONE:
        return state
    if first:
        state = replace(state, log_likelihood_null=moments.log_likelihood, information_null=moments.information)
    elif rows_cut_off > 0.5 or not moments.log_likelihood >= state.log_likelihood - _rounding(state):
        return _shorter(state, design, is_cut_off=rows_cut_off > 0.5)
    if off > OFF_MAX:
        return _again(moments, state)
    solver = _equations(symmetric(moments.information, len(design)), state, design)
    step = solver.solve(moments.score)
    decrement = float(moments.score @ step)
    state = replace(state, score_test=decrement) if first else state
    _check_monotone(step, decrement, state, design)
    stalled = not first and decrement < 1e-16 and decrement > state.decrement / 4
    is_last = decrement <= _done(state) or stalled
    if is_last and off > OFF_DONE:
        return _again(moments, state)
    if is_last:
        null = state.log_likelihood_null
        iterations = state.iteration + 1
        return Fit(state.beta + step, solver.inverse, moments.log_likelihood, null, iterations, state.score_test)
    return replace(
        _counted(state),
        beta=state.beta + step,
        accepted=state.beta,
        log_likelihood=moments.log_likelihood,
        decrement=decrement,
    )


def _done(state: CoxState) -> float:
    """The decrement at which one step more ends the ascent."""
    return max(DECREMENT_DONE, min(DECREMENT_DONE_BY_EVENT * state.events, DECREMENT_DONE_MAX))


def _again(moments: Moments, state: CoxState) -> CoxState:
    """The same place once more."""
    return replace(_counted(state), accepted=state.beta, log_likelihood=moments.log_likelihood)


def _rounding(state: CoxState) -> float:
    """How far a log-likelihood may fall by rounding alone."""
    return 1e-12 * (1.0 + abs(state.log_likelihood))


def _counted(state: CoxState) -> CoxState:
    """The state one iteration on.

    Raises:
        NotConverged: if there are too many.
    """
    if state.iteration + 1 >= ITERATIONS_MAX:
        raise NotConverged(
            f"The partial likelihood has no maximum within {ITERATIONS_MAX} evaluations.",
            remedy="Check the covariates for outliers, and leave out terms with few events.",
        )
    return replace(state, iteration=state.iteration + 1)


def _shorter(state: CoxState, design: Design, *, is_cut_off: bool) -> CoxState:
    """Half the step: the likelihood fell, or somebody's hazard is out of range."""
    cut_offs = state.cut_offs + is_cut_off
    if cut_offs > CUT_OFFS_MAX:
        raise _out_of_range(state.beta - state.accepted, state, design)
    return replace(_counted(state), beta=(state.beta + state.accepted) / 2, cut_offs=cut_offs)


def _check_monotone(step: Array, decrement: float, state: CoxState, design: Design) -> None:
    """A step that changes hazards as much as ever, while the information along it vanishes, has no end.

    Raises:
        Separation: naming the terms.
    """
    before = float(step @ symmetric(state.information_null, len(step)) @ step)
    if DECREMENT_DONE < decrement < min(DECREMENT_VANISHING, INFORMATION_VANISHING * before):
        raise _monotone(step, state, design)


def _equations(information: Array, state: CoxState, design: Design) -> Equations:
    """The information ready to solve with; where it vanishes only on the way, the likelihood is monotone."""
    try:
        return equations(information, design.terms, design.to_original, least=LEAST_VARIANCE * state.events)
    except SingularInformation:
        if state.iteration == 0:
            raise
        raise _monotone(state.beta, state, design) from None


def _monotone(direction: Array, state: CoxState, design: Design) -> Separation:
    """The diagnosis where the likelihood has no maximum."""
    return Separation(
        f"The partial likelihood rises without end along {_moving(direction, state, design)}: at every event the one "
        "who has it is extreme among those at risk, so no finite hazard ratio fits best.",
        remedy="Leave the term out, merge its levels, or compare groups by Kaplan-Meier curves and a log-rank test.",
    )


def _out_of_range(direction: Array, state: CoxState, design: Design) -> Separation:
    """The diagnosis where some people's hazards leave the range of the sums."""
    return Separation(
        f"Along {_moving(direction, state, design)} the fit moves to hazards more than a factor 10^11 from the mean: no "
        "finite hazard ratio fits best, or a few people lie far from all others.",
        remedy="Look for outliers in these columns; leave the term out, or use site='strata', which has more room.",
    )


def _moving(direction: Array, state: CoxState, design: Design) -> str:
    """The terms whose part in the linear predictor moves most."""
    spread = np.sqrt(np.diag(symmetric(state.information_null, len(direction))))
    size = np.abs(direction) * spread
    moving = [f"'{term}'" for term, part in zip(design.terms, size, strict=True) if part >= 0.1 * size.max()]
    return ", ".join(moving[:6])
