"""Finding the variance between sites, and its interval: one step of each search in every round.

Source: DerSimonian & Laird (1986), Controlled Clinical Trials 7, 177-188; Viechtbauer (2005), J. Educ. Behav. Stat.
30(3), 261-293 (REML); Viechtbauer (2007), Statistics in Medicine 26, 37-52 (Q-profile).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from summand.errors import NotConverged
from summand.methods.across._meta_state import MetaState
from summand.methods.across._meta_sums import Moments
from summand.tables import Array

SEARCHES_MAX = 60
NOTHING = 1e-10
"""A τ² of this part of a typical variance is none."""
STEP_DONE = 1e-7
"""Newton's error is about the square of its last step: below 1e-13 of the value."""
NAMES = ("tau", "low", "high")
PEAK_AT_ZERO = -1.0
"""Stands as what is below τ² where the likelihood falls from 0 on: a search that leads back there ends at exactly 0."""


def start_of_tau(moments: Moments, k: int, random: str) -> tuple[float, bool]:
    """DerSimonian and Laird's τ², and whether it is already the one wanted.

    Where both DL's value and the slope of the restricted likelihood at 0 say that there is no variance, it is 0.
    """
    spread = moments.weights - moments.squares / moments.weights
    tau = max(0.0, (moments.deviation - (k - 1.0)) / spread) if spread > 0.0 else 0.0
    if random == "dl":
        return tau, True
    if tau > 0.0:
        return tau, False
    if moments.score <= 0.0:
        return 0.0, True
    return (-moments.score / moments.slope if moments.slope < 0.0 else 1.0 / moments.weights), False


def ends_asked(moments: Moments, state: MetaState) -> tuple[MetaState, dict[str, float]]:
    """Where to look first for the ends of the interval of τ²; an end is 0 where Q is too small already at τ² = 0."""
    ends, asked = np.full(2, -1.0), {}
    for place, critical in enumerate(_criticals(state.estimated)):
        if moments.deviation <= critical:
            ends[place] = 0.0
        else:
            asked[NAMES[1 + place]] = _towards(moments, critical, 0.0)
    return replace(state, ends=ends), asked


def _criticals(k: int) -> tuple[float, float]:
    """The quantiles of chi-square at which Q puts the lower and the upper end."""
    from scipy.special import chdtri

    return float(chdtri(k - 1.0, 0.025)), float(chdtri(k - 1.0, 0.975))


def _towards(moments: Moments, critical: float, point: float) -> float:
    """Newton's step for ``1/Q(T) = 1/critical``, which is straight where all variances are equal."""
    q = moments.deviation
    return point + q * (q - critical) / (critical * moments.deviation_2) if moments.deviation_2 > 0.0 else point


def search(total: Array, state: MetaState) -> tuple[MetaState, dict[str, float]]:
    """One step of every search.

    Returns:
        The state, and the points at which to look next; none once all have ended.

    Raises:
        NotConverged: after too many rounds.
    """
    if state.searches + 1 >= SEARCHES_MAX:
        raise NotConverged(
            f"The variance between sites was not found within {SEARCHES_MAX} rounds.",
            remedy="Use random='dl', which needs no search.",
        )
    state = replace(state, searches=state.searches + 1)
    asked: dict[str, float] = {}
    start = 0
    for name, point, count in zip(state.asked, state.points.tolist(), state.moments, strict=True):
        moments = Moments.of(total[start : start + count], point)
        start += count
        state, following = _step(name, point, moments, state)
        if following is not None:
            asked[name] = following
    return state, asked


def _step(name: str, point: float, moments: Moments, state: MetaState) -> tuple[MetaState, float | None]:
    """The next point of one search, kept between what is known to be below and above; None at its end."""
    place = NAMES.index(name)
    if name == "tau":
        rises, slope = moments.score, moments.slope
        proposed = point - rises / slope if slope < 0.0 else (2.0 * point + 1.0 if rises > 0.0 else point / 10.0)
    else:
        critical = _criticals(state.estimated)[place - 1]
        rises, proposed = moments.deviation - critical, _towards(moments, critical, point)
    below, above = state.below.copy(), state.above.copy()
    if rises > 0.0:
        below[place] = point
    else:
        above[place] = point
    state = replace(state, below=below, above=above)
    low, high = float(below[place]), float(above[place])
    if low == PEAK_AT_ZERO and (proposed <= 0.0 or point < NOTHING or _falls_from_zero(point, moments, state)):
        return replace(state, tau=0.0), None
    if not low < proposed or (high >= 0.0 and not proposed < high):
        proposed = (low + high) / 2.0 if high >= 0.0 else low + 1.0
    if abs(proposed - point) > STEP_DONE * point and high - low != 0.0:
        return state, proposed
    return _ended(name, proposed, state), None


def _falls_from_zero(point: float, moments: Moments, state: MetaState) -> bool:
    """Whether the restricted likelihood falls all the way from 0 to a point, by the cubic through its slopes there."""
    score, slope = state.fixed[4:].tolist()
    at = np.linspace(0.0, 1.0, 65)
    cubic = (
        (1.0 + 2.0 * at) * (1.0 - at) ** 2 * score
        + at * (1.0 - at) ** 2 * point * slope
        + at**2 * (3.0 - 2.0 * at) * moments.score
        + at**2 * (at - 1.0) * point * moments.slope
    )
    return bool((cubic <= 0.0).all())


def _ended(name: str, value: float, state: MetaState) -> MetaState:
    if name == "tau":
        return replace(state, tau=value)
    ends = state.ends.copy()
    ends[NAMES.index(name) - 1] = value
    return replace(state, ends=ends)
