"""The result of difference in differences: effects in their tables, the check before treatment, and warnings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from summand.methods._protocol import Result
from summand.methods.causes._contrasts import figures
from summand.methods.causes._differences_state import DifferencesState, Precision, stacked
from summand.methods.causes._group_times import Combination
from summand.tables import Array, Count

if TYPE_CHECKING:
    from summand.methods.causes._differences import DifferenceInDifferences

# With fewer clusters than this, tests that count on many reject too often (Cameron & Miller 2015, §VI).
CLUSTERS_FEW = 20
TREATED_FEW = 4
RANK_MIN = 1e-10


def result_of(
    state: DifferencesState,
    method: DifferenceInDifferences,
    effects: list[Combination],
    precision: Precision,
    tests: dict[str, Any] | None,
) -> Result:
    scale, values_of = method.measured.half_width, stacked(effects) @ state.means
    errors = precision.errors.tolist()
    rows: dict[str, list[dict[str, Any]]] = {kind: [] for kind in ("overall", "event", "cohort", "group_time")}
    wild = (tests or {}).get("wild")
    for k, effect in enumerate(effects):
        row = {**_name(effect, method), **figures(float(values_of[k]) * scale, errors[k] * scale, precision.freedom)}
        if wild is not None and effect.kind != "group_time":
            row["p_value_wild"] = wild[k]
        rows[effect.kind].append(row)
    values: dict[str, Any] = {
        "effects": rows["overall"],
        "events": rows["event"],
        "cohorts": rows["cohort"],
        "group_times": rows["group_time"],
        "groups": _groups(state.counts, method),
        "cell_means": _cells(state, method),
        "n": Count(round(float(state.counts.sum()))),
        "outcome": method.measured.label,
        "control": method.control,
        "errors": method.errors,
        "converged": True,
    }
    if method.errors != "site":
        values["pre_trend"] = _pre_trend(effects, values_of, precision)
    if method.design is not None:
        slopes = method.design.to_original @ state.beta * scale
        values["covariates"] = [
            {"term": term, "estimate": slope} for term, slope in zip(method.design.terms, slopes.tolist(), strict=True)
        ]
    if not method.never:
        values.update({"people": values["n"], "n_dropped": Count(state.left_out)})
    for name in ("clusters", "treated_clusters", "p_value_randomisation", "assignments"):
        if tests is not None and name in tests:
            values[name] = tests[name]
    return Result(method.name, values, _warnings(state, method, tests))


def _name(effect: Combination, method: DifferenceInDifferences) -> dict[str, Any]:
    labels = method.periods.labels
    if effect.kind == "group_time":
        return {"treated_from": labels[effect.group], "period": labels[effect.at]}
    if effect.kind == "cohort":
        return {"treated_from": labels[effect.group]}
    if effect.kind == "event":
        return {"event_time": effect.at}
    return {"effect": "overall"}


def _groups(counts: Array, method: DifferenceInDifferences) -> list[dict[str, Any]]:
    people = counts.sum(axis=1)
    return [
        {"group": method.groups.label(g), "n": Count(round(float(people[g])))} for g in np.flatnonzero(people).tolist()
    ]


def _cells(state: DifferencesState, method: DifferenceInDifferences) -> list[dict[str, Any]]:
    """The mean of each group in each period."""
    rows = []
    for g, t in np.argwhere(state.counts > 0.0).tolist():
        n, total = float(state.counts[g, t]), float(state.sums[g, t])
        mean = float(method.measured.unscaled(np.array(total / n)))
        group, period = method.groups.label(g), method.periods.labels[t]
        rows.append({"treated_from": group, "period": period, "mean": mean, "n": Count(round(n))})
    return rows


def _pre_trend(effects: list[Combination], estimates: Array, precision: Precision) -> dict[str, Any] | None:
    """The joint test that estimates before treatment are zero; None where there are none, or too few clusters."""
    from scipy.special import chdtrc, fdtrc

    which = [k for k, effect in enumerate(effects) if effect.kind == "event" and effect.at < 0]
    if not which:
        return None
    values, own = estimates[which], precision.block(which)
    spread = np.sqrt(np.diag(own))
    if not bool((spread > 0.0).all()):
        return None
    roots, vectors = np.linalg.eigh(own / np.outer(spread, spread))
    if roots[0] < RANK_MIN * roots[-1]:
        return None
    statistic = float((((vectors.T @ (values / spread)) ** 2) / roots).sum())
    q = len(which)
    if precision.freedom is None:
        return {"statistic": statistic, "degrees_of_freedom": q, "p_value": float(chdtrc(q, statistic))}
    share = statistic / q
    return {"statistic": share, "degrees_of_freedom": q, "p_value": float(fdtrc(q, precision.freedom, share))}


def _warnings(
    state: DifferencesState, method: DifferenceInDifferences, tests: dict[str, Any] | None
) -> tuple[str, ...]:
    found = []
    if state.counts[0].any():
        found.append("People treated from the first period on have no time before treatment and were left out.")
    if tests is not None and tests["treated_clusters"] < TREATED_FEW:
        which = "sites" if method.errors == "site" else "clusters"
        found.append(
            f"Fewer than {TREATED_FEW} {which} were treated: errors from their differences are too small"
            + (", and the p-value by randomisation is the one to read." if which == "clusters" else ".")
        )
    elif tests is not None and tests["clusters"] < CLUSTERS_FEW:
        which = "sites" if method.errors == "site" else "clusters"
        found.append(f"With fewer than {CLUSTERS_FEW} {which} intervals may be too narrow.")
    return tuple(found)
