"""Splits in whole cents: laws that every split obeys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summand.errors import CostsNotCovered
from summand.sharing import allocate, allocate_capped

CENTS = st.integers(0, 10**12)
WEIGHTS = st.dictionaries(st.text("abcdefgh", min_size=1, max_size=4), st.integers(0, 10**6), min_size=1, max_size=20)
SOME_WEIGHT = WEIGHTS.filter(lambda weights: any(weights.values()))


@given(CENTS, SOME_WEIGHT)
def test_sharing_conserves_every_cent(total, weights):
    """The parts add up to the amount, none is negative, and each lies within a cent of its exact quota."""
    parts = allocate(total, weights)
    whole = sum(weights.values())
    assert sum(parts.values()) == total
    for name, cents in parts.items():
        quota = total * weights[name]
        assert quota // whole <= cents <= -(-quota // whole)


@given(CENTS, SOME_WEIGHT, st.randoms())
def test_sharing_ignores_the_order_of_parties(total, weights, random):
    """The same parties in another order get the same parts."""
    items = list(weights.items())
    random.shuffle(items)
    assert allocate(total, dict(items)) == allocate(total, weights)


@given(CENTS, SOME_WEIGHT)
def test_sharing_is_monotone_in_weight(total, weights):
    """Who has more weight never bears less."""
    parts = allocate(total, weights)
    for one in weights:
        for other in weights:
            if weights[one] > weights[other]:
                assert parts[one] >= parts[other]


@given(CENTS, SOME_WEIGHT, st.integers(0, 10**6))
def test_sharing_of_more_lowers_no_part_by_more_than_a_cent(total, weights, more):
    """A larger amount never lowers a party's part by more than the one cent that rounding may move."""
    before, after = allocate(total, weights), allocate(total + more, weights)
    assert all(after[name] >= before[name] - 1 for name in weights)


def test_sharing_gives_leftover_cents_by_remainder_then_name():
    """The classic example: 100 over weights 1, 1, 1 and 10 over 3, 3, 1 by hand."""
    assert allocate(100, {"b": 1, "c": 1, "a": 1}) == {"a": 34, "b": 33, "c": 33}
    assert allocate(10, {"x": 3, "y": 3, "z": 1}) == {"x": 4, "y": 4, "z": 2}  # quotas 4.29, 4.29, 1.43


def test_sharing_of_the_alabama_apportionment_of_1880_shows_the_known_paradox():
    """One more to share takes one from a party, as Balinski and Young tell of Alabama: our documented limit of one."""
    weights = {"a": 6, "b": 6, "c": 2}
    assert allocate(10, weights) == {"a": 4, "b": 4, "c": 2}
    assert allocate(11, weights) == {"a": 5, "b": 5, "c": 1}


@pytest.mark.parametrize(("total", "weights"), [(1, {}), (1, {"a": 0}), (-1, {"a": 1}), (1, {"a": 2, "b": -1})])
def test_sharing_refuses_what_cannot_be_split(total, weights):
    """A cost without a weight, and a negative amount or weight, are named errors."""
    with pytest.raises(CostsNotCovered):
        allocate(total, weights)


@given(CENTS, SOME_WEIGHT, st.data())
def test_sharing_caps_hold_and_conserve(total, weights, data):
    """No part exceeds its cap, the parts add up, and who has no cap never pays less than without caps, up to a cent."""
    names = sorted(weights)
    uncapped = data.draw(st.sampled_from([name for name in names if weights[name]]))
    caps = {name: data.draw(st.integers(0, total)) for name in names if name != uncapped}
    parts = allocate_capped(total, weights, caps)
    assert sum(parts.values()) == total
    assert all(0 <= parts[name] <= caps.get(name, total) for name in names)
    assert parts[uncapped] >= allocate(total, weights)[uncapped] - 1


def test_sharing_caps_that_cover_too_little_are_an_error():
    """Caps that leave a rest to nobody stop the split and name the clause."""
    with pytest.raises(CostsNotCovered, match=r"40 cents to nobody.*I\.cost_shares\.caps"):
        allocate_capped(100, {"a": 1, "b": 1}, {"a": 30, "b": 30})
