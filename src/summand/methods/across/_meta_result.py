"""A finished meta-analysis as the values of a result.

Source: Higgins & Thompson (2002), Statistics in Medicine 21, 1539-1558 (I² and H², by the estimated τ² and the typical
variance); Hartung & Knapp (2001), ibid. 20, 3875-3889; Higgins, Thompson & Spiegelhalter (2009), JRSS A 172,
137-159 (prediction interval).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from summand.methods._newton import term_rows
from summand.methods.across._meta_arms import Arms
from summand.methods.across._meta_state import MetaState
from summand.methods.across._meta_update import Pooled
from summand.tables import Count

RATIOS = {"odds_ratio": "odds_ratio", "logistic": "odds_ratio", "risk_ratio": "risk_ratio", "cox": "hazard_ratio"}
"""What the exponential of an estimate is called."""

FIXED, RANDOM = "fixed effect", "random effects"

SPARSE = (
    "Where a site had no one in one of the four cells, a half was added to each of its cells; with rare events a model "
    "over all people (logistic, site='fixed') needs no such correction."
)


def row(term: str, estimate: float, variance: float, measure: str, freedom: float | None = None) -> dict[str, Any]:
    """One estimate with its 95 % interval, and as a ratio where it is the logarithm of one."""
    (found,) = term_rows((term,), np.array([estimate]), np.array([[variance]]), freedom)
    return {
        **found,
        **_ratios(measure, ("", found["estimate"]), ("_low", found["conf_low"]), ("_high", found["conf_high"])),
    }


def _ratios(measure: str, *ends: tuple[str, float]) -> dict[str, float | None]:
    name = RATIOS.get(measure)
    if name is None:
        return {}
    return {f"{name}{suffix}": math.exp(value) if abs(value) < 700.0 else None for suffix, value in ends}


def pooled_values(end: Pooled, measure: str, interval: str) -> dict[str, Any]:
    """Both pooled estimates, Q, τ² and what follows from them.

    Returns:
        ``terms``, ``prediction_low``, ``prediction_high``, ``tau2`` and its interval, ``i_squared``, ``h_squared``,
        ``q``, ``q_degrees_of_freedom``, ``q_p_value``; None where one site alone cannot tell.
    """
    state, unit = end.state, 2.0**-end.state.exponent
    k, tau2 = state.estimated, state.tau * unit**2
    weights, mean, q = state.fixed[:3].tolist()
    estimate, variance = float((state.centre + end.moments.mean) * unit), float(unit**2 / end.moments.weights)
    freedom: float | None = None
    if interval == "hartung_knapp" and k > 1:
        variance *= end.moments.deviation / (k - 1.0)
        freedom = k - 1.0
    fixed = row(FIXED, (state.centre + mean) * unit, unit**2 / weights, measure)
    values = {"terms": [fixed, row(RANDOM, estimate, variance, measure, freedom)]}
    return {**values, **_prediction(estimate, variance + tau2, measure, k), **_heterogeneity(state, tau2, q)}


def _prediction(estimate: float, variance: float, measure: str, k: int) -> dict[str, float | None]:
    """Where a further site's own effect lies with a chance of 95 %: by Student's t with k - 2 degrees of freedom."""
    if k < 3:
        return {"prediction_low": None, "prediction_high": None}
    from scipy.special import stdtrit

    width = float(stdtrit(k - 2.0, 0.975)) * math.sqrt(variance)
    low, high = estimate - width, estimate + width
    return {
        "prediction_low": low, "prediction_high": high,
        **_ratios(measure, ("_prediction_low", low), ("_prediction_high", high)),
    }  # fmt: skip


def _heterogeneity(state: MetaState, tau2: float, q: float) -> dict[str, float | None]:
    k, unit = state.estimated, 2.0**-state.exponent
    if k < 2:
        return dict.fromkeys(("tau2", "tau2_low", "tau2_high", "i_squared", "h_squared", "q", "q_p_value"), None)
    from scipy.special import chdtrc

    weights, _, _, squares = state.fixed[:4].tolist()
    typical = (k - 1.0) * weights / (weights * weights - squares)
    ends = [None if end < 0.0 else end * unit**2 for end in state.ends.tolist()]
    return {
        "tau2": tau2, "tau2_low": ends[0], "tau2_high": ends[1], "i_squared": state.tau / (state.tau + typical),
        "h_squared": 1.0 + state.tau / typical, "q": q, "q_degrees_of_freedom": k - 1,
        "q_p_value": float(chdtrc(k - 1.0, q)),
    }  # fmt: skip


def group_values(state: MetaState, arms: Arms) -> list[dict[str, Any]]:
    """The two groups over all sites: people, and events where these are compared."""
    counts = [round(total) for total in state.arms.tolist()]
    groups = []
    for place, label in enumerate(arms.labels):
        events = {"events": Count(counts[2 + place])} if arms.counts_events else {}
        groups.append({"group": f"{arms.group.column} = {label}", "n": Count(counts[place]), **events})
    return groups
