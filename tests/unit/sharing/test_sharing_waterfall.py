"""Income down ordered tiers: the worked million, and the laws that hold for any terms."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summand.agreement import complete_example
from summand.errors import SettlementInvalid
from summand.sharing.shared_savings import members_of
from summand.sharing.waterfall import (
    Period,
    PreferredReturn,
    Tier,
    Waterfall,
    release,
    run,
    run_all,
    true_up,
    waterfall_of,
    years_between,
)

DAY = date(2026, 1, 1)
MILLION = Waterfall(
    "USD",
    (
        Tier("royalty", "royalty", {"third party": 1}, per_mille=30),
        Tier("patents", "reimburse", claims={"U": 60_000_00, "H": 20_000_00}),
        Tier("lead's fee", "fee", {"U": 1}, per_mille=50),
        Tier("cost", "reimburse", claims={"H": 200_000_00, "S": 100_000_00}),
        Tier("return", "preferred", preferred=PreferredReturn("cost", 80, date(2024, 1, 1))),
        Tier("first", "share", {"U": 40, "H": 40, "S": 20}, cap_cents=250_000_00),
        Tier("rest", "share", {"U": 30, "H": 45, "S": 25}),
    ),
)


def test_the_worked_million() -> None:
    """Each tier and each party, to the cent."""
    found = run(MILLION, Period(1_000_000_00, DAY))
    assert found.paid == {"U": 278_750_00, "H": 463_375_00, "S": 227_875_00, "third party": 30_000_00}
    taken = [line.taken_cents for line in found.lines]
    assert taken == [30_000_00, 80_000_00, 44_500_00, 300_000_00, 48_000_00, 250_000_00, 247_500_00]
    assert found.lines[4].parts == {"H": 32_000_00, "S": 16_000_00}
    assert found.left_cents == 0


def test_the_second_period_goes_on_where_the_first_stopped() -> None:
    """Claims are returned once, the capped tier takes the rest of its cap, the return accrues on what is unreturned."""
    first, second = run_all(MILLION, [Period(300_000_00, DAY), Period(700_000_00, date(2027, 1, 1))])
    assert first.lines[3].taken_cents == 300_000_00 - 9_000_00 - 80_000_00 - 10_550_00
    unreturned = 300_000_00 - first.lines[3].taken_cents
    assert second.lines[1].taken_cents == 0
    assert second.lines[3].taken_cents == unreturned
    accrued = 48_000_00 + unreturned * 80 // 1000
    assert abs(second.lines[4].taken_cents - accrued) <= 2
    assert second.state.of("first").taken_cents <= 250_000_00


def test_compound_return_and_odd_days() -> None:
    """8 % compound over two years is 16.64 %; days beyond an anniversary count over 365."""
    terms = Waterfall(
        "EUR",
        (
            Tier("cost", "reimburse", claims={"a": 100_000}),
            Tier("return", "preferred", preferred=PreferredReturn("cost", 80, date(2024, 1, 1), compound=True)),
        ),
    )
    assert run(terms, Period(10**9, DAY)).lines[1].taken_cents == 16_640
    assert years_between(date(2024, 2, 29), date(2025, 3, 1)) == 1
    assert years_between(DAY, date(2026, 1, 31)) == Fraction(30, 365)
    assert years_between(DAY, date(2025, 1, 1)) == 0


def test_a_blocked_tier_pays_nobody() -> None:
    """Its money is set aside, reaches no other party, and is paid once the guard is cleared."""
    tiers = (*MILLION.tiers[:5], replace(MILLION.tiers[5], guards=("aks_stark",)), MILLION.tiers[6])
    guarded = Waterfall("USD", tiers)
    found = run(guarded, Period(1_000_000_00, DAY))
    open_ = run(MILLION, Period(1_000_000_00, DAY))
    assert found.blocked == {"U": 100_000_00, "H": 100_000_00, "S": 50_000_00}
    assert found.lines[5].blocked_by == ("aks_stark",)
    assert found.lines[6].parts == open_.lines[6].parts
    assert release(found.state, "first", blocked=True).paid() == open_.state.paid()
    assert run(guarded, Period(1_000_000_00, DAY, cleared=("aks_stark",))).paid == open_.paid


def test_reserve_and_clawback() -> None:
    """A tenth is held back; when income is found too high, the reserve pays first and the rest is given back."""
    terms = Waterfall("EUR", (Tier("all", "share", {"a": 1, "b": 1}, holdback_per_mille=100),))
    period = Period(1_000_00, DAY, corrected_gross_cents=600_00)
    found = run(terms, period)
    assert (found.paid, found.held_back) == ({"a": 450_00, "b": 450_00}, {"a": 50_00, "b": 50_00})
    assert release(found.state, "all", reserve=True).paid() == {"a": 500_00, "b": 500_00}
    for item in true_up(terms, [period]):
        assert (item.entitled_cents, item.received_cents) == (300_00, 500_00)
        assert (item.from_reserve_cents, item.gives_back_cents, item.is_owed_cents) == (50_00, 150_00, 0)
    more = true_up(terms, [replace(period, corrected_gross_cents=1_200_00)])
    assert [item.is_owed_cents for item in more] == [100_00, 100_00]
    with pytest.raises(SettlementInvalid):
        true_up(terms, [Period(1, DAY)])


def test_triggers_and_last_days() -> None:
    """An access fund is fed until the price goal is met; a tier ends on its last day."""
    terms = Waterfall(
        "EUR",
        (
            Tier("access fund", "fee", {"patients' fund": 1}, per_mille=100, applies_unless="price goal"),
            Tier("bonus", "fee", {"a": 1}, per_mille=100, applies_if="price goal", last_day=date(2026, 6, 30)),
            Tier("rest", "share", {"a": 1}),
        ),
    )
    assert run(terms, Period(100_00, DAY)).paid == {"a": 90_00, "patients' fund": 10_00}
    met = run(terms, Period(100_00, DAY, triggers=("price goal",)))
    assert met.paid == {"a": 100_00}
    assert met.lines[1].taken_cents == 10_00
    assert run(terms, Period(100_00, date(2026, 7, 1), triggers=("price goal",))).lines[1].passed_over


def test_an_amendment_changes_later_periods_only() -> None:
    """What was paid stands, and tiers of the same name remember it."""
    first = run(MILLION, Period(900_000_00, DAY))
    later = Waterfall("USD", (*MILLION.tiers[:6], Tier("rest", "share", {"S": 1})))
    second = run(later, Period(100_000_00, date(2026, 7, 1)), first.state)
    assert first.state.paid() == run(MILLION, Period(900_000_00, DAY)).state.paid()
    before, after = first.state.entitled(), second.state.entitled()
    assert all(after[name] >= before[name] for name in before)
    assert second.lines[3].taken_cents == 0


PARTIES = st.sampled_from("abcd")
WEIGHTS = st.dictionaries(PARTIES, st.integers(1, 9), min_size=1)
AMOUNTS = st.integers(0, 10**6)
CAPS = st.none() | AMOUNTS


def tier(kind: str, **fields: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Fields of a tier of one kind."""
    common = {"cap_cents": CAPS, "payee_caps": st.dictionaries(PARTIES, AMOUNTS), "period_cap_cents": CAPS}
    held = st.integers(0, 1000)
    return st.fixed_dictionaries({"kind": st.just(kind), "holdback_per_mille": held, **common, **fields})


TIERS = st.lists(
    st.one_of(
        tier("royalty", weights=WEIGHTS, per_mille=st.integers(1, 300)),
        tier("fee", weights=WEIGHTS, per_mille=st.integers(1, 1000)),
        tier("reimburse", claims=st.dictionaries(PARTIES, AMOUNTS, min_size=1)),
        tier("share", weights=WEIGHTS, guards=st.sampled_from([(), ("aks_stark",)])),
    ),
    max_size=5,
).map(lambda found: Waterfall("EUR", tuple(Tier(str(place), **fields) for place, fields in enumerate(found))))
PERIODS = st.lists(st.builds(Period, st.integers(0, 10**7), st.just(DAY)), min_size=1, max_size=4)


@given(TIERS, PERIODS)
def test_nothing_is_lost_and_nothing_is_negative(terms: Waterfall, periods: list[Period]) -> None:
    """Conservation to the cent in every period; caps hold over all of them."""
    for found in run_all(terms, periods):
        whole = sum(sum(amounts.values()) for amounts in (found.paid, found.held_back, found.blocked))
        assert whole + found.left_cents == found.gross_cents
        assert min([0, found.left_cents, *found.paid.values(), *found.held_back.values()]) == 0
        for item, line in zip(terms.tiers, found.lines, strict=True):
            state = found.state.of(item.name)
            assert item.cap_cents is None or state.taken_cents <= item.cap_cents
            assert item.period_cap_cents is None or line.taken_cents <= item.period_cap_cents
            assert all(state.taken.get(name, 0) <= cap for name, cap in item.payee_caps.items())
            assert all(state.taken[name] <= item.claims.get(name, 0) for name in state.taken if item.claims)


@given(TIERS, AMOUNTS, AMOUNTS)
def test_more_income_is_never_less_for_anybody(terms: Waterfall, gross: int, more: int) -> None:
    """To the cents that the largest remainder may move: two for each tier."""
    low, high = (run(terms, Period(cents, DAY)).state.entitled() for cents in (gross, gross + more))
    assert all(high.get(name, 0) >= cents - 2 * len(terms.tiers) for name, cents in low.items())


@given(WEIGHTS, AMOUNTS)
def test_the_order_of_names_within_a_tier_means_nothing(weights: dict[str, int], gross: int) -> None:
    """A shared tier, whichever way round it is written."""
    turned = dict(reversed(weights.items()))
    one, other = (run(Waterfall("EUR", (Tier("t", "share", w),)), Period(gross, DAY)) for w in (weights, turned))
    assert one.paid == other.paid


@given(TIERS)
def test_terms_survive_json(terms: Waterfall) -> None:
    """As they are written, they are read."""
    assert Waterfall.from_dict(terms.to_dict()) == terms


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"currency": "EUR", "tiers": [{"name": "a", "kind": "fee", "weights": {"a": 1}}]},
        {"currency": "EUR", "tiers": [{"name": "a", "kind": "share"}]},
        {"currency": "EUR", "tiers": [{"name": "a", "kind": "share", "weights": {"a": -1}}]},
        {"currency": "EUR", "tiers": [{"name": "a", "kind": "share", "weights": {"a": 1}, "colour": "red"}]},
        {"currency": "EUR", "tiers": [{"name": "a", "kind": "reimburse"}]},
        {"currency": "EUR", "tiers": [{"name": "a", "kind": "preferred"}]},
        {"currency": "EUR", "tiers": [{"name": "a", "kind": "share", "weights": {"a": 1}}] * 2},
    ],
)
def test_terms_that_are_none(fields: dict[str, Any]) -> None:
    """Each is refused in words."""
    with pytest.raises(SettlementInvalid):
        Waterfall.from_dict(fields)


def agreement(**revenue: Any) -> Any:
    """An agreement with a waterfall in clause K."""
    steps = [
        {"order": 1, "text": "administration", "kind": "fee", "payee": "north", "per_mille": 50},
        {"order": 2, "text": "cost", "kind": "reimburse", "payee": "south", "cap_cents": 10_000},
        {
            "order": 3, "text": "members", "kind": "share",
            "weights": [{"party": "north", "weight": 1}, {"party": "south", "weight": 1}, {"party": "west", "weight": 2}],
        },
    ]  # fmt: skip
    clause = {
        "waterfall": steps, "currency": "USD", "reporting_period": "year", "legal_guards": ["aks_stark"], **revenue,
    }  # fmt: skip
    return complete_example(revenue=clause)


def test_an_acos_payment_by_its_agreement() -> None:
    """Clause K: the fee, then shares; set aside until the guard is cleared; a debt by the last shares."""
    deal = agreement()
    delivered = sum(item.delivered_cents for item in deal.work.contributions if item.party == "south")
    cost = min(delivered, 10_000)
    rest = 1_000_000 - 50_000 - cost
    assert waterfall_of(deal).tiers[0].guards == ("aks_stark",)
    parts = members_of(deal, 1_000_000, ("aks_stark",))
    assert {part.standing for part in parts} == {"paid"}
    assert sum(part.cents for part in parts) == 1_000_000
    assert next(part.cents for part in parts if part.member == "west") == rest // 2
    blocked = members_of(deal, 1_000_000)
    assert {part.standing for part in blocked} == {"set aside until cleared"}
    assert [part.cents for part in members_of(deal, -400)] == [-100, -100, -200]
    for wrong in ({"currency": "EUR"}, {"waterfall": []}):
        with pytest.raises(SettlementInvalid):
            members_of(agreement(**wrong), 100)
    with pytest.raises(SettlementInvalid):
        members_of(deal, 100, ("luck",))
