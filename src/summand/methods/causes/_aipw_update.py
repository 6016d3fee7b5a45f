"""From sums over all sites to the two means, and to their difference."""

from __future__ import annotations

import dataclasses

import numpy as np

from summand.errors import Separation
from summand.methods._newton import equations, symmetric
from summand.methods._protocol import Result
from summand.methods.causes._aipw_rows import AipwState
from summand.methods.causes._aipw_settings import AipwSettings
from summand.methods.causes._contrasts import effect_rows, mean_rows
from summand.methods.causes._regressed import Regressed
from summand.tables import Array, Count


def after_means(method: AipwSettings, sums: dict[str, Array], state: AipwState) -> AipwState:
    """The means, and what each regression adds to their influences.

    Raises:
        Separation, CohortTooSmall, OutcomeConstant: if there is nobody, or too few, to compare.
    """
    people = float(sums["arms"].sum())
    if people < 0.5:
        raise Separation("No site has people of both arms.", remedy="Use one intercept for all sites (site='pooled').")
    method.arms.check(sums["arms"], sums.get("events"), method.model.label, method.placed.limits)
    return dataclasses.replace(
        state,
        phase="errors",
        counts=np.concatenate((sums["arms"], sums["scores cut"])),
        means=sums["predictions"] / people,
        by_score=_solved(sums, "score derivatives", "score information", method.score),
        by_model=_solved(sums, "derivatives", "information", method.model),
    )


def aipw_result(method: AipwSettings, total: Array, state: AipwState) -> Result:
    """Means and effects, from the squared influences."""
    centre, half_width = method.model.scale
    n = round(float(state.counts[:2].sum()))
    covariance = symmetric(total, 2) * (half_width / n) ** 2
    means = centre + half_width * state.means
    rows = mean_rows(method.arms.labels, means, covariance)
    for row, people in zip(rows, state.counts[:2].tolist(), strict=True):
        row["n"] = Count(round(people))
    values = {
        "effects": effect_rows(method.arms.labels, means, covariance, is_binary=method.model.is_binary),
        "means": rows,
        "n": Count(method.model.people(state.model)),
        "scores_cut": Count(round(float(state.counts[2]))),
        "outcome": method.model.label,
        "model": method.model.fit.name,
        "converged": True,
        "site": method.site,
    }
    left_out = method.model.people(state.model) - n
    hidden = method.placed.limits.minimum_cell > 1 and 0 < left_out < method.placed.limits.minimum_cell
    if hidden:  # the arms and all people would give away how many were left out
        for row in rows:
            row["n"] = None
    warning = "People at sites with one arm only were left out: nobody there could be compared."
    return Result(method.name, values, (warning,) if left_out else ())


def _solved(sums: dict[str, Array], derivatives: str, information: str, model: Regressed) -> Array:
    p, design = len(model), model.fit.design
    if not p:
        return np.zeros((2, 0))
    solver = equations(symmetric(sums[information], p), design.terms, design.to_original)
    return np.stack([solver.solve(row) for row in sums[derivatives].reshape(2, p)])
