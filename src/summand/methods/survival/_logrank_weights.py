"""Which times of a log-rank test count how much: early differences, late ones, or all alike."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from summand.errors import UsageError
from summand.tables import Array

WEIGHTS = ("logrank", "gehan-breslow", "tarone-ware", "peto-peto", "fleming-harrington")
POWER_MAX = 20.0
TOTAL_MAX = 2.0**60
"""A quarter of what a Q63.64 number holds."""


@dataclass(frozen=True)
class TimeWeights:
    """A family of weights; a common factor cancels in the statistic.

    With d events among n at risk at each time:

    - ``gehan-breslow``: n; ``tarone-ware``: the root of n; both times ``factor``, with which totals of ``rows_max``
      people stay below 2^60;
    - ``peto-peto``: S~(t), the product of 1 - d / (n + 1) up to and at t;
    - ``fleming-harrington``: S(t-)^rho (1 - S(t-))^gamma with the product-limit S of all groups just before t.

    Source: Gehan (1965), Biometrika 52; Breslow (1970), Biometrika 57; Tarone & Ware (1977), Biometrika 64; Peto & Peto
        (1972), JRSS A 135; Fleming & Harrington (1991), chapter 7; all in Klein & Moeschberger (2003), table 7.3.
    """

    family: str
    rho: float
    gamma: float
    rows_max: int
    site_count: int

    @property
    def factor(self) -> float:
        """What the weights that grow with n are multiplied by, at most 1."""
        counted = float(self.rows_max) ** (3 if self.family == "gehan-breslow" else 2) * self.site_count
        return min(1.0, math.sqrt(TOTAL_MAX / counted))

    @property
    def most(self) -> float:
        """The most that a weight may be."""
        powers = {"gehan-breslow": 1.0, "tarone-ware": 0.5}
        return self.factor * self.rows_max ** powers[self.family] if self.family in powers else 1.0

    def __call__(self, events: Array, at_risk: Array) -> Array:
        """The weights at the times with events, shape (times,)."""
        match self.family:
            case "gehan-breslow":
                return at_risk * self.factor
            case "tarone-ware":
                return np.sqrt(at_risk) * self.factor
            case "peto-peto":
                return np.cumprod(1.0 - events / (at_risk + 1.0), dtype=np.float64)
            case "fleming-harrington":
                after = np.cumprod((at_risk - events) / at_risk, dtype=np.float64)
                before = np.concatenate([np.ones(min(1, len(after))), after[:-1]])
                return before**self.rho * (1.0 - before) ** self.gamma
        return np.ones(len(events))


def power(value: object, key: str) -> float:
    """An exponent of Fleming and Harrington's weights.

    Raises:
        UsageError: if it is no number from 0 to 20.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0.0 <= value <= POWER_MAX:
        raise UsageError(f"The setting '{key}' is not a number from 0 to 20.", remedy=f"Leave '{key}' out for 0.")
    return float(value)
