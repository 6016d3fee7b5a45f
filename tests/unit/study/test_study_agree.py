"""When two machines' numbers count as the same."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summand.study import agree

numbers = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e9, max_value=1e9)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | numbers | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(value=values)
def test_every_value_agrees_with_itself(value) -> None:
    """A state agrees with the state it is."""
    assert agree(value, value)


@given(mine=values, theirs=values)
def test_agreement_is_symmetric(mine, theirs) -> None:
    """It does not matter who computed first."""
    assert agree(mine, theirs) == agree(theirs, mine)


@given(number=numbers.filter(lambda x: abs(x) > 1e-2))
def test_numbers_agree_to_one_part_in_a_billion(number) -> None:
    """Noise of the last bits passes, a change of 1e-8 does not."""
    assert agree({"b": [number]}, {"b": [number * (1 + 1e-10)]})
    assert not agree({"b": number}, {"b": number * (1 + 1e-8)})


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        (1, 2), (1, True), (0, False), (0.0, False), (1.0, "1.0"), (None, 0.0), (None, False), ("a", "b"),
        ([1.0], [1.0, 2.0]), ({"a": 1.0}, {"b": 1.0}), ({"a": 1.0}, {}), ([1.0], {"0": 1.0}), (1.0, [1.0]),
        (math.nan, math.nan), (math.inf, -math.inf), (10**6, 10**6 + 1),
    ],
    ids=str,
)  # fmt: skip
def test_structure_and_whole_numbers_must_be_equal(mine, theirs) -> None:
    """Counts, texts, keys, lengths and kinds are compared exactly; what is no number agrees with nothing."""
    assert not agree(mine, theirs)


def test_a_small_number_beside_a_large_one_may_be_off_by_the_noise_of_the_large_one() -> None:
    """In one list the noise is relative to the largest number; a thousandth part of the tolerance, no more."""
    assert agree([1e6, 1e-9], [1e6, 2e-9])
    assert not agree([1e6, 1.0], [1e6, 1.0001])
