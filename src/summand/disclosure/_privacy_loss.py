"""Privacy loss: zero-concentrated differential privacy, in which the losses of releases add up, and what it means as epsilon.

Source: Bun & Steinke (2016), Concentrated differential privacy, TCC, for rho and its composition (Lemma 7) and the Gaussian
mechanism (Prop. 6: ``rho = (sensitivity / sigma)^2 / 2``); Canonne, Kamath & Steinke (2020), The discrete Gaussian for
differential privacy, NeurIPS, Theorem 4 for the discrete one and Prop. 12 for epsilon, the conversion of Rényi divergences.
"""

from __future__ import annotations

import functools
import math

RHO_MAX = 1e6
_ORDERS = (1.0 + 1e-9, 1e9)


def rho_of_noise(sensitivity: float, sigma: float) -> float:
    """What one release of a vector costs.

    Args:
        sensitivity: The most, in the Euclidean norm, that the vector changes with one person.
        sigma: Standard deviation of the noise in each of its numbers.
    """
    return (sensitivity / sigma) ** 2 / 2.0


def sigma_for(sensitivity: float, rho: float) -> float:
    """The noise with which a release of that sensitivity costs ``rho``."""
    return sensitivity / math.sqrt(2.0 * rho)


def epsilon_of(rho: float, delta: float) -> float:
    """The least epsilon of ``(epsilon, delta)`` that a loss of ``rho`` is within.

    The least over orders a > 1 of ``a rho + (log(1/delta) + (a - 1) log(1 - 1/a) - log a) / (a - 1)``, which has one
    minimum; found by golden sections of log(a - 1).
    """
    if rho <= 0.0:
        return 0.0

    def at(exponent: float) -> float:
        over = math.exp(exponent)  # a - 1
        order = 1.0 + over
        return order * rho + (-math.log(delta) - math.log(order)) / over + math.log(over / order)

    low, high = (math.log(order - 1.0) for order in _ORDERS)
    ratio = (math.sqrt(5.0) - 1.0) / 2.0
    while high - low > 1e-10:
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, right) if at(left) < at(right) else (left, high)
    return max(at((low + high) / 2.0), 0.0)


@functools.lru_cache(maxsize=1024)
def rho_of(epsilon: float, delta: float) -> float:
    """The largest loss that is within ``(epsilon, delta)``: the inverse of `epsilon_of`, from below."""
    low, high = 0.0, RHO_MAX
    for _ in range(100):
        middle = (low + high) / 2.0
        low, high = (middle, high) if epsilon_of(middle, delta) <= epsilon else (low, middle)
    return low
