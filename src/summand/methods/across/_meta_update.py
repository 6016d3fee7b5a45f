"""The coordinator's half of a meta-analysis: count the sites, pool them, find the variance between them."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, replace

import numpy as np

from summand.errors import CohortTooSmall, NotConverged, OutcomeConstant
from summand.methods.across._meta_search import PEAK_AT_ZERO, ends_asked, search, start_of_tau
from summand.methods.across._meta_state import MetaState
from summand.methods.across._meta_sums import ALL, FIRST, PROFILE, WITH_SQUARES, Moments
from summand.tables import Array, Limits

OWN_ROUNDS_MAX = 60
"""A site whose own fit has not ended by then has none."""
CANCELLATION_MAX = 1e5
"""Estimates whose mean is this many times larger than what they differ by are added again about their mean."""


@dataclass(frozen=True)
class Pooling:
    """How sites are brought together.

    Attributes:
        random: The estimator of τ²: ``reml`` or ``dl``.
        with_interval: Whether the interval of τ² is wanted (Q-profile).
        limits: Of the study.
        alone: Whether one site is asked by itself.
    """

    random: str
    with_interval: bool
    limits: Limits
    alone: bool

    def opening(self, state: MetaState) -> MetaState:
        """The state once its sums are known to tell no site's own estimate.

        The sites' estimates and variances are two numbers each, and a site knows its own. As many sums as those of the
        others would be equations enough to find them, so fewer must be opened.

        Raises:
            CohortTooSmall: if there would be as many.
        """
        opened = state.opened + sum(state.moments)
        is_judged = self.limits.minimum_sites > 1 and not self.alone
        if is_judged and opened >= 2 * (state.estimated - 1):
            easier = "Use random='dl' without an interval of tau², which opens at most seven sums and needs five sites"
            raise CohortTooSmall(
                f"With {state.estimated} estimates, the sums asked for would let one site work out those of the others.",
                remedy=f"{easier}; or ask at the release level site_level, if the agreement permits it.",
                clause="D.disclosure",
            )
        return replace(state, opened=opened)


@dataclass(frozen=True)
class Pooled:
    """The end: the moments at τ² = 0 and at the final τ², in scaled units."""

    state: MetaState
    moments: Moments


def after_estimates(total: Array, state: MetaState, pooling: Pooling, arms: int) -> MetaState:
    """Count the sites that have an estimate; wait for those whose own fit goes on.

    Args:
        total: Estimated, left out, sum of rounded log2 weights; in the first round before them rows, sites with rows
            and the totals of the arms.
        arms: How many of these last there are.

    Raises:
        CohortTooSmall, OutcomeConstant: if no site, or too few, have an estimate.
    """
    if state.round == 0:
        n, sites = round(float(total[0])), round(float(total[1]))
        state = replace(state, n=n, sites=sites, arms=np.rint(total[2 : 2 + arms]))
    estimated, left_out = round(float(total[-3])), round(float(total[-2]))
    state = replace(state, round=state.round + 1, estimated=estimated, left_out=left_out)
    if estimated + left_out < state.sites and state.round < OWN_ROUNDS_MAX:
        return state
    _check_count(state, pooling)
    moments = {"dl": PROFILE if pooling.with_interval else WITH_SQUARES, "reml": ALL}[pooling.random]
    return pooling.opening(
        replace(
            state, stage="fixed", left_out=state.sites - estimated, asked=("fixed",), points=np.zeros(1),
            moments=(moments if estimated > 1 else FIRST,), exponent=round(float(total[-1]) / estimated / 2.0),
        )
    )  # fmt: skip


def _check_count(state: MetaState, pooling: Pooling) -> None:
    least = 1 if pooling.alone else max(pooling.limits.minimum_sites, 1)
    if state.estimated >= least:
        return
    if state.estimated or least > 1:
        raise CohortTooSmall(
            f"Fewer than {least} sites have an estimate of their own.",
            remedy="Choose a simpler model or a more common outcome, or pool the people instead of the estimates.",
            clause="D.disclosure",
        )
    raise OutcomeConstant(
        "No site has an estimate of its own: a group or an outcome class is empty at each, or its fit does not exist.",
        remedy="Choose a simpler model or a more common outcome, or pool the people instead of the estimates.",
    )


def after_fixed(total: Array, state: MetaState, pooling: Pooling) -> MetaState | Pooled:
    """Pool at τ² = 0, then ask where τ² may be.

    Raises:
        NotConverged: if a site's estimate is out of range.
    """
    if total[-1] > 0.5:
        raise NotConverged(
            "A site's estimate is out of range: a million times as precise as is typical, or beyond 100,000 standard "
            "errors.",
            remedy="Look at the sites' data for a column without variation, or at the unit of the outcome.",
        )
    moments, k = Moments.of(total[:-1], 0.0), state.estimated
    if state.centre == 0.0 and moments.mean**2 * moments.weights > CANCELLATION_MAX * max(moments.deviation, k - 1.0):
        return replace(state, centre=moments.mean)
    known = (moments.weights, moments.mean, moments.deviation, moments.squares, moments.score, moments.slope)
    fixed = np.nan_to_num(np.array(known))
    state = replace(state, fixed=fixed, tau=0.0)
    if k == 1:
        return Pooled(state, moments)
    tau, is_known = start_of_tau(moments, k, pooling.random)
    below = state.below.copy()
    if not is_known and moments.score <= 0.0:
        below[0] = PEAK_AT_ZERO
    state = replace(state, tau=tau, below=below)
    asked = {} if is_known else {"tau": tau}
    if pooling.with_interval:
        state, ends = ends_asked(moments, state)
        asked |= ends
    return _go_on(state, asked, pooling, moments)


def after_search(total: Array, state: MetaState, pooling: Pooling) -> MetaState | Pooled:
    """One step of every search that goes on."""
    state, asked = search(total, state)
    return _go_on(state, asked, pooling, None)


def _go_on(state: MetaState, asked: dict[str, float], pooling: Pooling, moments: Moments | None) -> MetaState | Pooled:
    """Ask at these points; where there are none left, at the final τ²."""
    if asked:
        counts = tuple(ALL if name == "tau" else PROFILE for name in asked)
        following = replace(
            state, stage="search", asked=tuple(asked), points=np.array(list(asked.values())), moments=counts
        )
        return pooling.opening(following)
    if state.tau == 0.0 and moments is not None:
        return Pooled(state, moments)
    if state.tau == 0.0:
        weights, mean, deviation = state.fixed[:3].tolist()
        nan = math.nan
        return Pooled(state, Moments(mean, weights, nan, nan, deviation, nan, nan, nan))
    following = dataclasses.replace(
        state, stage="random", asked=("random",), points=np.array([state.tau]), moments=(FIRST,)
    )
    return pooling.opening(following)
