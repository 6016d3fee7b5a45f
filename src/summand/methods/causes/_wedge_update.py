"""From the cells of clusters and periods to the effect of treatment, its errors, and treatment dealt anew."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from summand.errors import CohortTooSmall, SingularInformation
from summand.methods._groups import check_classes
from summand.methods._protocol import Result
from summand.methods.causes._clustered import Clustered, clusters_of
from summand.methods.causes._contrasts import figures
from summand.methods.causes._inference import randomisation_p_value
from summand.methods.causes._nested import by_name
from summand.methods.causes._periods import Places
from summand.methods.causes._wedge_fixed import FixedFit, fit_fixed
from summand.methods.causes._wedge_random import Cells, RandomFit, fit_random
from summand.tables import Array, Count

if TYPE_CHECKING:
    from summand.methods.causes._interrupted import PeriodState
    from summand.methods.causes._wedge import SteppedWedge

CLUSTERS_FEW = 6


def result_of(total: Array, state: PeriodState, method: SteppedWedge) -> Result:
    """The result from the opened total.

    Raises:
        CohortTooSmall, UsageError, SingularInformation, NotConverged: see the method.
    """
    sums = by_name(total, method.layout(state))
    shape = (len(method.places), len(method.periods))
    tables = [sums[name].reshape(shape) for name in ("people", "outcome", "squares")]
    tables[0] = np.rint(tables[0])
    _check(tables, method)
    found = clusters_of(tables, sums["clusters by group"], method.places, len(method.groups))
    used = np.flatnonzero(found.counts.any(axis=0))
    exposures = _exposures(found, method)
    clusters, terms = _cells(found, used, exposures, method)
    n = float(found.counts.sum())
    cells = float((found.counts > 0.0).sum())
    within = max(float((found.squares - found.sums**2 / np.maximum(found.counts, 1.0)).sum()), 0.0)
    if method.clusters == "nested" and n <= cells:
        raise SingularInformation(
            "No cluster has two people in a period, so periods within clusters cannot be told from people.",
            remedy="Use clusters='random'.",
        )
    fit: FixedFit | RandomFit
    if method.clusters == "fixed":
        fit = fit_fixed(clusters, terms)
    else:
        fit = fit_random(clusters, (within, n - cells), terms, nested=method.clusters == "nested")
    result = _result(found, used, exposures, fit, terms, method)
    if method.never:
        return result
    left_out = {"people": Count(round(n)), "n_dropped": Count(round(float(sums["left out"][0])))}
    return Result(result.method, {**result.values, **left_out}, result.warnings)


def _check(tables: list[Array], method: SteppedWedge) -> None:
    counts, limits = tables[0], method.placed.limits
    if limits.minimum_cell > 1 and bool((counts[counts.any(axis=1)] < limits.minimum_cell).any()):
        raise CohortTooSmall(
            f"Fewer than {limits.minimum_cell} people of some cluster are in some period over all sites.",
            remedy="Use longer periods, or merge clusters.",
            clause="D.min_cell",
        )
    if method.measured.is_binary and limits.minimum_cell > 1:
        n = round(float(counts.sum()))
        check_classes(n, round((n + float(tables[1].sum())) / 2), method.measured.label, limits)
    if int(counts.any(axis=1).sum()) < 2:
        raise SingularInformation("There are fewer than two clusters.", remedy="Take in more clusters.")


def _exposures(found: Clustered, method: SteppedWedge) -> tuple[int, ...]:
    """The times since treatment began that anybody has; with a constant effect, one for all."""
    periods = found.counts.shape[1]
    times = {t - g for k, g in enumerate(found.groups) for t in range(g, periods) if found.counts[k, t] > 0.0}
    if not times or all(g == 0 for g in found.groups):
        raise SingularInformation(
            "No cluster was observed before and after treatment began.",
            remedy="Check 'treated_from' and the code for never.",
        )
    return tuple(sorted(times)) if method.effect == "exposure" else (-1,)


def _treatment(group: int, periods: int, exposures: tuple[int, ...]) -> Array:
    """The treatment's columns for a cluster treated from some period on, shape (periods, exposures)."""
    since = np.arange(periods) - group
    if exposures == (-1,):
        return (since >= 0).astype(np.float64)[:, None]
    return np.asarray(since[:, None] == np.array(exposures), dtype=np.float64)


def _cells(
    found: Clustered, used: Places, exposures: tuple[int, ...], method: SteppedWedge
) -> tuple[list[Cells], tuple[str, ...]]:
    """Each cluster's cells: treatment, then one column for each period but the first, then a constant if random."""
    periods = found.counts.shape[1]
    by_period = np.eye(periods)[:, used[1:]]
    constant = np.ones((periods, 0 if method.clusters == "fixed" else 1))
    clusters = []
    for k, group in enumerate(found.groups):
        x = np.hstack((_treatment(group, periods, exposures), by_period, constant))
        here = found.counts[k] > 0.0
        n = found.counts[k, here]
        clusters.append(Cells(x[here], found.sums[k, here] / n, n))
    names = [_effect_name(exposure) for exposure in exposures]
    names += [f"{method.period} = {method.periods.labels[t]}" for t in used[1:].tolist()]
    return clusters, tuple([*names, "Intercept"] if constant.shape[1] else names)


def _effect_name(exposure: int) -> str:
    return "treated" if exposure < 0 else f"treated, period {exposure + 1} of treatment"


def _result(
    found: Clustered,
    used: Places,
    exposures: tuple[int, ...],
    fit: FixedFit | RandomFit,
    terms: tuple[str, ...],
    method: SteppedWedge,
) -> Result:
    scale, count = method.measured.half_width, len(exposures)
    average = np.zeros(len(terms))
    average[:count] = 1.0 / count
    effects = [_row("effect", "treated", average, fit, scale)]
    by_exposure = [_row("effect", terms[k], _unit(k, len(terms)), fit, scale) for k in range(count) if count > 1]
    rows = [_row("term", terms[k], _unit(k, len(terms)), fit, scale) for k in range(count, count + len(used) - 1)]
    p_value, ways = _dealt_anew(found, exposures, fit, method)
    values: dict[str, Any] = {
        "effects": effects,
        "exposures": by_exposure,
        "terms": rows,
        "groups": _groups(found, method),
        "p_value_randomisation": p_value,
        "assignments": ways,
        "n": Count(round(float(found.counts.sum()))),
        "clusters": len(found),
        "cluster_effects": method.clusters,
        "effect": method.effect,
        "outcome": method.measured.label,
        "converged": True,
    }
    warnings = []
    if isinstance(fit, RandomFit):
        values.update(_variances(fit, scale))
        if bool((fit.variances[1:] <= 0.0).any()):
            warnings.append("A variance between clusters was estimated as zero: errors may be too small.")
    if len(found) < CLUSTERS_FEW:
        warnings.append(
            f"With fewer than {CLUSTERS_FEW} clusters hardly anything is known; read the p-value by randomisation."
        )
    return Result(method.name, values, tuple(warnings))


def _unit(k: int, size: int) -> Array:
    found = np.zeros(size)
    found[k] = 1.0
    return found


def _row(key: str, name: str, contrast: Array, fit: FixedFit | RandomFit, scale: float) -> dict[str, Any]:
    """One contrast with Student's t."""
    variance = float(contrast @ fit.covariance @ contrast)
    freedom = fit.freedom(contrast) if variance > 0.0 else math.nan
    known = math.isfinite(freedom) and freedom > 0.0
    error = math.sqrt(variance) * scale if variance > 0.0 and known else None
    row = figures(float(contrast @ fit.beta) * scale, error, freedom if known else None)
    return {key: name, **row, "degrees_of_freedom": freedom if known else None}


def _variances(fit: RandomFit, scale: float) -> dict[str, Any]:
    """Standard deviations, and the part of the variance that lies between clusters."""
    total, between = float(fit.variances.sum()), float(fit.variances[1:].sum())
    found: dict[str, Any] = {
        "residual_sd": math.sqrt(float(fit.variances[0])) * scale,
        "cluster_sd": math.sqrt(float(fit.variances[1])) * scale,
        "intracluster_correlation": between / total,
    }
    if len(fit.variances) > 2:
        found["cluster_period_sd"] = math.sqrt(float(fit.variances[2])) * scale
        found["cluster_autocorrelation"] = float(fit.variances[1]) / between if between > 0.0 else None
    return found


def _groups(found: Clustered, method: SteppedWedge) -> list[dict[str, Any]]:
    """When each cluster is treated, and how many people it has."""
    people = found.counts.sum(axis=1).tolist()
    return [
        {"group": label, "treated_from": method.groups.label(group), "n": Count(round(n))}
        for label, group, n in zip(found.labels, found.groups, people, strict=True)
    ]


def _dealt_anew(
    found: Clustered, exposures: tuple[int, ...], fit: FixedFit | RandomFit, method: SteppedWedge
) -> tuple[float, int]:
    """The p-value by treatment dealt anew: the same weighted least squares, variances as estimated.

    Treatment enters each way anew; the periods' part is the same, so each way costs a few sums over clusters.
    """
    counts, periods = found.counts, found.counts.shape[1]
    means = np.where(counts > 0.0, found.sums / np.maximum(counts, 1.0), 0.0)
    weights = np.stack([_weight(row, fit) for row in counts])
    groups = sorted(set(found.groups))
    z = np.stack([_treatment(group, periods, exposures) for group in groups])
    wz = np.einsum("kst,gtq->kgsq", weights, z)
    zz = np.einsum("gsq,kgsr->kgqr", z, wz)
    zy = np.einsum("kgsq,ks->kgq", wz, means)
    pp, py = weights.sum(axis=0), np.einsum("kst,kt->s", weights, means)
    inverse = np.linalg.pinv(pp, rcond=1e-12, hermitian=True)
    rows = np.arange(len(found))

    def statistic(way: tuple[int, ...]) -> float:
        at = np.searchsorted(groups, way)
        cross = wz[rows, at].sum(axis=0)
        left = zz[rows, at].sum(axis=0) - cross.T @ inverse @ cross
        right = zy[rows, at].sum(axis=0) - cross.T @ inverse @ py
        return float(np.linalg.lstsq(left, right, rcond=1e-10)[0].mean())

    return randomisation_p_value(found.groups, statistic, method.draws, method.seed)


def _weight(people: Array, fit: FixedFit | RandomFit) -> Array:
    """The weight matrix of a cluster's cells, shape (periods, periods), zero where it has nobody."""
    found = np.zeros((len(people), len(people)))
    here = np.flatnonzero(people > 0.0)
    n = people[here]
    if isinstance(fit, FixedFit):
        own = np.diag(n) - np.outer(n, n) / n.sum()
    else:
        v = np.diag(fit.variances[0] / n) + fit.variances[1]
        if len(fit.variances) > 2:
            v = v + np.diag(np.full(len(n), fit.variances[2]))
        own = np.linalg.inv(v)
    found[np.ix_(here, here)] = own
    return found
