"""What a site adds to a meta-analysis once it has an estimate: powers of its weight times powers of its estimate.

With a site's estimate θ, its variance v, ``u = 1 / (v G)`` and ``t = θ √G - centre``, the weight at T is
``ω = (1 + T) / (1/u + T)``, between u and 1, and ``ρ = t / √(1 + T)``. The sums are of ``ω^j ρ^l`` for j = 1, 2, 3 and
l = 0, 1, 2, those of higher j times 2^-20 for each further power, so that fixed point holds them all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from summand.methods._protocol import Block, Layout
from summand.methods.across._meta_state import MetaState
from summand.tables import Array

FIRST, WITH_SQUARES, PROFILE, ALL = 3, 4, 6, 9
"""How many of the nine moments are asked for: to pool; to find DL's τ² too; Q and its slope; REML and its slope."""

POWER_SCALE = 2.0**-20
WEIGHT_MAX = 2.0**20
"""A site whose estimate is a million times as precise as is typical is out of range."""
STATISTIC_MAX = 1e5
"""So is one whose estimate is further from the centre than this many standard errors."""
MOMENT_MAX = 1.001 * STATISTIC_MAX**2
LOG_WEIGHT_MAX = 200
"""A weight beyond 2^±200 is none."""


@dataclass(frozen=True)
class Moments:
    """The sums over sites at one T, in the units of a problem with variances 1/u + T.

    Attributes:
        mean: The weighted mean of the estimates, about the centre.
        weights: Sum of weights ``a = 1 / (1/u + T)``.
        squares, cubes: Sums of a² and a³; NaN where not asked for.
        deviation: Sum of a r², with r the estimates about their mean: Cochran's Q at this T.
        deviation_1, deviation_2, deviation_3: Sums of a² r, a² r² and a³ r²; NaN where not asked for.
    """

    mean: float
    weights: float
    squares: float
    cubes: float
    deviation: float
    deviation_1: float
    deviation_2: float
    deviation_3: float

    @classmethod
    def of(cls, sums: Array, point: float) -> Moments:
        """The moments behind the sums of one point."""
        full = np.full(ALL, math.nan)
        full[: len(sums)] = sums
        (s0, s1, s2), (q0, q1, q2), (c0, c1, c2) = full.reshape(3, 3) / POWER_SCALE ** np.arange(3.0)[:, None]
        grown, mean = 1.0 + point, s1 / s0
        return cls(
            mean=mean * math.sqrt(grown),
            weights=s0 / grown,
            squares=q0 / grown**2,
            cubes=c0 / grown**3,
            deviation=max(s2 - mean * s1, 0.0),
            deviation_1=(q1 - mean * q0) / grown**1.5,
            deviation_2=(q2 - 2.0 * mean * q1 + mean**2 * q0) / grown,
            deviation_3=(c2 - 2.0 * mean * c1 + mean**2 * c0) / grown**2,
        )

    @property
    def score(self) -> float:
        """Twice the derivative of the restricted log-likelihood in T."""
        return self.deviation_2 - self.weights + self.squares / self.weights

    @property
    def slope(self) -> float:
        """The derivative of `score`."""
        ratio = self.squares / self.weights
        bends = self.deviation_1**2 / self.weights - self.deviation_3 - self.cubes / self.weights
        return 2.0 * bends + self.squares + ratio**2


def sums_layout(state: MetaState) -> Layout:
    """What a site contributes at a state after its estimate is known.

    Bounds: with ``|t| √u`` at most `STATISTIC_MAX` and u at most `WEIGHT_MAX`, ``ω ρ² ≤ u t²``, ``ω ≤ WEIGHT_MAX``, and
    each further power of ω is taken times 1 / `WEIGHT_MAX`.
    """
    blocks = [
        Block(
            f"sums for '{name}'", "1", count, MOMENT_MAX,
            "sums of the sites' weights, and of their estimates times weights, at one variance between sites",
        )
        for name, count in zip(state.asked, state.moments, strict=True)
    ]  # fmt: skip
    if state.stage == "fixed":
        blocks.append(Block("sites out of range", "1", 1, 1.0, "how many sites' estimates are out of range"))
    return tuple(blocks)


def site_sums(estimate: float, variance: float, state: MetaState) -> Array:
    """One site's summand, shape (sum(moments) + 1 at the stage ``fixed``,)."""
    precision = 1.0 / (variance * state.weight_scale)
    deviation = estimate * 2.0**state.exponent - state.centre
    is_out = precision > WEIGHT_MAX or abs(deviation) * math.sqrt(precision) > STATISTIC_MAX
    tail = [float(is_out)] if state.stage == "fixed" else []
    if is_out:
        return np.concatenate([np.zeros(sum(state.moments)), tail])
    parts = [
        _powers(precision, deviation, point)[:count]
        for point, count in zip(state.points.tolist(), state.moments, strict=True)
    ]
    return np.concatenate([*parts, tail])


def _powers(precision: float, deviation: float, point: float) -> Array:
    grown = 1.0 + point
    weight, scaled = grown / (1.0 / precision + point), deviation / math.sqrt(grown)
    by_weight = weight * (weight * POWER_SCALE) ** np.arange(3.0)
    return np.outer(by_weight, scaled ** np.arange(3.0)).ravel()
