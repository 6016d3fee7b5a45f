"""Quorum, weights and majorities: by hand, and as laws."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summand.governance import count, decide, majority, required_quorum, weights

VOTES = st.sampled_from(["yes", "no", "abstain"])
NAMES = [f"p{k}" for k in range(7)]
TALLIES = st.dictionaries(st.sampled_from(NAMES), VOTES)


def equal(names):
    """One party, one vote."""
    return weights("one_party_one_vote", names, {}, {})


@pytest.mark.parametrize(
    ("quorum", "members", "eligible", "needed"),
    [(3, 4, 4, 3), (3, 4, 3, 3), (3, 4, 2, 2), (3, 5, 4, 3), (2, 4, 1, 1), (5, 5, 3, 3), (1, 9, 1, 1), (1, 9, 0, 1)],
)
def test_quorum_recomputed_by_hand(quorum, members, eligible, needed):
    """The same share of those left, rounded up, never nobody."""
    assert required_quorum(quorum, members, eligible) == needed


@given(st.integers(1, 20), st.integers(1, 20), st.data())
def test_quorum_is_monotone(members, quorum, data):
    """Each further recusal asks for no more presence; a higher rule for no less; never more than those who may come."""
    quorum = min(quorum, members)
    fewer = data.draw(st.integers(0, members))
    more = data.draw(st.integers(fewer, members))
    assert required_quorum(quorum, members, fewer) <= required_quorum(quorum, members, more)
    assert required_quorum(quorum, members, more) <= max(1, more)
    assert required_quorum(max(1, quorum - 1), members, more) <= required_quorum(quorum, members, more)
    assert required_quorum(quorum, members, members) == quorum


@given(
    TALLIES, st.sets(st.sampled_from(NAMES), min_size=1), st.dictionaries(st.sampled_from(NAMES), st.integers(0, 99))
)
def test_a_tally_is_conserved(votes, eligible, cents):
    """Whatever is voted, the four sums together are the weight of all who may vote."""
    for weighting in ("one_party_one_vote", "contribution", "class"):
        weight = weights(weighting, eligible, cents, {name: name[-1] for name in NAMES})
        assert count(votes, weight).total == sum(weight.values())


@given(TALLIES, st.sets(st.sampled_from(NAMES), min_size=2), st.data())
def test_a_recused_party_never_counts(votes, members, data):
    """Whatever a party that may not vote says, nothing changes."""
    away = data.draw(st.sampled_from(sorted(members)))
    weight = equal(members - {away})
    said = {**votes, away: data.draw(VOTES)}
    assert count(votes, weight) == count(said, weight) == count({k: v for k, v in votes.items() if k != away}, weight)


@given(TALLIES, st.sampled_from(["simple_majority", "two_thirds", "unanimous"]), st.sampled_from(NAMES))
def test_more_yes_never_loses(votes, threshold, name):
    """Turning any vote into yes never turns a carried motion down."""
    weight = equal(NAMES)
    if majority(count(votes, weight), threshold):
        assert majority(count({**votes, name: "yes"}, weight), threshold)


@given(TALLIES)
def test_thresholds_are_nested(votes):
    """Unanimous is also two thirds, two thirds also a simple majority."""
    found = count(votes, equal(NAMES))
    held = [majority(found, threshold) for threshold in ("unanimous", "two_thirds", "simple_majority")]
    assert held == sorted(held)


def test_weights_by_class_and_by_contribution():
    """Two providers share one vote; cents weigh as they are."""
    kinds = {"a": "provider", "b": "provider", "c": "payer"}
    assert weights("class", "abc", {}, kinds) == {"a": Fraction(1, 2), "b": Fraction(1, 2), "c": 1}
    assert weights("contribution", "abc", {"a": 100, "c": 50}, {}) == {"a": 100, "b": 0, "c": 50}


def test_a_tie_is_decided_by_the_chair_where_the_rule_says_so():
    """Without that, a tie carries nothing; abstentions make no tie of nobody."""
    found = count({"a": "yes", "b": "no"}, equal("ab"))
    assert not majority(found, "simple_majority")
    assert majority(found, "simple_majority", "yes")
    assert not majority(found, "simple_majority", "no")
    assert not majority(count({"a": "abstain"}, equal("ab")), "unanimous", "yes")


@pytest.mark.parametrize(
    ("members", "eligible", "present", "refused", "verdict"),
    [(4, 4, 3, (), "carried"), (4, 4, 2, (), "inquorate"), (4, 1, 1, (), "undecidable"), (4, 2, 2, (), "carried"),
     (4, 4, 3, ("a",), "rejected"), (4, 0, 0, (), "undecidable")],
)  # fmt: skip
def test_what_decides_before_the_majority(members, eligible, present, refused, verdict):
    """Too few who may vote, too few there, a no that is final."""
    found = count({"a": "yes", "b": "yes"}, equal("ab"))
    assert decide(
        members=members, present=present, quorum=3, eligible=eligible, found=found, threshold="simple_majority",
        refused_by=refused,
    ) == verdict  # fmt: skip
