"""The coordinator's half of linear regression: solve, correct, finish."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from summand.errors import OutcomeConstant, SingularInformation
from summand.methods._groups import check_groups
from summand.methods._newton import Equations, equations, symmetric, term_rows
from summand.methods._protocol import Result, State
from summand.methods._sandwich import MODEL, Sandwich
from summand.methods.formulas._design import Design
from summand.methods.models._tests import of_terms
from summand.methods.models._weights import Effective, check_effective
from summand.tables import Array, Count

if TYPE_CHECKING:
    from summand.methods.models._linear import LinearRegression

REFINEMENTS_MAX = 4
# A correction below this part of the largest coefficient is rounding.
CORRECTION_MIN = 1e-14


@dataclass(frozen=True)
class LinearState(State):
    """The solution so far.

    Attributes:
        round: 0 before the cross-products are known.
        n: Rows over all sites.
        site_count: Sites with rows, where each has its own intercept; else 0.
        outcome_mean: Of the scaled outcome.
        beta: Coefficients of the scaled columns, shape (p,).
        products: Upper triangle of the summed ``x x'``, shape (p(p+1)/2,).
        correction: Length of the correction that led to ``beta``; 0 before the first.
        weight_sum: Of the scaled weights, which is n without weights.
        residual_squares, outcome_squares, log_weights: Of the last residual round, once scores are summed.
        ending: Whether scores are summed, for a sandwich of errors.
    """

    round: int
    n: int
    site_count: int
    outcome_mean: float
    beta: Array
    products: Array
    correction: float
    weight_sum: float = 0.0
    residual_squares: float = 0.0
    outcome_squares: float = 0.0
    log_weights: float = 0.0
    ending: bool = False


def after_products(total: Array, state: LinearState, method: LinearRegression) -> LinearState:
    """The first solution, from the cross-products.

    Raises:
        CohortTooSmall: where a level has too few people, or weights leave too few in effect.
        SingularInformation: where columns are combinations of others, or people are fewer than terms.
    """
    design, groups = method.design, len(method.design.groups)
    n, at = round(total[0]), 2 + groups
    check_groups(total[2:at], design, method.placed.limits)
    weight_sum = float(n)
    if method.weights:
        weight_sum = float(total[at + 1])
        by_group = total[at + 3 : at + 3 + 2 * groups]
        effective = Effective(n, weight_sum, float(total[at + 2]), by_group[:groups], by_group[groups:])
        check_effective(effective, design, method.placed.limits, method.parameter_count())
        at += 3 + 2 * groups
    sites = round(total[at]) if method.site == "fixed" else 0
    rest = total[at + 1 :] if method.site == "fixed" else total[at:]
    if n <= len(design) + sites:
        raise SingularInformation(
            "The model has as many coefficients as people, or more.", remedy="Choose fewer terms or a larger cohort."
        )
    p = len(design)
    state = dataclasses.replace(state, round=1, n=n, site_count=sites, products=rest[p:], weight_sum=weight_sum)
    state = dataclasses.replace(state, outcome_mean=float(total[1]) / weight_sum)
    return dataclasses.replace(state, beta=normal_equations(state, design, method.site).solve(rest[:p]))


def normal_equations(state: LinearState, design: Design, site: str) -> Equations:
    """The summed ``x x'``, ready to solve with.

    Raises:
        SingularInformation: where columns are combinations of others.
    """
    matrix = symmetric(state.products, len(design))
    try:
        return equations(matrix, design.terms, design.to_original, least=1e-13 * state.weight_sum)
    except SingularInformation as singular:
        if site != "fixed":
            raise
        raise SingularInformation(
            f"With one intercept for each site: {singular.message}",
            remedy="Leave out what does not vary within any site, or use one intercept for all (site='pooled').",
        ) from None


def after_residuals(total: Array, state: LinearState, method: LinearRegression) -> LinearState | Result:
    """Correct the solution by what the residuals still hold, or finish.

    Raises:
        OutcomeConstant: where the outcome does not vary.
    """
    residual_squares, outcome_squares = float(total[0]), float(total[1])
    log_weights, products = (float(total[2]), total[3:]) if method.weights else (0.0, total[2:])
    if outcome_squares <= 1e-30 * state.weight_sum:
        raise OutcomeConstant("The outcome has one value only.", remedy="Choose an outcome that varies.")
    step = normal_equations(state, method.design, method.site).solve(products)
    correction = float(np.abs(step).max(initial=0.0))
    small = correction <= CORRECTION_MIN * float(np.abs(state.beta).max(initial=0.0))
    stalled = state.correction > 0.0 and correction > 0.25 * state.correction
    if not (small or stalled or state.round >= REFINEMENTS_MAX):
        return dataclasses.replace(state, round=state.round + 1, beta=state.beta + step, correction=correction)
    if not method.parsed.intercept and method.site == "pooled":
        # without a constant, squares are told about zero, as R and statsmodels do
        outcome_squares += state.weight_sum * state.outcome_mean**2
    state = dataclasses.replace(
        state, residual_squares=residual_squares, outcome_squares=outcome_squares, log_weights=log_weights
    )
    if method.errors != MODEL and len(method.design):
        return dataclasses.replace(state, round=state.round + 1, ending=True)
    return _result(state, method, None)


def after_scores(total: Array, state: LinearState, method: LinearRegression, scale: float) -> Result:
    """The result with errors of a sandwich, from how many rows have full leverage, and squared scores.

    Raises:
        SingularInformation: where a row decides a coefficient alone, or there are too few clusters.
        CohortTooSmall: where the limits ask for more clusters.
    """
    if total[0] > 0.5:
        raise SingularInformation(
            "Somebody decides a coefficient alone, so that errors by HC3 have no value: the residual is always 0.",
            remedy="Merge levels with few people, or ask for errors='HC1'.",
        )
    sandwich = Sandwich.read(method.errors, total[1:], len(method.design), scale, method.placed.limits)
    return _result(state, method, sandwich)


def _result(state: LinearState, method: LinearRegression, sandwich: Sandwich | None) -> Result:
    design, (centre, half_width) = method.design, method.outcome_scale
    parameters = len(design) + state.site_count
    freedom = state.n - parameters
    variance = state.residual_squares / freedom
    inverse, t_freedom = normal_equations(state, design, method.site).inverse, float(freedom)
    spread = inverse * variance
    if sandwich is not None:
        spread = sandwich.covariance(inverse, state.n, parameters)
        t_freedom = sandwich.degrees_of_freedom(t_freedom)
    estimates, covariance = design.unscale(state.beta * half_width, spread * half_width**2)
    if design.terms[:1] == ("Intercept",):
        estimates[0] += centre
    has_constant = method.parsed.intercept or method.site == "fixed"
    r_squared = 1.0 - state.residual_squares / state.outcome_squares
    unit = method.weight_column.unit
    values: dict[str, Any] = {
        "terms": term_rows(design.terms, estimates, covariance, t_freedom),
        "n": Count(state.n),
        "converged": True,
        "log_likelihood": _log_likelihood(state, half_width, unit),
        "residual_sd": math.sqrt(variance * unit) * half_width,
        "degrees_of_freedom": freedom,
        "r_squared": r_squared,
        "r_squared_adjusted": 1.0 - (1.0 - r_squared) * (state.n - has_constant) / freedom,
        "site": method.site,
        "term_tests": of_terms(method.joint_places, estimates, covariance, t_freedom),
    }
    if sandwich is not None:
        values["errors"] = method.errors
        values |= {"clusters": Count(sandwich.clusters)} if sandwich.clusters else {}
    perfect = state.residual_squares <= 1e-28 * state.outcome_squares
    warnings = ("The model fits every outcome to the last digit.",) if perfect else ()
    return Result("linear", values, (*warnings, *(sandwich.warnings if sandwich else ())))


def _log_likelihood(state: LinearState, half_width: float, unit: float) -> float | None:
    """Of the normal model at its maximum, in nat; None where the residuals are all zero and it has none.

    Args:
        state: After the last residual round.
        half_width: Of the outcome.
        unit: Of the weights: the logarithms summed are those of weights divided by it.
    """
    n, squares = state.n, state.residual_squares * half_width**2
    if squares <= 0.0:
        return None
    return -n / 2 * (math.log(2.0 * math.pi * squares * unit / n) + 1.0) + state.log_weights + n / 2 * math.log(unit)
