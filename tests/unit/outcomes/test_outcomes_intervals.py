"""Intervals against other implementations."""

import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from summand.outcomes._intervals import student, wilson


@given(st.integers(1, 5000), st.data())
def test_outcomes_wilson_equals_statsmodels(n, data):
    """The Wilson interval equals statsmodels' and holds the observed share."""
    successes = data.draw(st.integers(0, n))
    low, high = wilson(successes, n)
    assert (low, high) == pytest.approx(proportion_confint(successes, n, method="wilson"), abs=1e-12)
    assert low - 1e-12 <= successes / n <= high + 1e-12


def test_outcomes_student_equals_scipy():
    """The interval of a mean equals scipy's."""
    expected = scipy.stats.t.interval(0.95, 14, loc=3.0, scale=2.0 / 15**0.5)
    assert student(3.0, 2.0, 15) == pytest.approx(expected, rel=1e-10)
