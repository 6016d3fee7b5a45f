"""Process limits: where the points of a stable process lie, from the points themselves.

Sources: NHS England, "Making Data Count" (XmR charts); Wheeler, "Understanding Variation" (1993), the constants 2.66 and
3.267; Montgomery, "Introduction to Statistical Quality Control", 7th ed., §7.2 and §7.3 (p and u charts); Laney (2002),
Quality Engineering 14(4) (p′ and u′).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import fsum, sqrt
from typing import Literal

Kind = Literal["xmr", "p", "u", "p_prime", "u_prime"]
LIMITS_PER_MOVING_RANGE = 2.66
"""3 / d2 with d2 = 1.128, rounded as the rules print it."""
RANGE_LIMIT_PER_MOVING_RANGE = 3.267
"""D4 for ranges of two: a moving range from here on is an outlier."""
SIGMA_PER_MOVING_RANGE = 1 / 1.128


@dataclass(frozen=True)
class Limits:
    """The centre line and limits of some points in a row, one of each a point, in the unit of the values.

    Attributes:
        centre: The mean; of proportions and rates the pooled one.
        lower, upper: Process limits.
        mean_moving_range: Mean of |x_i - x_(i-1)| as used; None where limits do not come from it.
        screened: How many moving ranges were left out as outliers.
    """

    centre: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    mean_moving_range: float | None
    screened: int = 0


def xmr_limits(values: Sequence[float], *, screen: bool) -> Limits:
    """Limits of single values: mean ± 2.66 · mean moving range.

    Args:
        values: At least two.
        screen: Whether moving ranges of 3.267 times their mean or more are left out, once, before the mean counts.
    """
    mean = fsum(values) / len(values)
    kept = moving_ranges(values)
    average, before = fsum(kept) / len(kept), len(kept)
    if screen and average > 0:
        kept = [item for item in kept if item < RANGE_LIMIT_PER_MOVING_RANGE * average]
        average = fsum(kept) / len(kept)
    half, n = LIMITS_PER_MOVING_RANGE * average, len(values)
    return Limits((mean,) * n, (mean - half,) * n, (mean + half,) * n, average, before - len(kept))


def attribute_limits(kind: Kind, counts: Sequence[float], sizes: Sequence[float]) -> Limits:
    """Limits of proportions (``p``) or rates (``u``) from counts and sizes: pooled mean ± 3 standard errors of each size.

    ``p_prime`` and ``u_prime`` widen or narrow them by how much the standardised points really vary; wanted where sizes
    are in the thousands and the binomial or Poisson limits are too tight.
    """
    centre = fsum(counts) / fsum(sizes)
    spread = centre * (1 - centre) if kind in ("p", "p_prime") else centre
    errors = [sqrt(spread / size) for size in sizes]
    factor = 1.0
    if kind in ("p_prime", "u_prime") and spread > 0:
        scores = [(count / size - centre) / error for count, size, error in zip(counts, sizes, errors, strict=True)]
        between = moving_ranges(scores)
        factor = fsum(between) / len(between) * SIGMA_PER_MOVING_RANGE
    top = 1.0 if kind in ("p", "p_prime") else float("inf")
    lower = tuple(max(0.0, centre - 3 * factor * error) for error in errors)
    upper = tuple(min(top, centre + 3 * factor * error) for error in errors)
    return Limits((centre,) * len(sizes), lower, upper, None)


def moving_ranges(values: Sequence[float]) -> list[float]:
    """|x_i - x_(i-1)|: one less than the values."""
    return [abs(after - before) for before, after in pairwise(values)]
