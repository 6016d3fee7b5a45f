"""Intervals of rates, of their ratios, and of directly standardised rates."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from summand.methods._newton import NORMAL_975
from summand.tables import Array

Interval = tuple[float, float]


def exact_limits(events: float) -> Interval:
    """The 95 % interval of a Poisson mean: Garwood (1936), Biometrika 28(3/4), 437-442."""
    from scipy.special import gammaincinv

    low = float(gammaincinv(events, 0.025)) if events > 0.0 else 0.0
    return low, float(gammaincinv(events + 1.0, 0.975))


def byar_limits(events: float) -> Interval:
    """Byar's approximation to the same: Breslow & Day (1987), Statistical Methods in Cancer Research II, p. 69."""
    above = events + 1.0
    low = 0.0 if events == 0.0 else events * (1.0 - 1.0 / (9.0 * events) - NORMAL_975 / (3.0 * math.sqrt(events))) ** 3
    return max(low, 0.0), above * (1.0 - 1.0 / (9.0 * above) + NORMAL_975 / (3.0 * math.sqrt(above))) ** 3


LIMITS = {"exact": exact_limits, "byar": byar_limits}


@dataclass(frozen=True)
class Ratio:
    """A rate divided by a reference rate; limits and estimate are None where they are infinite or undefined."""

    estimate: float | None
    low: float | None
    high: float | None
    p_value: float


def exact_ratio(events: float, time: float, reference_events: float, reference_time: float) -> Ratio:
    """The ratio of two rates with the interval that is exact given the sum of the events.

    Given that sum, the events of the first are binomial with ``p = r T / (1 + r T)`` for the ratio r and the ratio T of
    times: Clopper and Pearson's limits of p give those of r. The p-value adds up all outcomes at r = 1 that are no
    more likely than the one seen.

    Source: Przyborowski & Wilenski (1940), Biometrika 31(3/4), 313-323; Clopper & Pearson (1934), Biometrika 26(4).
    """
    from scipy.special import betaincinv, gammaln

    both = events + reference_events
    times = time / reference_time
    low = float(betaincinv(events, reference_events + 1.0, 0.025)) if events > 0.0 else 0.0
    high = float(betaincinv(events + 1.0, reference_events, 0.975)) if reference_events > 0.0 else 1.0
    p = times / (1.0 + times)
    seen = np.arange(both + 1.0)
    log_chance = gammaln(both + 1.0) - gammaln(seen + 1.0) - gammaln(both - seen + 1.0)
    log_chance = log_chance + seen * math.log(p) + (both - seen) * math.log1p(-p)
    chance = np.exp(log_chance)
    as_unlikely = chance <= chance[int(events)] * (1.0 + 1e-7)
    return Ratio(
        estimate=(events / reference_events) / times if reference_events > 0.0 else None,
        low=low / (1.0 - low) / times if low < 1.0 else None,
        high=high / (1.0 - high) / times if high < 1.0 else None,
        p_value=min(1.0, float(chance[as_unlikely].sum())),
    )


@dataclass(frozen=True)
class Standardised:
    """A directly standardised rate.

    Attributes:
        rate: The standard population's mean of the bands' rates.
        variance: Of the rate, with Poisson events.
        low, high: Its 95 % interval.
    """

    rate: float
    variance: float
    low: float
    high: float


def standardised(events: Array, times: Array, weights: Array, interval: str) -> Standardised:
    """A rate standardised to the bands' weights, with the gamma interval, or Dobson's by Byar's limits.

    Args:
        events, times: Of each band, shape (bands,), times above 0.
        weights: The standard population, shape (bands,), adding up to 1.
        interval: ``exact`` or ``byar``.

    Source: Fay & Feuer (1997), Statist. Med. 16(7), 791-801, eqs. 4-5; Dobson et al. (1991), Statist. Med. 10(3),
        457-462.
    """
    from scipy.special import gammaincinv

    share = weights / times
    rate, variance = float(share @ events), float(share**2 @ events)
    total = float(events.sum())
    if interval == "byar":
        low, high = byar_limits(total)
        unit = math.sqrt(variance / total) if total else 0.0
        return Standardised(rate, variance, rate + unit * (low - total), rate + unit * (high - total))
    largest = float(share.max())
    low = variance / rate * float(gammaincinv(rate**2 / variance, 0.025)) if rate > 0.0 else 0.0
    above, spread = rate + largest, variance + largest**2
    return Standardised(rate, variance, low, spread / above * float(gammaincinv(above**2 / spread, 0.975)))
