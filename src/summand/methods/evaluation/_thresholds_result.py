"""Figures of a decision from how many people of each class lie between its thresholds."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from summand.methods._newton import NORMAL_975
from summand.methods._protocol import Result
from summand.methods.description._two_by_two import wilson
from summand.methods.evaluation._judged import is_too_few
from summand.methods.evaluation._roc_result import difference_of, few_warning, outcome_values
from summand.tables import Array, Limits

if TYPE_CHECKING:
    from summand.methods.evaluation._thresholds import Thresholds

# Errors, their squares and their fourth powers.
ERRORS = 3
SHARES = ("sensitivity", "specificity", "ppv", "npv")


def thresholds_result(method: Thresholds, people: Array, between: Array, errors: Array) -> Result:
    """The result.

    Args:
        method: In its setting.
        people: Without and with the outcome in each place, shape (places, 2).
        between: Of each model, people below the first threshold, between each two, and above: shape
            (places, models, thresholds + 1, 2).
        errors: Sums of observed minus predicted, its squares and fourth powers, shape (places, models, 3).
    """
    limits = method.placed.limits
    few = [is_too_few(own, limits) for own in people]
    told = [place for place in range(len(people)) if not few[place]]
    if few[0] or (limits.minimum_cell > 1 and any(few)):
        told = [] if few[0] else [0]
    values = outcome_values(method, people)
    points: list[dict[str, Any]] = []
    gaps: list[dict[str, Any]] = []
    performance: list[dict[str, Any]] = []
    for model, given in enumerate(method.models):
        shown = _shown(between[told, model], limits) if told else np.zeros(len(method.thresholds), dtype=np.bool_)
        tables = {place: _tables(between[place, model], people[place]) for place in told}
        for place in told:
            head = {"model": given.name, "group": method.places[place]}
            performance.append({**head, **_performance(people[place], errors[place, model])})
            for k in np.flatnonzero(shown).tolist():
                t = method.thresholds[k]
                points.append({**head, "threshold": t, **_point(tables[place][k], t)})
        groups = [place for place in told if place]
        for a, b in itertools.combinations(groups, 2):
            pair = {"model": given.name, "first": method.places[a], "second": method.places[b]}
            gaps.append(
                {
                    **pair,
                    "measure": "observed − expected",
                    "threshold": None,
                    **_calibration_gap(people, errors[:, model], a, b),
                }
            )
            for k in np.flatnonzero(shown).tolist():
                t = method.thresholds[k]
                gaps += [{**pair, **row, "threshold": t} for row in _share_gaps(tables[a][k], tables[b][k])]
    values.update(decisions=points, performance=performance, gaps=gaps)
    warnings = few_warning(method, people, limits)
    if any(few) and limits.minimum_cell > 1 and not few[0]:
        warnings = (*warnings, "So no group is told: it would follow from the others.")
    if limits.minimum_cell > 1 and told and len(points) < len(method.thresholds) * len(told) * len(method.models):
        least = limits.minimum_cell
        warnings = (
            *warnings,
            f"Thresholds with fewer than {least} people of a class since the one before are left out.",
        )
    return Result(method.name, values, warnings)


def _shown(between: Array, limits: Limits) -> NDArray[np.bool_]:
    """Which thresholds may be told: enough people of each class since the last one told, and beyond, in every place.

    Args:
        between: Shape (places, thresholds + 1, 2).
        limits: Whose minimum cell counts.
    """
    count = between.shape[1] - 1
    if limits.minimum_cell <= 1:
        return np.ones(count, dtype=np.bool_)
    shown, since = np.zeros(count, dtype=np.bool_), np.zeros(between[:, 0].shape)
    for k in range(count):
        since = since + between[:, k]
        beyond = between[:, k + 1 :].sum(axis=1)
        if bool((since >= limits.minimum_cell).all()) and bool((beyond >= limits.minimum_cell).all()):
            shown[k], since = True, np.zeros_like(since)
    return shown


def _tables(between: Array, people: Array) -> Array:
    """At each threshold true negatives, false negatives, false positives, true positives: shape (thresholds, 4)."""
    below = np.cumsum(between, axis=0)[:-1]
    return np.column_stack([below, people - below])


def _shares(table: Array) -> dict[str, tuple[float, float]]:
    """Each share as events and people."""
    tn, fn, fp, tp = table.tolist()
    return {"sensitivity": (tp, tp + fn), "specificity": (tn, tn + fp), "ppv": (tp, tp + fp), "npv": (tn, tn + fn)}


def _point(table: Array, t: float) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(name for share in SHARES for name in (share, f"{share}_low", f"{share}_high"))
    tn, fn, fp, tp = table.tolist()
    n, odds = tn + fn + fp + tp, t / (1.0 - t)
    for share, (events, people) in _shares(table).items():
        if people > 0.0:
            row[share] = events / people
            row[f"{share}_low"], row[f"{share}_high"] = wilson(events, people)
    everybody = ((tp + fn) - (tn + fp) * odds) / n
    return {**row, "net_benefit": (tp - fp * odds) / n, "treat_all": everybody, "treat_none": 0.0}


def _performance(people: Array, errors: Array) -> dict[str, float]:
    """Brier score, also scaled, and observed beside expected."""
    n, observed = float(people.sum()), float(people[1] / people.sum())
    error, square, fourth = (errors / n).tolist()
    width = NORMAL_975 * math.sqrt(max(square - error * error, 0.0) / n)
    return {
        "brier": square, "brier_std_error": math.sqrt(max(fourth - square * square, 0.0) / n),
        "brier_scaled": 1.0 - square / (observed * (1.0 - observed)), "observed": observed,
        "expected": observed - error, "difference": error, "conf_low": error - width, "conf_high": error + width,
    }  # fmt: skip


def _calibration_gap(people: Array, errors: Array, a: int, b: int) -> dict[str, Any]:
    """How much further observed is above expected in the second group than in the first."""
    n = people.sum(axis=1)
    means = errors[:, 0] / n
    variances = np.maximum(errors[:, 1] / n - means**2, 0.0) / n
    return difference_of(float(means[b] - means[a]), float(variances[a] + variances[b]))


def _share_gaps(one: Array, other: Array) -> list[dict[str, Any]]:
    """Sensitivity, specificity and predictive values of the second group less those of the first, with Wald's errors."""
    rows, second = [], _shares(other)
    for share, (events, people) in _shares(one).items():
        more, among = second[share]
        if min(people, among) > 0.0:
            p, q = events / people, more / among
            rows.append({"measure": share, **difference_of(q - p, p * (1.0 - p) / people + q * (1.0 - q) / among)})
    return rows
