"""The coordinator's half of difference in differences: effects, errors and tests from the sums of cells."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from summand.errors import CohortTooSmall, SingularInformation, UsageError
from summand.methods._groups import check_classes, check_groups
from summand.methods._protocol import Result, State
from summand.methods.causes._adjusted import Adjustment, unadjusted
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
# Numbers in the table of effects by cells.
EFFECT_CELLS_MAX = 20_000_000


@dataclass(frozen=True)
class DifferencesState(State):
    """What is known so far.

    Attributes:
        phase: ``cells``, then ``errors`` where these need residuals: by site, or with covariates.
        counts, sums, squares: People, and outcome and its square summed, by group and period, scaled.
        sites: How many sites have treated people, and how many have anyone; empty unless errors are by site.
        left_out: People who lack a value, where a missing start of treatment is none.
        x_means, inverse, beta, means: The covariates' `Adjustment`.
    """

    phase: str
    counts: Array
    sums: Array
    squares: Array
    sites: Array
    left_out: int
    x_means: Array
    inverse: Array
    beta: Array
    means: Array

    @property
    def adjustment(self) -> Adjustment:
        """The adjusted means of the cells."""
        cells, p = self.counts.size, len(self.beta)
        x_means, inverse = self.x_means.reshape(cells, p), self.inverse.reshape(p, p)
        return Adjustment(self.counts.ravel(), x_means, inverse, self.beta, self.means)


@dataclass(frozen=True)
class Precision:
    """How precisely effects are known.

    Attributes:
        factor: F with covariance ``F F'``, shape (effects, any); for `block` alone, its rows' lengths are the errors.
        freedom: Of Student's t; None for the normal distribution.
    """

    factor: Array
    freedom: float | None

    @property
    def errors(self) -> Array:
        """Standard errors, shape (effects,)."""
        return np.asarray(np.sqrt((self.factor * self.factor).sum(axis=1)))

    def block(self, which: list[int]) -> Array:
        """The covariance of some effects."""
        return np.asarray(self.factor[which] @ self.factor[which].T)


def stacked(effects: list[Combination]) -> Array:
    """The weights of effects, shape (effects, cells)."""
    return np.stack([effect.weights.ravel() for effect in effects])


def comparable(counts: Array, control: str) -> list[Combination]:
    """The effects that the cells allow.

    Raises:
        SingularInformation: if none of them is an effect of treatment.
    """
    cohorts = int(counts[1:-1].any(axis=1).sum())
    if cohorts * counts.shape[1] * counts.size > EFFECT_CELLS_MAX:
        raise UsageError("There are too many groups and periods.", remedy="Use longer periods, such as quarters.")
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
    adjustment = _adjustment(sums, tables, method)
    left_out = round(float(sums["left out"][0])) if "left out" in sums else 0
    known = DifferencesState(
        "errors", tables[0], tables[1], tables[2], sites, left_out,
        adjustment.x_means, adjustment.inverse, adjustment.beta, adjustment.means,
    )  # fmt: skip
    effects = comparable(known.counts, method.control)
    if method.errors == "site" or method.design is not None:
        return known
    if clustered is None:
        return _result(known, method, effects, _by_people(known, effects), None)
    return _result(known, method, effects, *_by_cluster(known, effects, clustered, method))


def _adjustment(sums: dict[str, Array], tables: list[Array], method: DifferenceInDifferences) -> Adjustment:
    counts, outcome = tables[0].ravel(), tables[1].ravel()
    if method.design is None:
        return unadjusted(counts, outcome)
    if "levels" in sums and method.placed.limits.minimum_cell > 1:
        check_groups(sums["levels"], method.design, method.placed.limits)
    x_sums = sums["covariates"].reshape(len(counts), len(method.design))
    products, with_y = sums["covariate products"], sums["covariates with outcome"]
    return Adjustment.of(counts, outcome, x_sums, products, with_y, method.design)


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


def _by_people(state: DifferencesState, effects: list[Combination]) -> Precision:
    """The precision of the effects where rows are independent."""
    n = state.counts
    variance = np.maximum(state.squares - state.sums**2 / np.maximum(n, 1.0), 0.0) / np.maximum(n - 1.0, 1.0)
    weights = stacked(effects)
    used = np.abs(weights).any(axis=0)
    if bool((n.ravel()[used] < 2.0).any()):
        raise SingularInformation(
            "A cell that is compared has one person only, so its variance cannot be estimated.",
            remedy="Use longer periods, or errors by cluster.",
        )
    return Precision(weights * np.sqrt(variance / np.maximum(n, 1.0)).ravel(), None)


def _by_cluster(
    state: DifferencesState, effects: list[Combination], clustered: Clustered, method: DifferenceInDifferences
) -> tuple[Precision, dict[str, Any]]:
    """The precision of the effects from the clusters' scores, and the tests that hold with few clusters."""
    count, shares = len(clustered), clustered.shares(state.counts)
    means = state.means.reshape(state.counts.shape)
    scores = (shares * clustered.deviations(means)) @ stacked(effects).T
    draws = bootstrap_weights(method.weights, count, method.draws, method.seed)
    squares = (scores * scores).sum(axis=0)
    wild: list[float | None] = []
    for effect, square in zip(effects, squares.tolist(), strict=True):
        row = effect.weights.ravel()
        estimate = float(row @ means.ravel())
        if effect.kind == "group_time" or not square > 0.0:
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
    return Precision(scores.T * math.sqrt(count / max(count - 1.0, 1.0)), float(max(count - 1, 1))), tests


def _dealt(
    clustered: Clustered, groups: tuple[int, ...], shape: tuple[int, ...], method: DifferenceInDifferences
) -> float:
    """The overall effect if the clusters had been treated so."""
    member = np.zeros((shape[0], len(groups)))
    member[list(groups), np.arange(len(groups))] = 1.0
    found = overall_effect(member @ clustered.counts, member @ clustered.sums, method.control)
    return 0.0 if math.isnan(found) else found


def after_errors(total: Array, state: DifferencesState, method: DifferenceInDifferences) -> Result:
    """The effects with errors from squared residuals, or from the sites' squared scores; none where there is one site."""
    effects = comparable(state.counts, method.control)
    if method.errors == "site":
        sites = round(float(state.sites[1]))
        factor = np.sqrt(total * (sites / (sites - 1.0)))[:, None] if sites > 1 else np.zeros((len(effects), 1))
        tests = {"clusters": sites, "treated_clusters": round(float(state.sites[0]))}
        return _result(state, method, effects, Precision(factor, float(max(sites - 1, 1))), tests)
    weights = stacked(effects)
    covariance = state.adjustment.covariance(total, weights)
    roots, vectors = np.linalg.eigh(covariance)
    return _result(state, method, effects, Precision(vectors * np.sqrt(np.maximum(roots, 0.0)), None), None)


def _result(
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
