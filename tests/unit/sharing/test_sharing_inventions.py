"""The register of inventions: classes, clocks, joint ownership, claims, and who may state what."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from act_ledger import ActLedger
from summand.errors import SettlementInvalid
from summand.sharing import record_of
from summand.sharing.inventions import (
    INVENTION_ACTS,
    JOINT_LAW,
    JOINT_QUESTIONS,
    LIMITATION_RULES,
    ClaimNoticed,
    ClaimTolled,
    Contributor,
    FourAnswers,
    InventionClassified,
    InventionDisclosed,
    InventionElected,
    InventionFiled,
    InventionPublished,
    InventionReported,
    JointOwnership,
    PriorDisclosure,
    invention_register,
    limitation_ends,
    proposed_class,
)

HASH = "ab" * 32
BOTH = (Contributor("north", 600), Contributor("south", 400))
SENSOR = InventionDisclosed(
    "sensor", "north", "A sensor", date(2025, 12, 20), (Contributor("north", 1000),), HASH, HASH, True, "sensors",
    "foreground",
)  # fmt: skip
ANSWERS = (FourAnswers("US", "yes", "with consent of all", "no", "joining the others"),)
IP = {
    "field_of_technology": ["sensors"], "disclosure_days": 30, "postground_tail_months": 12,
    "foreground_rule": "inventor_owns", "sideground_rule": "inventor_owns",
    "background": [
        {"owner": "south", "description": "old sensor", "reference": "EP1", "licence_to_project": "for the project"}
    ],
}  # fmt: skip


@pytest.fixture
def ledger() -> ActLedger:
    """Three parties for a year from December 2025."""
    return ActLedger.of(
        "north", "south", "west", start=date(2025, 12, 1), days=365, ip=IP
    )  # fmt: skip


def register(ledger: ActLedger, today: date = date(2026, 2, 1)):
    """The register on a day."""
    return invention_register(ledger.agreement, ledger.stated, today)


def clocks(ledger: ActLedger, today: date = date(2026, 2, 1)) -> dict[str, tuple[date, str]]:
    """What is due of the first invention."""
    return {clock.what: (clock.due, clock.standing) for clock in register(ledger, today).inventions[0].clocks}


def test_classes_follow_from_dates_and_fields(ledger: ActLedger) -> None:
    """Before, in the project, beside it, after it, and elsewhere."""
    deal = ledger.agreement
    end = deal.term.end
    cases = [
        (date(2025, 11, 30), True, "sensors", "background"),
        (date(2025, 12, 1), True, "kites", "foreground"),
        (end, False, "Sensors ", "sideground"),
        (end, False, "kites", "outside"),
        (date(end.year + 1, end.month, end.day), False, "sensors", "tail"),
        (date(end.year + 2, end.month, end.day), True, "sensors", "outside"),
    ]
    for conceived, in_project, field, wanted in cases:
        assert proposed_class(deal, conceived, in_project=in_project, field=field) == wanted


def test_the_clocks_of_a_federally_funded_invention(ledger: ActLedger) -> None:
    """37 CFR 401.14: report in two months, elect in two years, file in one; and twelve months for filing abroad."""
    ledger.say("north", replace(SENSOR, us_federal=True))
    received = ledger.stated[0].at.date()
    assert received == date(2026, 1, 1)
    found = clocks(ledger)
    assert found["Disclose to the partners"] == (date(2026, 1, 19), "done")
    assert found["Report to the agency"] == (date(2026, 3, 1), "soon")
    assert "Elect title" not in found
    ledger.say("north", InventionReported("sensor", "north", date(2026, 2, 15)))
    assert clocks(ledger)["Report to the agency"] == (date(2026, 3, 1), "done")
    assert clocks(ledger)["Elect title"] == (date(2028, 2, 15), "running")
    ledger.say("north", InventionElected("sensor", "north", date(2026, 3, 1), True))
    assert clocks(ledger)["File the first application"] == (date(2027, 3, 1), "running")
    assert clocks(ledger, date(2027, 3, 2))["File the first application"][1] == "overdue"
    ledger.say("north", InventionFiled("sensor", "north", date(2026, 4, 30), "US", "provisional", "US 1"))
    found = clocks(ledger)
    assert found["File the first application"][1] == "done"
    assert found["File abroad with priority"] == (date(2027, 4, 30), "running")
    assert register(ledger).inventions[0].filings == ("US US 1",)


def test_the_clocks_of_a_publication_and_of_employees(ledger: ActLedger) -> None:
    """A planned publication is a deadline to file; a real one starts the grace year and ends novelty in Europe."""
    ledger.say("north", replace(SENSOR, publication_planned=date(2026, 5, 1), employee_law_germany=True))
    found = clocks(ledger)
    assert found["File before publication"] == (date(2026, 4, 30), "soon")
    assert found["Release to the inventor, or it is claimed"] == (date(2026, 5, 1), "soon")
    ledger.say("north", InventionPublished("sensor", "north", date(2026, 5, 1), "a poster"))
    found = clocks(ledger, date(2026, 5, 2))
    assert found["File in the United States (grace year)"] == (date(2027, 5, 1), "running")
    assert found["Novelty in Europe"][1] == "over"
    other = ActLedger.of("north", "south", "west", start=date(2025, 12, 1), days=365, ip=IP)
    other.say("north", replace(SENSOR, prior_disclosures=(PriorDisclosure(date(2024, 12, 1), "abstract"),)))
    assert clocks(other)["File in the United States (grace year)"][1] == "overdue"


def test_a_late_disclosure_is_told(ledger: ActLedger) -> None:
    """Received when it came into the ledger, whatever day its signer writes."""
    ledger.start = datetime(2026, 3, 1, tzinfo=UTC)
    ledger.say("north", SENSOR)
    assert clocks(ledger)["Disclose to the partners"] == (date(2026, 1, 19), "done late")


def test_joint_ownership_forces_the_four_answers(ledger: ActLedger) -> None:
    """Inventors of two parties: missing until every owner states the same answers; a change of mind alone changes nothing."""
    ledger.say("north", replace(SENSOR, contributors=BOTH))
    assert register(ledger).inventions[0].joint_is_missing
    agreed = JointOwnership("sensor", ("north", "south"), ANSWERS)
    ledger.say("north", agreed)
    line = register(ledger).inventions[0]
    assert (line.joint.missing, line.joint_is_missing) == (("south",), True)
    ledger.say("south", agreed)
    assert not register(ledger).inventions[0].joint_is_missing
    ledger.say("north", replace(agreed, answers=(replace(ANSWERS[0], accounts="yes"),)))
    ledger.say(
        "west", replace(agreed, owners=("west", "north")), agreed
    )  # one for owners that are not, one by a stranger
    line = register(ledger).inventions[0]
    assert (line.joint.answers, line.joint_is_missing) == (ANSWERS, False)
    assert [item.leaf for item in register(ledger).unheeded] == [5]
    assert all(set(JOINT_QUESTIONS) <= set(vars(law)) for law in JOINT_LAW.values())


@pytest.mark.parametrize(
    "change",
    [
        {"answers": []}, {"owners": ["north"]}, {"answers": [{"territory": "US", "may_work": "yes"}]},
        {"answers": [{"territory": "US", "may_work": "yes", "may_license": "no", "accounts": "no", "may_sue": "no"}] * 2},
    ],
)  # fmt: skip
def test_joint_ownership_without_answers_is_refused(change: dict[str, object]) -> None:
    """No territory, one owner, an unanswered question, a territory twice."""
    answers = [{"territory": "US", "may_work": "yes", "may_license": "no", "accounts": "no", "may_sue": "no"}]
    document = {"act": "invention.joint", "invention": "x", "owners": ["north", "south"], "answers": answers}
    assert record_of(document, INVENTION_ACTS).owners == ("north", "south")
    with pytest.raises(SettlementInvalid):
        record_of({**document, **change}, INVENTION_ACTS)


def test_parts_of_inventors_add_up() -> None:
    """To a thousand."""
    with pytest.raises(SettlementInvalid):
        replace(SENSOR, contributors=(Contributor("north", 999),))


def test_a_body_decides_the_class_by_its_chair(ledger: ActLedger) -> None:
    """The last decision counts; anybody else's word does not."""
    body = ledger.agreement.governance.bodies[0]
    ledger.say("north", SENSOR)
    ledger.say(body.chair, InventionClassified("sensor", "sideground", body.id))
    other = next(party for party in ledger.keys if party != body.chair)
    ledger.say(other, InventionClassified("sensor", "outside", body.id))
    line = register(ledger).inventions[0]
    assert (line.class_by_agreement, line.decided, line.rule) == ("foreground", "sideground", "inventor_owns")
    assert line.decided_by == f"{body.id}, leaf 1"


def test_acts_that_do_not_count(ledger: ActLedger) -> None:
    """About what is not there, a name used twice, by a party without a part."""
    ledger.say("north", InventionFiled("kite", "north", date(2026, 1, 1), "US", "pct", "x"), SENSOR, SENSOR)
    ledger.say("west", InventionFiled("sensor", "west", date(2026, 1, 1), "US", "pct", "x"))
    assert [item.leaf for item in register(ledger).unheeded] == [0, 2, 3]
    assert register(ledger).inventions[0].filings == ()


def test_background_is_what_clause_j_lists(ledger: ActLedger) -> None:
    """With the inventions that use it."""
    ledger.say("north", replace(SENSOR, background_used=("EP1", "unlisted")))
    (line,) = register(ledger).background
    assert (line.source, line.owner, line.used_by) == ("clause J.background.1", "south", ("sensor",))


def test_limitation_alerts(ledger: ActLedger) -> None:
    """Six years from when it arose; told a year before; tolled only by both sides."""
    claim = ClaimNoticed("c1", "north", "south", "royalties of 2020", date(2020, 6, 1), "england")
    ledger.say("north", claim)
    (line,) = register(ledger).claims
    assert (line.ends, line.standing) == (date(2026, 6, 1), "alert")
    assert register(ledger).alerts[0].what == "Claim c1 against south ends within 180 days (Limitation Act 1980 s 5)"
    assert register(ledger, date(2025, 5, 31)).claims[0].standing == "running"
    assert register(ledger, date(2026, 6, 2)).claims[0].standing == "barred"
    ledger.say("north", ClaimTolled("c1", date(2027, 6, 1)))
    assert register(ledger).claims[0].tolled_until is None
    ledger.say("south", ClaimTolled("c1", date(2026, 9, 1)))
    assert register(ledger).claims[0].ends == date(2026, 9, 1)


def test_limitation_rules() -> None:
    """Germany counts from the year's end; an unknown rule without years takes the shortest period."""
    assert limitation_ends(date(2023, 3, 5), "germany") == date(2026, 12, 31)
    assert limitation_ends(date(2024, 2, 29), "new_york") == date(2030, 2, 28)
    assert limitation_ends(date(2024, 1, 1), "elsewhere", 10) == date(2034, 1, 1)
    assert limitation_ends(date(2024, 1, 1), "elsewhere") == date(2027, 1, 1)
    assert all(rule.source for rule in LIMITATION_RULES.values())
