"""Income from the ledger: periods, guards, triggers, commitments and corrections, the same for every partner."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from act_ledger import ActLedger
from summand.encoding import canonical, sha256_hex
from summand.errors import SettlementInvalid
from summand.sharing.income import (
    INCOME_ACTS,
    CommitmentMade,
    CommitmentReported,
    GoalVerdict,
    GuardCleared,
    GuardWithdrawn,
    IncomeReceived,
    ReserveReleased,
    TermsAgreed,
    TriggerSet,
    income_register,
)
from summand.sharing.waterfall import Tier, Waterfall

TODAY = date(2026, 12, 1)
HASH = "ab" * 32
STEP = {
    "order": 1, "text": "all", "kind": "share",
    "weights": [{"party": "north", "weight": 1}, {"party": "south", "weight": 1}],
}  # fmt: skip
REVENUE = {
    "waterfall": [STEP], "currency": "EUR", "reporting_period": "year", "legal_guards": ["ehds_fee"],
}  # fmt: skip
CLEARED = GuardCleared("ehds_fee", "counsel", HASH)
PRICE = CommitmentMade("p", "north", "test kit", "low-income countries", "price_at_most", 500, date(2026, 1, 1))


def income(name: str, cents: int, **fields: str) -> IncomeReceived:
    """Income that north received."""
    return IncomeReceived(name, "north", cents, date(2026, 6, 1), HASH, **fields)


@pytest.fixture
def ledger() -> ActLedger:
    """Two parties that share all income, behind one guard."""
    return ActLedger.of("north", "south", revenue=REVENUE)


def test_a_period_is_settled_with_what_was_cleared_then(ledger: ActLedger) -> None:
    """Before the clearance the money is set aside, and paid once the guard is cleared."""
    ledger.say("north", income("one", 1_000))
    found = income_register(ledger.agreement, ledger.stated, today=TODAY)
    assert (found.paid, found.blocked) == ({"north": 0, "south": 0}, {"north": 500, "south": 500})
    leaf = ledger.say("south", CLEARED)
    ledger.say("north", income("two", 300))
    found = income_register(ledger.agreement, ledger.stated, today=TODAY)
    assert (found.paid, found.cleared) == ({"north": 650, "south": 650}, {"ehds_fee": leaf})
    assert [item.distribution.blocked for item in found.periods] == [{"north": 500, "south": 500}, {}]
    assert found.terms_from == "clause K"
    assert found.to_dict()["periods"][1]["leaf"] == 2


def test_any_party_can_hold_a_guard_closed(ledger: ActLedger) -> None:
    """Until that party itself clears it; a clearance also lapses."""
    ledger.say("south", CLEARED)
    ledger.say("north", GuardWithdrawn("ehds_fee", "the fee is above cost"))
    ledger.say("south", CLEARED)
    assert income_register(ledger.agreement, ledger.stated, today=TODAY).cleared == {}
    ledger.say("north", CLEARED)
    assert "ehds_fee" in income_register(ledger.agreement, ledger.stated, today=TODAY).cleared
    other = ActLedger.of("north", "south", revenue=REVENUE)
    other.say("south", GuardCleared("ehds_fee", "counsel", HASH, date(2026, 11, 30)))
    assert income_register(other.agreement, other.stated, today=TODAY).cleared == {}
    assert "ehds_fee" in income_register(other.agreement, other.stated, today=date(2026, 11, 30)).cleared


def test_income_is_corrected_by_its_party_alone(ledger: ActLedger) -> None:
    """A correction gives a true-up; a name used twice and a correction of nothing do not count."""
    ledger.say("north", CLEARED, income("one", 1_000), income("one", 9), income("fix", 600, corrects="one"))
    ledger.say("south", IncomeReceived("theirs", "south", 1, date(2026, 6, 1), HASH, "one"))
    found = income_register(ledger.agreement, ledger.stated, today=TODAY)
    assert found.paid == {"north": 500, "south": 500}
    assert [(item.payee, item.gives_back_cents) for item in found.true_up] == [("north", 200), ("south", 200)]
    assert [item.leaf for item in found.unheeded] == [2, 4]


FUND = Waterfall(
    "EUR",
    (
        Tier("access fund", "fee", {"fund": 1}, per_mille=100, applies_unless="commitment p kept"),
        Tier("bonus", "fee", {"south": 1}, per_mille=100, applies_if="goal met"),
        Tier("rest", "share", {"north": 1, "south": 1}),
    ),
)


def test_terms_in_full_need_every_party(ledger: ActLedger) -> None:
    """By the hash of their canonical form."""
    wanted = sha256_hex(canonical(FUND.to_dict()))
    ledger.say("north", TermsAgreed(wanted))
    with pytest.raises(SettlementInvalid, match="south"):
        income_register(ledger.agreement, ledger.stated, FUND, TODAY)
    ledger.say("south", TermsAgreed(wanted))
    assert income_register(ledger.agreement, ledger.stated, FUND, TODAY).terms_from == "leaves 0, 1"


def test_a_kept_commitment_is_a_trigger(ledger: ActLedger) -> None:
    """The access fund is fed until the price is kept by a report; a goal's bonus while nobody holds it off."""
    for party in ("north", "south"):
        ledger.say(party, TermsAgreed(sha256_hex(canonical(FUND.to_dict()))))
    ledger.say("north", PRICE, income("one", 1_000))
    ledger.say("south", TriggerSet("goal met", True))
    ledger.say("north", CommitmentReported("p", "north", date(2026, 5, 1), 480, HASH), income("two", 1_000))
    ledger.say("north", TriggerSet("goal met", False), income("three", 1_000))
    found = income_register(ledger.agreement, ledger.stated, FUND, TODAY)
    assert [item.distribution.paid for item in found.periods] == [
        {"fund": 100, "north": 450, "south": 450}, {"north": 450, "south": 550}, {"north": 500, "south": 500},
    ]  # fmt: skip


def test_commitments_are_kept_broken_or_not_known(ledger: ActLedger) -> None:
    """By the last report, up to when the next is due; nobody is taken for keeping a promise it does not report on."""
    ledger.say("north", PRICE)

    def standing(day: date) -> str:
        return income_register(ledger.agreement, ledger.stated, today=day).commitments[0].standing

    assert standing(date(2026, 6, 1)) == "not yet reported"
    assert standing(date(2027, 1, 2)) == "report overdue"
    ledger.say("south", CommitmentReported("p", "south", date(2026, 6, 1), 480, HASH))  # another's
    assert standing(TODAY) == "not yet reported"
    ledger.say("north", CommitmentReported("p", "north", date(2026, 6, 1), 480, HASH))
    assert standing(TODAY) == "kept"
    assert standing(date(2027, 6, 2)) == "report overdue"
    ledger.say("north", CommitmentReported("p", "north", date(2026, 11, 1), 501, HASH))
    assert standing(TODAY) == "broken"


def test_a_goal_that_was_met_is_a_trigger(ledger: ActLedger) -> None:
    """From the leaf that measured it, by its last measurement, unless a party holds it off."""
    terms = Waterfall("EUR", (Tier("bonus", "fee", {"south": 1}, per_mille=100, applies_if="goal wait met"),
                              Tier("rest", "share", {"north": 1})))  # fmt: skip
    for party in ("north", "south"):
        ledger.say(party, TermsAgreed(sha256_hex(canonical(terms.to_dict()))))
    ledger.say("north", income("one", 1_000), income("two", 1_000), income("three", 1_000))
    verdicts = [GoalVerdict(3, "wait", False), GoalVerdict(2, "wait", True)]

    def bonuses() -> list[int]:
        found = income_register(ledger.agreement, ledger.stated, terms, TODAY, verdicts)
        return [item.distribution.paid.get("south", 0) for item in found.periods]

    assert bonuses() == [0, 100, 0]
    ledger.say("north", TriggerSet("goal wait met", False))
    ledger.say("north", income("four", 1_000))
    verdicts.append(GoalVerdict(4, "wait", True))
    assert bonuses() == [0, 100, 0, 0]


def test_units_are_kept_from_below(ledger: ActLedger) -> None:
    """At least so many units."""
    ledger.say("north", CommitmentMade("u", "north", "kit", "LMIC", "units_at_least", 100, date(2026, 1, 1)))
    ledger.say("north", CommitmentReported("u", "north", date(2026, 6, 1), 99, HASH))
    line = income_register(ledger.agreement, ledger.stated, today=TODAY).commitments[0]
    assert (line.standing, line.trigger) == ("broken", "commitment u kept")


def test_a_reserve_is_released_by_every_party(ledger: ActLedger) -> None:
    """Of the periods before the last of them agreed; each word counts for one release."""
    terms = Waterfall("EUR", (Tier("all", "share", {"north": 1, "south": 1}, holdback_per_mille=100),))
    for party in ("north", "south"):
        ledger.say(party, TermsAgreed(sha256_hex(canonical(terms.to_dict()))))
    ledger.say("north", income("one", 1_000), ReserveReleased("all"))

    def held() -> dict[str, int]:
        return dict(income_register(ledger.agreement, ledger.stated, terms, TODAY).held_back)

    assert held() == {"north": 50, "south": 50}
    ledger.say("south", ReserveReleased("all"))
    assert held() == {}
    ledger.say("north", income("two", 2_000))
    ledger.say("south", ReserveReleased("all"))
    assert held() == {"north": 100, "south": 100}
    assert income_register(ledger.agreement, ledger.stated, terms, TODAY).paid == {"north": 1_400, "south": 1_400}


def test_a_commitment_serves_a_goal_of_the_agreement(ledger: ActLedger) -> None:
    """Or none; one that does not exist is told."""
    goal = ledger.agreement.purpose.goals[0].id
    ledger.say("north", replace(PRICE, goal=goal), replace(PRICE, id="q", goal="imagined"))
    found = income_register(ledger.agreement, ledger.stated, today=TODAY)
    assert [line.made.id for line in found.commitments] == ["p"]
    assert [item.reason for item in found.unheeded] == ["Clause C has no such goal."]


def test_every_act_has_its_words() -> None:
    """Each record names its act and who states it."""
    assert all(record.act == name and record.roles and record.__doc__ for name, record in INCOME_ACTS.items())
