"""``summand settlement``: what people and programs read of a settlement."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import jsonschema
import pytest
from cli_kit import say

from disk_federation import DiskFederation
from shared_files import shared_data
from summand.agreement import complete_example
from summand.encoding import canonical, dump, sha256_hex
from summand.federation import Desk
from summand.federation._memory import MemoryNetwork
from summand.outcomes import Measurement, measured_document
from summand.sharing import ACT_KIND, ACTS, act_document
from summand.sharing.contributions import Committed
from summand.sharing.income import CommitmentMade, IncomeReceived, TermsAgreed
from summand.sharing.inventions import Contributor, InventionDisclosed
from summand.sharing.waterfall import Tier, Waterfall
from summand.signing import PrivateKey
from summand.study import Statement
from summand.testing.federations import sign_by_all

FILE = "mssp/PY_Financial_and_Quality_Results_2023.csv"


def test_mssp_settles_a_whole_year(capsys: pytest.CaptureFixture[str]) -> None:
    """453 ACOs, 313 paid, three losses that only unpublished revenue explains; to people in a few lines."""
    path = shared_data(FILE)
    told = say(capsys, "settlement", "mssp", path, "--json").matches("settlement-mssp")
    assert (told["summary"]["acos"], told["summary"]["paid"], told["summary"]["owing"]) == (453, 313, 20)
    assert told["summary"]["minimum_rates_agree"] == 453
    assert told["summary"]["largest_difference_cents"] < 100
    shown = say(capsys, "settlement", "mssp", path)
    assert shown.code == 0
    assert "453 ACOs: 313 are paid 3,094,455,068.72" in shown.out
    assert "A1241" in shown.out


def test_mssp_of_one_aco_and_its_members(capsys: pytest.CaptureFixture[str]) -> None:
    """The steps of one ACO; its payment split to the cent."""
    words = (
        "settlement",
        "mssp",
        shared_data(FILE),
        "--aco",
        "A1001",
        "--member",
        "clinics=2",
        "--member",
        "hospital=1",
    )
    told = say(capsys, *words, "--json").matches("settlement-mssp")
    assert told["acos"][0]["outcome"]["payment_cents"] == 7_342_626_774
    assert sum(part["cents"] for part in told["members"]) == 7_342_626_774
    shown = say(capsys, *words).out
    assert "73,426,267.74" in shown
    assert "48,950,845.16" in shown


def test_mssp_put_wrongly(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """No file, not text, an unknown ACO, weights that are none: one line and a code."""
    path, noise = shared_data(FILE), tmp_path / "noise.csv"
    noise.write_bytes(bytes(range(256)))
    assert say(capsys, "settlement", "mssp", tmp_path / "absent.csv", "--json").error["code"] == "usage"
    assert say(capsys, "settlement", "mssp", noise, "--json").error["code"] == "data.unreadable"
    assert say(capsys, "settlement", "mssp", path, "--aco", "A0", "--json").error["code"] == "usage"
    assert say(capsys, "settlement", "mssp", path, "--member", "a=1", "--json").error["code"] == "usage"
    wrong = say(capsys, "settlement", "mssp", path, "--aco", "A1001", "--member", "a=-1", "--json")
    assert wrong.error["code"] == "usage"


def test_split_by_coalitions(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Both rules from a file; an unknown rule, a game that is none."""
    file = tmp_path / "game.json"
    file.write_text('{"values": {"a": 0, "b": 0, "c": 0, "a+b": 1200, "a+c": 1200, "b+c": 1200, "a+b+c": 1200}}')
    told = say(capsys, "settlement", "split", file, "--rule", "nucleolus", "--json").matches("settlement-split")
    assert [part["cents"] for part in told["parts"]] == [400, 400, 400]
    assert (told["in_core"], len(told["objections"])) == (False, 3)
    shown = say(capsys, "settlement", "split", file).out
    assert "a and b: by 4.00" in shown
    assert say(capsys, "settlement", "split", file, "--rule", "luck", "--json").error["code"] == "usage"
    file.write_text('{"values": {"a": 1, "b": 2}}')
    wrong = say(capsys, "settlement", "split", file, "--json")
    assert (wrong.code, wrong.error["code"]) == (10, "agreement.settlement_invalid")


MILLION = {
    "currency": "USD",
    "tiers": [
        {"name": "royalty", "kind": "royalty", "weights": {"third party": 1}, "per_mille": 30},
        {"name": "patents", "kind": "reimburse", "claims": {"U": 60_000_00, "H": 20_000_00}},
        {"name": "fee", "kind": "fee", "weights": {"U": 1}, "per_mille": 50},
        {"name": "cost", "kind": "reimburse", "claims": {"H": 200_000_00, "S": 100_000_00}},
        {"name": "return", "kind": "preferred", "preferred": {"on": "cost", "per_mille": 80, "since": "2024-01-01"}},
        {"name": "first", "kind": "share", "weights": {"U": 40, "H": 40, "S": 20}, "cap_cents": 250_000_00},
        {"name": "rest", "kind": "share", "weights": {"U": 30, "H": 45, "S": 25}, "guards": ["competition"]},
    ],
}


def test_waterfall_of_a_million(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The worked million; blocked without its guard; corrected later; put wrongly."""
    file = tmp_path / "terms.json"
    file.write_text(json.dumps(MILLION))
    words = ("settlement", "waterfall", file, "--gross", "1000000.00", "--at", "2026-01-01")
    told = say(capsys, *words, "--cleared", "competition", "--json").matches("settlement-waterfall")
    assert told["paid_so_far"] == {"U": 27_875_000, "H": 46_337_500, "S": 22_787_500, "third party": 3_000_000}
    shown = say(capsys, *words).out
    assert "blocked: competition" in shown
    assert "Set aside until cleared: H 111,375.00, S 61,875.00, U 74,250.00." in shown
    period = {"gross_cents": 100_000_000, "at": "2026-01-01", "corrected_gross_cents": 90_000_000}
    file.write_text(json.dumps({**MILLION, "periods": [period]}))
    told = say(capsys, "settlement", "waterfall", file, "--json").matches("settlement-waterfall")
    over = {item["payee"]: item["from_reserve_cents"] + item["gives_back_cents"] for item in told["true_up"]}
    assert sum(over.values()) == 10_000_000
    assert "gives back" in say(capsys, "settlement", "waterfall", file).out
    file.write_text(json.dumps(MILLION))
    assert say(capsys, "settlement", "waterfall", file, "--json").error["code"] == "usage"
    assert say(capsys, *words[:4], "1,5", "--json").error["code"] == "usage"
    wrong = say(capsys, *words[:5], "--at", "soon", "--json")
    assert wrong.error["code"] == "agreement.settlement_invalid"


def test_an_acos_payment_by_clause_k(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """An agreement in a file splits the payment, once its guard is cleared."""
    step = {
        "order": 1, "text": "members", "kind": "share",
        "weights": [{"party": "north", "weight": 1}, {"party": "south", "weight": 2}],
    }  # fmt: skip
    clause = {"waterfall": [step], "currency": "USD", "reporting_period": "year", "legal_guards": ["aks_stark"]}
    file = tmp_path / "aco.json"
    file.write_bytes(dump(complete_example(("north", "south"), revenue=clause).to_dict()))
    words = ("settlement", "mssp", shared_data(FILE), "--aco", "A1001", "--agreement", file, "--json")
    told = say(capsys, *words).matches("settlement-mssp")
    assert {part["standing"] for part in told["members"]} == {"set aside until cleared"}
    told = say(capsys, *words, "--cleared", "aks_stark").matches("settlement-mssp")
    assert {part["member"]: part["cents"] for part in told["members"]} == {
        "north": 2_447_542_258,
        "south": 4_895_084_516,
    }
    income = say(capsys, "settlement", "waterfall", file, "--gross", "30", "--cleared", "aks_stark", "--json")
    assert income.matches("settlement-waterfall")["paid_so_far"] == {"north": 1_000, "south": 2_000}


BEDS = Committed("beds", "north", "beds", "two beds", 90_000, "day rate", 60, "bed days")


def test_the_register_of_contributions_from_a_ledger(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Read from the hub's folder, verified, with the leaf of each act."""
    disk = DiskFederation(tmp_path)
    disk.publish()
    signed = disk.partnership.signed
    (tmp_path / "agreement.signed.json").write_bytes(signed.to_bytes())
    party = next(iter(disk.partnership.party_keys))
    document = act_document(replace(BEDS, party=party))
    key = disk.partnership.party_keys[party]
    statement = Statement.sign(ACT_KIND, signed.agreement.hash, party, document, key, inside=True)
    disk.convener.put_statement(statement.envelope.to_dict())
    options = ("--federation", tmp_path / "hub" / "federation.json", "--agreement", tmp_path / "agreement.signed.json")
    words = ("settlement", "contributions", tmp_path / "hub", *options)
    told = say(capsys, *words, "--json").matches("settlement-contributions")
    assert told["totals"][party]["committed_cents"] >= 90_000
    assert told["contributions"][-1]["source"].startswith("leaf ")
    assert "0 of 60 bed days" in say(capsys, *words).out
    assert say(capsys, *words, "--at", "soon", "--json").error["code"] == "usage"
    shown = say(capsys, "ledger", "show", tmp_path / "hub", "--federation", tmp_path / "hub" / "federation.json").out
    assert f"{party}: contribution committed." in shown


@pytest.mark.parametrize("role", ["finance_officer", "analyst"])
def test_an_act_is_stated(
    role: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a finance officer it goes into the ledger, whole; an analyst does not state it, nor anybody for another party."""
    keys = {party: PrivateKey.generate() for party in ("north", "south", "west")}
    officer = PrivateKey.generate()
    document = complete_example(
        [{"id": party, "key": key.public.text} for party, key in keys.items()],
        people=[
            {"name": "officer", "party": "north", "role": role, "key": officer.public.text},
            {"name": "steward", "party": "north", "role": "data_steward", "key": PrivateKey.generate().public.text},
        ],
    )
    network = MemoryNetwork(sign_by_all(document, keys), keys, {}, allow_trial=False)
    desk = Desk(network, [document], "officer", officer)
    monkeypatch.setattr("summand.federation.open_desk", lambda *_, **__: desk)
    monkeypatch.setattr(network, "close", lambda: None)
    file = tmp_path / "act.json"
    file.write_bytes(dump(act_document(BEDS)))
    words = ("settlement", "act", file, "--federation", "federation.json", "--key", "key.pem", "--json")
    said = say(capsys, *words)
    if role == "analyst":
        assert (said.error["code"], network.convener.log.size) == ("agreement.settlement_invalid", 1)
        return
    assert (said.matches("settlement-act")["party"], network.convener.log.size) == ("north", 2)
    file.write_bytes(dump(act_document(replace(BEDS, party="south"))))
    assert say(capsys, *words).error["code"] == "agreement.settlement_invalid"
    file.write_bytes(dump({"act": "contribution.imagined"}))
    assert say(capsys, *words).error["code"] == "agreement.settlement_invalid"
    file.write_bytes(dump({"total_cents": 5}))
    published = say(capsys, "settlement", "publish", *words[2:]).matches("settlement-publish")
    assert published["document_sha256"] == sha256_hex(canonical({"total_cents": 5}))
    assert network.convener.log.size == 3


def test_income_and_inventions_from_a_ledger(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Both registers from the hub's folder; terms in full need every party."""
    disk = DiskFederation(tmp_path)
    disk.publish()
    signed, keys = disk.partnership.signed, disk.partnership.party_keys
    (tmp_path / "agreement.signed.json").write_bytes(signed.to_bytes())
    terms = Waterfall("EUR", (Tier("all", "share", {"a": 1, "b": 1}),))
    (tmp_path / "terms.json").write_bytes(dump(terms.to_dict()))
    first = next(iter(keys))

    def state(party: str, record: object) -> None:
        document = act_document(record)
        statement = Statement.sign(ACT_KIND, signed.agreement.hash, party, document, keys[party], inside=True)
        disk.convener.put_statement(statement.envelope.to_dict())

    state(first, IncomeReceived("2026", first, 1_000, date(2026, 6, 1), "ab" * 32))
    state(first, CommitmentMade("p", first, "kit", "LMIC", "price_at_most", 500, date(2026, 1, 1)))
    state(
        first,
        InventionDisclosed(
            "sensor", first, "A sensor", date(2026, 1, 1), (Contributor(first, 1000),), "ab" * 32, "ab" * 32, True,
            "sensors", "foreground",
        ),
    )  # fmt: skip
    options = ("--federation", tmp_path / "hub" / "federation.json", "--agreement", tmp_path / "agreement.signed.json")
    income = ("settlement", "income", tmp_path / "hub", *options, "--terms", tmp_path / "terms.json")
    assert "did not agree" in say(capsys, *income, "--json").error["message"]
    for party in keys:
        state(party, TermsAgreed(sha256_hex(canonical(terms.to_dict()))))
    told = say(capsys, *income, "--json").matches("settlement-income")
    assert (told["paid"], told["triggers"]) == ({"a": 500, "b": 500}, [])
    goal = signed.agreement.purpose.goals[0]
    value = goal.target + (1.0 if goal.direction == "increase" else -1.0)
    found = Measurement(value, value, value, "sample")
    measured = measured_document(goal, "2026", found, evidence_sha256="cd" * 32, evidence_title="sample")
    statement = Statement.sign(
        "goal.measured", signed.agreement.hash, goal.owner, measured, keys[goal.owner], inside=True
    )
    disk.convener.put_statement(statement.envelope.to_dict())
    assert say(capsys, *income, "--json").json["triggers"] == [f"goal {goal.id} met"]
    assert "price_at_most" in say(capsys, *income).out
    inventions = ("settlement", "inventions", tmp_path / "hub", *options)
    told = say(capsys, *inventions, "--json").matches("settlement-inventions")
    assert told["inventions"][0]["disclosed"]["id"] == "sensor"
    assert "Disclose to the partners" in say(capsys, *inventions).out


def test_data_value_of_released_scores(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Only under an agreement that permits site_level; scores that are none are refused."""
    permitted, other, scores = tmp_path / "permitted.json", tmp_path / "other.json", tmp_path / "scores.json"
    permitted.write_bytes(dump(complete_example(data={"release_levels": ["total", "site_level"]}).to_dict()))
    other.write_bytes(dump(complete_example(data={"release_levels": ["total"]}).to_dict()))
    scores.write_text('{"metric": "auc", "baseline": 0.5, "scores": {"a": 0.7, "b": 0.6, "a+b": 0.75}}')
    words = ("settlement", "data-value", scores, "--agreement")
    told = say(capsys, *words, permitted, "--json").matches("settlement-data-value")
    assert [line["shapley"] for line in told["lines"]] == [0.175, 0.075]
    assert "a: leave-one-out 0.1500, Shapley 0.1750, weight 70.00 %" in say(capsys, *words, permitted).out
    assert say(capsys, *words, other, "--json").error["code"] == "agreement.contribution_unknown"
    scores.write_text('{"baseline": true, "scores": {"a": 1}}')
    assert say(capsys, *words, permitted, "--json").error["code"] == "usage"


def test_a_statement_of_an_agreement(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Shares, payments and sources of clause I, as text, JSON, CSV and PDF; by a game where the clause says so."""
    work = {"cost_shares": {"rule": "proportional", "basis": "committed contributions", "weights": []}}
    file, pdf, csv = tmp_path / "agreement.json", tmp_path / "out.pdf", tmp_path / "out.csv"
    file.write_bytes(dump(complete_example(("north", "south", "west"), work=work).to_dict()))
    told = say(capsys, "settlement", "statement", file, "--pdf", pdf, "--csv", csv, "--json").matches(
        "settlement-statement"
    )
    assert sum(party["share_cents"] for party in told["parties"]) == told["total_cents"]
    assert told["mark"] == "sample"
    assert pdf.read_bytes().startswith(b"%PDF-")
    assert csv.read_text().startswith("section,party,committed,delivered,weight,bears,balance,source")
    assert "Sample" in say(capsys, "settlement", "statement", file).out
    assert say(capsys, "settlement", "statement", file, "--pdf", pdf, "--json").error["code"] == "usage"
    assert say(capsys, "settlement", "statement", file, "--ledger", tmp_path, "--json").error["code"] == "usage"
    file.write_bytes(dump(complete_example(("a", "b"), work={"cost_shares": {"rule": "shapley"}}).to_dict()))
    (tmp_path / "game.json").write_text('{"kind": "cost", "values": {"a": 10, "b": 20, "a+b": 20}}')
    told = say(capsys, "settlement", "statement", file, "--game", tmp_path / "game.json", "--json").json
    assert [party["weight"] for party in told["parties"]] == [5, 15]
    assert say(capsys, "settlement", "statement", file, "--json").error["code"] == "agreement.contribution_unknown"


def test_documents_of_an_aco_and_of_tiers(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Both as CSV with the source of each figure; a document is of one ACO."""
    aco, tiers, terms = tmp_path / "aco.csv", tmp_path / "tiers.csv", tmp_path / "terms.json"
    path = shared_data(FILE)
    say(capsys, "settlement", "mssp", path, "--aco", "A1001", "--member", "clinic=1", "--csv", aco, "--json")
    assert 'Settlement,payment as published,"73,426,268.00",publisher\'s file' in aco.read_text()
    assert say(capsys, "settlement", "mssp", path, "--csv", aco, "--json").error["code"] == "usage"
    terms.write_text(json.dumps(MILLION))
    words = ("settlement", "waterfall", terms, "--gross", "1000000", "--at", "2026-01-01", "--csv", tiers)
    assert say(capsys, *words).code == 0
    assert "Terms from terms.json." in tiers.read_text()


def test_the_acts_that_may_be_stated(capsys: pytest.CaptureFixture[str]) -> None:
    """Each with its fields; what `act` takes is what its schema says."""
    told = say(capsys, "settlement", "acts", "--json").matches("settlement-acts")["acts"]
    assert set(told) == set(ACTS)
    jsonschema.validate(dict(act_document(BEDS)), told["contribution.committed"])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"act": "contribution.committed", "id": "beds"}, told["contribution.committed"])
    shown = say(capsys, "settlement", "acts", "payment.made").out
    assert "stated by payer; needs id, payer, payee, cents, at; may have basis_sha256" in shown
    assert say(capsys, "settlement", "acts", "luck", "--json").error["code"] == "usage"
