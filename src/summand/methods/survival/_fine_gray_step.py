"""From one total of a subdistribution hazard regression to the next state, or to the result."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from summand.errors import OutcomeConstant, UsageError
from summand.methods._ascent import Evaluation, Maximum, Parameters, ascend
from summand.methods._groups import check_events, check_groups
from summand.methods._newton import symmetric, term_rows
from summand.methods.formulas._design import Design
from summand.methods.survival._cox_grid import NUMBERS_MAX
from summand.methods.survival._cox_result import with_ratio
from summand.methods.survival._fine_gray_state import FineGrayState
from summand.methods.survival._fine_gray_sums import Baseline, likelihood
from summand.methods.survival._fine_gray_times import EVENT, ExitTimes
from summand.methods.survival._partial_likelihood import Moments, width
from summand.methods.survival._time_steps import step_count
from summand.methods.survival._times import TimeGrid
from summand.tables import Array, Count, Limits

LEAST_VARIANCE = 1e-24
"""Of a scaled, centred covariate: below this it is rounding."""


def after_survey(total: Array, state: FineGrayState, design: Design, limits: Limits, *, pooled: bool) -> FineGrayState:
    """The state that asks for the likelihood without covariates.

    Raises:
        OutcomeConstant: if nobody has the event.
        CohortTooSmall, SingularInformation: if too few people have the event or a level, or none has a level.
        UsageError: if a round would hold too many numbers.
    """
    p, groups = len(design), len(design.groups)
    n, events, competing = (round(float(count)) for count in total[:3])
    check_events(events, limits)
    if events == 0:
        raise OutcomeConstant(
            "Nobody at any site has the event.", remedy="Check the settings 'cause' and 'censored' and the status."
        )
    check_groups(total[3 + p : 3 + p + groups], design, limits)
    state = replace(state, phase="ascent", n=n, events=events, competing=competing, centre=total[3 : 3 + p] / n)
    return _with_exits(np.rint(total[3 + p + groups :]), state) if pooled else state


def _with_exits(counts: Array, state: FineGrayState) -> FineGrayState:
    """The state with the exits by kind and time of a shared grid."""
    exits = counts.reshape(3, len(state.times))
    numbers = int((exits[EVENT] > 0.5).sum()) * width(len(state.beta)) + (1 + len(state.beta)) * len(state.times)
    if numbers > NUMBERS_MAX:
        raise UsageError(
            f"A shared grid would take {numbers} numbers a round; at most {NUMBERS_MAX} are allowed.",
            remedy="Use site='strata', fewer terms, or times in larger units.",
        )
    return replace(state, exits=exits)


def _moments(total: Array, state: FineGrayState, p: int, *, pooled: bool) -> Moments:
    if not pooled:
        return Moments(float(total[1]), total[2 : 2 + p], total[2 + p :])
    counts = ExitTimes(state.exits).event_counts
    return likelihood(total[: 2 + p + width(p) * len(counts)], counts, p)


def after_ascent(total: Array, state: FineGrayState, design: Design, *, pooled: bool) -> FineGrayState:
    """One Newton step, half of one, or from the maximum on to its baseline.

    Raises:
        SingularInformation, Separation, NotConverged: with the terms at fault.
    """
    p = len(design)
    moments = _moments(total, state, p, pooled=pooled)
    if state.round == 0:
        state = replace(state, log_likelihood_null=moments.log_likelihood)
    at = Evaluation(
        moments.log_likelihood,
        moments.score,
        symmetric(moments.information, p),
        rows_cut_off=float(total[0]),
        least=LEAST_VARIANCE * state.events,
    )
    set_apart = "set those with the event apart from all others at risk"
    found = ascend(at, state, Parameters(design.terms, design.to_original, set_apart))
    if not isinstance(found, Maximum):
        return found
    return replace(
        found.state, phase="baseline", log_likelihood_last=found.log_likelihood, covariance=found.solver.inverse
    )


def after_baseline(total: Array, state: FineGrayState, p: int, *, pooled: bool) -> FineGrayState:
    """The state that asks for residuals."""
    state = replace(state, phase="residuals")
    if not pooled:
        return state
    times = ExitTimes(state.exits)
    cut = 2 + p + width(p) * len(times.event_counts)
    baseline = Baseline.of(total[:cut], total[cut:], times, p)
    return replace(state, means=baseline.means, hazards=baseline.hazards, influence=baseline.influence)


def result_values(
    total: Array, state: FineGrayState, design: Design, grid: TimeGrid, limits: Limits, *, pooled: bool
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The values of the result and what a reader must know beside them."""
    warnings = []
    covariance = state.covariance
    if total[0] > 0.5:
        warnings.append("Some people weigh too much for a sandwich variance: standard errors rest on the model alone.")
    else:
        covariance = covariance @ symmetric(total[1:], len(design)) @ covariance
    if pooled and not grid.is_exact:
        warnings.append(
            f"Times are grouped into {step_count(len(state.times))} of at least {grid.minimum_cell} events of the cause each; "
            "a time counts as the end of its step, and events in one step as tied (Breslow). Standard errors take the "
            "distribution of censoring as known."
        )
    beta, covariance = design.unscale(state.beta, covariance)
    censored_may_be_known = state.n - state.events - state.competing >= limits.minimum_cell
    values = {
        "n": Count(state.n),
        "events": Count(state.events),
        "competing_events": Count(state.competing) if censored_may_be_known else None,
        "converged": True,
        "iterations": state.round,
        "log_likelihood": state.log_likelihood_last,
        "log_likelihood_null": state.log_likelihood_null,
        "robust": not total[0] > 0.5,
        "terms": [with_ratio(row) for row in term_rows(design.terms, beta, covariance)],
    }
    return values, tuple(warnings)
