"""The main job from agreement to ledger, on real patients, in memory."""

import dataclasses
import json
from pathlib import Path

import jsonschema
import pytest
from demo_kit import MemoryDemo, Watcher, recorded, small_lung

from summand.demo._conduct import Conduct
from summand.demo._network import ReplicaCheck
from summand.demo._parts import ledger_part
from summand.demo._run import sign_by_all
from summand.demo._studies import RESEARCH
from summand.errors import OwnProtocolError, SignatureInvalid
from summand.signing import Envelope

SCHEMA = Path(__file__).resolve().parents[3] / "docs" / "reference" / "result.schema.json"


@pytest.mark.parametrize("which", ["lung", "heart"])
def test_demo_document_follows_its_schema(which):
    """Both documents, as they are written, are what docs/reference/result.schema.json says."""
    schema = json.loads(SCHEMA.read_text())
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    document = json.loads(json.dumps(recorded(which)[0], allow_nan=False))
    assert [error.message for error in validator.iter_errors(document)] == []


@pytest.mark.parametrize("which", ["lung", "heart"])
def test_demo_equals_the_pooled_fit(which):
    """Coefficients and standard errors agree with lifelines and statsmodels within 1e-8, and so does all else."""
    comparison = recorded(which)[0]["comparison"]
    assert comparison["coefficients_and_standard_errors"] <= 1e-8
    assert comparison["is_same"]
    assert all(study["pairs"] for study in comparison["studies"])


def test_demo_lung_curves_are_the_pooled_curves():
    """The exact curves equal lifelines' at every time; the institutional ones have fewer, coarser steps."""
    document = recorded("lung")[0]
    assert document["comparison"]["curves"] < 1e-12
    results = {study["key"]: study["result"] for study in document["studies"]}
    exact, coarse = (results[key]["groups"][0]["curve"]["time"] for key in ("km", "km_institutional"))
    assert results["km_institutional"]["profile"] == "institutional"
    assert len(coarse) < len(exact) / 4


@pytest.mark.parametrize("which", ["lung", "heart"])
def test_demo_pooled_records_go_out_only_after_the_ledger_has_the_result(which):
    """Every fit was asked for while the ledger's leaf of that index was a result."""
    checked = recorded(which)[2]
    assert len(checked.asked) >= 3
    assert {kind for _, kind in checked.asked} == {"study.result"}


@pytest.mark.parametrize("which", ["lung", "heart"])
def test_demo_forbidden_purpose_is_refused_by_every_site(which):
    """Insurance is refused at all sites, with the clause and what to do next."""
    document = recorded(which)[0]
    refusal = document["refusal"]
    assert refusal["clause"] == "C.prohibited_purposes"
    assert refusal["remedy"]
    assert refusal["refused_by"] == sorted(party["id"] for party in document["agreement"]["parties"])


@pytest.mark.parametrize("which", ["lung", "heart"])
def test_demo_settlement_conserves_cents_and_is_marked(which):
    """Parts add up to what was delivered, payments even every balance, patients are the released ones, all is sample."""
    document, _, _ = recorded(which)
    settlement = document["settlement"]
    assert settlement["mark"] == "sample"
    assert sum(row["share_cents"] for row in settlement["parties"]) == settlement["total_cents"]
    balances = {row["party"]: row["balance_cents"] for row in settlement["parties"]}
    for payment in settlement["payments"]:
        balances[payment["payer"]] += payment["cents"]
        balances[payment["payee"]] -= payment["cents"]
    assert set(balances.values()) == {0}
    described = next(study for study in document["studies"] if study["key"] == "describe")
    assert sum(row["weight"] for row in settlement["parties"]) == described["result"]["n"]


@pytest.mark.parametrize("which", ["lung", "heart"])
def test_demo_ledger_is_verified_by_every_site(which):
    """Each replica has the same size and root, and holds every study's result and the refusing decisions."""
    document = recorded(which)[0]
    ledger, sites = document["ledger"], len(document["agreement"]["parties"])
    assert ledger["agrees"]
    assert len(ledger["replicas"]) == sites
    assert ledger["leaves"] == sum(ledger["entries_by_type"].values())
    assert ledger["entries_by_type"]["study.result"] == len(document["studies"])
    assert ledger["entries_by_type"]["study.decision"] == sites * (len(document["studies"]) + 1)


def test_demo_heart_shows_what_the_partnership_adds():
    """Every model is judged at each hospital as scikit-learn's definition of the area does on the pooled side."""
    document = recorded("heart")[0]
    hospitals = {row["party"]: row for row in document["partnership"]["hospitals"]}
    pooled = next(study for study in document["studies"] if study["key"] == "logistic")["reference"]["auc"]
    for party, row in hospitals.items():
        assert row["auc_federated"] == pytest.approx(pooled[party], abs=1e-12)
    own = next(study for study in document["studies"] if study["key"] == "own_models")["reference"]["models"]
    for model in own:
        row = hospitals[model["site"]]
        assert (row["cases"], row["controls"]) == (model["positive"], model["negative"])
        if row["own_model"] == "fitted":
            assert row["auc_own"] == pytest.approx(model["auc"][model["site"]], abs=1e-12)
    assert hospitals["zurich-basel"]["own_model"] == "too few"
    assert hospitals["zurich-basel"]["auc_federated"] is None
    assert hospitals["long-beach"]["own_model"] == "no estimate"
    assert "no maximum-likelihood estimate" in hospitals["long-beach"]["reason"]


@pytest.mark.parametrize("which", ["lung", "heart"])
def test_demo_goals_are_shown_with_an_interval_or_a_reason(which):
    """Every goal of the agreement has a verdict, and an interval around its value."""
    document = recorded(which)[0]
    assert document["goals"]
    for goal in document["goals"]:
        found = goal["measurement"]
        assert found["conf_low"] <= found["value"] <= found["conf_high"]
        assert goal["verdict"] in {"met", "not_met", "not_distinguishable"}


def test_demo_audience_is_told_every_step_and_shown_every_part():
    """A step for each study and check, and each part of the document as it is there."""
    document, watcher, _ = recorded("heart")
    assert {study["title"] for study in document["studies"]} <= set(watcher.steps)
    assert {"agreement", "data", "studies", "comparison", "refusal", "goals", "settlement", "ledger"} <= set(
        watcher.parts
    )


class Stop(Exception):
    """Ends a run that got as far as it should."""


class Proxy:
    """A network that lies about one thing."""

    def __init__(self, network, **lies):
        self._network, self._lies = network, lies

    def __getattr__(self, name):
        return self._lies.get(name) or getattr(self._network, name)


class NoFits:
    """A reference that answers nothing: it must not be asked."""

    def fit(self, name, *, leaf_index):
        """Fail."""
        raise Stop


@pytest.fixture
def stage(tmp_path):
    """A small network with its case."""
    keys, case = small_lung()
    signed = sign_by_all(case, keys)
    network = MemoryDemo(case, keys, signed, tmp_path)
    yield case, signed, network
    network.close()


def test_demo_stops_if_a_result_is_not_in_the_ledger(stage):
    """A released result without a leaf stops the run before anything is compared."""
    case, signed, network = stage
    lying = Proxy(network, leaf_index=lambda result: -1)
    with pytest.raises(OwnProtocolError, match="not in the ledger"):
        Conduct(case, signed, lying, NoFits(), Watcher()).run()


def test_demo_stops_if_the_forbidden_study_runs(stage):
    """Sites that ran the forbidden study would be a defect, and it is said."""
    case, signed, network = stage

    class Permissive:
        def run(self, method, *, purpose=None, **rest):
            return network.asker.run(method, purpose=RESEARCH, **rest)

    conduct = Conduct(case, signed, Proxy(network, asker=Permissive()), NoFits(), Watcher())
    with pytest.raises(OwnProtocolError, match="purpose is forbidden"):
        conduct._refusal()


def test_demo_stops_without_all_signatures(stage):
    """One missing signature ends the run before any data are asked for."""
    case, signed, network = stage
    short = dataclasses.replace(signed, envelope=Envelope(
        signed.envelope.payload, signed.envelope.payload_type, signed.envelope.signatures[:-1]))  # fmt: skip
    watcher = Watcher()
    with pytest.raises(SignatureInvalid):
        Conduct(case, short, network, NoFits(), watcher).run()
    assert len(watcher.steps) == 1


def test_demo_ledger_part_sees_replicas_that_differ():
    """Two roots or two sizes are not one ledger."""
    one, other = ReplicaCheck("a", 3, "00"), ReplicaCheck("b", 3, "11")
    assert not ledger_part([one, other], [])["agrees"]
    assert ledger_part([one, other], [])["root_hash"] is None
    assert not ledger_part([one, ReplicaCheck("b", 4, "00")], [])["agrees"]
