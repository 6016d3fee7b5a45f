"""The coordinator's half of multinomial regression: check, climb, finish."""

from __future__ import annotations

import dataclasses
import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from summand.methods._ascent import AscentState, Evaluation, Maximum, Parameters, ascend
from summand.methods._groups import check_groups
from summand.methods._newton import symmetric, term_rows
from summand.methods._protocol import Result
from summand.methods.formulas._design import Design
from summand.methods.formulas._outcome_levels import OutcomeLevels
from summand.tables import Array, Count, Limits

SEPARATED = "separate people with one level of the outcome from the others"


@dataclass(frozen=True)
class MultinomialState(AscentState):
    """The point at which the sites evaluate: the coefficients of each level after the first, one after another.

    Attributes:
        phase: ``survey`` while people are counted, then ``ascent``.
        counts: People by level, shape (k,); empty before.
        site_count: Sites with rows, where each has its own intercepts; else 0.
        sites_with_one_level: How many of these have one level of the outcome only.
    """

    phase: str
    counts: Array
    site_count: int
    sites_with_one_level: int


def pairs_of(others: int) -> list[tuple[int, int]]:
    """The pairs of levels whose information is summed, each once."""
    return list(itertools.combinations_with_replacement(range(others), 2))


def after_survey(
    total: Array, state: MultinomialState, outcome: OutcomeLevels, design: Design, site: str, limits: Limits
) -> MultinomialState:
    """The state that asks for the likelihood without effects.

    Raises:
        CohortTooSmall, OutcomeConstant, SingularInformation: where a level has too few people, or nobody.
    """
    counts = np.rint(total[: len(outcome)])
    outcome.check(counts, limits)
    check_groups(total[len(outcome) : len(outcome) + len(design.groups)], design, limits)
    sites, one_level = (round(total[-2]), round(total[-1])) if site == "fixed" else (0, 0)
    return dataclasses.replace(
        state, phase="ascent", counts=counts, n=round(float(counts.sum())), site_count=sites,
        sites_with_one_level=one_level,
    )  # fmt: skip


def climb(
    total: Array, state: MultinomialState, outcome: OutcomeLevels, design: Design, site: str
) -> MultinomialState | Result:
    """One Newton step, half of one, or the result.

    Raises:
        MethodError: with a diagnosis.
    """
    others, p, fixed = len(outcome) - 1, len(design), site == "fixed"
    names = tuple(f"{term} ({label})" for label in outcome.labels[1:] for term in design.terms)
    to_original = np.asarray(np.kron(np.eye(others), design.to_original), dtype=np.float64)
    score, rest = total[1 : 1 + others * p], total[1 + others * p :]
    at = Evaluation(
        log_likelihood=float(total[0]),
        score=score,
        information=_whole(rest[: len(rest) - fixed], others, p, packed=not fixed),
        own_decrement=float(rest[-1]) if fixed else 0.0,
        least=1e-13 * 0.25 * state.n,
    )
    parameters = Parameters(names, to_original, SEPARATED, own_intercepts=fixed, highest=0.0)
    following = ascend(at, state, parameters)
    return _result(following, outcome, design, site) if isinstance(following, Maximum) else following


def _whole(sums: Array, others: int, p: int, *, packed: bool) -> Array:
    """The information matrix from its blocks by pairs of levels, shape (others p, others p)."""
    whole = np.zeros((others, p, others, p))
    if p:
        for (j, other), block in zip(pairs_of(others), sums.reshape(len(pairs_of(others)), -1), strict=True):
            found = symmetric(block, p) if packed else block.reshape(p, p)
            whole[other, :, j] = found.T
            whole[j, :, other] = found
    return whole.reshape(others * p, others * p)


def _result(maximum: Maximum[MultinomialState], outcome: OutcomeLevels, design: Design, site: str) -> Result:
    state, others, p = maximum.state, len(outcome) - 1, len(design)
    to_original = np.kron(np.eye(others), design.to_original)
    estimates, covariance = to_original @ state.beta, to_original @ maximum.solver.inverse @ to_original.T
    terms = [
        {"level": outcome.levels[1 + place // p], **_with_odds(row)}
        for place, row in enumerate(term_rows(design.terms * others, estimates, covariance))
    ]
    warnings = []
    if state.sites_with_one_level:
        sites = "1 site" if state.sites_with_one_level == 1 else f"{state.sites_with_one_level} sites"
        warnings.append(f"{sites} had only one level of the outcome and added nothing.")
    values: dict[str, Any] = {
        "terms": terms,
        "reference": outcome.levels[0],
        "levels": [
            {"level": level, "n": Count(int(count))} for level, count in zip(outcome.levels, state.counts, strict=True)
        ],
        "n": Count(state.n),
        "converged": True,
        "log_likelihood": maximum.log_likelihood,
        "site": site,
    }
    return Result("multinomial", values, tuple(warnings))


def _with_odds(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the table of terms with the odds ratio and its interval; None where it has no finite float64."""
    names = {"odds_ratio": "estimate", "odds_ratio_low": "conf_low", "odds_ratio_high": "conf_high"}
    return {**row, **{name: math.exp(row[key]) if row[key] < 700.0 else None for name, key in names.items()}}
