"""The shared savings formula on the publisher's worked examples, and its limits and laws."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summand.errors import (
    CategoryUnknown,
    ColumnMissing,
    SourceEmpty,
    SourceUnreadable,
    SummandError,
    ValueMissing,
    ValueNotNumeric,
    ValueOutOfRange,
)
from summand.sharing.shared_savings import (
    TRACKS,
    PerformanceYear,
    quality_standard,
    read_published,
    settle_year,
    to_members,
    variable_minimum_rate,
)

LEVEL_B = PerformanceYear("B", 60_000, 500_000_000_00, 487_000_000_00)
ENHANCED = PerformanceYear("EN", 60_000, 130_000_000_00, 132_600_000_00, elected_rate=Fraction(2, 100))
LEVEL_E = PerformanceYear(
    "E", 10_000, 93_411_313_00, 98_000_000_00, elected_rate=Fraction(0), participant_revenue_cents=13_630_983_00
)  # fmt: skip


def test_savings_as_published() -> None:
    """CMS methodology, version 11: level B with the standard met, and with the alternative at a score of 45 %."""
    assert settle_year(LEVEL_B).payment_cents == 5_096_000_00
    alternative = replace(LEVEL_B, quality="alternative", quality_score=Fraction(45, 100))
    assert settle_year(alternative).payment_cents == 2_293_200_00
    assert settle_year(replace(LEVEL_B, quality="failed")).payment_cents == 0


def test_losses_as_published() -> None:
    """ENHANCED: both standards failed; and the alternative, where the printed relief reuses another figure (erratum)."""
    failed = replace(ENHANCED, quality="failed", disaster_share=Fraction(15, 100) * Fraction(90, 100))
    assert settle_year(failed).payment_cents == -1_686_750_00
    alternative = replace(failed, quality="alternative", quality_score=Fraction(45, 100))
    found = settle_year(alternative)
    assert (found.final_rate, found.before_limits_cents) == (Fraction(6625, 10_000), 1_722_500_00)
    assert found.payment_cents == -1_489_962_50


def test_the_loss_limit_as_published() -> None:
    """Level E: 8 % of participants' revenue is less than 4 % of the benchmark."""
    found = settle_year(LEVEL_E)
    assert (found.limit_cents, found.limited, found.limit_is_known) == (1_090_478_64, True, True)
    assert found.payment_cents == -1_090_478_64
    unknown = settle_year(replace(LEVEL_E, participant_revenue_cents=None))
    assert (unknown.limit_cents, unknown.limit_is_known) == (3_736_452_52, False)


def test_minimum_rates_at_the_brackets() -> None:
    """As printed for each bracket's ends, 3.8 % for 5,333, and never more for a larger ACO."""
    printed = {1: "12.2", 499: "12.2", 999: "8.7", 3000: "5.0", 4999: "3.9", 5333: "3.8", 10_000: "3.0", 60_000: "2.0"}
    for count, percent in printed.items():
        assert round(float(variable_minimum_rate(count) * 100), 2) == float(percent)
    rates = [variable_minimum_rate(count) for count in range(1, 61_000, 7)]
    assert rates == sorted(rates, reverse=True)


def test_small_acos_take_the_rate_by_size() -> None:
    """Below 5,000 beneficiaries a chosen rate does not count."""
    small = replace(ENHANCED, beneficiary_count=4_999)
    assert settle_year(small).minimum_rate == Fraction(39, 1000)
    assert settle_year(ENHANCED).minimum_rate == Fraction(2, 100)


def test_the_low_revenue_exception() -> None:
    """Savings below the minimum: half the rate, under BASIC only, from 5,000 beneficiaries on."""
    below = replace(LEVEL_B, spending_cents=499_000_000_00, may_have_low_revenue_exception=True)
    assert settle_year(below).payment_cents == 1_000_000_00 * 20 // 100 * 98 // 100
    assert settle_year(replace(below, may_have_low_revenue_exception=False)).payment_cents == 0
    assert settle_year(replace(below, beneficiary_count=4_999)).payment_cents == 0
    assert settle_year(replace(below, track="EN")).kind == "within the minimum rate"


def test_the_cap() -> None:
    """Savings of half the benchmark: the cap pays 10 % of the benchmark, after sequestration."""
    found = settle_year(replace(LEVEL_B, spending_cents=250_000_000_00))
    assert (found.payment_cents, found.limited) == (50_000_000_00, True)


@given(
    track=st.sampled_from(sorted(TRACKS)),
    count=st.integers(1, 200_000),
    benchmark=st.integers(1, 10**14),
    spending=st.integers(0, 10**14),
    score=st.fractions(0, 1),
    quality=st.sampled_from(["met", "alternative", "failed"]),
    saved=st.integers(0, 10**10),
)
def test_laws(track: str, count: int, benchmark: int, spending: int, score: Fraction, quality: str, saved: int) -> None:
    """A payment has the sign of the savings, is within its limits, and never falls as spending falls."""
    year = PerformanceYear(track, count, benchmark, spending, quality, score)  # type: ignore[arg-type]
    found = settle_year(year)
    terms = TRACKS[track]
    assert found.payment_cents * found.savings_cents >= 0
    assert found.payment_cents <= terms.savings_cap * benchmark + 1
    assert -found.payment_cents <= (terms.benchmark_limit or 0) * benchmark + 1
    less = settle_year(replace(year, spending_cents=max(0, spending - saved)))
    assert less.payment_cents >= found.payment_cents


def test_quality_standards() -> None:
    """A score at the threshold meets it; below, what was reported decides."""
    assert quality_standard(Fraction("0.7705"), 2024) == "met"
    assert quality_standard(Fraction("0.77"), 2024) == "failed"
    assert quality_standard(Fraction("0.77"), 2024, outcome_measure_at_10th_percentile=True) == "alternative"
    assert quality_standard(Fraction(0), 2024, first_year=True) == "met"
    assert quality_standard(Fraction(0), 2024, extreme_circumstances=True) == "met"
    with pytest.raises(ValueOutOfRange):
        quality_standard(Fraction(1), 1999)


def test_a_payment_and_a_debt_are_split_to_the_cent() -> None:
    """Parts add up; what is owed is split as what is paid."""
    parts = to_members(100, {"clinic": 1, "hospital": 1, "practice": 1})
    assert [(part.member, part.cents) for part in parts] == [("clinic", 34), ("hospital", 33), ("practice", 33)]
    assert [part.cents for part in to_members(-100, {"a": 1, "b": 3})] == [-25, -75]


HEAD = "ACO_ID,ACO_Name,Current_Track,N_AB,MinSavPerc,BnchmkMinExp,DisAdj,EarnSaveLoss,Met_QPS,QualScore,ABtotBnchmk,ABtotExp"


def test_cells_as_the_publisher_writes_them() -> None:
    """Dollars, per cent, thousands, dashes and stars."""
    text = f'\ufeff{HEAD}\nA1,One,B,"60,000",2.00%,"$13,000,000",-,"5,096,000",1,*,"$500,000,000","$487,000,000"\n'
    (row,) = read_published(text)
    assert (row.aco_id, row.payment_cents, row.minimum_rate) == ("A1", 5_096_000_00, Fraction(2, 100))
    assert settle_year(row.year).payment_cents == row.payment_cents


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", SourceEmpty),
        (f"{HEAD}\n", SourceEmpty),
        ("a,b\n1,2\n", ColumnMissing),
        (f"{HEAD}\nA1,One,B,x,2%,1,-,1,1,1,1,1\n", ValueNotNumeric),
        (f"{HEAD}\nA1,One,B,1e999999999,2%,1,-,1,1,1,1,1\n", ValueNotNumeric),
        (f"{HEAD}\nA1,One,B,,2%,1,-,1,1,1,1,1\n", ValueMissing),
        (f'{HEAD}\n"A1,One', SourceUnreadable),
    ],
)
def test_bad_files(text: str, kind: type[SummandError]) -> None:
    """Each with its own code."""
    with pytest.raises(kind):
        read_published(text)


def test_bad_years() -> None:
    """An unknown track, no beneficiaries, no benchmark."""
    with pytest.raises(CategoryUnknown):
        settle_year(replace(LEVEL_B, track="3"))
    with pytest.raises(ValueOutOfRange):
        settle_year(replace(LEVEL_B, beneficiary_count=0))
    with pytest.raises(ValueOutOfRange):
        settle_year(replace(LEVEL_B, benchmark_cents=0))
