"""The figures of one site about a model that was made without it, worked out there, and how they are told."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from summand.methods._newton import NORMAL_975
from summand.methods._protocol import Result
from summand.methods.evaluation._judged import CLASS_MIN, probabilities
from summand.tables import Array, Count, CountTable, Limits

# People, events, whether judged, area and its variance, Brier score, expected share; then for calibration slope and
# calibration in the large: whether found, the estimate, its variance.
FIGURES = 13
FIGURES_MAX = 1e6
NEWTON_MAX = 50
STEP_MAX = 2.0


def figures_of(eta: Array, y: Array, limits: Limits) -> Array:
    """A site's figures, shape (13,); zeros after the counts where a class has too few people.

    Args:
        eta: The model's linear predictor of each of its people, shape (rows,).
        y: Whether they have the outcome, 0 or 1, shape (rows,).
        limits: Whose minimum cell both classes must reach.
    """
    found = np.zeros(FIGURES)
    found[:2] = len(y), y.sum()
    if min(y.sum(), len(y) - y.sum()) < max(CLASS_MIN, limits.minimum_cell):
        return found
    mu = probabilities(eta)
    found[2:7] = 1.0, *_area(eta, y), float(((y - mu) ** 2).mean()), float(mu.mean())
    found[7:10] = _recalibrated(np.vstack([np.ones(len(y)), eta]), np.zeros(len(y)), y)
    found[10:13] = _recalibrated(np.ones((1, len(y))), eta, y)
    return found


def _area(eta: Array, y: Array) -> tuple[float, float]:
    """The area under the ROC curve and DeLong's variance of it."""
    cases, controls = np.sort(eta[y == 1.0]), np.sort(eta[y == 0.0])
    above = 1.0 - _below(cases, controls)
    below = _below(controls, cases)
    variance = float(below.var(ddof=1)) / len(cases) + float(above.var(ddof=1)) / len(controls)
    return float(below.mean()), variance


def _below(among: Array, values: Array) -> Array:
    """Which share of some sorted scores lies below each value, ties counting half."""
    return (np.searchsorted(among, values, "left") + np.searchsorted(among, values, "right")) / (2.0 * len(among))


def _recalibrated(x: Array, offset: Array, y: Array) -> tuple[float, float, float]:
    """Whether a logistic fit of the last row of ``x`` beside the others exists, its coefficient and variance."""
    scale = np.maximum(np.abs(x).max(axis=1), 1e-12)
    scaled, beta = x / scale[:, None], np.zeros(len(x))
    for _ in range(NEWTON_MAX):
        mu = probabilities(offset + beta @ scaled)
        information = (scaled * (mu * (1.0 - mu))) @ scaled.T
        if not np.linalg.cond(information) < 1e12:
            return 0.0, 0.0, 0.0
        step = np.linalg.solve(information, scaled @ (y - mu))
        longest = float(np.abs(step).max())
        beta = beta + step * min(1.0, STEP_MAX / max(longest, 1e-300))
        if longest < 1e-12 * max(1.0, float(np.abs(beta).max())):
            estimate, variance = float(beta[-1] / scale[-1]), float(np.linalg.inv(information)[-1, -1] / scale[-1] ** 2)
            return (1.0, estimate, variance) if max(abs(estimate), variance) < FIGURES_MAX else (0.0, 0.0, 0.0)
    return 0.0, 0.0, 0.0


def left_out_result(figures: Array, terms: dict[str, float], label: str) -> Result:
    """One site's result.

    Args:
        figures: Of `figures_of`.
        terms: The coefficients of the model that was made without the site.
        label: The outcome as a reader sees it.
    """
    n, events = round(float(figures[0])), round(float(figures[1]))
    row: dict[str, Any] = {"model": "made at the other sites", **dict.fromkeys(NAMES), "note": None}
    if figures[2]:
        area, error = float(figures[3]), math.sqrt(max(float(figures[4]), 0.0))
        share = events / n
        row.update(auc=area, auc_std_error=error, brier=float(figures[5]), observed=share, expected=float(figures[6]))
        row.update(auc_low=max(0.0, area - NORMAL_975 * error), auc_high=min(1.0, area + NORMAL_975 * error))
        row["brier_scaled"] = 1.0 - float(figures[5]) / (share * (1.0 - share))
        for name, (found, estimate, variance) in zip(CALIBRATION, figures[7:].reshape(2, 3).tolist(), strict=True):
            if found:
                row.update({name: estimate, f"{name}_std_error": math.sqrt(max(variance, 0.0))})
    else:
        row["note"] = "too few"
    classes = CountTable(("event", "no event"), ("people",), ((events,), (n - events,)))
    values = {"n": Count(n), "event": label, "outcome": classes, "models": [row]}
    return Result(
        "internal_external", {**values, "coefficients": [{"term": t, "estimate": b} for t, b in terms.items()]}
    )


CALIBRATION = ("calibration_slope", "calibration_in_the_large")
NAMES = (
    "auc", "auc_std_error", "auc_low", "auc_high", "brier", "brier_scaled", "observed", "expected",
    *(f"{name}{end}" for name in CALIBRATION for end in ("", "_std_error")),
)  # fmt: skip
