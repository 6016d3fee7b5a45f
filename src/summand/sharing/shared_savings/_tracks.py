"""The tracks of the programme, and the minimum savings rate by the number of beneficiaries."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from summand.errors import ValueOutOfRange


def _percent(value: str) -> Fraction:
    return Fraction(value) / 100


@dataclass(frozen=True)
class TrackTerms:
    """What a track shares. All rates are fractions, not per cent.

    Attributes:
        title: As people say it.
        two_sided: Whether the ACO also bears losses.
        sharing_rate: Most of the savings that the ACO keeps.
        savings_cap: Most it is paid, of the updated benchmark.
        loss_rate: Part of losses it bears; None where the quality score decides (ENHANCED) or it bears none.
        revenue_limit: Most it owes, of its participants' Medicare revenue; None where revenue does not limit.
        benchmark_limit: Most it owes, of the updated benchmark; None if it bears none.
    """

    title: str
    two_sided: bool
    sharing_rate: Fraction
    savings_cap: Fraction
    loss_rate: Fraction | None = None
    revenue_limit: Fraction | None = None
    benchmark_limit: Fraction | None = None


def _basic(level: str, revenue: str, benchmark: str) -> TrackTerms:
    return TrackTerms(
        f"BASIC, level {level}", True, _percent("50"), _percent("10"), _percent("30"), _percent(revenue),
        _percent(benchmark),
    )  # fmt: skip


TRACKS = {
    "A": TrackTerms("BASIC, level A", False, _percent("40"), _percent("10")),
    "B": TrackTerms("BASIC, level B", False, _percent("40"), _percent("10")),
    "C": _basic("C", "2", "1"),
    "D": _basic("D", "4", "2"),
    "E": _basic("E", "8", "4"),
    "EN": TrackTerms("ENHANCED", True, _percent("75"), _percent("20"), benchmark_limit=_percent("15")),
}
"""Tracks by the publisher's code (42 CFR 425.605(d), 425.610(d) to (g))."""

FIXED_RATES = tuple(Fraction(step, 200) for step in range(5))
"""Minimum rates that an ACO under a two-sided model may choose: 0 to 2 % by halves (42 CFR 425.605(b)(2))."""

SMALL = 5_000
"""With fewer beneficiaries than this the variable rate applies, whatever the ACO chose."""

_BRACKETS = (
    (1, 499, "12.2", "12.2"), (500, 999, "12.2", "8.7"), (1_000, 2_999, "8.7", "5.0"), (3_000, 4_999, "5.0", "3.9"),
    (5_000, 5_999, "3.9", "3.6"), (6_000, 6_999, "3.6", "3.4"), (7_000, 7_999, "3.4", "3.2"),
    (8_000, 8_999, "3.2", "3.1"), (9_000, 9_999, "3.1", "3.0"), (10_000, 14_999, "3.0", "2.7"),
    (15_000, 19_999, "2.7", "2.5"), (20_000, 49_999, "2.5", "2.2"), (50_000, 59_999, "2.2", "2.0"),
)  # fmt: skip
"""First and last number of beneficiaries, and the rate in per cent at each (42 CFR 425.605(b)(1))."""


def variable_minimum_rate(beneficiary_count: int) -> Fraction:
    """The minimum savings (and loss) rate by size, linear within a bracket.

    Args:
        beneficiary_count: Assigned beneficiaries, at least 1.

    Raises:
        ValueOutOfRange: if there are none.

    Source: 42 CFR 425.605(b)(1); CMS methodology, version 11, section 3.

    Examples:
        >>> round(float(variable_minimum_rate(5_333)), 4)
        0.038
    """
    if beneficiary_count < 1:
        raise ValueOutOfRange(
            "An ACO has no assigned beneficiaries.", remedy="Give the number of assigned beneficiaries, at least 1."
        )
    for first, last, low, high in _BRACKETS:
        if beneficiary_count <= last:
            part = Fraction(beneficiary_count - first, last - first)
            return _percent(low) * (1 - part) + _percent(high) * part
    return _percent("2.0")
