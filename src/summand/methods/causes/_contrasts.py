"""Means under each treatment and what they differ by: differences, ratios and odds ratios with their intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from summand.methods._newton import NORMAL_975, p_value
from summand.tables import Array


def mean_rows(arms: Sequence[str], means: Array, covariance: Array) -> list[dict[str, Any]]:
    """One record for each arm with its mean and 95 % interval.

    Args:
        arms: Their labels.
        means: Shape (arms,).
        covariance: Shape (arms, arms).
    """
    errors = np.sqrt(np.maximum(np.diag(covariance), 0.0)).tolist()
    return [
        {
            "arm": arm,
            "mean": mean,
            "std_error": error,
            "conf_low": mean - NORMAL_975 * error,
            "conf_high": mean + NORMAL_975 * error,
        }
        for arm, mean, error in zip(arms, means.tolist(), errors, strict=True)
    ]


def effect_rows(arms: Sequence[str], means: Array, covariance: Array, *, is_binary: bool) -> list[dict[str, Any]]:
    """What each arm differs by from the first; ratios by the delta method on the logarithmic scale.

    ``std_error`` and ``statistic`` are on the scale named by ``scale``: of a ratio, those of its logarithm. Where a
    mean is 0 or 1, or a numeric outcome's means are not all positive, what has no logarithm is left out.

    Args:
        arms: Their labels, the reference first.
        means: Shape (arms,).
        covariance: Shape (arms, arms).
        is_binary: Whether means are risks.
    """
    rows = []
    for k in range(1, len(arms)):
        pair = means[[0, k]]
        cov = covariance[np.ix_([0, k], [0, k])]
        against = {"arm": arms[k], "against": arms[0]}
        name = "risk difference" if is_binary else "mean difference"
        rows.append({**against, "effect": name, **_on_scale(float(pair[1] - pair[0]), np.array([-1.0, 1.0]), cov)})
        if not bool((pair > 0.0).all()):
            continue
        log_ratio = float(np.log(pair[1]) - np.log(pair[0]))
        name = "risk ratio" if is_binary else "ratio of means"
        rows.append({**against, "effect": name, **_on_scale(log_ratio, np.array([-1.0, 1.0]) / pair, cov, log=True)})
        if is_binary and bool((pair < 1.0).all()):
            log_odds = np.log(pair) - np.log1p(-pair)
            gradient = np.array([-1.0, 1.0]) / (pair * (1.0 - pair))
            found = _on_scale(float(log_odds[1] - log_odds[0]), gradient, cov, log=True)
            rows.append({**against, "effect": "odds ratio", **found})
    return rows


def _on_scale(value: float, gradient: Array, covariance: Array, *, log: bool = False) -> dict[str, Any]:
    error = math.sqrt(max(float(gradient @ covariance @ gradient), 0.0))
    ends = (value, value - NORMAL_975 * error, value + NORMAL_975 * error)
    if log:
        ends = tuple(math.exp(min(end, 700.0)) for end in ends)  # type: ignore[assignment]
    statistic = value / error if error > 0.0 else None
    return {
        "estimate": ends[0],
        "std_error": error,
        "statistic": statistic,
        "p_value": None if statistic is None else p_value(statistic),
        "conf_low": ends[1],
        "conf_high": ends[2],
        "scale": "log" if log else "identity",
    }


def figures(value: float, error: float | None, freedom: float | None = None) -> dict[str, Any]:
    """An estimate with its error, test and 95 % interval; None for what an estimate without error does not have.

    Args:
        value: The estimate.
        error: Its standard error.
        freedom: Degrees of freedom of Student's t; None for the normal distribution.
    """
    found: dict[str, Any] = {"estimate": value, "std_error": error}
    if error is None or not error > 0.0:
        return {**found, "statistic": None, "p_value": None, "conf_low": None, "conf_high": None}
    width = NORMAL_975
    if freedom is not None:
        from scipy.special import stdtrit

        width = float(stdtrit(freedom, 0.975))
    statistic = value / error
    low, high = value - width * error, value + width * error
    tested = {"statistic": statistic, "p_value": p_value(statistic, freedom)}
    return {**found, **tested, "conf_low": low, "conf_high": high}
