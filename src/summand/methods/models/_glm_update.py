"""The coordinator's half of a generalized linear model: accept, halve, diagnose or finish."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from summand.errors import MethodError, OutcomeConstant, SingularInformation
from summand.methods._ascent import Evaluation, Maximum, Parameters, ascend
from summand.methods._newton import symmetric
from summand.methods._protocol import Result
from summand.methods.models._glm_result import result
from summand.methods.models._glm_start import begin
from summand.methods.models._glm_state import END, MODEL, SURVEY, GlmState
from summand.tables import Array

if TYPE_CHECKING:
    from summand.methods.models._glm import GeneralizedLinearModel

OVERDISPERSION_TERM = "log(overdispersion)"
OVERDISPERSION_MIN = 1e-7
"""Counts that vary less than this more than Poisson's show no overdispersion."""


def update(method: GeneralizedLinearModel, total: Array, state: GlmState) -> GlmState | Result:
    """The next state, or the result.

    Raises:
        MethodError: with a diagnosis.
        CohortTooSmall: where a class or level has too few people.
    """
    state = replace(state, rounds=state.rounds + 1)
    if state.phase == SURVEY:
        return begin(method, total, state)
    if state.phase == END:
        return result(method, total, state)
    return _step(method, total, state)


def _step(method: GeneralizedLinearModel, total: Array, state: GlmState) -> GlmState:
    at = _evaluation(method, total, state)
    if state.phase == MODEL and state.round == 0:
        state = replace(state, half_deviance_null=-at.log_likelihood)
        _check_varies(method, state)
    if not method.joint:
        return _following(method, ascend(at, state, _parameters(method, state)), state)
    try:
        following = ascend(_positive(at), state, _parameters(method, state))
    except MethodError:
        if state.beta[-1] < math.log(1e-4):  # the likelihood is flat there, whatever else moves
            raise _no_overdispersion() from None
        raise
    if isinstance(following, GlmState) and following.accepted[-1] < math.log(OVERDISPERSION_MIN):
        raise _no_overdispersion()
    return _following(method, following, state)


def _evaluation(method: GeneralizedLinearModel, total: Array, state: GlmState) -> Evaluation:
    """The total in the units of the model itself, so that decrements are in standard errors."""
    factor = method.family_at(state).factor * method.weight_column.unit
    p = len(state.accepted)
    size = p * (p + 1) // 2
    information = symmetric(total[2 + p : 2 + p + size], p) * factor
    return Evaluation(
        log_likelihood=float(total[1]) * factor,
        score=total[2 : 2 + p] * factor,
        information=information,
        own_decrement=float(total[2 + p + size]) * factor if method.fixed else 0.0,
        rows_cut_off=float(total[0]),
        least=_least(method, state) * factor,
    )


def _least(method: GeneralizedLinearModel, state: GlmState) -> float:
    """A diagonal entry this small at the start is rounding: next to the information that all rows have there."""
    family = method.family_at(state)
    if method.fixed:
        weight = family.expected(np.array([0.0]))[0] if family.outcome == "two-valued" else 1.0 / family.unit
    else:
        eta = state.start + (method.offset_column.low + method.offset_column.high) / 2
        weight = family.expected(np.array([eta]))[0]
    return 1e-13 * float(weight) * state.weight_sum


def _positive(at: Evaluation) -> Evaluation:
    """The information with a positive definite part for the logarithm of the overdispersion.

    Far from the maximum the likelihood need not be concave in it; a step then goes uphill by the size of the curvature,
    and apart from the coefficients, with which it has no expected information.
    """
    information, last = at.information, len(at.score) - 1
    cross, own = information[:last, last], float(information[last, last])
    try:
        left = own - float(cross @ np.linalg.solve(information[:last, :last], cross)) if last else own
    except np.linalg.LinAlgError:
        return at  # singular in the coefficients: told by the ascent
    if left > 0.01 * abs(own):
        return at
    apart = information.copy()
    apart[:last, last] = apart[last, :last] = 0.0
    apart[last, last] = max(abs(own), 0.1 * abs(float(at.score[last])))
    return replace(at, information=apart)


def _parameters(method: GeneralizedLinearModel, state: GlmState) -> Parameters:
    design, family = method.design_at(state.phase), method.family_type
    terms, to_original = design.terms, design.to_original
    if method.joint:
        terms = (*terms, OVERDISPERSION_TERM)
        to_original = np.block(
            [[to_original, np.zeros((len(design), 1))], [np.zeros((1, len(design))), np.ones((1, 1))]]
        )
    highest = 0.0 if family.outcome == "two-valued" else None
    return Parameters(terms, to_original, family.separated, own_intercepts=method.fixed, highest=highest)


def _following(method: GeneralizedLinearModel, following: GlmState | Maximum[GlmState], state: GlmState) -> GlmState:
    """The next state: from the maximum of the null model on to the model, from that of the model to the end."""
    after = following.state if isinstance(following, Maximum) else following
    if state.phase == MODEL and state.round == 0:
        after = replace(after, score_statistic=after.decrement)
    if not isinstance(following, Maximum):
        return after
    if state.phase == MODEL:
        return replace(after, phase=END)
    p, places = len(method.design) + method.joint, list(method.places)
    accepted, step = np.zeros(p), np.zeros(p)
    accepted[places], step[places] = after.accepted, after.step
    return replace(
        after, phase=MODEL, round=0, accepted=accepted, step=step, log_likelihood=0.0, decrement=0.0, steady=0
    )


def _check_varies(method: GeneralizedLinearModel, state: GlmState) -> None:
    dispersed = method.family_type.has_dispersion
    if dispersed and state.half_deviance_null <= 1e-28 * state.weight_sum * method.weight_column.unit:
        raise OutcomeConstant("The outcome has one value only.", remedy="Choose an outcome that varies.")


def _no_overdispersion() -> MethodError:
    return SingularInformation(
        "The counts vary no more about their means than Poisson counts would: the overdispersion is 0, at the edge of"
        " what it can be.",
        remedy="Use family='poisson', or give an overdispersion.",
    )
