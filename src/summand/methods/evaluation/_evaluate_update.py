"""The coordinator's half of an evaluation: settle pairs, recalibrate, report."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from summand.methods._protocol import Result
from summand.methods.description._grid import Window
from summand.methods.evaluation._evaluate_model import Scorer
from summand.methods.evaluation._evaluate_state import Bin, EvaluateState
from summand.tables import Array, Count, CountTable, Limits

CURVE_BINS = 20
CLASS_MIN = 10
REFINEMENTS_MAX = 12
NEWTON_MAX = 30
DECREMENT_MAX = 1e-18
STEP_MAX = 2.0


def first_window(scorer: Scorer, limits: Limits) -> Window:
    """The first histogram of a model's scores: fine only where exact figures may be released."""
    return Window.over(0, scorer.keys.count, 4096 if limits.exact_quantiles else 256)


def advance(total: Array, state: EvaluateState, scorers: tuple[Scorer, ...], limits: Limits) -> EvaluateState | Result:
    """The next state, or the result."""
    reader = _Reader(total)
    before = state
    if state.round == 0:
        state = dataclasses.replace(state, n=round(reader.take(1)[0]), cases=round(reader.take(1)[0]))
    kept, left = [], []
    for place, scorer in enumerate(scorers):
        if before.round == 0 and scorer.has_intercept:
            kept.append(reader.take(2 + 3 * CURVE_BINS))
        state = _recalibrated(state, place, reader)
        windows = (first_window(scorer, limits),) if before.round == 0 else before.split(place).windows
        state, unsettled = _settled(state, place, windows, reader)
        left += unsettled
    if before.round == 0:
        state = dataclasses.replace(state, first=np.concatenate(kept) if kept else np.zeros(0))
        if min(state.cases, state.n - state.cases) < max(CLASS_MIN, limits.minimum_cell):
            return _too_few(state, scorers)
    if before.round == 0 or before.refining:
        state = dataclasses.replace(state, bins=tuple(left))
    refining = limits.exact_quantiles and bool(state.bins) and state.is_divisible and before.round < REFINEMENTS_MAX
    state = dataclasses.replace(state, round=before.round + 1, refining=refining)
    if refining or "open" in (*state.slope_status, *state.offset_status):
        return state
    return _result(state, scorers, limits)


class _Reader:
    """A total, read from its start."""

    def __init__(self, total: Array) -> None:
        self._total, self._at = total, 0

    def take(self, count: int) -> Array:
        """The next ``count`` numbers."""
        self._at += count
        return self._total[self._at - count : self._at]


# ── pairs of a case with a control ───────────────────────────────────────────────────────────────────────────────────
def _settled(
    state: EvaluateState, place: int, windows: tuple[Window, ...], reader: _Reader
) -> tuple[EvaluateState, list[tuple[int, int, int, int, int]]]:
    """Settle every pair whose two people lie in different bins, or at one key; what is left is returned."""
    size = sum(window.bins for window in windows)
    cases, controls = (np.rint(reader.take(size)).astype(np.int64) for _ in range(2))
    concordant, tied, left, at = state.concordant[place], state.tied[place], [], 0
    for window in windows:
        mine, others = cases[at : at + window.bins], controls[at : at + window.bins]
        at += window.bins
        concordant += int(mine @ (np.cumsum(others) - others))
        for k in np.flatnonzero((mine > 0) & (others > 0)).tolist():
            first = window.first + k * window.width
            span = min(window.width, window.first + window.span - first)
            if span == 1:
                tied += int(mine[k] * others[k])
            else:
                left.append((place, first, span, int(mine[k]), int(others[k])))
    return (
        dataclasses.replace(
            state, concordant=_put(state.concordant, place, concordant), tied=_put(state.tied, place, tied)
        ),
        left,
    )


def _put(values: tuple[Any, ...], place: int, value: Any) -> tuple[Any, ...]:
    return (*values[:place], value, *values[place + 1 :])


# ── recalibration ────────────────────────────────────────────────────────────────────────────────────────────────────
def _recalibrated(state: EvaluateState, place: int, reader: _Reader) -> EvaluateState:
    """One Newton step of the two recalibrations that are not finished."""
    if state.slope_status[place] == "open":
        score, (aa, ab, bb) = reader.take(2), reader.take(3)
        step, decrement = _newton(score, np.array([[aa, ab], [ab, bb]]))
        slopes = state.slopes.copy()
        slopes[place] += step
        status = _put(state.slope_status, place, _status(decrement, state.round))
        state = dataclasses.replace(state, slopes=slopes, slope_status=status)
    if state.offset_status[place] == "open":
        step, decrement = _newton(reader.take(1), reader.take(1).reshape(1, 1))
        offsets = state.offsets.copy()
        offsets[place] += step[0]
        status = _put(state.offset_status, place, _status(decrement, state.round))
        state = dataclasses.replace(state, offsets=offsets, offset_status=status)
    return state


def _newton(score: Array, information: Array) -> tuple[Array, float]:
    """A Newton step, cut to a length that cannot overshoot far, and the squared decrement; NaN if singular."""
    if not np.linalg.det(information) > 1e-12 * float(np.prod(np.diag(information))) > 0.0:
        return np.zeros(len(score)), math.nan
    step = np.asarray(np.linalg.solve(information, score), dtype=np.float64)
    length = float(np.abs(step).max())
    shortened = step * (min(1.0, STEP_MAX / length) if length > 0.0 else 1.0)
    return shortened, float(score @ step)


def _status(decrement: float, rounds: int) -> str:
    if decrement <= DECREMENT_MAX:
        return "done"
    return "failed" if math.isnan(decrement) or rounds >= NEWTON_MAX else "open"


# ── the result ───────────────────────────────────────────────────────────────────────────────────────────────────────
def _outcome(state: EvaluateState) -> dict[str, Any]:
    classes = CountTable(("event", "no event"), ("people",), ((state.cases,), (state.n - state.cases,)))
    return {"n": Count(state.n), "outcome": classes}


_NUMBERS = (
    "auc",
    "auc_std_error",
    "auc_least",
    "auc_most",
    "brier",
    "observed",
    "expected",
    "calibration_in_the_large",
    "calibration_slope",
    "brier_scaled",
    "reliability",
    "resolution",
    "uncertainty",
)


def _too_few(state: EvaluateState, scorers: tuple[Scorer, ...]) -> Result:
    nothing: dict[str, Any] = {**dict.fromkeys(_NUMBERS), "calibration": []}
    models = [{"model": scorer.model.name, **nothing, "note": "too few"} for scorer in scorers]
    return Result("evaluate", {**_outcome(state), "models": models})


def _result(state: EvaluateState, scorers: tuple[Scorer, ...], limits: Limits) -> Result:
    models, at = [], 0
    for place, scorer in enumerate(scorers):
        size = 2 + 3 * CURVE_BINS if scorer.has_intercept else 0
        models.append(_model(state, place, scorer, state.first[at : at + size], limits))
        at += size
    return Result("evaluate", {**_outcome(state), "models": models})


def _model(state: EvaluateState, place: int, scorer: Scorer, first: Array, limits: Limits) -> dict[str, Any]:
    row: dict[str, Any] = {"model": scorer.model.name, **dict.fromkeys(_NUMBERS), **_auc(state, place), "note": None}
    row["calibration"] = []
    if state.slope_status[place] == "done":  # predictor = a + b (eta - centre) / half width: the slope per unit of eta
        row["calibration_slope"] = float(state.slopes[place, 1]) / scorer.half_width
    if not scorer.has_intercept:
        row["note"] = "without an intercept the model gives no probabilities"
        return row
    row["brier"], row["observed"] = float(first[0]) / state.n, state.cases / state.n
    row["expected"] = float(first[1]) / state.n
    if state.offset_status[place] == "done":
        row["calibration_in_the_large"] = float(state.offsets[place])
    row["calibration"] = _curve(first[2:].reshape(3, CURVE_BINS), limits)
    row.update(_decomposed(row["calibration"], row["brier"], row["observed"]))
    return row


def _decomposed(points: list[dict[str, Any]], brier: float, share: float) -> dict[str, float]:
    """The Brier score beside that of one risk for all, and its parts over the points of the calibration curve.

    ``reliability - resolution + uncertainty`` is the Brier score of people who all have their point's mean risk.

    Source: Murphy (1973), Journal of Applied Meteorology 12(4).
    """
    uncertainty = share * (1.0 - share)
    people = sum(point["n"].people for point in points)
    apart = sum(point["n"].people * (point["predicted"] - point["observed"]) ** 2 for point in points)
    spread = sum(point["n"].people * (point["observed"] - share) ** 2 for point in points)
    found = {"brier_scaled": 1.0 - brier / uncertainty, "uncertainty": uncertainty}
    return {**found, "reliability": apart / people, "resolution": spread / people} if people else found


def _auc(state: EvaluateState, place: int) -> dict[str, float]:
    """The area under the curve, where it must lie if some pairs stayed unsettled, and its standard error.

    Source: Mann & Whitney (1947); Hanley & McNeil (1982), Radiology 143(1), for the standard error.
    """
    cases, controls = state.cases, state.n - state.cases
    pairs = cases * controls
    open_pairs = sum(found.cases * found.controls for found in (Bin(*b) for b in state.bins) if found.model == place)
    sure = state.concordant[place] + state.tied[place] / 2
    auc = (sure + open_pairs / 2) / pairs
    q1, q2 = auc / (2 - auc), 2 * auc * auc / (1 + auc)
    variance = auc * (1 - auc) + (cases - 1) * (q1 - auc * auc) + (controls - 1) * (q2 - auc * auc)
    return {
        "auc": auc,
        "auc_std_error": math.sqrt(max(variance, 0.0) / pairs),
        "auc_least": sure / pairs,
        "auc_most": (sure + open_pairs) / pairs,
    }


def _curve(sums: Array, limits: Limits) -> list[dict[str, Any]]:
    """The calibration curve: adjacent bins joined until both classes are large enough to be told.

    Args:
        sums: People, events and summed probabilities by bin, shape (3, bins).
        limits: Whose minimum cell each class of each point reaches.
    """
    points, at = [], np.zeros(3)
    least = max(limits.minimum_cell, 1)
    for column in sums.T:
        at = at + column
        enough = at[0] >= least if limits.minimum_cell == 0 else min(at[1], at[0] - at[1]) >= least
        if enough:
            points.append(at)
            at = np.zeros(3)
    if at[0] > 0 and points:
        points[-1] = points[-1] + at
    return [
        {"predicted": float(mu / n), "observed": float(events / n), "n": Count(round(n))} for n, events, mu in points
    ]
