"""The register of contributions: clause I and the ledger's acts, grants with their reports, payments."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from act_ledger import ActLedger
from summand.sharing import settle
from summand.sharing.contributions import (
    CONTRIBUTION_ACTS,
    Committed,
    Delivered,
    Disputed,
    GrantAwarded,
    GrantReceived,
    GrantReported,
    GrantSpent,
    PaymentMade,
    PaymentReceived,
    ReportDue,
    Settled,
    contribution_register,
)
from summand.signing import PrivateKey

TODAY = date(2026, 6, 1)
WORK = {
    "currency": "EUR",
    "contributions": [
        {"party": "north", "kind": "cash", "text": "start", "committed_cents": 1000, "delivered_cents": 400,
         "valuation_method": "as paid"},
        {"party": "south", "kind": "staff", "text": "analyst", "committed_cents": 5000, "valuation_method": "hours"},
    ],
    "cost_shares": {"rule": "proportional", "basis": "delivered contributions", "weights": []},
    "payment_schedule": [{"payer": "west", "payee": "north", "cents": 300, "due": "2026-05-01", "text": "fee"}],
}  # fmt: skip
BEDS = Committed("beds", "south", "beds", "two beds", 90_000, "day rate", 60, "bed days", date(2026, 6, 20))
PATIENTS = Committed("patients", "west", "patients", "enrolment", 0, "none", 200, "patients", date(2026, 3, 1))


@pytest.fixture
def ledger() -> ActLedger:
    """Three parties under clause I as above."""
    return ActLedger.of("north", "south", "west", work=WORK)


def test_what_was_committed_and_delivered(ledger: ActLedger) -> None:
    """Clause I and acts add up by party; each figure names its clause or leaf."""
    ledger.say("south", BEDS, Delivered("beds", "south", date(2026, 2, 1), 45_000, 30, "ab" * 32))
    ledger.say("north", Delivered("I.1", "north", date(2026, 2, 2), 600))
    ledger.say("west", PATIENTS, Delivered("patients", "west", date(2026, 2, 3), 0, 150, study="0" * 32))
    found = contribution_register(ledger.agreement, ledger.stated, TODAY)
    assert found.totals() == {
        "north": {"committed_cents": 1000, "delivered_cents": 1000},
        "south": {"committed_cents": 95_000, "delivered_cents": 45_000},
        "west": {"committed_cents": 0, "delivered_cents": 0},
    }
    beds = next(line for line in found.contributions if line.id == "beds")
    assert (beds.source, beds.delivered_quantity, beds.open_cents) == ("leaf 0", 30, 45_000)
    first = found.contributions[0]
    assert [delivery.source for delivery in first.deliveries] == ["clause I.contributions.1", "leaf 2"]
    assert [(alert.party, alert.days) for alert in found.alerts] == [("west", -92), ("west", -31), ("south", 19)]
    told = found.to_dict()
    assert told["contributions"][2]["deliveries"][0]["evidence_sha256"] == "ab" * 32
    assert told["mark"] == "sample"


def test_only_the_party_itself_delivers(ledger: ActLedger) -> None:
    """Another's contribution, an unknown one, another's signature, a name used twice, nonsense: told, not counted."""
    ledger.say("south", Delivered("I.1", "south", TODAY, 9), Delivered("luck", "south", TODAY, 9))
    ledger.say("west", Delivered("I.2", "south", TODAY, 9))
    ledger.say("south", BEDS, BEDS, {"act": "contribution.delivered", "party": "south"})
    ledger.say("north", Delivered("I.1", "north", TODAY, 9), key=PrivateKey.generate())
    found = contribution_register(ledger.agreement, ledger.stated, TODAY)
    assert found.totals()["north"]["delivered_cents"] == 400
    assert found.totals()["south"] == {"committed_cents": 95_000, "delivered_cents": 0}
    assert sorted(item.leaf for item in found.unheeded) == [0, 1, 2, 4, 5]


def test_a_disputed_delivery_does_not_count(ledger: ActLedger) -> None:
    """Until the party that disputed it settles it; nobody disputes its own."""
    leaf = ledger.say("south", Delivered("I.2", "south", TODAY, 500))
    ledger.say("south", Disputed(leaf, "mine"))
    assert contribution_register(ledger.agreement, ledger.stated, TODAY).totals()["south"]["delivered_cents"] == 500
    ledger.say("north", Disputed(leaf, "no time sheet"))
    disputed = contribution_register(ledger.agreement, ledger.stated, TODAY)
    assert disputed.totals()["south"]["delivered_cents"] == 0
    assert disputed.contributions[1].deliveries[0].disputed == "north: no time sheet"
    ledger.say("west", Settled(leaf))
    assert contribution_register(ledger.agreement, ledger.stated, TODAY).totals()["south"]["delivered_cents"] == 0
    ledger.say("north", Settled(leaf))
    assert contribution_register(ledger.agreement, ledger.stated, TODAY).totals()["south"]["delivered_cents"] == 500


def test_grants_with_terms_and_reports(ledger: ActLedger) -> None:
    """Received, spent, outside its term, the own share, reports given late, due and overdue."""
    reports = (
        ReportDue("final", date(2027, 1, 1)),
        ReportDue("year 1", date(2026, 3, 1)),
        ReportDue("data", date(2026, 4, 1)),
    )
    award = GrantAwarded(
        "g1", "south", "Funder", "R-1", 10_000, date(2026, 1, 1), date(2026, 12, 31), 250, 2_000, "", reports
    )
    ledger.say(
        "south", award, GrantReceived("g1", "south", TODAY, 6_000), GrantSpent("g1", "south", TODAY, 4_000),
        GrantSpent("g1", "south", date(2025, 12, 1), 500), GrantSpent("g1", "south", TODAY, 700, own_share=True),
        GrantReported("g1", "south", "year 1", date(2026, 3, 9), "cd" * 32),
    )  # fmt: skip
    ledger.say("north", GrantSpent("g1", "north", TODAY, 1))  # another's grant
    found = contribution_register(ledger.agreement, ledger.stated, TODAY)
    (line,) = found.grants
    assert (line.received_cents, line.spent_cents, line.own_share_spent_cents) == (6_000, 4_500, 700)
    assert (line.left_cents, line.outside_term_cents) == (5_500, 500)
    assert [(report.name, report.standing) for report in line.reports] == [
        ("year 1", "given late"), ("data", "overdue"), ("final", "due"),
    ]  # fmt: skip
    assert "Report 'data' on grant g1" in [alert.what for alert in found.alerts]


def test_payments_from_schedule_to_receipt(ledger: ActLedger) -> None:
    """Overdue, made, received; another amount differs; nobody pays in another's name."""
    schedule = contribution_register(ledger.agreement, ledger.stated, TODAY).payments[0]
    assert (schedule.id, schedule.standing) == ("I.payment.1", "overdue")
    ledger.say("south", PaymentMade("I.payment.1", "south", "north", 300, TODAY))
    assert contribution_register(ledger.agreement, ledger.stated, TODAY).payments[0].standing == "overdue"
    ledger.say("west", PaymentMade("I.payment.1", "west", "north", 300, TODAY))
    assert contribution_register(ledger.agreement, ledger.stated, TODAY).payments[0].standing == "made"
    ledger.say("north", PaymentReceived("I.payment.1", "north", 300, TODAY))
    found = contribution_register(ledger.agreement, ledger.stated, TODAY).payments[0]
    assert (found.standing, found.sources) == ("received", ("clause I.payment_schedule.1", "leaf 1", "leaf 2"))
    ledger.say("west", PaymentMade("extra", "west", "north", 50, TODAY))
    ledger.say("north", PaymentReceived("extra", "north", 49, TODAY))
    assert contribution_register(ledger.agreement, ledger.stated, TODAY).payments[1].standing == "differs"


def test_the_cost_split_follows_the_register(ledger: ActLedger) -> None:
    """What the ledger says was delivered is split, and weighs, instead of clause I alone."""
    ledger.say("south", Delivered("I.2", "south", TODAY, 1_600))
    register = contribution_register(ledger.agreement, ledger.stated, TODAY)
    found = settle(ledger.agreement, register=register)
    assert (found.total_cents, found.quantity.known_from) == (2_000, "ledger")
    assert [position.share_cents for position in found.positions] == [400, 1_600, 0]
    assert settle(ledger.agreement).total_cents == 400


@given(st.lists(st.integers(0, 10**9), max_size=6))
def test_every_delivery_counts_once(amounts: list[int]) -> None:
    """The register's total is the sum of what was delivered, also where the ledger holds a statement twice."""
    ledger = ActLedger.of("north", "south", work=WORK | {"payment_schedule": []})
    for place, cents in enumerate(amounts):
        ledger.say("south", Delivered("I.2", "south", TODAY, cents, place))
    ledger.entries += ledger.entries
    found = contribution_register(ledger.agreement, ledger.stated, TODAY)
    assert found.totals()["south"]["delivered_cents"] == sum(amounts)


def test_every_act_has_its_words() -> None:
    """Each record names its act and who states it."""
    for name, record in CONTRIBUTION_ACTS.items():
        assert record.act == name
        assert record.roles
        assert record.__doc__
