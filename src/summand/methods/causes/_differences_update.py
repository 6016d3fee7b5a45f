"""The coordinator's half of difference in differences: effects, errors and tests from the sums of cells."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from summand.errors import CohortTooSmall, SingularInformation
from summand.methods._groups import check_classes
from summand.methods._protocol import Result, State
from summand.methods.causes._clustered import Clustered, clusters_of
from summand.methods.causes._contrasts import figures
from summand.methods.causes._group_times import Combination, combinations, overall_effect
from summand.methods.causes._inference import bootstrap_weights, randomisation_p_value, wild_p_value
from summand.methods.causes._nested import by_name
from summand.tables import Array, Count, Limits

if TYPE_CHECKING:
    from summand.methods.causes._differences import DifferenceInDifferences

# With fewer clusters than this, tests that count on many reject too often (Cameron & Miller 2015, §VI).
CLUSTERS_FEW = 20
TREATED_FEW = 4
RANK_MIN = 1e-10


@dataclass(frozen=True)
class DifferencesState(State):
    """What is known so far.

    Attributes:
        phase: ``cells``, then ``sites`` where errors are by site.
        counts, sums, squares: People, and outcome and its square summed, by group and period, scaled.
        sites: How many sites have treated people, and how many have anyone; empty unless errors are by site.
    """

    phase: str
    counts: Array
    sums: Array
    squares: Array
    sites: Array


def comparable(counts: Array, control: str) -> list[Combination]:
    """The effects that the cells allow.

    Raises:
        SingularInformation: if none of them is an effect of treatment.
    """
    effects = combinations(counts, control)
    if not effects or effects[-1].kind != "overall":
        raise SingularInformation(
            "No group can be compared: each treated group needs people in the period before its treatment and after it,"
            " and people not treated in both.",
            remedy="Check 'treated_from' and the code for never, use control='not_yet', or take in earlier periods.",
        )
    return effects


def after_cells(total: Array, state: DifferencesState, method: DifferenceInDifferences) -> DifferencesState | Result:
    """The effects, or the cells of groups for the round that asks for the sites' scores.

    Raises:
        CohortTooSmall: where a cell has too few people.
        SingularInformation: where nothing can be compared.
        UsageError: where a cluster is in several groups.
    """
    sums = by_name(total, method.layout(state))
    tables = [sums[name].reshape(method.shape) for name in ("people", "outcome", "squares")]
    tables[0] = np.rint(tables[0])
    _check_cells(tables[0], method)
    if method.measured.is_binary and method.placed.limits.minimum_cell > 1:
        n = round(float(tables[0].sum()))
        check_classes(n, round((n + float(tables[1].sum())) / 2), method.measured.label, method.placed.limits)
    clustered = None
    if method.clusters is not None:
        clustered = clusters_of(tables, sums["clusters by group"], method.clusters, len(method.groups))
        tables = [clustered.by_group(table, len(method.groups)) for table in clustered.tables]
    sites = np.zeros(0)
    if method.errors == "site":
        sites = np.concatenate((sums["sites treated"], sums["sites with rows"]))
    known = DifferencesState("sites", tables[0], tables[1], tables[2], sites)
    effects = comparable(known.counts, method.control)
    if method.errors == "site":
        return known
    if clustered is None:
        return _result(known, method, effects, _by_people(known, effects), None)
    return _result(known, method, effects, *_by_cluster(known, effects, clustered, method))


def _check_cells(counts: Array, method: DifferenceInDifferences) -> None:
    """Every cell of a group or cluster with anyone has enough people."""
    limits = method.placed.limits
    if limits.minimum_cell > 1 and bool((counts[counts.any(axis=1)] < limits.minimum_cell).any()):
        which = "group" if method.clusters is None else "cluster"
        raise CohortTooSmall(
            f"Fewer than {limits.minimum_cell} people of some {which} are in some period over all sites.",
            remedy=f"Use longer periods, or merge {which}s.",
            clause="D.min_cell",
        )


def _means(state: DifferencesState) -> Array:
    return state.sums / np.maximum(state.counts, 1.0)


def _by_people(state: DifferencesState, effects: list[Combination]) -> tuple[Array, float | None]:
    """The covariance of the effects where rows are independent, and the degrees of freedom (none: normal)."""
    n = state.counts
    variance = np.maximum(state.squares - state.sums**2 / np.maximum(n, 1.0), 0.0) / np.maximum(n - 1.0, 1.0)
    weights = np.stack([effect.weights.ravel() for effect in effects])
    used = np.abs(weights).any(axis=0)
    if bool((n.ravel()[used] < 2.0).any()):
        raise SingularInformation(
            "A cell that is compared has one person only, so its variance cannot be estimated.",
            remedy="Use longer periods, or errors by cluster.",
        )
    return (weights * (variance / np.maximum(n, 1.0)).ravel()) @ weights.T, None


def _by_cluster(
    state: DifferencesState, effects: list[Combination], clustered: Clustered, method: DifferenceInDifferences
) -> tuple[tuple[Array, float | None], dict[str, Any]]:
    """The covariance of the effects from the clusters' scores, and the tests that hold with few clusters."""
    count, means, shares = len(clustered), _means(state), clustered.shares(state.counts)
    weights = np.stack([effect.weights.ravel() for effect in effects])
    scores = (shares * clustered.deviations(means)) @ weights.T
    covariance = scores.T @ scores * (count / max(count - 1.0, 1.0))
    draws = bootstrap_weights(method.weights, count, method.draws, method.seed)
    squares = (scores * scores).sum(axis=0)
    wild: list[float | None] = []
    for effect, square in zip(effects, squares.tolist(), strict=True):
        row = effect.weights.ravel()
        estimate = float(row @ means.ravel())
        if not square > 0.0:
            wild.append(None)
            continue
        inverse = 1.0 / np.maximum(state.counts.ravel(), 1.0)
        restricted = means.ravel() - inverse * row * (estimate / float(row @ (inverse * row)))
        own = row * shares * clustered.deviations(restricted.reshape(means.shape))
        used = np.abs(row) > 0.0
        wild.append(wild_p_value(own[:, used], shares[:, used], estimate / math.sqrt(square), draws))
    randomised, ways = randomisation_p_value(
        clustered.groups,
        lambda groups: _dealt(clustered, groups, state.counts.shape, method),
        method.draws,
        method.seed,
    )
    tests = {"wild": wild, "p_value_randomisation": randomised, "assignments": ways, "clusters": count}
    tests["treated_clusters"] = sum(group not in (0, len(method.periods)) for group in clustered.groups)
    return (covariance, float(count - 1)), tests


def _dealt(
    clustered: Clustered, groups: tuple[int, ...], shape: tuple[int, ...], method: DifferenceInDifferences
) -> float:
    """The overall effect if the clusters had been treated so."""
    member = np.zeros((shape[0], len(groups)))
    member[list(groups), np.arange(len(groups))] = 1.0
    found = overall_effect(member @ clustered.counts, member @ clustered.sums, method.control)
    return 0.0 if math.isnan(found) else found


def after_sites(total: Array, state: DifferencesState, method: DifferenceInDifferences) -> Result:
    """The effects with errors from the sites' squared scores; without errors where there is one site only."""
    sites = round(float(state.sites[-1]))
    effects = comparable(state.counts, method.control)
    covariance = np.diag(total) * (sites / (sites - 1.0)) if sites > 1 else np.zeros((len(effects), len(effects)))
    tests = {"clusters": sites, "treated_clusters": round(float(state.sites[0]))}
    return _result(state, method, effects, (covariance, float(sites - 1)), tests)


def _result(
    state: DifferencesState,
    method: DifferenceInDifferences,
    effects: list[Combination],
    known: tuple[Array, float | None],
    tests: dict[str, Any] | None,
) -> Result:
    covariance, freedom = known
    scale, means = method.measured.half_width, _means(state)
    rows: dict[str, list[dict[str, Any]]] = {kind: [] for kind in ("overall", "event", "cohort", "group_time")}
    wild = (tests or {}).get("wild")
    for k, effect in enumerate(effects):
        value = float(effect.weights.ravel() @ means.ravel()) * scale
        row = {**_name(effect, method), **figures(value, math.sqrt(covariance[k, k]) * scale, freedom)}
        if wild is not None:
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
        values["pre_trend"] = _pre_trend(effects, means, covariance, freedom)
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
    """The mean of each group in each period; not where it would tell a small number of events."""
    limits, rows = method.placed.limits, []
    for g, t in np.argwhere(state.counts > 0.0).tolist():
        n, total = float(state.counts[g, t]), float(state.sums[g, t])
        mean: float | None = float(method.measured.unscaled(np.array(total / n)))
        if method.measured.is_binary and _tells(n, total, limits):
            mean = None
        group, period = method.groups.label(g), method.periods.labels[t]
        rows.append({"treated_from": group, "period": period, "mean": mean, "n": Count(round(n))})
    return rows


def _tells(n: float, total: float, limits: Limits) -> bool:
    """Whether a share gives away a small number of people with the outcome, or without."""
    events = (n + total) / 2.0
    return limits.minimum_cell > 1 and min(events, n - events) < limits.minimum_cell - 0.5


def _pre_trend(
    effects: list[Combination], means: Array, covariance: Array, freedom: float | None
) -> dict[str, Any] | None:
    """The joint test that estimates before treatment are zero; None where there are none, or too few clusters."""
    from scipy.special import chdtrc, fdtrc

    which = [k for k, effect in enumerate(effects) if effect.kind == "event" and effect.at < 0]
    if not which:
        return None
    values = np.array([float(effects[k].weights.ravel() @ means.ravel()) for k in which])
    own = covariance[np.ix_(which, which)]
    spread = np.sqrt(np.diag(own))
    if not bool((spread > 0.0).all()):
        return None
    roots, vectors = np.linalg.eigh(own / np.outer(spread, spread))
    if roots[0] < RANK_MIN * roots[-1]:
        return None
    statistic = float((((vectors.T @ (values / spread)) ** 2) / roots).sum())
    q = len(which)
    if freedom is None:
        return {"statistic": statistic, "degrees_of_freedom": q, "p_value": float(chdtrc(q, statistic))}
    share = statistic / q
    return {"statistic": share, "degrees_of_freedom": q, "p_value": float(fdtrc(q, freedom, share))}


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
