"""The product-limit estimate of one group, from its events and exits by time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from summand.methods._newton import NORMAL_975
from summand.tables import Array


@dataclass(frozen=True)
class Curve:
    """A survival curve: it starts at time 0 and steps at the group's own times. All of shape (times,).

    Attributes:
        time: Ascending, first 0.
        survival, conf_low, conf_high: The estimate just after each time and its 95 % interval.
        at_risk: People at risk just before each time.
        events: People with the event at each time.
    """

    time: Array
    survival: Array
    conf_low: Array
    conf_high: Array
    at_risk: Array
    events: Array

    @property
    def median(self) -> float | None:
        """The first time at which at most half survive; None if there is none."""
        # The product of a few hundred ratios is exact to 1e-13: a curve that reaches one half has reached it.
        below = np.flatnonzero(self.survival <= 0.5 * (1.0 + 1e-12))
        return float(self.time[below[0]]) if len(below) else None

    def to_json(self) -> dict[str, Any]:
        """Lists by name; counts as whole numbers."""
        return {
            "time": self.time.tolist(),
            "survival": self.survival.tolist(),
            "conf_low": self.conf_low.tolist(),
            "conf_high": self.conf_high.tolist(),
            "at_risk": self.at_risk.astype(np.int64).tolist(),
            "events": self.events.astype(np.int64).tolist(),
        }


def product_limit(times: Array, events: Array, exits: Array) -> Curve:
    """The curve of one group with somebody in it.

    With h_j = d_j / n_j: S is the product of 1 - h_j, and the variance of log S is Greenwood's sum of
    d_j / (n_j (n_j - d_j)). The interval is exp(-exp(log(-log S) +- 1.96 se / log S)): the whole of [S, S] where S is 1
    or 0, as in lifelines.

    Args:
        times: Ascending, shape (times,).
        events, exits: People who leave by the event, and by anything; shape (times,).

    Source: Kaplan & Meier (1958), JASA 53(282), eqs 2a-2b; Greenwood (1926); Kalbfleisch & Prentice (2002), eq. 1.13.
    """
    own = exits > 0
    time, d, leaving = times[own], events[own], exits[own]
    if time[0] > 0.0:
        time, d, leaving = (np.concatenate([[0.0], part]) for part in (time, d, leaving))
    at_risk = np.cumsum(leaving[::-1])[::-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        survival = np.cumprod((at_risk - d) / at_risk, dtype=np.float64)
        greenwood = np.cumsum(np.where(at_risk > d, d / (at_risk * (at_risk - d)), 0.0))
        log_survival = np.log(survival)
        spread = NORMAL_975 * np.sqrt(greenwood) / log_survival
        low = np.exp(-np.exp(np.log(-log_survival) - spread))
        high = np.exp(-np.exp(np.log(-log_survival) + spread))
    one = survival >= 1.0
    low[one], high[one] = 1.0, 1.0
    return Curve(time, survival, low, high, at_risk, d)
