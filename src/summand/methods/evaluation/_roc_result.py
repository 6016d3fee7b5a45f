"""Areas, comparisons and curves from the places of scores."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from summand.methods._newton import NORMAL_975, p_value
from summand.methods._protocol import Result
from summand.methods.description._rank_table import RankTable
from summand.methods.evaluation._judged import is_too_few
from summand.tables import Array, Count, CountTable, Limits

if TYPE_CHECKING:
    from summand.methods.evaluation._judged import Judged

CURVE_POINTS_MAX = 200
ESTIMATE = ("std_error", "statistic", "p_value", "conf_low", "conf_high")


def area_of(bins: Array, people: Array) -> float:
    """The share of pairs in which the case scores higher, ties counting half.

    Args:
        bins: First key, controls and cases below, controls and cases in it; shape (bins, 5).
        people: Controls and cases, shape (2,).
    """
    pairs = float(people[0] * people[1])
    return float(bins[:, 4] @ (bins[:, 1] + bins[:, 3] / 2.0)) / pairs if pairs else 0.5


def placements(bins: Array, people: Array) -> tuple[Array, Array]:
    """For a control in each bin the share of cases above, for a case the share of controls below; ties count half."""
    controls, cases = np.maximum(people, 1.0)
    return (cases - bins[:, 2] - bins[:, 4] / 2.0) / cases, (bins[:, 1] + bins[:, 3] / 2.0) / controls


def outcome_values(method: Judged, people: Array) -> dict[str, Any]:
    """How many people there are, with and without the outcome, over all and in each group."""
    controls, cases = (round(n) for n in people[0].tolist())
    classes = CountTable(("event", "no event"), ("people",), ((cases,), (controls,)))
    values: dict[str, Any] = {"n": Count(cases + controls), "outcome": classes}
    if method.factor is not None:
        labels = (f"not {method.indicator.label}", method.indicator.label)
        cells = tuple((round(a), round(b)) for a, b in people[1:].tolist())
        table = CountTable(method.places[1:], labels, cells)
        values["crosstabs"] = [{"rows": method.by, "columns": method.indicator.label, "counts": table}]
    return values


def few_warning(method: Judged, people: Array, limits: Limits) -> tuple[str, ...]:
    """Which places have too few people to be told about."""
    few = [place for place, own in zip(method.places, people, strict=True) if is_too_few(own, limits)]
    return (f"Too few people have, or lack, the outcome among: {', '.join(few)}.",) if few else ()


def roc_result(method: Judged, people: Array, ranks: RankTable, products: list[Array]) -> Result:
    """The result.

    Args:
        method: In its setting.
        people: Controls and cases of each place, shape (places, 2).
        ranks: Where scores lie, by model and place.
        products: Of the placements about the area, of controls and cases of each place, shape (models, models); none
            where there are too few people.
    """
    limits, count = method.placed.limits, len(method.places)
    values: dict[str, Any] = outcome_values(method, people)
    areas: list[dict[str, Any]] = []
    comparisons: list[dict[str, Any]] = []
    curves: dict[str, Any] = {}
    found: dict[tuple[int, int], tuple[float, float]] = {}
    for place, (own, label) in enumerate(zip(people, method.places, strict=True)):
        if not products or is_too_few(own, limits):
            areas += [_area_row(model.name, label, None) for model in method.models]
            continue
        tables = [ranks.of(model * count + place) for model in range(len(method.models))]
        estimates = [area_of(bins, own) for bins in tables]
        covariance = sum(products[2 * place + k] / (own[k] * (own[k] - 1.0)) for k in (0, 1))
        for model, area in enumerate(estimates):
            variance = float(np.asarray(covariance)[model, model])
            found[model, place] = area, variance
            areas.append(_area_row(method.models[model].name, label, (area, variance)))
            if place == 0:
                curves[method.models[model].name] = curve(tables[model], own, limits)
        for a, b in itertools.combinations(range(len(estimates)), 2):
            spread = float(
                np.array([1.0, -1.0]) @ np.asarray(covariance)[np.ix_([a, b], [a, b])] @ np.array([1.0, -1.0])
            )
            pair = {"first": method.models[a].name, "second": method.models[b].name, "group": label}
            comparisons.append({**pair, **difference_of(estimates[b] - estimates[a], spread)})
    values.update(areas=areas, comparisons=comparisons, gaps=_gaps(method, found), curves=curves)
    grouped = any(ranks.grouped)
    warnings = ("Scores were grouped into bins: people in one count as tied.",) if grouped else ()
    return Result(method.name, values, (*few_warning(method, people, limits), *warnings))


def _area_row(model: str, place: str, found: tuple[float, float] | None) -> dict[str, Any]:
    row: dict[str, Any] = {
        "model": model,
        "group": place,
        **dict.fromkeys(("auc", "std_error", "conf_low", "conf_high")),
    }
    if found is not None:
        area, error = found[0], math.sqrt(max(found[1], 0.0))
        low, high = max(0.0, area - NORMAL_975 * error), min(1.0, area + NORMAL_975 * error)
        row.update(auc=area, std_error=error, conf_low=low, conf_high=high)
    return row


def difference_of(difference: float, variance: float) -> dict[str, Any]:
    """A difference with its normal test and interval; without them where nothing varies."""
    row: dict[str, Any] = {"difference": difference, **dict.fromkeys(ESTIMATE)}
    if variance > 1e-30:
        error = math.sqrt(variance)
        row.update(std_error=error, statistic=difference / error, p_value=p_value(difference / error))
        row.update(conf_low=difference - NORMAL_975 * error, conf_high=difference + NORMAL_975 * error)
    return row


def _gaps(method: Judged, found: dict[tuple[int, int], tuple[float, float]]) -> list[dict[str, Any]]:
    """For each model, the difference of every pair of groups: other people, so their errors add."""
    rows = []
    for model, given in enumerate(method.models):
        told = [place for place in range(1, len(method.places)) if (model, place) in found]
        for a, b in itertools.combinations(told, 2):
            (one, first), (other, second) = found[model, a], found[model, b]
            pair = {"model": given.name, "first": method.places[a], "second": method.places[b]}
            rows.append({**pair, **difference_of(other - one, first + second)})
    return rows


def curve(bins: Array, people: Array, limits: Limits) -> list[dict[str, float]]:
    """The ROC curve from the highest score down, its steps joined until each is large enough, and not too many.

    A step between two points tells how many people of each class lie in it: under limits at least ``minimum_cell``.
    """
    least = limits.minimum_cell if limits.minimum_cell > 1 else 0
    apart = float(people.sum()) / CURVE_POINTS_MAX
    points, at, told = [(0.0, 0.0)], np.zeros(2), np.zeros(2)
    for counts in bins[::-1, 3:5]:
        at = at + counts
        step = at - told
        enough = bool(step.min() >= least) if least else bool(step.sum() >= apart)
        if enough and bool(least == 0 or (people - at).min() >= least):
            points.append((float(at[0] / people[0]), float(at[1] / people[1])))
            told = at
    if points[-1] != (1.0, 1.0):
        points.append((1.0, 1.0))
    return [{"false_positive_rate": x, "true_positive_rate": y} for x, y in points]
