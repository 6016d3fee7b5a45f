"""The coordinator's half of a parametric survival regression: where to start, Newton steps, and the result."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from summand.errors import OutcomeConstant
from summand.methods._ascent import Evaluation, Maximum, Parameters, ascend
from summand.methods._groups import check_events, check_groups
from summand.methods._newton import NORMAL_975, symmetric, term_rows
from summand.methods.formulas._design import Design
from summand.methods.survival._parametric_families import Family
from summand.methods.survival._parametric_state import ParametricState
from summand.tables import Array, Count, Limits

LEAST_VARIANCE = 1e-24
"""Of a scaled column: below this it is rounding."""


@dataclass(frozen=True)
class LogTime:
    """How log times reach [-1, 0]: ``(log t - largest) / span``."""

    largest: float
    span: float


def after_survey(
    total: Array, state: ParametricState, design: Design, family: Family, limits: Limits
) -> ParametricState:
    """The state that starts the ascent: no covariates, and the scale that the spread of log times suggests.

    Raises:
        OutcomeConstant: if nobody has the event, or all times are equal.
        CohortTooSmall, SingularInformation: if too few people have the event or a level, or none has a level.
    """
    n, events = round(float(total[0])), round(float(total[1]))
    check_events(events, limits)
    if events == 0:
        raise OutcomeConstant(
            "Nobody at any site has the event.", remedy="Check the coding of the status: 0/1, or 1/2 with 2 the event."
        )
    check_groups(total[5 : 5 + len(design.groups)], design, limits)
    mean = float(total[2]) / n
    variance = float(total[3]) / n - mean**2
    start = np.zeros(len(state.accepted))
    if not family.scale_is_one:
        if not variance > 1e-14:
            raise OutcomeConstant(
                "All follow-up times are equal.", remedy="Choose another time, or the exponential distribution."
            )
        start[-1] = 1.0 / math.sqrt(variance)
    silent = round(float(total[5 + len(design.groups) :].sum()))
    return replace(
        state, phase="ascent", accepted=start, n=n, events=events, centre=mean, event_log_times=float(total[4]),
        sites_without_events=silent,
    )  # fmt: skip


def after_ascent(
    total: Array, state: ParametricState, design: Design, family: Family, log_time: LogTime, *, own_intercepts: bool
) -> ParametricState | tuple[dict[str, Any], tuple[str, ...]]:
    """The next point, or the values of the result with what a reader must know beside them.

    The log-likelihood in ``beta / sigma`` and ``1 / sigma`` has, besides what the sites sum, the logarithm of ``1 / sigma``
    for every event.

    Raises:
        SingularInformation, Separation, NotConverged: with the terms at fault.
    """
    q, free = len(state.accepted), not family.scale_is_one
    score, information = total[2 : 2 + q].copy(), symmetric(total[2 + q : 2 + q + q * (q + 1) // 2], q)
    cut_off, log_scale = float(total[0]), 0.0
    if free:
        inverse_scale = float(state.beta[-1])
        if inverse_scale > 0.0:
            log_scale = math.log(inverse_scale)
            score[-1] += state.events / inverse_scale
            information[-1, -1] += state.events / inverse_scale**2
        else:
            cut_off = 1.0  # outside the model: the step was too long
    log_likelihood = float(total[1]) + state.events * log_scale
    at = Evaluation(
        log_likelihood,
        score,
        information,
        own_decrement=float(total[-1]) if own_intercepts else 0.0,
        rows_cut_off=cut_off,
        least=LEAST_VARIANCE * state.events,
    )
    found = ascend(at, state, _parameters(design, free=free, own_intercepts=own_intercepts))
    if not isinstance(found, Maximum):
        return found
    return _result(found, design, family, log_time, own_intercepts=own_intercepts)


def _parameters(design: Design, *, free: bool, own_intercepts: bool) -> Parameters:
    k = len(design)
    to_original = np.eye(k + free)
    to_original[:k, :k] = design.to_original
    terms = (*design.terms, "1/scale") if free else design.terms
    return Parameters(terms, to_original, "separate those who never have the event from the others", own_intercepts)


def _result(
    found: Maximum[ParametricState], design: Design, family: Family, log_time: LogTime, *, own_intercepts: bool
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Coefficients of log time, their ratios, and the scale.

    With b the shared parameters, c the centre and L the span of log times: sigma = L / b_scale, and the coefficients of
    log time are L b / b_scale, plus c for the intercept. The covariance follows by the delta method, exact at a maximum.
    """
    state, k, free = found.state, len(design), not family.scale_is_one
    parameters, covariance = state.beta, found.solver.inverse
    theta = parameters[:k]
    unit = log_time.span / float(parameters[-1]) if free else 1.0
    jacobian = np.eye(k + 1, k + free) * unit
    if free:
        jacobian[:k, -1] = -unit * theta / parameters[-1]
        jacobian[k, -1] = -1.0 / parameters[-1]
    changed = jacobian @ covariance @ jacobian.T
    estimates, of_estimates = design.unscale(unit * theta, changed[:k, :k])
    if not own_intercepts:
        estimates = estimates + (np.array(design.terms) == "Intercept") * (
            log_time.largest + log_time.span * state.centre
        )
    log_hazards, of_hazards = design.unscale(-theta, covariance[:k, :k])
    rows = [
        {**row, **_ratio("time_ratio", row), **(_ratio(family.ratio, hazard) if family.ratio else {})}
        for row, hazard in zip(
            term_rows(design.terms, estimates, of_estimates),
            term_rows(design.terms, log_hazards, of_hazards),
            strict=True,
        )
    ]
    if free:
        rows += term_rows(("log(scale)",), np.array([math.log(unit)]), changed[k:, k:])
    log_likelihood = found.log_likelihood - state.events * (
        log_time.largest + (math.log(log_time.span) if free else 0.0)
    ) - log_time.span * state.event_log_times  # fmt: skip
    warnings = []
    if state.sites_without_events:
        sites = "1 site" if state.sites_without_events == 1 else f"{state.sites_without_events} sites"
        warnings.append(f"{sites} had no event and added nothing.")
    values = {
        "n": Count(state.n),
        "events": Count(state.events),
        "converged": True,
        "log_likelihood": log_likelihood,
        "scale": unit,
        "terms": rows,
    }
    return values, tuple(warnings)


def _ratio(name: str, row: dict[str, Any]) -> dict[str, float | None]:
    """A term's estimate as a ratio with its interval; nothing for the intercept."""
    if row["term"] == "Intercept":
        return {}
    low, high = (row["estimate"] + side * NORMAL_975 * row["std_error"] for side in (-1.0, 1.0))
    values = {name: row["estimate"], f"{name}_low": low, f"{name}_high": high}
    return {key: math.exp(value) if value < 700.0 else None for key, value in values.items()}
