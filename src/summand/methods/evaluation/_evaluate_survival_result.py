"""Concordance and calibration of survival models from people counted by time and score."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from summand.methods._groups import check_events
from summand.methods._newton import NORMAL_975
from summand.methods._protocol import Result
from summand.methods._rounding import to_digits
from summand.methods.evaluation._concordance import Concordance, Grid
from summand.methods.evaluation._roc_result import difference_of
from summand.methods.survival._product_limit import product_limit
from summand.tables import Array, Count, Limits

if TYPE_CHECKING:
    from summand.methods.evaluation._evaluate_survival import EvaluateSurvival, SurvivalScoresState

RISK_GROUPS = 10
EVENTS_MIN = 5
DIGITS = 3


def counts_of(method: EvaluateSurvival, total: Array, grids: tuple[Grid, ...]) -> list[Array]:
    """Of each model, people by time, score, and whether with the event: shape (times, scores, 2)."""
    return [people for people, _ in _read(method, total, grids)]


def _read(method: EvaluateSurvival, total: Array, grids: tuple[Grid, ...]) -> list[tuple[Array, Array]]:
    """The counts of each model, and the sums of predicted risks by score where it has a baseline."""
    found, at, times, baseline = [], 0, len(grids[0]), dict(method.baseline)
    for model, grid in zip(method.models, grids[1:], strict=True):
        size, risks = 2 * times * len(grid), len(grid) if model.name in baseline else 0
        people = np.rint(total[at : at + size]).reshape(times, len(grid), 2)
        found.append((people, total[at + size : at + size + risks]))
        at += size + risks
    return found


def survival_result(
    method: EvaluateSurvival, total: Array, grids: tuple[Grid, ...], state: SurvivalScoresState, products: Array | None
) -> Result:  # fmt: skip
    """The result.

    Args:
        method: In its setting.
        total: People by time and score, and predicted risks.
        grids: The steps of time, then of each model's scores.
        state: The last.
        products: Of what each person does to two models' C, shape (models, models); None where they are not compared.

    Raises:
        CohortTooSmall: if fewer people have the event than the limits ask for.
    """
    limits = method.placed.limits
    check_events(state.events, limits)
    values: dict[str, Any] = {"n": Count(state.n), "events": Count(state.events)}
    read = _read(method, total, grids)
    found = [Concordance.of(people) for people, _ in read]
    values["concordance"] = [
        {"model": model.name, **_c_row(one, people, limits)}
        for model, one, (people, _) in zip(method.models, found, read, strict=True)
    ]
    if len(method.models) > 1:
        values["comparisons"] = _comparisons(method, found, state.n, products)
    if method.baseline:
        overall: list[dict[str, Any]] = []
        groups: list[dict[str, Any]] = []
        for model, (people, risks) in zip(method.models, read, strict=True):
            if len(risks):
                rows = _calibrated(method, people, risks, grids[0], limits)
                overall.append({"model": model.name, **rows[0]})
                groups += [{"model": model.name, "risk_group": k + 1, **row} for k, row in enumerate(rows[1:])]
        values.update(at=method.at, calibration=overall, risk_groups=groups)
    warnings = []
    if any(grid.is_grouped for grid in grids) or any(state.grouped):
        warnings.append("Times and scores were grouped: people of one step count as tied.")
    return Result(method.name, values, tuple(warnings))


def _comparisons(
    method: EvaluateSurvival, found: list[Concordance | None], n: int, products: Array | None
) -> list[dict[str, Any]]:  # fmt: skip
    """The difference of every two models' C, with the error that people they share leave."""
    rows: list[dict[str, Any]] = []
    for a, b in itertools.combinations(range(len(found)), 2):
        one, other = found[a], found[b]
        if products is None or one is None or other is None:
            continue
        ways = np.array([-n / one.pairs, n / other.pairs])
        variance = float(ways @ products[np.ix_([a, b], [a, b])] @ ways)
        row = difference_of(other.c - one.c, variance)
        told = {name: _told(value, method.placed.limits) for name, value in row.items()}
        rows.append({"first": method.models[a].name, "second": method.models[b].name, **told})
    return rows


def _c_row(found: Concordance | None, people: Array, limits: Limits) -> dict[str, Any]:
    names = ("c_index", "std_error", "conf_low", "conf_high")
    if found is None:
        return dict.fromkeys(names)
    c, error = found.c, found.std_error(people)
    width = NORMAL_975 * error
    figures = (c, error, max(0.0, c - width), min(1.0, c + width))
    return {name: _told(figure, limits) for name, figure in zip(names, figures, strict=True)}


def _told(value: float | None, limits: Limits) -> float | None:
    """A figure, under limits to three digits."""
    return value if value is None or limits.minimum_cell <= 1 else to_digits(value, DIGITS)


def _calibrated(
    method: EvaluateSurvival, people: Array, risks: Array, times: Grid, limits: Limits
) -> list[dict[str, Any]]:  # fmt: skip
    """Predicted and observed risk at the chosen time: of everybody, then of neighbouring scores in groups.

    A group has a tenth of the people, and enough of them with and without the event by that time.
    """
    assert method.at is not None
    ends = np.array([method.keys[0].value(int(key)) for key in times.last])
    by_then = people[ends <= method.at, :, 1].sum(axis=0)
    sizes = people.sum(axis=(0, 2))
    least = max(limits.minimum_cell, EVENTS_MIN)
    tenth, cuts, start = float(sizes.sum()) / RISK_GROUPS, [0], 0
    for k in range(1, len(sizes)):
        n, events = float(sizes[start:k].sum()), float(by_then[start:k].sum())
        left, left_events = float(sizes[k:].sum()), float(by_then[k:].sum())
        is_large = n >= tenth * (1.0 - 1e-9) and min(events, n - events, left_events, left - left_events) >= least
        if is_large:
            cuts.append(k)
            start = k
    bounds = [*cuts, len(sizes)]
    parts = [slice(0, len(sizes)), *(slice(a, b) for a, b in itertools.pairwise(bounds))]
    return [_risk_row(method.at, ends, people[:, own], float(risks[own].sum()), limits) for own in parts]


def _risk_row(at: float, ends: Array, people: Array, predicted: float, limits: Limits) -> dict[str, Any]:
    events, exits = people[:, :, 1].sum(axis=1), people.sum(axis=(1, 2))
    n = float(exits.sum())
    row: dict[str, Any] = {"people": Count(round(n)), "predicted": _told(predicted / n, limits) if n else None}
    row.update(dict.fromkeys(("observed", "conf_low", "conf_high", "observed_over_expected")))
    if not n:
        return row
    there = product_limit(ends, events, exits).at(at)
    survival, low, high = there["survival"], there["conf_low"], there["conf_high"]
    if survival is None or low is None or high is None:
        return row
    row.update(observed=_told(1.0 - survival, limits), conf_low=_told(1.0 - high, limits))
    row.update(conf_high=_told(1.0 - low, limits))
    row["observed_over_expected"] = _told((1.0 - survival) / (predicted / n), limits) if predicted > 0.0 else None
    return row if math.isfinite(survival) else {**row, "observed": None}
