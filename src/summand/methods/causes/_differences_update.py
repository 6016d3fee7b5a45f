"""The coordinator's half of difference in differences: effects, errors and tests from the sums of cells."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from summand.errors import CohortTooSmall, SingularInformation
from summand.methods._groups import check_classes, check_groups
from summand.methods._protocol import Result
from summand.methods.causes._adjusted import Adjustment, unadjusted
from summand.methods.causes._clustered import Clustered, clusters_of
from summand.methods.causes._differences_result import result_of
from summand.methods.causes._differences_state import DifferencesState, Precision, comparable, stacked
from summand.methods.causes._group_times import Combination, overall_effect
from summand.methods.causes._inference import bootstrap_weights, randomisation_p_value, wild_p_value
from summand.methods.causes._nested import by_name
from summand.tables import Array

if TYPE_CHECKING:
    from summand.methods.causes._differences import DifferenceInDifferences


def after_cells(total: Array, state: DifferencesState, method: DifferenceInDifferences) -> DifferencesState | Result:
    """The effects, or the cells of groups for the round that asks for the sites' scores.

    Raises:
        CohortTooSmall: where a cell has too few people, or a group too few sites.
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
    _check_shares(tables[0], tables[1], method)
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
    if method.errors == "site":
        _check_sites(np.rint(sums["sites by group"]), effects, method)
    if method.errors == "site" or method.design is not None:
        return known
    if clustered is None:
        return result_of(known, method, effects, _by_people(known, effects), None)
    return result_of(known, method, effects, *_by_cluster(known, effects, clustered, method))


def _check_shares(counts: Array, sums: Array, method: DifferenceInDifferences) -> None:
    """Every group has enough people with the outcome, and without, in every period.

    Leaving a small cell's mean out would hide nothing: an effect is a sum of four means, whose parts follow from all of
    its digits once the groups' sizes are known.
    """
    least, events = method.placed.limits.minimum_cell, (counts + sums) / 2.0
    if least <= 1 or not method.measured.is_binary:
        return
    if bool((np.minimum(events, counts - events)[counts > 0.0] < least - 0.5).any()):
        raise CohortTooSmall(
            f"Fewer than {least} people of some group have, or do not have, the outcome '{method.measured.label}' in some "
            "period over all sites.",
            remedy="Use longer periods, join groups that begin at nearly the same time, or choose a less rare outcome.",
            clause="D.min_cell",
        )


def _check_sites(sites: Array, effects: list[Combination], method: DifferenceInDifferences) -> None:
    """The squared scores that are opened do not tell each site's own.

    A site alone in its group has no score, since its mean is the group's; of two sites each has the other's. Over all,
    the sites' deviations from their groups' means are more numbers than the squares, to a site that knows its own.
    """
    least, periods = method.placed.limits.minimum_sites, len(method.periods)
    if bool(((sites > 1.0) & (sites < least)).any()):
        raise CohortTooSmall(
            f"A group has several sites but fewer than {least}, whose scores would follow from their squares.",
            remedy="Use errors='people', or errors='cluster' with a column of clusters.",
            clause="D.min_sites",
        )
    unknown = (float(sites.sum()) - int((sites > 0.0).sum()) - 1.0) * periods
    if least > 1 and method.placed.site_count > 1 and len(np.unique(stacked(effects), axis=0)) >= unknown:
        raise CohortTooSmall(
            "With so few sites the squared scores of all effects would let one site work out the others' means.",
            remedy="Use errors='people', take in more sites, or join groups that begin at nearly the same time.",
            clause="D.min_sites",
        )


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
        return result_of(state, method, effects, Precision(factor, float(max(sites - 1, 1))), tests)
    weights = stacked(effects)
    covariance = state.adjustment.covariance(total, weights)
    roots, vectors = np.linalg.eigh(covariance)
    return result_of(state, method, effects, Precision(vectors * np.sqrt(np.maximum(roots, 0.0)), None), None)
