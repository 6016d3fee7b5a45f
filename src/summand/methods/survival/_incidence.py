"""The cumulative incidence of one cause in one group, from its exits by kind and time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from summand.methods._newton import NORMAL_975
from summand.tables import Array


@dataclass(frozen=True)
class Incidence:
    """A cumulative incidence curve: it starts at time 0 and steps at the group's own times. All of shape (times,).

    Attributes:
        time: Ascending, first 0.
        estimate: The probability to have had the event of this cause up to and with each time.
        std_error: Its standard error.
        conf_low, conf_high: The 95 % interval.
        at_risk: People at risk just before each time.
        events: People with the event of this cause at each time.
    """

    time: Array
    estimate: Array
    std_error: Array
    conf_low: Array
    conf_high: Array
    at_risk: Array
    events: Array

    def at(self, time: float) -> dict[str, float | None]:
        """The estimate at a chosen time; None after the last one that is known."""
        if time > self.time[-1]:
            return {"time": time, **dict.fromkeys(("cumulative_incidence", "std_error", "conf_low", "conf_high"))}
        place = int(np.searchsorted(self.time, time, side="right")) - 1
        return {
            "time": time,
            "cumulative_incidence": float(self.estimate[place]),
            "std_error": float(self.std_error[place]),
            "conf_low": float(self.conf_low[place]),
            "conf_high": float(self.conf_high[place]),
        }

    def to_json(self) -> dict[str, Any]:
        """Lists by name; counts as whole numbers."""
        return {
            "time": self.time.tolist(),
            "cumulative_incidence": self.estimate.tolist(),
            "std_error": self.std_error.tolist(),
            "conf_low": self.conf_low.tolist(),
            "conf_high": self.conf_high.tolist(),
            "at_risk": self.at_risk.astype(np.int64).tolist(),
            "events": self.events.astype(np.int64).tolist(),
        }


def cumulative_incidence(times: Array, exits: Array, kind: int) -> Incidence:
    """The curve of one cause in a group with somebody in it.

    With n at risk at s, h_k the share that has the event of cause k there and h the share that has any, S the
    probability to be free of all: ``F_k(t) = sum over s <= t of S(s-) h_k(s)``. Its variance is the sum over s <= t of

        [S(s-)^2 h_k (1 - h_k) - 2 S(s-) h_k (F_k(t) - F_k(s)) + (F_k(t) - F_k(s))^2 h / (1 - h)] / n,

    the variance of independent multinomial draws at each time: equal to the infinitesimal jackknife of rows, and for a
    single cause to Greenwood's. The interval is symmetric on the scale ``log(-log F)``; where F is 0 or 1 it is [F, F].

    Args:
        times: Ascending, shape (times,).
        exits: By kind (0 is censored) and time, shape (kinds, times).
        kind: Which cause.

    Source: Aalen & Johansen (1978), Scand. J. Statist. 5(3), eq. 3.1; variance: Gaynor et al. (1993), JASA 88(422),
        section 3; Allignol, Schumacher & Beyersmann (2010), Biometrical Journal 52(1), section 2.
    """
    own = exits.sum(axis=0) > 0
    time, leaving = times[own], exits[:, own]
    if time[0] > 0.0:
        time, leaving = np.concatenate([[0.0], time]), np.pad(leaving, ((0, 0), (1, 0)))
    at_risk = np.cumsum(leaving.sum(axis=0)[::-1])[::-1]
    of_cause, of_any = leaving[kind] / at_risk, leaving[1:].sum(axis=0) / at_risk
    free = np.concatenate([[1.0], np.cumprod(1.0 - of_any)[:-1]])
    f = np.cumsum(free * of_cause)
    odds = np.divide(of_any, 1.0 - of_any, out=np.zeros_like(of_any), where=of_any < 1.0)
    # (F(t) - F(s)) is expanded in F(t), so that one pass of running sums gives all times
    alone = np.cumsum(free**2 * of_cause * (1.0 - of_cause) / at_risk)
    cross, crossed = np.cumsum(free * of_cause / at_risk), np.cumsum(free * of_cause * f / at_risk)
    square = [np.cumsum(odds * f**power / at_risk) for power in range(3)]
    variance = alone - 2.0 * (f * cross - crossed) + f * f * square[0] - 2.0 * f * square[1] + square[2]
    std_error = np.sqrt(np.maximum(variance, 0.0))
    low, high = log_minus_log_interval(f, std_error)
    return Incidence(time, f, std_error, low, high, at_risk, leaving[kind])


def log_minus_log_interval(f: Array, std_error: Array) -> tuple[Array, Array]:
    """95 % intervals of probabilities, symmetric on the scale log(-log f); [f, f] where f is 0 or 1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = NORMAL_975 * std_error / (f * np.log(f))
        low, high = f ** np.exp(-spread), f ** np.exp(spread)
    inside = (f > 0.0) & (f < 1.0)
    return np.where(inside, low, f), np.where(inside, high, f)
