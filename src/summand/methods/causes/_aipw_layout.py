"""What leaves a site of a doubly robust comparison, and the most that one row may add to it."""

from __future__ import annotations

import numpy as np

from summand.methods._protocol import Block, Layout
from summand.methods.causes._aipw_rows import AipwState
from summand.methods.causes._aipw_settings import AipwSettings
from summand.methods.causes._nested import filled
from summand.methods.models._logistic import SLACK


def aipw_layout(method: AipwSettings, state: AipwState) -> Layout:
    """Both fits; then corrected predictions by arm; then squared influences.

    Bounds per row: a weight is at most ``1 / cut``, its derivative too; see `Propensity.layout` and
    `Standardisation.layout` for what the intercepts that sites eliminate add.
    """
    if state.phase == "score":
        return method.score.layout(state.score)
    if state.phase == "model":
        return method.model.layout(state.model)
    s, p, fixed, largest = len(method.score), len(method.model), method.is_fixed, 1.0 / method.cut
    mean, residual = method.model.mean_bound(state.model), method.model.residual_bound(state.model)
    slope, along = method.model.slope_bound * (1.0 + largest), residual * largest
    if state.phase == "errors":
        bound = _influence_bound(method, state, mean, residual)
        return (Block("squared influences", "1", 3, (bound * SLACK) ** 2, "how precisely the means are known"),)
    return filled(
        Block("arms", "1", 2, 1.0, "how many people are in each arm"),
        Block("events", "1", 2 * method.model.is_binary, 1.0, "how many of each arm have the outcome"),
        Block("scores cut", "1", 1, 1.0, "how many scores were cut"),
        Block("predictions", "1", 2, (mean + along) * SLACK, "the doubly robust mean of each arm"),
        Block("score derivatives", "1", 2 * s, (1 + fixed) * along * SLACK, "how the score moves the means"),
        Block("score information", "1", s * (s + 1) // 2, 0.25 * SLACK, "how precisely the score is known"),
        Block("derivatives", "1", 2 * p, (1 + fixed) * slope * SLACK, "how the model moves the means"),
        Block("information", "1", p * (p + 1) // 2, method.model.slope_bound * SLACK, "how precisely it is known"),
    )


def _influence_bound(method: AipwSettings, state: AipwState, mean: float, residual: float) -> float:
    by_score, by_model = (
        float(np.abs(corrections).sum(axis=1).max(initial=0.0)) for corrections in (state.by_score, state.by_model)
    )
    if method.is_fixed:
        by_score += by_score + residual / method.cut**2
        by_model += by_model + method.model.own_bound(state.model, method.arms.column) + 1.0 / method.cut
    return 2.0 * mean + 2.0 * residual / method.cut + by_score + by_model * residual
