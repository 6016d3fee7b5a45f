"""Whether the quality performance standard is met."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from summand.errors import ValueOutOfRange

Quality = Literal["met", "alternative", "failed"]

QUALITY_THRESHOLDS = {2024: Fraction("0.7705"), 2026: Fraction("0.7385")}
"""Performance year -> health-equity adjusted score from which the standard is met, where CMS has stated it as a number."""


def quality_standard(
    score: Fraction,
    year: int,
    *,
    reporting_incentive: bool = False,
    first_year: bool = False,
    extreme_circumstances: bool = False,
    outcome_measure_at_10th_percentile: bool = False,
) -> Quality:
    """Which quality standard an ACO reaches.

    Args:
        score: Quality score as a fraction, with its health-equity adjustment where the year has one.
        year: Performance year, one of `QUALITY_THRESHOLDS`.
        reporting_incentive: Electronic measures were reported with one outcome measure at the 10th percentile or above
            and one other at the 40th.
        first_year: First performance year under a first agreement, with complete reporting.
        extreme_circumstances: Affected by a disaster: the score is at least the threshold (42 CFR 425.512(b)).
        outcome_measure_at_10th_percentile: At least one outcome measure there: the alternative standard.

    Raises:
        ValueOutOfRange: if no threshold is known for the year.

    Source: 42 CFR 425.512(a)(2), (4) and (5).
    """
    if year not in QUALITY_THRESHOLDS:
        known = ", ".join(map(str, sorted(QUALITY_THRESHOLDS)))
        raise ValueOutOfRange(
            f"No quality threshold is known for performance year {year}.",
            remedy=f"Say which standard the publisher found met; thresholds are known for {known}.",
        )
    if score >= QUALITY_THRESHOLDS[year] or reporting_incentive or first_year or extreme_circumstances:
        return "met"
    return "alternative" if outcome_measure_at_10th_percentile else "failed"
