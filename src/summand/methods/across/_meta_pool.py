"""Estimates that are public already, brought together as the sites' would be."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from summand.methods.across._meta_result import pooled_values
from summand.methods.across._meta_state import MetaState
from summand.methods.across._meta_sums import Moments, site_sums
from summand.methods.across._meta_update import Pooled, Pooling, after_estimates, after_fixed, after_search
from summand.tables import NO_LIMITS


def pooled_estimates(
    estimates: Sequence[float], std_errors: Sequence[float], *, measure: str, random: str, interval: str
) -> Mapping[str, Any]:
    """Fixed and random effects of estimates that a study released site by site, as `MetaAnalysis` gives them.

    Args:
        estimates: One for each site.
        std_errors: Above 0.
        measure, random, interval: As `MetaAnalysis` takes them.

    Examples:
        >>> found = pooled_estimates([0.1, 0.3], [0.1, 0.1], measure="linear", random="dl", interval="normal")
        >>> [round(row["estimate"], 3) for row in found["terms"]]
        [0.2, 0.2]
    """
    effects = [(float(y), float(error) ** 2) for y, error in zip(estimates, std_errors, strict=True)]
    pooling = Pooling(random, with_interval=False, limits=NO_LIMITS, alone=False)
    k = float(len(effects))
    weights = sum(round(-math.log2(variance)) for _, variance in effects)
    following: MetaState | Pooled = after_estimates(
        np.array([k, k, k, 0.0, weights]), MetaState.first(), pooling, arms=0
    )
    while isinstance(following, MetaState):
        state = following
        total = np.sum([site_sums(y, variance, state) for y, variance in effects], axis=0)
        if state.stage == "random":
            following = Pooled(state, Moments.of(total, state.tau))
        else:
            step = after_fixed if state.stage == "fixed" else after_search
            following = step(total, state, pooling)
    return pooled_values(following, measure, interval)
