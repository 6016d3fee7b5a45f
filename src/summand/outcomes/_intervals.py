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


def hanley_mcneil(auc: float, positive: int, negative: int) -> Interval:
    """The interval of an area under the ROC curve, from the two class sizes, each at least 1.

    Source: Hanley & McNeil (1982), Radiology 143(1), p. 32, with the exponential model's Q1 and Q2.
    """
    q1, q2 = auc / (2 - auc), 2 * auc * auc / (1 + auc)
    variance = auc * (1 - auc) + (positive - 1) * (q1 - auc * auc) + (negative - 1) * (q2 - auc * auc)
    half = Z95 * math.sqrt(max(0.0, variance) / (positive * negative))
    return max(0.0, auc - half), min(1.0, auc + half)
