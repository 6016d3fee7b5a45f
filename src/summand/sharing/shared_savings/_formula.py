"""The settlement formula: benchmark and spending in, payment out."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from summand.errors import CategoryUnknown, ValueOutOfRange
from summand.sharing.shared_savings._quality import Quality
from summand.sharing.shared_savings._tracks import SMALL, TRACKS, variable_minimum_rate

SEQUESTRATION = Fraction(2, 100)
"""Taken from earned savings before the cap (Budget Control Act of 2011); losses are not reduced by it."""

Kind = Literal["shared savings", "low-revenue savings", "shared losses", "within the minimum rate", "losses not shared"]


@dataclass(frozen=True)
class PerformanceYear:
    """What the formula needs to know of one ACO and one year. Amounts in cents, rates as fractions.

    Attributes:
        track: A key of `TRACKS`.
        beneficiary_count: Assigned beneficiaries.
        benchmark_cents: Total updated benchmark.
        spending_cents: Total spending in the performance year, truncated and with claims run-out.
        quality: Which quality performance standard was met.
        quality_score: Score from 0 to 1; it counts under the alternative standard and in the loss rate of ENHANCED.
        elected_rate: Minimum rate that a two-sided ACO chose; None is the rate by size.
        participant_revenue_cents: Medicare revenue of the participants, which limits losses of BASIC C to E; None where
            it is not known.
        disaster_share: Part of the year times part of the beneficiaries under extreme circumstances, from 0 to 1.
        disaster_cents: Relief in cents where the publisher gives only that; used instead of ``disaster_share``.
        may_have_low_revenue_exception: Low-revenue ACO under an agreement that began in 2024 or later.
        savings_cents: Benchmark less spending, where it is known more exactly than from two rounded totals.
    """

    track: str
    beneficiary_count: int
    benchmark_cents: int
    spending_cents: int
    quality: Quality = "met"
    quality_score: Fraction = Fraction(1)
    elected_rate: Fraction | None = None
    participant_revenue_cents: int | None = None
    disaster_share: Fraction = Fraction(0)
    disaster_cents: int | None = None
    may_have_low_revenue_exception: bool = False
    savings_cents: int | None = None


@dataclass(frozen=True)
class YearOutcome:
    """What an ACO earns or owes, with every figure on the way. Amounts in cents.

    Attributes:
        kind: What the year is.
        savings_cents: Benchmark less spending; negative are losses.
        minimum_rate: Savings or losses count from this part of the benchmark on.
        minimum_cents: That part.
        final_rate: Sharing or loss rate that was applied; None where nothing is shared.
        before_limits_cents: Savings or losses times the rate; savings after sequestration.
        limit_cents: Cap of the payment or limit of the loss; None where nothing is shared.
        limit_is_known: False where participants' revenue, which may limit the loss further, is not known.
        limited: Whether the limit took something off.
        disaster_cents: Relief for extreme circumstances, taken off losses.
        payment_cents: Positive is paid to the ACO, negative it owes.
    """

    kind: Kind
    savings_cents: int
    minimum_rate: Fraction
    minimum_cents: int
    final_rate: Fraction | None = None
    before_limits_cents: int = 0
    limit_cents: int | None = None
    limit_is_known: bool = True
    limited: bool = False
    disaster_cents: int = 0
    payment_cents: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The outcome as JSON values, rates as fractions of 1."""
        rates = {
            "minimum_rate": round(float(self.minimum_rate), 8),
            "final_rate": None if self.final_rate is None else round(float(self.final_rate), 8),
        }
        return {**self.__dict__, **rates}


def minimum_rate_of(year: PerformanceYear) -> Fraction:
    """The minimum savings rate, and minimum loss rate, of an ACO: chosen if it may choose, else by size."""
    terms = _terms(year)
    if year.elected_rate is None or not terms.two_sided or year.beneficiary_count < SMALL:
        return variable_minimum_rate(year.beneficiary_count)
    return year.elected_rate


def settle_year(year: PerformanceYear) -> YearOutcome:
    """Earned savings or owed losses.

    Savings at or above the minimum rate are shared from the first dollar: times the sharing rate, less sequestration,
    at most the cap. Losses at or above it: times the loss rate, at most the loss limit, less disaster relief.

    Raises:
        CategoryUnknown: if the track is none of `TRACKS`.
        ValueOutOfRange: if the benchmark is not positive or a share lies outside 0 to 1.

    Source: 42 CFR 425.605(c) to (h), 425.610(c) to (i); CMS methodology, version 11, sections 3 and 4.
    """
    terms = _terms(year)
    _check(year)
    savings = year.benchmark_cents - year.spending_cents if year.savings_cents is None else year.savings_cents
    rate = minimum_rate_of(year)
    minimum = rate * year.benchmark_cents
    head = (savings, rate, _cents(minimum))
    if savings > 0 and savings >= minimum:
        return _shared("shared savings", head, year, terms.sharing_rate)
    if savings > 0 and _is_excepted(year):
        return _shared("low-revenue savings", head, year, terms.sharing_rate / 2)
    if savings < 0 and -savings >= minimum:
        return _losses(head, year) if terms.two_sided else YearOutcome("losses not shared", *head)
    return YearOutcome("within the minimum rate", *head)


def _shared(kind: Kind, head: tuple[int, Fraction, int], year: PerformanceYear, most: Fraction) -> YearOutcome:
    part = {"met": Fraction(1), "alternative": year.quality_score, "failed": Fraction(0)}[year.quality]
    earned = head[0] * most * part * (1 - SEQUESTRATION)
    cap = TRACKS[year.track].savings_cap * year.benchmark_cents
    paid = _cents(min(earned, cap))
    return YearOutcome(
        kind, *head, final_rate=most * part, before_limits_cents=_cents(earned), limit_cents=_cents(cap),
        limited=earned > cap, payment_cents=paid,
    )  # fmt: skip


def _losses(head: tuple[int, Fraction, int], year: PerformanceYear) -> YearOutcome:
    rate = _loss_rate(year)
    owed = -head[0] * rate
    limit, known = _loss_limit(year)
    limited = min(owed, limit)
    relief = limited * year.disaster_share if year.disaster_cents is None else Fraction(year.disaster_cents)
    relief = min(relief, limited)
    return YearOutcome(
        "shared losses", *head, final_rate=rate, before_limits_cents=_cents(owed), limit_cents=_cents(limit),
        limit_is_known=known, limited=owed > limit, disaster_cents=_cents(relief),
        payment_cents=-_cents(limited - relief),
    )  # fmt: skip


def _loss_rate(year: PerformanceYear) -> Fraction:
    """Fixed under BASIC; under ENHANCED one less the sharing rate times the score, from 40 to 75 % (425.610(f))."""
    fixed = TRACKS[year.track].loss_rate
    if fixed is not None:
        return fixed
    low, high = Fraction(40, 100), Fraction(75, 100)
    return high if year.quality == "failed" else min(max(1 - high * year.quality_score, low), high)


def _loss_limit(year: PerformanceYear) -> tuple[Fraction, bool]:
    terms = TRACKS[year.track]
    of_benchmark = (terms.benchmark_limit or Fraction(0)) * year.benchmark_cents
    if terms.revenue_limit is None:
        return of_benchmark, True
    if year.participant_revenue_cents is None:
        return of_benchmark, False
    return min(of_benchmark, terms.revenue_limit * year.participant_revenue_cents), True


def _is_excepted(year: PerformanceYear) -> bool:
    """Half the rate below the minimum, for low-revenue ACOs of the BASIC track (42 CFR 425.605(h))."""
    return year.may_have_low_revenue_exception and year.track != "EN" and year.beneficiary_count >= SMALL


def _terms(year: PerformanceYear) -> Any:
    if year.track not in TRACKS:
        raise CategoryUnknown("An ACO is under a track that is not known.", remedy=f"Tracks are {', '.join(TRACKS)}.")
    return TRACKS[year.track]


def _check(year: PerformanceYear) -> None:
    shares = (year.quality_score, year.disaster_share)
    if year.benchmark_cents <= 0 or year.spending_cents < 0 or not all(0 <= share <= 1 for share in shares):
        raise ValueOutOfRange(
            "A benchmark is not positive, spending is negative, or a score or share lies outside 0 to 1.",
            remedy="Give amounts in cents and shares as fractions of 1.",
        )


def _cents(amount: Fraction) -> int:
    """Whole cents, halves upwards."""
    return (2 * amount.numerator + amount.denominator) // (2 * amount.denominator)
