"""Contribution statements by the formula of clause I."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summand.agreement._work import Contribution, CostCap, CostShares, Weight, WorkClause
from summand.errors import ContributionUnknown
from summand.sharing import ReleasedCounts, settle
from summand.sharing.games import Game


def agreement(delivered, *, profile="public_data", levels=("total", "site_level"), sample=True, **shares):
    """The clauses that a settlement reads, for parties a, b, c …"""
    contributions = tuple(
        Contribution(
            party=name, kind="staff", text="work", committed_cents=cents * 2, delivered_cents=cents,
            valuation_method="hours at the agreed rate",
        )
        for name, cents in delivered.items()
    )  # fmt: skip
    work = WorkClause(
        currency="EUR", contributions=contributions, cost_shares=CostShares(**shares), amounts_are_samples=sample
    )
    return SimpleNamespace(
        profile_name=profile, work=work, data=SimpleNamespace(release_levels=levels),
        parties=tuple(SimpleNamespace(id=name) for name in delivered),
    )  # fmt: skip


def counts(by_party, **fields):
    """Patients per party as a study released them."""
    return ReleasedCounts(**{
        "by_party": by_party, "study_id": "s1", "release_level": "site_level", "profile": "public_data", **fields
    })  # fmt: skip


def test_sharing_by_patients_to_the_cent_by_hand():
    """1,000.00 delivered, split 1:2:3 by patients: shares, balances and payments computed by hand."""
    deal = agreement({"a": 70_000, "b": 30_000, "c": 0}, rule="proportional", basis="patients contributed")
    statement = settle(deal, counts({"a": 1, "b": 2, "c": 3}))
    assert [position.share_cents for position in statement.positions] == [16_667, 33_333, 50_000]
    assert [position.balance_cents for position in statement.positions] == [53_333, -3_333, -50_000]
    assert [(p.payer, p.payee, p.cents) for p in statement.payments] == [("c", "a", 50_000), ("b", "a", 3_333)]
    assert statement.to_dict()["mark"] == "sample"
    assert statement.to_dict()["basis"] == {
        "name": "patients contributed", "known_from": "site_level_release", "study_id": "s1",
    }  # fmt: skip


AMOUNTS = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 10**9), min_size=1)


@given(AMOUNTS, st.data())
def test_sharing_statement_evens_out(delivered, data):
    """Shares add up to the cost, balances to 0, and the payments bring every balance to 0, with none negative."""
    weights = tuple(Weight(party=name, weight=data.draw(st.integers(1, 1000))) for name in delivered)
    statement = settle(agreement(delivered, rule="fixed", basis="agreed parts", weights=weights))
    assert sum(position.share_cents for position in statement.positions) == sum(delivered.values())
    left = {position.party: position.balance_cents for position in statement.positions}
    assert sum(left.values()) == 0
    for payment in statement.payments:
        assert payment.cents > 0
        left[payment.payer] += payment.cents
        left[payment.payee] -= payment.cents
    assert not any(left.values())
    assert len(statement.payments) < max(2, len(delivered))


def test_sharing_by_committed_contributions_needs_no_counts():
    """Under 'institutional' a split by committed contributions works from the agreement alone."""
    deal = agreement(
        {"a": 100, "b": 300}, profile="institutional", rule="proportional", basis="committed contributions"
    )
    statement = settle(deal)
    assert [position.share_cents for position in statement.positions] == [100, 300]
    assert statement.quantity.known_from == "agreement"


def test_sharing_caps_are_kept():
    """A party's cap moves the rest to the others."""
    deal = agreement(
        {"a": 100, "b": 100}, rule="fixed", basis="agreed parts", caps=(CostCap(party="a", cents=10),),
        weights=(Weight(party="a", weight=1), Weight(party="b", weight=1)),
    )  # fmt: skip
    assert [position.share_cents for position in settle(deal).positions] == [10, 190]


@pytest.mark.parametrize(
    ("changes", "released", "clause"),
    [
        ({"profile": "institutional"}, counts({"a": 5}), "I.cost_shares.basis"),
        ({}, None, "D.release_levels"),
        ({}, counts({"a": 5}, release_level="total"), "D.release_levels"),
        ({}, counts({"a": 5}, profile="institutional"), "D.release_levels"),
        ({"levels": ("total",)}, counts({"a": 5}), "D.release_levels"),
        ({"basis": "beds"}, None, "I.cost_shares.basis"),
        ({"rule": "shapley"}, None, "I.cost_shares.rule"),
    ],
)
def test_sharing_uses_only_what_may_be_known(changes, released, clause):
    """Counts per party are used only where they were released at site level and the agreement permits it."""
    deal = agreement({"a": 100}, **{"rule": "proportional", "basis": "patients contributed", **changes})
    with pytest.raises(ContributionUnknown) as refused:
        settle(deal, released)
    assert refused.value.clause == clause
    assert refused.value.remedy


def test_sharing_by_a_game_of_costs():
    """The airport's costs, delivered by one party: Shapley and nucleolus, and a whole that differs scales the parts."""
    costs = {"a": 100, "b": 200, "c": 300, "a+b": 200, "a+c": 300, "b+c": 300, "a+b+c": 300}
    game = Game.of(costs, kind="cost")
    deal = agreement({"a": 300, "b": 0, "c": 0}, rule="nucleolus", basis="stand-alone costs")
    statement = settle(deal, game=game)
    assert [position.share_cents for position in statement.positions] == [50, 75, 175]
    assert statement.quantity.known_from == "characteristic_function"
    by_value = settle(agreement({"a": 300, "b": 0, "c": 0}, rule="shapley", basis="stand-alone costs"), game=game)
    assert [position.share_cents for position in by_value.positions] == [34, 83, 183]
    double = settle(agreement({"a": 600, "b": 0, "c": 0}, rule="nucleolus", basis="stand-alone costs"), game=game)
    assert [position.share_cents for position in double.positions] == [100, 150, 350]
    with pytest.raises(ContributionUnknown):
        settle(deal, game=Game.of({"a": 1, "b": 1, "a+b": 1}, kind="cost"))
    with pytest.raises(ContributionUnknown):
        settle(deal, game=Game.of(costs))
