"""What a description under limits must not tell: counts hidden beside a mean, a standard deviation, a level."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from summand.disclosure import limits_for, release
from summand.methods import Describe, Setting
from summand.tables import NO_LIMITS, Batch, Column, Dictionary, Limits
from summand.testing.plain import run_plain

AGE = Column("age", "integer", 0, 110, 1.0)
GRADE = Column("grade", "integer", 0, 3, 1.0, levels=("0", "1", "2", "3"))
FEW = Column("few", "integer", 0, 4, 1.0)
DOSE = Column("dose", "number", 0.0, 50.0)
DICTIONARY = Dictionary("d", (AGE, GRADE, FEW, DOSE))
INSTITUTIONAL = limits_for("institutional")


def described(name: str, values: np.ndarray, limits: Limits = INSTITUTIONAL) -> dict:
    """The released row of one column whose values, NaN where missing, lie at one site."""
    setting = Setting(DICTIONARY, limits, 10_000, 3)
    values = np.asarray(values, dtype=np.float64)
    result = run_plain(Describe((name,)), [[Batch({name: values}, len(values))]], setting)
    (row,) = release(result.values, limits)["columns"]
    return row


@given(seed=st.integers(0, 10_000), missing=st.integers(0, 9), people=st.integers(40, 400))
def test_mean_fits_every_count_that_is_hidden(seed: int, missing: int, people: int) -> None:
    """Whoever knows the cohort's size finds, for each number of missing values up to nine, a sum with that mean."""
    values = np.random.default_rng(seed).integers(20, 90, people).astype(float)
    values[:missing] = np.nan
    row = described("age", values)
    assert row["n"] == row["missing"] == {"suppressed": True}
    unit = 10.0 ** math.ceil(math.log10(1.0 / (people - 9)) - 1e-9)
    assert row["mean"] == pytest.approx(np.nanmean(values), abs=unit)
    assert row["sd"] == pytest.approx(np.nanstd(values, ddof=1), abs=unit)
    for count in range(people - 9, people + 1):
        total = round(row["mean"] * count)
        assert abs(total / count - row["mean"]) <= unit / 2 + 1e-12


def test_mean_in_all_digits_would_tell_the_count() -> None:
    """The attack that rounding stops: the fraction behind an exact mean has the number of people as denominator."""
    values = np.arange(20.0, 77.0)
    values[0] = 90
    exact = described("age", np.concatenate([values, [np.nan] * 4]), NO_LIMITS)["mean"]
    assert Fraction(exact).limit_denominator(61).denominator == 57
    shown = described("age", np.concatenate([values, [np.nan] * 4]))["mean"]
    assert Fraction(shown).limit_denominator(61).denominator != 57


@pytest.mark.parametrize(("name", "top"), [("grade", 3), ("few", 4)])
def test_mean_beside_hidden_levels_is_left_out(name: str, top: int) -> None:
    """Levels told one by one, one of them small: mean and spread would be equations for the hidden counts."""
    values = np.repeat(np.arange(top + 1.0), [60, 110, 50, 3, 40][: top + 1])
    row = described(name, values)
    assert (row["mean"], row["sd"]) == (None, None)
    enough = described(name, np.repeat(np.arange(top + 1.0), 40))
    assert enough["mean"] == pytest.approx(top / 2, abs=0.05)


def test_a_column_without_a_step_is_rounded_to_part_of_its_range() -> None:
    """Where the dictionary gives no step, a hundredth of the range stands for it."""
    values = np.random.default_rng(1).uniform(0, 50, 200)
    row = described("dose", values)
    assert row["mean"] == round(float(values.mean()), 2)
    assert row["sd"] == round(float(values.std(ddof=1)), 2)


def test_without_limits_every_digit_stays() -> None:
    """Published data are described exactly."""
    values = np.random.default_rng(1).integers(20, 90, 211).astype(float)
    assert described("age", values, NO_LIMITS)["mean"] == pytest.approx(float(values.mean()), rel=1e-14)
