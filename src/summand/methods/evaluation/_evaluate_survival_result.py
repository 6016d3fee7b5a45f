"""Concordance and calibration of survival models from people counted by time and score."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from summand.methods._groups import check_events
from summand.methods._newton import NORMAL_975
from summand.methods._protocol import Result
from summand.methods.evaluation._concordance import Grid, concordance
from summand.methods.survival._product_limit import product_limit
from summand.tables import Array, Count, Limits

if TYPE_CHECKING:
    from summand.methods.evaluation._evaluate_survival import EvaluateSurvival, SurvivalScoresState

RISK_GROUPS = 10
EVENTS_MIN = 5
DIGITS = 3


def survival_result(
    method: EvaluateSurvival, total: Array, grids: tuple[Grid, ...], state: SurvivalScoresState
) -> Result:  # fmt: skip
    """The result.

    Raises:
        CohortTooSmall: if fewer people have the event than the limits ask for.
    """
    limits, baseline = method.placed.limits, dict(method.baseline)
    check_events(state.events, limits)
    times, at = grids[0], 0
    rows: list[dict[str, Any]] = []
    overall: list[dict[str, Any]] = []
    groups: list[dict[str, Any]] = []
    for model, grid in zip(method.models, grids[1:], strict=True):
        size = 2 * len(times) * len(grid)
        people = np.rint(total[at : at + size]).reshape(len(times), len(grid), 2)
        at += size
        rows.append({"model": model.name, **_c_row(concordance(people), limits)})
        if model.name in baseline:
            risks = total[at : at + len(grid)]
            at += len(grid)
            found = _calibrated(method, people, risks, times, limits)
            overall.append({"model": model.name, **found[0]})
            groups += [{"model": model.name, "risk_group": k + 1, **row} for k, row in enumerate(found[1:])]
    values: dict[str, Any] = {"n": Count(state.n), "events": Count(state.events), "concordance": rows}
    if baseline:
        values.update(at=method.at, calibration=overall, risk_groups=groups)
    grouped = any(grid.is_grouped for grid in grids) or any(state.grouped)
    warnings = ("Times and scores were grouped: people of one step count as tied.",) if grouped else ()
    return Result(method.name, values, warnings)


def _c_row(found: tuple[float, float] | None, limits: Limits) -> dict[str, Any]:
    names = ("c_index", "std_error", "conf_low", "conf_high")
    if found is None:
        return dict.fromkeys(names)
    c, error = found
    width = NORMAL_975 * error
    figures = (c, error, max(0.0, c - width), min(1.0, c + width))
    return {name: _told(figure, limits) for name, figure in zip(names, figures, strict=True)}


def _told(value: float | None, limits: Limits) -> float | None:
    """A figure, under limits to three digits."""
    return value if value is None or limits.minimum_cell <= 1 else float(f"{value:.{DIGITS}g}")


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
