"""Statements and registers as documents: every figure beside its clause, leaf or study."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest

from act_ledger import ActLedger
from summand.documents import Document, to_csv, to_pdf
from summand.sharing import settle
from summand.sharing.contributions import Delivered, GrantAwarded, ReportDue, contribution_register
from summand.sharing.income import CommitmentMade, GuardCleared, IncomeReceived, income_register
from summand.sharing.inventions import (
    ClaimNoticed,
    Contributor,
    FourAnswers,
    InventionDisclosed,
    JointOwnership,
    invention_register,
)
from summand.sharing.reports import (
    amount,
    contributions_document,
    income_document,
    inventions_document,
    statement_document,
)

TODAY, HASH, STUDY = date(2026, 6, 1), "ab" * 32, "0" * 32
STEP = {
    "order": 1, "text": "all", "kind": "share",
    "weights": [{"party": "north", "weight": 1}, {"party": "south", "weight": 1}],
}  # fmt: skip


def rows(document: Document) -> list[dict[str, str]]:
    """The CSV of a document, which also makes a PDF."""
    assert to_pdf(document).startswith(b"%PDF-")
    return list(csv.DictReader(io.StringIO(to_csv(document))))


@pytest.fixture
def ledger() -> ActLedger:
    """Two parties with a little of everything."""
    made = ActLedger.of(
        "north", "south", start=date(2026, 1, 1),
        work={"cost_shares": {"rule": "proportional", "basis": "delivered contributions", "weights": []}},
        revenue={"waterfall": [STEP], "currency": "EUR", "reporting_period": "year", "legal_guards": ["ehds_fee"]},
    )  # fmt: skip
    made.say("north", Delivered("I.1", "north", TODAY, 500, study=STUDY))
    made.say(
        "north", GrantAwarded("g", "north", "Funder", "R", 100, TODAY, TODAY, reports=(ReportDue("final", TODAY),))
    )
    made.say("north", IncomeReceived("first", "north", 100, TODAY, HASH), GuardCleared("ehds_fee", "counsel", HASH))
    made.say("north", CommitmentMade("p", "north", "kit", "LMIC", "price_at_most", 5, TODAY))
    made.say(
        "north",
        InventionDisclosed(
            "sensor", "north", "A sensor", TODAY, (Contributor("north", 500), Contributor("south", 500)), HASH, HASH, True,
            "sensors", "foreground",
        ),
        JointOwnership("sensor", ("north", "south"), (FourAnswers("US", "yes", "no", "no", "no"),)),
        ClaimNoticed("c", "north", "south", "royalties", TODAY, "england"),
    )  # fmt: skip
    return made


def test_a_statement_names_where_each_delivery_stands(ledger: ActLedger) -> None:
    """The clause, the leaf and the study; the sample mark; the agreement and the ledger it was read from."""
    register = contribution_register(ledger.agreement, ledger.stated, TODAY)
    statement = settle(ledger.agreement, register=register)
    document = statement_document(
        statement, register, agreement_hash=ledger.agreement.hash, checked="Read from a ledger."
    )
    found = {row["party"]: row for row in rows(document) if row["section"] == "Parties"}
    assert f"leaf 0 (study {STUDY})" in found["north"]["source"]
    assert sum(float(row["bears"].replace(",", "")) for row in found.values()) * 100 == statement.total_cents
    assert document.sentences[0].startswith("Sample")
    assert document.notes == (f"Agreement {ledger.agreement.hash}.", "Read from a ledger.")


def test_registers_name_the_leaf_of_every_row(ledger: ActLedger) -> None:
    """Contributions, income and inventions."""
    contributions = rows(contributions_document(contribution_register(ledger.agreement, ledger.stated, TODAY)))
    assert {row["source"] for row in contributions if row["section"] == "Deliveries"} >= {"leaf 0"}
    assert [row["source"] for row in contributions if row["section"] == "Grants"] == ["leaf 1"]
    assert [row["standing"] for row in contributions if row["section"] == "Reports to funders"] == ["due"]
    income = rows(income_document(income_register(ledger.agreement, ledger.stated, today=TODAY)))
    assert {row["source"] for row in income if row["section"] == "first: 1.00 EUR"} == {"leaf 2"}
    assert [row["source"] for row in income if row["section"] == "Price and access"] == ["leaf 4"]
    inventions = rows(inventions_document(invention_register(ledger.agreement, ledger.stated, TODAY)))
    assert [row["source"] for row in inventions if row["section"] in ("Inventions", "Joint ownership", "Claims")] == [
        "leaf 5", "leaf 6", "leaf 7",
    ]  # fmt: skip
    assert [row["joint ownership"] for row in inventions if row["section"] == "Inventions"] == ["four answers missing"]


def test_amounts() -> None:
    """Thousands, cents, and a sign."""
    assert [amount(cents) for cents in (0, 5, -5, 123456789)] == ["0.00", "0.05", "-0.05", "1,234,567.89"]
