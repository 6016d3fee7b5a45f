"""A hub with all its checks removed, that puts before the sites whatever it likes: the sites refuse, each by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from summand.agreement import trial_agreement
from summand.encoding import canonical, dump, parse
from summand.errors import Refusal
from summand.hub._rounds import Rounds
from summand.signing import Envelope, PrivateKey, open_sealed
from summand.site.sources import open_source
from summand.study import SignedStudy, StudyRequest
from summand.study.messages import DECISION_TYPE, HUB
from summand.tables import dictionary_from_table_schema
from summand.testing.federations import ANALYST, Partnership, sign_by_all
from summand.transport import read_message, sign_message
from wire import LINEAR, Wire, small_partnership, small_tables


@pytest.fixture(scope="module")
def wire():
    """A federation under an institutional agreement in which south withholds x and any study needs a few rows."""
    made = small_partnership(
        profile="institutional",
        tables=small_tables(rows=20),
        data={"computations_allowed": [{"method": "linear"}, {"method": "describe"}]},
        datasets={"south": {"columns_withheld": ["x"]}},
    )
    carried = Wire.of(made)
    carried.synchronise()
    yield carried
    carried.close()


def put_before(wire: Wire, study: SignedStudy, site: str) -> tuple[bool, list[str]]:
    """The hub hands a request to one site without a look at it: (permitted, the codes of its reasons)."""
    data = sign_message(
        "study.request", HUB, study.request.study_id, 0, wire.convener.key, wire.network.origin,
        body=dump(study.to_dict()),
    )  # fmt: skip
    (answer,) = wire.agents[site].handle(data)
    message = read_message(answer)
    if message.kind == "site.halt":
        return False, [parse(message.body)["error"]["code"]]
    body = parse(message.body)
    verdict = open_sealed(Envelope.from_dict(body["decision"]), DECISION_TYPE, [wire.agents[site].key.public])
    assert (verdict["decision"] == "permit") is message.header["permitted"]
    return message.header["permitted"], [reason["code"] for reason in verdict["reasons"]]


def asked(wire: Wire, key: PrivateKey | None = None, **changes: Any) -> SignedStudy:
    """The permitted description of y, with changes, signed by the analyst or by ``key``."""
    request = wire.request({"name": "describe", "columns": ["y"]}).request
    fields = {**request.to_dict(), **changes}
    return SignedStudy.sign(StudyRequest.from_dict(fields), key or wire.partnership.analyst_key)


PURPOSES = {
    "not permitted": {"system": "EHDS53", "code": "53(1)(a)", "text": "Public health"},
    "prohibited by law": {"system": "EHDS54", "code": "54(b)", "text": "Insurance premiums"},
}
FORBIDDEN = [
    ("a purpose that is not permitted", {"purpose": PURPOSES["not permitted"]}, "guard.purpose_not_permitted"),
    ("a purpose that is prohibited", {"purpose": PURPOSES["prohibited by law"]}, "guard.purpose_not_permitted"),
    ("a column that is withheld", {"method": LINEAR}, "guard.column_not_permitted"),
    ("a method that is not allowed", {"method": {"name": "logistic", "formula": "y > 0 ~ y"}}, "guard.method_not_permitted"),
    ("a method that nobody knows", {"method": {"name": "export", "columns": ["y"]}}, "guard.method_not_permitted"),
    ("the release of site-level numbers", {"release_level": "site_level"}, "guard.release_not_permitted"),
    ("a looser profile", {"disclosure_profile": "public_data"}, "guard.release_not_permitted"),
    ("the profile without limits", {"disclosure_profile": "trial"}, "guard.release_not_permitted"),
    ("a dataset of nobody's", {"datasets": ["data-north", "data-south", "data-nobody"]}, "guard.dataset_not_permitted"),
    ("too few sites", {"datasets": ["data-south", "data-west"]}, "guard.cohort_too_small"),
    ("another federation's request", {"federation": "elsewhere.example/log"}, "guard.study_replayed"),
    ("a request of last week", {"created_at": (datetime.now(UTC) - timedelta(days=7)).isoformat()}, "guard.study_replayed"),
    ("another agreement", {"agreement_hash": "ab" * 32}, "agreement.invalid"),
    ("a requester whom nobody named", {"requester": "Mallory"}, "guard.requester_not_permitted"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "code"), [row[1:] for row in FORBIDDEN], ids=[row[0] for row in FORBIDDEN])
def test_a_site_refuses_by_itself(wire: Wire, changes: dict[str, Any], code: str) -> None:
    """What the hub lets through, the site refuses, with the right code, in a decision that it signed."""
    permitted, codes = put_before(wire, asked(wire, **changes), "south")
    assert not permitted
    assert code in codes


def test_the_unchanged_request_is_permitted(wire: Wire) -> None:
    """The request that the others vary is permitted: each refusal is for its one change."""
    assert put_before(wire, asked(wire), "south") == (True, [])


def test_a_strangers_signature_is_refused(wire: Wire) -> None:
    """A request in the analyst's name, signed by a stranger's key."""
    permitted, codes = put_before(wire, asked(wire, key=PrivateKey.generate()), "north")
    assert not permitted
    assert "agreement.signature_invalid" in codes


def test_a_request_that_was_changed_on_its_way_is_refused(wire: Wire) -> None:
    """The hub swaps the method inside the analyst's envelope: the signature does not hold."""
    honest = asked(wire)
    payload = canonical({**honest.request.to_dict(), "title": "something else"})
    forged = SignedStudy(replace(honest.envelope, payload=payload))
    permitted, codes = put_before(wire, forged, "north")
    assert not permitted
    assert "agreement.signature_invalid" in codes


def test_an_agreement_that_ran_out_is_refused() -> None:
    """The term has ended: every site refuses, whatever the hub's clock says."""
    yesterday = (datetime.now(UTC) - timedelta(days=40)).date()
    made = small_partnership(start=yesterday, days=30)
    wire = Wire.of(made)
    permitted, codes = put_before(wire, asked(wire), "north")
    assert not permitted
    assert "agreement.not_in_force" in codes
    wire.close()


def test_a_site_refuses_a_trial_even_if_somebody_accepted_it() -> None:
    """A one-party trial agreement among a site's own copies: its studies are refused all the same."""
    from summand.federation import Federation
    from summand.federation._memory import MemoryNetwork

    key = PrivateKey.generate()
    schema = small_partnership().agreement.dictionary_of("data-north")
    document = trial_agreement(key.public.text, schema, ["rows"], party_id="north")
    signed = sign_by_all(document, {"north": key})
    source = open_source(small_tables()["north"], dictionary_from_table_schema("trial", schema))
    network = MemoryNetwork(signed, {"north": key}, {"north": ("north", "rows", source)}, allow_trial=False)
    with Federation(network, document, document.people[0].name, key) as federation, pytest.raises(Refusal) as refused:
        federation.run(LINEAR)
    assert (refused.value.code, refused.value.clause) == ("guard.release_not_permitted", "D.disclosure_profile")


def test_an_agreement_that_the_site_did_not_accept_is_none() -> None:
    """The hub has another fully signed agreement of the same parties with looser terms: not in force here."""
    strict = small_partnership(profile="institutional")
    loose = Partnership.of(small_tables(), {"y": (-20, 20), "x": (-5, 5)})
    wire = Wire.of(strict)
    request = StudyRequest.new(
        federation=wire.network.origin, agreement_hash=loose.agreement.hash, requester=ANALYST,
        purpose={"system": "EHDS53", "code": "53(1)(e)", "text": "x"}, datasets=("data-north", "data-south", "data-west"),
        method=LINEAR, release_level="total", disclosure_profile="public_data", title="t",
    )  # fmt: skip
    permitted, codes = put_before(wire, SignedStudy.sign(request, loose.analyst_key), "north")
    assert (permitted, codes) == (False, ["agreement.invalid"])
    wire.close()


def test_a_hub_that_overrules_a_refusal_gets_no_upload(monkeypatch) -> None:
    """The hub goes on as if all had permitted: the others see the refusal, halt, and nobody ever uploads."""
    monkeypatch.setattr(Rounds, "_decided", _go_on)
    made = small_partnership(datasets={"south": {"columns_withheld": ["x"]}})
    wire = Wire.of(made)
    shown = wire.run()
    assert shown["status"] == "failed"
    assert wire.halts()["north"] == "guard.refused"
    assert not any(message.kind in ("round.upload", "round.reveal") for _, message in wire.sent)
    wire.close()


def test_a_hub_that_calls_a_refusal_a_permit_is_found_out(monkeypatch) -> None:
    """The hub turns the header of south's refusal round: the signature of south does not hold any more."""

    def turned_round(self, tx, running):
        message = running.received["south"]
        data = sign_message(
            "site.decision", "south", message.study, 0, self.convener.key, self.convener.origin, body=message.body,
            permitted=True,
        )  # fmt: skip
        running.received["south"] = read_message(data)
        _go_on(self, tx, running)

    monkeypatch.setattr(Rounds, "_decided", turned_round)
    wire = Wire.of(small_partnership(datasets={"south": {"columns_withheld": ["x"]}}))
    wire.run()
    assert wire.halts()["north"] == "agreement.signature_invalid"
    assert not any(message.kind == "round.upload" for _, message in wire.sent)
    wire.close()


def test_a_hub_without_the_disclosure_check_is_stopped_by_the_sites(monkeypatch) -> None:
    """The cohort is too small, and the hub goes on all the same: every site judges the same total and halts."""
    from summand.study import _program

    made = Partnership.of(small_tables(rows=3), {"y": (-20, 20), "x": (-5, 5)}, profile="institutional")
    judged = _program.judge_cohort
    lawless = {"on": False}
    monkeypatch.setattr(_program, "judge_cohort", lambda *args: None if lawless["on"] else judged(*args))
    wire = Wire.of(made)
    receive = wire.convener.receive

    def receive_without_checks(data: bytes) -> None:
        lawless["on"] = True
        try:
            receive(data)
        finally:
            lawless["on"] = False

    wire.convener.receive = receive_without_checks
    shown = wire.run()
    assert shown["status"] == "failed"
    assert wire.halts()["north"] == "guard.cohort_too_small"
    assert {message.round for _, message in wire.sent if message.kind == "round.upload"} == {0}
    wire.close()


def _go_on(self, tx, running) -> None:
    """`Rounds._decided` without its look at the decisions."""
    from summand.encoding import to_base64

    records = {site: to_base64(running.received[site].raw) for site in running.plan.sites}
    self._send_all(tx, running, self.sign(running, "study.records", dump(records)))
    running.form_cohort()
    self.phase(tx, running, "sealing")
