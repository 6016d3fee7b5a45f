"""The coordinator's half of a comparison weighted by propensity scores."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from summand.errors import CohortTooSmall, Separation
from summand.methods._groups import check_classes, check_groups
from summand.methods._newton import equations, symmetric, term_rows
from summand.methods._protocol import Result
from summand.methods.causes._contrasts import effect_rows, mean_rows
from summand.methods.causes._nested import by_name, packed
from summand.methods.causes._propensity_state import PropensityState
from summand.methods.models._logistic import LogisticRegression
from summand.methods.models._logistic_state import LogisticState
from summand.methods.models._logistic_update import maximised
from summand.tables import Array, Count, CountTable, Limits

if TYPE_CHECKING:
    from summand.methods.causes._propensity import Propensity

# What a reader of balance tables calls small (Austin 2011); told as a warning, never acted upon.
DIFFERENCE_SMALL = 0.1


def fit_score(total: Array, state: PropensityState, model: LogisticState, score: LogisticRegression) -> PropensityState:
    """One step of the score's regression."""
    found = maximised(total, model, score.design, score.indicator.label, score.site, score.placed.limits)
    if isinstance(found, LogisticState):
        return dataclasses.replace(state, model=packed(found))
    return dataclasses.replace(state, phase="means", model=packed(found.state))


def after_means(total: Array, state: PropensityState, method: Propensity) -> PropensityState:
    """The weighted means, and what the estimated score adds to their influences.

    Raises:
        CohortTooSmall: where an arm, a level of it or an outcome class of it has too few people.
        Separation: where an arm has nobody left.
    """
    sums = by_name(total, method.layout(state))
    _check_arms(sums, method)
    means = sums["weighted outcome"] / sums["weights"]
    p = len(method.score.design)
    along, with_outcome = sums["derivatives"].reshape(2, 2, p)
    solver = equations(symmetric(sums["information"], p), method.score.design.terms, method.score.design.to_original)
    rows = with_outcome - means[:, None] * along
    corrections = np.stack([solver.solve(row) for row in rows])
    return dataclasses.replace(state, phase="errors", sums=total, means=means, corrections=corrections)


def _check_arms(sums: dict[str, Array], method: Propensity) -> None:
    limits, label = method.placed.limits, method.score.indicator.label
    people = np.rint(sums["arms"])
    if limits.minimum_cell > 1 and people.min() < limits.minimum_cell:
        raise CohortTooSmall(
            f"Fewer than {limits.minimum_cell} people are left to compare in an arm of '{label}' over all sites.",
            remedy="Trim less, use one intercept for all sites (site='pooled'), or choose a larger cohort.",
            clause="D.min_cell",
        )
    if people.min() < 1:
        raise Separation(
            f"Nobody is left to compare in an arm of '{label}': the scores of the two do not overlap there.",
            remedy="Trim less, or choose covariates that do not decide the treatment.",
        )
    if limits.minimum_cell <= 1:
        return
    for k, counts in enumerate(sums.get("groups", np.zeros(0)).reshape(2, -1)):
        try:
            check_groups(counts, method.score.design, limits)
        except CohortTooSmall as small:
            raise _within_arm(small, k, label) from None
    for k in range(2 if "events" in sums else 0):
        try:
            check_classes(round(people[k]), round(sums["events"][k]), method.measured.label, limits)
        except CohortTooSmall as small:
            raise _within_arm(small, k, label) from None


def _within_arm(small: CohortTooSmall, arm: int, label: str) -> CohortTooSmall:
    who = f"those with '{label}'" if arm else f"those without '{label}'"
    return CohortTooSmall(f"Among {who}: {small.message}", remedy=small.remedy, clause=small.clause)


def after_errors(total: Array, state: PropensityState, method: Propensity) -> Result:
    """The result."""
    sums = by_name(state.sums, method.layout(dataclasses.replace(state, phase="means")))
    scale, weights = method.measured.half_width, sums["weights"]
    covariance = symmetric(total, 2) / np.outer(weights, weights) * scale**2
    means = method.measured.unscaled(state.means)
    label, limits = method.score.indicator.label, method.placed.limits
    arms = (f"not {label}", label)
    people, hides = _people(sums, arms, limits)
    model = method.model_state(state)
    rows = mean_rows(arms, means, covariance)
    for k, row in enumerate(rows):
        # among the treated every weight is 1, so their effective number is their number
        is_count = method.estimand == "att" and k == 1
        row["effective_n"] = None if hides and is_count else float(weights[k] ** 2 / sums["squared weights"][k])
    shape = (2, 2, len(method.balance))
    before, after = (sums.get(f"balance {when}", np.zeros(0)).reshape(shape) for when in ("before", "after"))
    balance = method.balance.rows(before, after, sums["arms"], weights, sums["squared weights"])
    values: dict[str, Any] = {
        "effects": effect_rows(arms, means, covariance, is_binary=method.measured.is_binary),
        "means": rows,
        "balance": balance,
        "score_terms": _score_terms(sums, model, method),
        "n": Count(model.n),
        "scores_cut": Count(round(float(sums["scores cut"][0]))),
        "treatment": label,
        "outcome": method.measured.label,
        "estimand": method.estimand,
        "converged": True,
        "site": method.site,
        # bins that add up to a count that is hidden would give it away
        "crosstabs": [people] if hides else [people, _overlap(sums["overlap"], arms)],
    }
    return Result("propensity", values, _warnings(sums, balance, limits))


def _score_terms(sums: dict[str, Array], model: LogisticState, method: Propensity) -> list[dict[str, Any]]:
    design = method.score.design
    solver = equations(symmetric(sums["information"], len(design)), design.terms, design.to_original)
    return term_rows(design.terms, *design.unscale(model.beta, solver.inverse))


def _people(sums: dict[str, Array], arms: tuple[str, str], limits: Limits) -> tuple[dict[str, Any], bool]:
    """Who is compared and who is not, and whether a count of it is hidden."""
    columns = {"compared": sums["arms"], "outside the range": sums["left out"]}
    if "at sites with one arm" in sums:
        columns["at sites with one arm"] = sums["at sites with one arm"]
    cells = np.rint(np.stack(list(columns.values()), axis=1)).astype(int)
    shown = {name: column for name, column in zip(columns, cells.T, strict=True) if name == "compared" or column.any()}
    table = np.stack(list(shown.values()), axis=1)
    hides = limits.minimum_cell > 1 and bool((table < limits.minimum_cell).any())
    counts = CountTable(arms, tuple(shown), tuple(tuple(row) for row in table.tolist()))
    return {"rows": "arm", "columns": "people", "counts": counts}, hides


def _overlap(counts: Array, arms: tuple[str, str]) -> dict[str, Any]:
    by_arm = np.rint(counts).astype(int).reshape(2, -1)
    bins = by_arm.shape[1]
    labels = tuple(f"{k / bins:.2f}–{(k + 1) / bins:.2f}" for k in range(bins))
    table = CountTable(labels, arms, tuple(tuple(row) for row in by_arm.T.tolist()))
    return {"rows": "score", "columns": "arm", "counts": table}


def _warnings(sums: dict[str, Array], balance: list[dict[str, Any]], limits: Limits) -> tuple[str, ...]:
    found = []
    left = [row["term"] for row in balance if abs(row["difference_after"] or 0.0) > DIFFERENCE_SMALL]
    if left:
        listed = ", ".join(f"'{term}'" for term in left[:6])
        found.append(f"After weighting the arms still differ by more than 0.1 standard deviations in {listed}.")
    if round(float(sums["scores cut"][0])) >= max(limits.minimum_cell, 1):
        found.append("Some scores were so near 0 or 1 that they were cut: the arms hardly overlap there.")
    if round(float(sums.get("at sites with one arm", np.zeros(2)).sum())) >= max(limits.minimum_cell, 1):
        found.append("People at sites with one arm only were left out: nobody there could be compared.")
    return tuple(found)
