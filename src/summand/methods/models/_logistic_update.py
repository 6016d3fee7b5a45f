"""The coordinator's half of logistic regression: accept, halve, diagnose or finish."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from summand.methods._ascent import Evaluation, Maximum, Parameters, ascend
from summand.methods._groups import check_classes, check_groups
from summand.methods._newton import equations, symmetric, term_rows
from summand.methods._protocol import Result
from summand.methods._sandwich import Sandwich
from summand.methods.formulas._design import Design
from summand.methods.models._logistic_state import LogisticState
from summand.methods.models._tests import of_terms
from summand.tables import Array, Count, Limits

TermPlaces = Sequence[tuple[str, tuple[int, ...]]]

SEPARATED = "separate those with the outcome from those without"


def advance(
    total: Array,
    state: LogisticState,
    design: Design,
    event: str,
    site: str,
    limits: Limits,
    *,
    term_places: TermPlaces = (),
    wants_scores: bool = False,
) -> LogisticState | Result:
    """The next state, or the result; before it the round at the maximum, where scores are wanted.

    Args:
        total: Of a round that sums no scores.
        state: Of that round.
        design: Of the formula.
        event: As a reader sees it.
        site: ``pooled`` or ``fixed``.
        limits: What may be released.
        term_places: Where the coefficients of each term are, to be tested together.
        wants_scores: Whether errors are of a sandwich.

    Raises:
        MethodError: with a diagnosis.
        CohortTooSmall: where a class or level has too few people.
    """
    following = maximised(total, state, design, event, site, limits)
    if not isinstance(following, Maximum):
        return following
    if wants_scores:
        return dataclasses.replace(following.state, ending=True)
    one_class = _sites_with_one_class(total, site)
    return _result(
        following.state, following.log_likelihood, following.solver.inverse, design, site, one_class, term_places
    )


def _sites_with_one_class(total: Array, site: str) -> int:
    return round(float(total[-1])) if site == "fixed" else 0


def with_errors(
    sums: Array, state: LogisticState, design: Design, site: str, sandwich: Sandwich, term_places: TermPlaces
) -> Result:
    """The result with errors of a sandwich, from the sums at the maximum."""
    p = len(design)
    information = symmetric(sums[1 + p : 1 + p + p * (p + 1) // 2], p)
    inverse = equations(information, design.terms, design.to_original).inverse
    one_class = _sites_with_one_class(sums, site)
    parameters = p + (round(float(sums[-2])) if site == "fixed" else 0)
    covariance = sandwich.covariance(inverse, state.n, parameters)
    found = _result(state, float(sums[0]), covariance, design, site, one_class, term_places)
    values = {**found.values, "errors": sandwich.kind}
    values |= {"clusters": Count(sandwich.clusters)} if sandwich.clusters else {}
    return Result(found.method, values, (*found.warnings, *sandwich.warnings))


def maximised(
    total: Array, state: LogisticState, design: Design, event: str, site: str, limits: Limits
) -> LogisticState | Maximum[LogisticState]:
    """The next state, or the maximum; for methods of which this fit is a part.

    Raises:
        MethodError: with a diagnosis.
        CohortTooSmall: where a class or level has too few people.
    """
    head = 2 + len(design.groups) if state.round == 0 else 0
    if state.round == 0:
        state = dataclasses.replace(state, n=round(total[0]), events=round(total[1]))
        check_classes(state.n, state.events, event, limits)
        check_groups(total[2:head], design, limits)
    fixed = site == "fixed"
    parameters = Parameters(design.terms, design.to_original, SEPARATED, own_intercepts=fixed, highest=0.0)
    return ascend(_read(total[head:], state, len(design), fixed), state, parameters)


def _read(sums: Array, state: LogisticState, p: int, fixed: bool) -> Evaluation:
    tail = 1 + p + p * (p + 1) // 2
    return Evaluation(
        log_likelihood=float(sums[0]),
        score=sums[1 : 1 + p],
        information=symmetric(sums[1 + p : tail], p),
        own_decrement=float(sums[tail]) if fixed else 0.0,
        least=1e-13 * 0.25 * state.n,
    )


def _result(
    state: LogisticState,
    log_likelihood: float,
    covariance: Array,
    design: Design,
    site: str,
    sites_with_one_class: int,
    term_places: TermPlaces,
) -> Result:
    estimates, unscaled = design.unscale(state.beta, covariance)
    warnings = []
    if sites_with_one_class:
        sites = "1 site" if sites_with_one_class == 1 else f"{sites_with_one_class} sites"
        warnings.append(f"{sites} had only one outcome class and added nothing.")
    values = {
        "terms": term_rows(design.terms, estimates, unscaled),
        "n": Count(state.n),
        "events": Count(state.events),
        "converged": True,
        "log_likelihood": log_likelihood,
        "site": site,
        "term_tests": of_terms(term_places, estimates, unscaled, None),
    }
    return Result("logistic", values, tuple(warnings))
