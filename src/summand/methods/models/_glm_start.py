"""The first round of a generalized linear model, judged: whether there are enough people, and where to start."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from summand.errors import OutcomeConstant, SingularInformation, ValueOutOfRange
from summand.methods._groups import check_classes, check_events, check_groups
from summand.methods.models._glm_condense import start_of
from summand.methods.models._glm_state import MODEL, NULL, GlmState
from summand.methods.models._weights import Effective, check_effective
from summand.tables import Array

if TYPE_CHECKING:
    from summand.methods.models._glm import GeneralizedLinearModel

FIRST_OVERDISPERSION = (0.05, 20.0)
"""Where the moments of the outcome may put a first overdispersion."""


@dataclass(frozen=True)
class _Survey:
    """The first round's total by name."""

    rows: int
    events: int
    not_positive: int
    groups: Array
    weights: float
    start: Array
    squares: float
    group_weights: Array
    group_squares: Array
    sites: int
    left_out: int


def _read_survey(method: GeneralizedLinearModel, total: Array) -> _Survey:
    groups = len(method.design.groups)
    parts = iter(np.split(total, np.cumsum([block.size for block in method.layout(method.start())])[:-1]))
    head = [float(next(parts)[0]) for _ in range(3)]
    counts = next(parts) if groups else np.zeros(0)
    weights = float(next(parts)[0])
    start = np.zeros(3) if method.fixed else np.array([next(parts)[0] for _ in range(3)])
    squares, by_weight, by_square = float(head[0]), counts, counts
    if method.weight_column.column:
        squares = float(next(parts)[0])
        by_weight, by_square = (next(parts), next(parts)) if groups else (counts, counts)
    sites, left_out = (float(next(parts)[0]), float(next(parts)[0])) if method.fixed else (0.0, 0.0)
    return _Survey(
        round(head[0]), round(head[1]), round(head[2]), counts, weights, start, squares, by_weight, by_square,
        round(sites), round(left_out),
    )  # fmt: skip


def begin(method: GeneralizedLinearModel, total: Array, state: GlmState) -> GlmState:
    survey = _read_survey(method, total)
    _check_outcome(method, survey)
    check_groups(survey.groups, method.design, method.placed.limits)
    n_effective = survey.weights**2 / survey.squares if survey.squares > 0.0 else 0.0
    if method.weight_column.column:
        check_effective(
            Effective(survey.rows, survey.weights, survey.squares, survey.group_weights, survey.group_squares),
            method.design, method.placed.limits, method.parameter_count(),
        )  # fmt: skip
    parameters = len(method.design) + method.joint + survey.sites
    if survey.rows <= parameters:
        raise SingularInformation(
            "The model has as many coefficients as people, or more.", remedy="Choose fewer terms or a larger cohort."
        )
    phase = NULL if method.fits_null else MODEL
    design = method.design_at(phase)
    accepted = np.zeros(len(design) + method.joint)
    start = 0.0
    if "Intercept" in design.terms:
        start = start_of(method, survey.weights, *map(float, survey.start[:2]))
        accepted[design.terms.index("Intercept")] = start
    if method.joint:
        accepted[-1] = math.log(0.5 if method.fixed else _first_overdispersion(method, survey))
    return replace(
        state,
        phase=phase,
        accepted=accepted,
        step=np.zeros(len(accepted)),
        n=survey.rows,
        events=survey.events,
        site_count=survey.sites,
        sites_left_out=survey.left_out,
        n_effective=n_effective,
        weight_sum=survey.weights,
        start=start,
    )


def _first_overdispersion(method: GeneralizedLinearModel, survey: _Survey) -> float:
    """By the moments of the outcome: ``(variance - mean) / mean²``."""
    unit = method.outcome.unit
    mean, square = survey.start[0] / survey.weights, survey.start[2] / survey.weights
    moment = (square - mean * mean - mean / unit) / (mean * mean)
    return float(np.clip(moment, *FIRST_OVERDISPERSION))


def _check_outcome(method: GeneralizedLinearModel, survey: _Survey) -> None:
    outcome, limits, kind = method.outcome, method.placed.limits, method.family_type.outcome
    if outcome.two_values is not None and (kind == "two-valued" or limits.minimum_cell > 1):
        check_classes(survey.rows, survey.events, outcome.label, limits)
    if kind == "count":
        check_events(survey.events, limits)
        if survey.events == 0:
            raise OutcomeConstant(f"Everybody has 0 of '{outcome.label}'.", remedy="Choose an outcome that varies.")
    if survey.not_positive:
        raise ValueOutOfRange(
            f"The outcome '{outcome.label}' is 0 for some people, whom a gamma distribution does not have.",
            remedy="Model whether it is above 0 by logistic regression, and its amount where it is.",
        )
