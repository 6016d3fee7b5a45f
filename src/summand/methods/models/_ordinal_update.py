"""The coordinator's half of ordinal regression: where to start, each step, the result, and the test of its odds."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from summand.errors import SingularInformation
from summand.methods._ascent import STEP_SIZE_MIN, Evaluation, Maximum, Parameters, ascend
from summand.methods._groups import check_groups
from summand.methods._newton import equations, symmetric, term_rows, upper
from summand.methods._protocol import Result
from summand.methods.formulas._design import Design
from summand.methods.formulas._outcome_levels import OutcomeLevels
from summand.methods.models._ordinal_sites import quantiles
from summand.methods.models._ordinal_state import OrdinalState
from summand.tables import Array, Count, Limits

SEPARATED = "order people by the outcome's levels without an exception"


def after_survey(
    total: Array, state: OrdinalState, outcome: OutcomeLevels, design: Design, link: str, site: str, limits: Limits
) -> OrdinalState:
    """Thresholds at the levels' shares, no effects.

    Raises:
        CohortTooSmall, OutcomeConstant, SingularInformation: where a level has too few people, or nobody.
    """
    counts = np.rint(total[: len(outcome)])
    outcome.check(counts, limits)
    check_groups(total[len(outcome) : len(outcome) + len(design.groups)], design, limits)
    thresholds, sites, at_an_end = quantiles(counts, link), 0, 0
    if site == "fixed":
        thresholds, sites, at_an_end = thresholds[1:] - thresholds[0], round(float(total[-2])), round(float(total[-1]))
    accepted = np.concatenate((thresholds, np.zeros(len(design) - 1)))
    return dataclasses.replace(
        state, phase="ascent", counts=counts, n=round(float(counts.sum())), accepted=accepted, site_count=sites,
        sites_at_an_end=at_an_end,
    )  # fmt: skip


def climb(
    total: Array, state: OrdinalState, outcome: OutcomeLevels, design: Design, link: str, site: str
) -> OrdinalState | Result:
    """One Newton step, shortened where it would cross thresholds; at the maximum the test, or the result.

    Raises:
        MethodError: with a diagnosis.
    """
    cuts, p, fixed = len(outcome) - 1, len(design) - 1, site == "fixed"
    at = _read_condensed(total, state, cuts - 1 + p) if fixed else _read(total, state, cuts, p)
    following = ascend(at, state, _parameters(outcome, design, fixed))
    if isinstance(following, Maximum):
        state = dataclasses.replace(following.state, covariance=upper(following.solver.inverse))
        if cuts < 2 or len(design) < 2 or fixed:
            return _result(state, outcome, design, link, [])
        return dataclasses.replace(state, phase="test")
    if fixed:  # a shortened step tells the sites that the last point was refused: they refuse crossing ones themselves
        return following
    while not _are_increasing(following, cuts) and following.step_size > STEP_SIZE_MIN:
        following = dataclasses.replace(following, step_size=following.step_size / 2)
    return following


def _are_increasing(state: OrdinalState, cuts: int) -> bool:
    return bool((np.diff(state.beta[:cuts]) > 1e-3 * np.diff(state.accepted[:cuts])).all())


def _read(total: Array, state: OrdinalState, cuts: int, p: int) -> Evaluation:
    score, curvature, mixed, *shared = np.split(total[1:], np.cumsum([cuts, cuts, cuts - 1, p, cuts * p]))
    information = np.zeros((cuts + p, cuts + p))
    information[:cuts, :cuts] = np.diag(curvature) - np.diag(mixed, 1) - np.diag(mixed, -1)
    if p:
        crossed = shared[1].reshape(cuts, p)
        information[:cuts, cuts:], information[cuts:, :cuts] = crossed, crossed.T
        information[cuts:, cuts:] = symmetric(shared[2], p)
    return Evaluation(float(total[0]), np.concatenate((score, shared[0])), information, least=1e-13 * 0.25 * state.n)


def _read_condensed(total: Array, state: OrdinalState, q: int) -> Evaluation:
    """What the sites say once each has eliminated its own shift."""
    likelihood, cut_off, decrement = total[:3].tolist()
    return Evaluation(
        likelihood, total[3 : 3 + q], symmetric(total[3 + q :], q), own_decrement=decrement, rows_cut_off=cut_off,
        least=1e-13 * 0.25 * state.n,
    )  # fmt: skip


def _threshold_names(outcome: OutcomeLevels, fixed: bool) -> tuple[str, ...]:
    names = tuple(f"{low}|{high}" for low, high in zip(outcome.levels[:-1], outcome.levels[1:], strict=True))
    return names[fixed:]


def _parameters(outcome: OutcomeLevels, design: Design, fixed: bool) -> Parameters:
    names = (*_threshold_names(outcome, fixed), *design.terms[1:])
    to_original = _to_original(len(outcome) - 1 - fixed, design, fixed)
    return Parameters(names, to_original, SEPARATED, own_intercepts=fixed, highest=0.0)


def _to_original(cuts: int, design: Design, fixed: bool) -> Array:
    """From thresholds and coefficients of the scaled columns to those of the columns themselves.

    ``θ - x @ beta`` stays what it is; the constant that scaling moves into ``x @ beta`` goes to every threshold, or into
    the sites' own shifts.
    """
    own = design.to_original
    whole = np.eye(cuts + len(design) - 1)
    whole[:cuts, cuts:] = 0.0 if fixed else -own[0, 1:]
    whole[cuts:, cuts:] = own[1:, 1:]
    return whole


def after_test(total: Array, state: OrdinalState, outcome: OutcomeLevels, design: Design, link: str) -> Result:
    """The result with the score tests of equal coefficients at every threshold.

    The wider model has ``γ_j = (θ_j, -beta_j)`` for each threshold. With U and I its score and information at the fit, D
    the directions that keep the shared coefficients and those tested apart, the statistic is ``U' D (D' I D)^-1 D' U``.
    """
    cuts, q = len(outcome) - 1, len(design)
    size = q * (q + 1) // 2
    score, rest = total[: cuts * q], total[cuts * q :].reshape(2 * cuts - 1, size)
    information = np.zeros((cuts * q, cuts * q))
    for j in range(cuts):
        here = slice(j * q, (j + 1) * q)
        information[here, here] = symmetric(rest[j], q)
        if j:
            before = slice((j - 1) * q, j * q)
            information[before, here] = information[here, before] = -symmetric(rest[cuts + j - 1], q)
    tests = [_score_test("all terms", range(1, q), score, information, cuts, q)]
    tests += [_score_test(design.terms[m], range(m, m + 1), score, information, cuts, q) for m in range(1, q)]
    return _result(state, outcome, design, link, tests)


def _score_test(term: str, tested: range, score: Array, information: Array, cuts: int, q: int) -> dict[str, Any]:
    from scipy.special import chdtrc

    thresholds = [np.eye(cuts * q)[j * q] for j in range(cuts)]
    shared = [np.tile(np.eye(q)[m], cuts) for m in range(1, q)]
    apart = [np.eye(cuts * q)[j * q + m] for m in tested for j in range(1, cuts)]
    directions = np.array([*thresholds, *shared, *apart]).T
    projected = directions.T @ information @ directions
    names = tuple(str(j) for j in range(len(projected)))
    freedom = len(apart)
    right = directions.T @ score
    right[: cuts + q - 1] = 0.0  # at the maximum; what is left there is rounding
    try:
        statistic = float(right @ equations(projected, names, np.eye(len(projected))).solve(right))
    except SingularInformation:  # nobody lies where the coefficients could differ: the fit stands, the test does not
        return {"term": term, "statistic": None, "degrees_of_freedom": freedom, "p_value": None}
    p_value = float(chdtrc(freedom, statistic))
    return {"term": term, "statistic": statistic, "degrees_of_freedom": freedom, "p_value": p_value}


def _result(
    state: OrdinalState, outcome: OutcomeLevels, design: Design, link: str, tests: list[dict[str, Any]]
) -> Result:
    fixed = state.site_count > 0
    cuts = len(outcome) - 1 - fixed
    to_original = _to_original(cuts, design, fixed)
    estimates = to_original @ state.beta
    covariance = to_original @ symmetric(state.covariance, len(estimates)) @ to_original.T
    terms = term_rows(design.terms[1:], estimates[cuts:], covariance[cuts:, cuts:])
    values: dict[str, Any] = {
        "terms": [_with_odds(row) for row in terms] if link == "logit" else terms,
        "thresholds": term_rows(_threshold_names(outcome, fixed), estimates[:cuts], covariance[:cuts, :cuts]),
        "levels": [
            {"level": level, "n": Count(int(count))} for level, count in zip(outcome.levels, state.counts, strict=True)
        ],
        "n": Count(state.n),
        "converged": True,
        "log_likelihood": state.log_likelihood,
        "site": "fixed" if fixed else "pooled",
        "link": link,
    }
    if tests:
        values["proportional_odds"] = tests
    warnings = []
    if state.sites_at_an_end:
        sites = "1 site" if state.sites_at_an_end == 1 else f"{state.sites_at_an_end} sites"
        warnings.append(f"{sites} had the lowest or the highest level only and added nothing.")
    return Result("ordinal", values, tuple(warnings))


def _with_odds(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the table of terms with the odds ratio and its interval; None where it has no finite float64."""
    names = {"odds_ratio": "estimate", "odds_ratio_low": "conf_low", "odds_ratio_high": "conf_high"}
    return {**row, **{name: math.exp(row[key]) if row[key] < 700.0 else None for name, key in names.items()}}
