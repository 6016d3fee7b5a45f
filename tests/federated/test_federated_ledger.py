"""What a study leaves behind: a ledger that every site holds and verifies, with every decision signed."""

from __future__ import annotations

import pytest
from federated_cohort import SCHEMA, SPLITS, cohort, dealt, entries_of

from summand.encoding import canonical, sha256_hex
from summand.errors import ColumnNotPermitted, Refusal, ReleaseNotPermitted
from summand.signing import Envelope, PublicKey, open_sealed
from summand.site._joining import DECISION_TYPE
from summand.testing.federations import Partnership

LINEAR = {"name": "linear", "formula": "y ~ x"}
TABLE = cohort()


@pytest.fixture(scope="module")
def finished():
    """A partnership of four sites after one released study: (network, result, agreement)."""
    made = Partnership.of(dealt(TABLE, SPLITS["four, uneven, one empty, one with one person"]), SCHEMA)
    with made.federation() as federation:
        yield federation.network, federation.run(LINEAR), made.agreement


def test_every_replica_verifies_and_all_agree(finished) -> None:
    """Each site's replica derives all hashes again and stands at the hub's checkpoint."""
    network, _, _ = finished
    assert network.convener.log.size > 0
    for agent in network.agents.values():
        report = agent.replica.verify()
        assert (report.leaf_count, agent.replica.root) == (network.convener.log.size, network.convener.log.root())


def test_the_entries_tell_the_whole_study_in_order(finished) -> None:
    """Request, decisions, cohort, each round opened then summed, result, confirmations, release, witnesses: in this order."""
    network, result, _ = finished
    kinds = [entry["type"] for entry in entries_of(network) if entry.get("study") == result.study_id]
    rounds = result.to_dict()["rounds"]
    assert kinds == [
        "study.request", *["study.decision"] * 4, "study.cohort", *["round.opened", "round.summed"] * rounds,
        "study.result", "study.confirmed", "study.released", "study.witnessed",
    ]  # fmt: skip


def test_the_results_hash_and_its_confirmations_are_there(finished) -> None:
    """The result's hash stands in the ledger before its release, with signatures of at least the threshold of sites."""
    network, result, _ = finished
    by_kind = {entry["type"]: entry for entry in entries_of(network, "south")}
    assert by_kind["study.result"]["result_sha256"] == result.to_dict()["result_sha256"]
    assert by_kind["study.released"]["result_sha256"] == result.to_dict()["result_sha256"]
    confirmed = by_kind["study.confirmed"]["confirmations"]
    assert len(confirmed) >= by_kind["study.cohort"]["cohort"]["threshold"]


def test_confirmations_are_signatures_that_an_auditor_can_check(finished) -> None:
    """Each confirmation in the ledger verifies under the site's key in the cohort record, and names the result's hash."""
    import hashlib

    from summand.encoding import from_base64, parse
    from summand.transport._signed import _to_sign

    network, result, _ = finished
    by_kind = {entry["type"]: entry for entry in entries_of(network, "west")}
    keys = {row["site"]: PublicKey.from_text(row["key"]) for row in by_kind["study.cohort"]["cohort"]["sites"]}
    for site, item in by_kind["study.confirmed"]["confirmations"].items():
        header = from_base64(item["header"])
        body = b'{"agrees":true}'
        keys[site].verify(
            from_base64(item["signature"]), _to_sign(network.origin, header, hashlib.sha256(body).digest())
        )
        assert parse(header)["result_sha256"] == result.to_dict()["result_sha256"]


def test_every_decision_is_signed_by_its_site_and_in_the_ledger(finished) -> None:
    """Each site's permit stands in the ledger, signed by its service key, for this request, from its own replica."""
    network, result, agreement = finished
    decisions = [entry for entry in entries_of(network, "north") if entry["type"] == "study.decision"]
    assert [entry["site"] for entry in decisions] == ["east", "north", "south", "west"]
    for entry in decisions:
        key = network.agents[entry["site"]].key.public
        verdict = open_sealed(Envelope.from_dict(entry["envelope"]), DECISION_TYPE, [key])
        assert (verdict["decision"], verdict["study"]) == ("permit", result.study_id)
        assert verdict["agreement_hash"] == agreement.hash
        assert verdict["checkpoint"]["tree_size"] > 0


def test_the_request_stands_in_the_ledger_as_the_analyst_signed_it(finished) -> None:
    """The signed request can be verified from the ledger alone."""
    from summand.study import SignedStudy

    network, result, agreement = finished
    (entry,) = [entry for entry in entries_of(network) if entry["type"] == "study.request"]
    study = SignedStudy.from_dict(entry["signed"])
    study.verify_requester(PublicKey.from_text(agreement.people[0].key))
    assert study.request.study_id == result.study_id
    assert entry["request_hash"] == sha256_hex(canonical(study.request.to_dict()))


def test_one_sites_refusal_ends_the_study_for_all_with_clause_and_remedy() -> None:
    """A column that one site withholds: the study ends refused, and analyst and ledger learn who, why and what next."""
    made = Partnership.of(
        dealt(TABLE, SPLITS["three"]), SCHEMA, datasets={"west": {"columns_withheld": ["x"]}}, profile="institutional"
    )
    with made.federation() as federation:
        with pytest.raises(ColumnNotPermitted) as refused:
            federation.run(LINEAR)
        kinds = [entry["type"] for entry in entries_of(federation.network, "south")]
        (ended,) = [entry for entry in entries_of(federation.network, "south") if entry["type"] == "study.ended"]
        (study,) = federation.network.convener.list_studies()
        again = federation.run({"name": "describe", "columns": ["y"]})
    assert refused.value.clause == "D.columns_withheld"
    assert refused.value.remedy
    assert [item["site"] for item in refused.value.refusals] == ["west"]
    assert (ended["status"], study["status"]) == ("refused", "refused")
    assert "round.opened" not in kinds
    assert again.to_dict()["n"] == 240, "what all permit still runs"


def test_site_level_where_the_agreement_names_it() -> None:
    """With site_level in the agreement, each site's own fit is released and equals the fit of its rows alone."""
    import statsmodels.api as sm

    parts = dealt(TABLE, SPLITS["three"])
    made = Partnership.of(parts, SCHEMA, data={"release_levels": ["total", "site_level"]})
    with made.federation() as federation:
        values = federation.run(LINEAR, release_level="site_level").to_dict()
    assert set(values["by_site"]) == set(parts)
    for site, table in parts.items():
        alone = sm.OLS(table["y"], sm.add_constant(table["x"])).fit()
        ours = [row["estimate"] for row in values["by_site"][site]["terms"]]
        assert ours == pytest.approx(list(alone.params), rel=1e-9)


def test_site_level_says_too_few_for_a_small_site() -> None:
    """A site with fewer people than the limit gets 'too few', not numbers, at site_level."""
    sizes = {"north": 100, "south": 131, "west": 9}
    made = Partnership.of(
        dealt(TABLE, sizes), SCHEMA, profile="institutional", data={"release_levels": ["total", "site_level"]}
    )
    with made.federation() as federation:
        values = federation.run(LINEAR, release_level="site_level").to_dict()
    assert values["by_site"]["west"]["too_few"] is True
    assert values["by_site"]["west"]["n"] == {"suppressed": True}
    assert "terms" not in values["by_site"]["west"]
    assert "terms" in values["by_site"]["north"]


def test_site_level_is_refused_where_the_agreement_does_not_name_it() -> None:
    """Without site_level in the agreement every site refuses it, with the clause."""
    with (
        Partnership.of(dealt(TABLE, SPLITS["three"]), SCHEMA).federation() as federation,
        pytest.raises(ReleaseNotPermitted) as refused,
    ):
        federation.run(LINEAR, release_level="site_level")
    assert refused.value.clause == "D.release_levels"
    assert len(refused.value.refusals) == 3


def test_a_refusal_is_a_refusal_for_the_analyst() -> None:
    """The analyst gets the class of the tree that the sites refused with, not a transport error."""
    with Partnership.of(dealt(TABLE, SPLITS["three"]), SCHEMA).federation() as federation, pytest.raises(Refusal):
        federation.run(LINEAR, purpose={"system": "EHDS53", "code": "53(1)(a)", "text": "Public health"})
