"""95 % intervals of single numbers that a result gives without one."""

from __future__ import annotations

import math

Z95 = 1.959963984540054
"""The 97.5th percentile of the standard normal distribution."""

Interval = tuple[float, float]


def wilson(successes: int, n: int) -> Interval:
    """The score interval of a proportion, ``n`` at least 1.

    Source: Wilson (1927), JASA 22(158), p. 209.
    """
    share, z2 = successes / n, Z95 * Z95
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def student(mean: float, sd: float, n: int) -> Interval:
    """The interval of a mean by Student's t with ``n - 1`` degrees of freedom, ``n`` at least 2."""
    from scipy.special import stdtrit

    half = float(stdtrit(n - 1, 0.975)) * sd / math.sqrt(n)
    return mean - half, mean + half
