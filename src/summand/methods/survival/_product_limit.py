"""The product-limit estimate of one group, from its events, exits and people at risk by time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from summand.methods._newton import NORMAL_975
from summand.tables import Array

CONF_TYPES = ("log-log", "log", "plain")


@dataclass(frozen=True)
class Curve:
    """A survival curve: it starts at time 0 and steps at the group's own times. All of shape (times,).

    Attributes:
        time: Ascending, first 0.
        survival, conf_low, conf_high: The estimate just after each time and its 95 % interval.
        at_risk: People at risk just before each time.
        events: People with the event at each time.
        log_variance: Greenwood's variance of the logarithm of the survival, just after each time.
    """

    time: Array
    survival: Array
    conf_low: Array
    conf_high: Array
    at_risk: Array
    events: Array
    log_variance: Array

    @property
    def median(self) -> float | None:
        """The first time at which at most half survive; None if there is none."""
        return self._halved(self.survival)

    @property
    def median_interval(self) -> tuple[float | None, float | None]:
        """The times at which no test of S = 1/2 by the curve's own interval rejects; None where a bound is never met.

        Source: Brookmeyer & Crowley (1982), Biometrics 38(1), 29-41, section 2.
        """
        return self._halved(self.conf_low), self._halved(self.conf_high)

    def _halved(self, values: Array) -> float | None:
        # The product of a few hundred ratios is exact to 1e-13: a curve that reaches one half has reached it.
        below = np.flatnonzero(values <= 0.5 * (1.0 + 1e-12))
        return float(self.time[below[0]]) if len(below) else None

    def at(self, time: float) -> dict[str, float | None]:
        """The estimate at a chosen time; None after the last one that is known."""
        if time > self.time[-1]:
            return {"time": time, **dict.fromkeys(("survival", "std_error", "conf_low", "conf_high"))}
        place = int(np.searchsorted(self.time, time, side="right")) - 1
        survival = float(self.survival[place])
        return {
            "time": time,
            "survival": survival,
            "std_error": survival * float(np.sqrt(self.log_variance[place])),
            "conf_low": float(self.conf_low[place]),
            "conf_high": float(self.conf_high[place]),
        }

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


def product_limit(
    times: Array, events: Array, exits: Array, at_risk: Array | None = None, conf_type: str = "log-log"
) -> Curve:
    """The curve of one group with somebody in it.

    With h_j = d_j / n_j: S is the product of 1 - h_j, and the variance of log S is Greenwood's sum of
    d_j / (n_j (n_j - d_j)).

    Args:
        times: Ascending, shape (times,).
        events, exits: People who leave by the event, and by anything; shape (times,).
        at_risk: People at risk just before each time; None if all are from the beginning.
        conf_type: See `interval`.

    Source: Kaplan & Meier (1958), JASA 53(282), eqs 2a-2b; Greenwood (1926).
    """
    time, d, n = own_times(times, events, exits, at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        survival = np.cumprod((n - d) / n, dtype=np.float64)
        greenwood = np.cumsum(np.where(n > d, d / (n * (n - d)), 0.0))
    low, high = interval(survival, greenwood, conf_type)
    return Curve(time, survival, low, high, n, d, greenwood)


def own_times(times: Array, events: Array, exits: Array, at_risk: Array | None) -> tuple[Array, Array, Array]:
    """The times at which somebody of the group leaves, with 0 before them: times, events, and people at risk."""
    own: NDArray[np.bool_] = exits > 0
    if at_risk is None:
        at_risk = np.cumsum(exits[::-1])[::-1]
    time, d, n = times[own], events[own], at_risk[own]
    if time[0] > 0.0:
        time, d, n = np.concatenate([[0.0], time]), np.concatenate([[0.0], d]), np.concatenate([n[:1], n])
    return time, d, n


def interval(survival: Array, log_variance: Array, conf_type: str) -> tuple[Array, Array]:
    """The 95 % interval of a curve: the whole of [S, S] where S is 1 or 0.

    With s the standard error of log S: ``log-log`` is exp(-exp(log(-log S) +- 1.96 s / log S)), ``log`` is
    S exp(+-1.96 s), ``plain`` is S +- 1.96 S s; the last two are cut off at 0 and 1.

    Source: Kalbfleisch & Prentice (2002), section 1.4.
    """
    spread = NORMAL_975 * np.sqrt(log_variance)
    if conf_type == "plain":
        return np.maximum(survival - survival * spread, 0.0), np.minimum(survival + survival * spread, 1.0)
    if conf_type == "log":
        return survival * np.exp(-spread), np.minimum(survival * np.exp(spread), 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_survival = np.log(survival)
        relative = spread / log_survival
        low = np.exp(-np.exp(np.log(-log_survival) - relative))
        high = np.exp(-np.exp(np.log(-log_survival) + relative))
    one = survival >= 1.0
    low[one], high[one] = 1.0, 1.0
    return low, high
