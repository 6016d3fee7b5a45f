"""The coordinator's half of linear regression: solve, correct, finish."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from summand.errors import OutcomeConstant, SingularInformation
from summand.methods._groups import check_groups
from summand.methods._newton import Equations, equations, symmetric, term_rows
from summand.methods._protocol import Result, State
from summand.methods.formulas._design import Design
from summand.tables import Array, Count, Limits

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
    """

    round: int
    n: int
    site_count: int
    outcome_mean: float
    beta: Array
    products: Array
    correction: float


def after_products(total: Array, state: LinearState, design: Design, site: str, limits: Limits) -> LinearState:
    """The first solution, from the cross-products.

    Raises:
        CohortTooSmall: where a level has too few people.
        SingularInformation: where columns are combinations of others, or people are fewer than terms.
    """
    groups = len(design.groups)
    n = round(total[0])
    sites, rest = (round(total[2 + groups]), total[3 + groups :]) if site == "fixed" else (0, total[2 + groups :])
    check_groups(total[2 : 2 + groups], design, limits)
    if n <= len(design) + sites:
        raise SingularInformation(
            "The model has as many coefficients as people, or more.", remedy="Choose fewer terms or a larger cohort."
        )
    p = len(design)
    state = dataclasses.replace(state, round=1, n=n, site_count=sites, products=rest[p:])
    state = dataclasses.replace(state, outcome_mean=float(total[1]) / n)
    return dataclasses.replace(state, beta=_equations(state, design, site).solve(rest[:p]))


def _equations(state: LinearState, design: Design, site: str) -> Equations:
    matrix = symmetric(state.products, len(design))
    try:
        return equations(matrix, design.terms, design.to_original, least=1e-13 * state.n)
    except SingularInformation as singular:
        if site != "fixed":
            raise
        raise SingularInformation(
            f"With one intercept for each site: {singular.message}",
            remedy="Leave out what does not vary within any site, or use one intercept for all (site='pooled').",
        ) from None


def after_residuals(
    total: Array, state: LinearState, design: Design, site: str, intercept: bool, outcome_scale: tuple[float, float]
) -> LinearState | Result:
    """Correct the solution by what the residuals still hold, or finish.

    Raises:
        OutcomeConstant: where the outcome does not vary.
    """
    residual_squares, outcome_squares, products = float(total[0]), float(total[1]), total[2:]
    if outcome_squares <= 1e-30 * state.n:
        raise OutcomeConstant("The outcome has one value only.", remedy="Choose an outcome that varies.")
    solver = _equations(state, design, site)
    step = solver.solve(products)
    correction = float(np.abs(step).max(initial=0.0))
    small = correction <= CORRECTION_MIN * float(np.abs(state.beta).max(initial=0.0))
    stalled = state.correction > 0.0 and correction > 0.25 * state.correction
    if not (small or stalled or state.round >= REFINEMENTS_MAX):
        return dataclasses.replace(state, round=state.round + 1, beta=state.beta + step, correction=correction)
    if not intercept and site == "pooled":  # without a constant, squares are told about zero, as R and statsmodels do
        outcome_squares += state.n * state.outcome_mean**2
    return _result(state, design, site, intercept, solver, residual_squares, outcome_squares, outcome_scale)


def _result(
    state: LinearState,
    design: Design,
    site: str,
    intercept: bool,
    solver: Equations,
    residual_squares: float,
    outcome_squares: float,
    outcome_scale: tuple[float, float],
) -> Result:
    centre, half_width = outcome_scale
    freedom = state.n - len(design) - state.site_count
    variance = residual_squares / freedom
    estimates, covariance = design.unscale(state.beta * half_width, solver.inverse * variance * half_width**2)
    if design.terms[:1] == ("Intercept",):
        estimates[0] += centre
    has_constant = intercept or site == "fixed"
    r_squared = 1.0 - residual_squares / outcome_squares
    values: dict[str, Any] = {
        "terms": term_rows(design.terms, estimates, covariance, freedom),
        "n": Count(state.n),
        "converged": True,
        "log_likelihood": _log_likelihood(state.n, residual_squares * half_width**2),
        "residual_sd": math.sqrt(variance) * half_width,
        "degrees_of_freedom": freedom,
        "r_squared": r_squared,
        "r_squared_adjusted": 1.0 - (1.0 - r_squared) * (state.n - has_constant) / freedom,
        "site": site,
    }
    perfect = residual_squares <= 1e-28 * outcome_squares
    return Result("linear", values, ("The model fits every outcome to the last digit.",) if perfect else ())


def _log_likelihood(n: int, residual_squares: float) -> float | None:
    """Of the normal model at its maximum, in nat; None where the residuals are all zero and it has none."""
    if residual_squares <= 0.0:
        return None
    return -n / 2 * (math.log(2.0 * math.pi * residual_squares / n) + 1.0)
