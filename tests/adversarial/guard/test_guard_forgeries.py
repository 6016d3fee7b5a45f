"""A hub with all its checks removed passes on whatever it likes: no site runs it."""

from dataclasses import fields, replace
from datetime import timedelta

import pytest
from guard_world import (
    FEDERATION,
    NOW,
    PARTIES,
    agreement,
    judge,
    key,
    request,
    signed,
    study,
    with_envelope,
)

from summand.agreement import SignedAgreement
from summand.errors import SummandError
from summand.guard import decide, signed_event
from summand.signing import Envelope, seal
from summand.study import History, SignedStudy, StudyRequest
from summand.study._request import APPROVAL_TYPE, REQUEST_TYPE

SIGNATURE = "agreement.signature_invalid"
MUTATIONS = {
    "study_id": "f" * 32,
    "epsilon": 0.5,
    "federation": "other.example/log",
    "agreement_hash": "0" * 64,
    "requester": "Pia",
    "purpose": {"system": "EHDS53", "code": "53(1)(f)", "text": "sample"},
    "datasets": ("registry-south", "registry-north"),
    "method": {"name": "logistic", "formula": "event ~ hiv", "site": "pooled"},
    "release_level": "site_level",
    "disclosure_profile": "public_data",
    "reply_key": "AAAA",
    "title": "Another title",
    "created_at": (NOW - timedelta(hours=30)).isoformat(),
}
FORBIDDEN = {
    "federation": "guard.study_replayed",
    "agreement_hash": "agreement.not_in_force",
    "requester": SIGNATURE,
    "purpose": "guard.purpose_not_permitted",
    "datasets": "guard.cohort_too_small",
    "method": "guard.column_not_permitted",
    "release_level": "guard.release_not_permitted",
    "disclosure_profile": "guard.release_not_permitted",
    "created_at": "guard.study_replayed",
}


def ask(asked: SignedStudy, site: str = "south", history: History | None = None, copy: SignedAgreement | None = None):
    """The decision of one site on what a hub passed on."""
    own = copy or signed(agreement())
    return decide(asked, own, history or History(), site=site, federation=FEDERATION, at=NOW)


def codes(decision):
    """The codes of a decision's reasons."""
    return {reason.code for reason in decision.reasons}


def test_every_field_is_attacked():
    """The mutations below cover every field of a request."""
    assert set(MUTATIONS) == {field.name for field in fields(StudyRequest)}


@pytest.mark.parametrize("name", sorted(MUTATIONS))
def test_an_edited_request_keeps_no_signature(name):
    """Each field changed under the old signature: the site sees that the analyst did not sign it."""
    original = study(request(agreement()))
    forged = with_envelope(original, replace(original.request, **{name: MUTATIONS[name]}))
    assert ask(original).permitted
    decision = ask(forged)
    assert not decision.permitted
    assert SIGNATURE in codes(decision)


@pytest.mark.parametrize("name", sorted(MUTATIONS))
@pytest.mark.parametrize("forger", ["Mallory", "Finn", "Sven", "north", "west"])
def test_a_request_signed_by_another_key_is_refused(name, forger):
    """Each field changed and signed by a stranger, by another person of the agreement, or by a party's own key."""
    edited = replace(request(agreement()), **{name: MUTATIONS[name]})
    decision = ask(study(edited, signer=forger))
    assert not decision.permitted
    assert SIGNATURE in codes(decision)


@pytest.mark.parametrize("name", sorted(FORBIDDEN))
@pytest.mark.parametrize("site", PARTIES)
def test_no_site_runs_a_forbidden_study_though_the_analyst_signs_it(name, site):
    """The analyst and the hub together: each site still refuses, with the code of what is forbidden."""
    edited = replace(request(agreement()), **{name: MUTATIONS[name]})
    if name == "method":
        edited = replace(edited, method={"name": "logistic", "formula": "event ~ note", "site": "pooled"})
    decision = ask(study(edited), site=site)
    assert not decision.permitted
    assert codes(decision) & {FORBIDDEN[name], "guard.dataset_not_permitted"}


def test_an_agreement_edited_by_the_hub_helps_nobody():
    """The hub shows the analyst a laxer agreement: the site compares its own copy, not the hub's."""
    laxer = agreement(data={"release_levels": ["total", "site_level"]})
    decision = ask(study(request(laxer, release_level="site_level")))
    assert codes(decision) == {"agreement.not_in_force", "guard.release_not_permitted"}


def test_an_agreement_under_old_signatures_is_refused():
    """A laxer document under the signatures of the real one does not verify at a site that was handed it."""
    laxer, real = agreement(data={"release_levels": ["total", "site_level"]}), signed(agreement())
    forged = SignedAgreement(laxer, Envelope(laxer.canonical(), real.envelope.payload_type, real.envelope.signatures))
    assert SIGNATURE in codes(ask(study(request(laxer)), copy=forged))


def test_two_people_of_one_name_do_not_borrow_each_others_standing():
    """An analyst of a firm does not pass for her namesake at a body that works without profit."""
    terms = {
        "parties": {"west": {"nonprofit": True}},
        "dataset": {"consent_codes": [{"code": "DUO:0000006"}, {"code": "DUO:0000045"}]},
    }
    document = agreement(**terms)
    people = document.to_dict()["people"]
    ada = next(row for row in people if row["name"] == "Ada")
    rows = [{**ada, "party": "west", "key": key("Ada of west").public.text}, *people]
    both = type(document).from_dict({**document.to_dict(), "people": rows})
    copy = signed(both)
    assert ask(study(request(both), signer="Ada of west"), copy=copy).permitted
    assert codes(ask(study(request(both), signer="Ada"), copy=copy)) == {"guard.dataset_not_permitted"}


@pytest.mark.parametrize("allow_trial", [False, True])
def test_a_party_takes_part_once_outside_a_trial(allow_trial):
    """Nobody plays two sites to reach the minimum of three under an agreement that is no trial."""
    document = agreement(more_datasets=[{"id": "clinic-south", "holder": "south"}])
    asked = study(request(document, datasets=("registry-north", "registry-south", "clinic-south")))
    decision = decide(
        asked, signed(document), History(), site="south", dataset="clinic-south", federation=FEDERATION, at=NOW,
        allow_trial=allow_trial,
    )  # fmt: skip
    assert codes(decision) == {"guard.dataset_not_permitted"}


APPROVALS = {"governance": {"study_approvals": [{"role": "data_steward", "party": "south", "count": 1}]}}


def _approved(**changes):
    document = agreement(**APPROVALS)
    asked = study(request(document))
    fields_ = {"request_hash": asked.hash, "person": "Sven", "decision": "approve", "at": NOW.isoformat()}
    kind, signer = changes.pop("kind", APPROVAL_TYPE), changes.pop("signer", "Sven")
    envelope = seal(kind, {**fields_, **changes}, key(signer))
    return ask(replace_approvals(asked, envelope), copy=signed(document))


def replace_approvals(asked, *envelopes):
    """The study with these approvals."""
    return SignedStudy(asked.envelope, envelopes)


def test_a_steward_who_approves_is_believed():
    """The approval that the forgeries below imitate is accepted."""
    assert _approved().permitted


@pytest.mark.parametrize(
    "changes",
    [
        {"signer": "Mallory"}, {"signer": "Ada"}, {"signer": "south"}, {"request_hash": "0" * 64},
        {"decision": "reject"}, {"person": "Wim"}, {"person": "Wim", "signer": "Wim"}, {"kind": REQUEST_TYPE},
    ],
    ids=["stranger", "requester", "party's key", "another request", "a no", "another's name", "another site's steward",
         "another kind of document"],
)  # fmt: skip
def test_forged_approvals_do_not_count(changes):
    """An approval counts only from the right person, signed with that person's key, for this very request."""
    assert codes(_approved(**changes)) == {"guard.approval_missing"}


def test_an_approval_of_an_older_request_does_not_carry_over():
    """The analyst edits the request after the steward approved: the approval is for another hash."""
    document = agreement(**APPROVALS)
    first = study(request(document), approved_by=("Sven",))
    second = study(request(document, title="Edited"))
    carried = replace_approvals(second, *first.approvals)
    assert ask(first, copy=signed(document)).permitted
    assert codes(ask(carried, copy=signed(document))) == {"guard.approval_missing"}


def test_a_document_of_another_kind_is_no_request():
    """A request sealed as another kind of document does not pass, though the right key signed it."""
    asked = request(agreement())
    sealed = SignedStudy(seal(APPROVAL_TYPE, asked.to_dict(), key("Ada")))
    assert SIGNATURE in codes(ask(sealed))


def test_a_decided_study_is_not_run_twice():
    """The hub sends a permitted study again: the site's own ledger remembers."""
    asked = study(request(agreement()))
    decision = ask(asked)
    past = History(({"type": "study.decision", **decision.to_dict()},), 8, "cd" * 32)
    assert decision.permitted
    assert codes(ask(asked, history=past)) == {"guard.study_replayed"}


# ── events of the agreement ──────────────────────────────────────────────────────────────────────────────────────────
def _history(*events):
    return History(tuple({"type": "agreement.event", **event} for event in events))


def _event(name, by, hours, document=None, signers=None):
    keys = {party: key(party) for party in by}
    event = signed_event(document or agreement(), name, keys, NOW - timedelta(hours=hours))
    if signers is not None:
        envelope = Envelope.from_dict(event["envelope"])
        kept = Envelope(envelope.payload, envelope.payload_type, ()).signed_by(*(key(name) for name in signers))
        event["envelope"] = kept.to_dict()
    return event


def test_a_forged_resumption_does_not_lift_a_suspension():
    """Resuming takes all parties: the hub, or one party alone in all names, cannot."""
    asked, stop = study(request(agreement())), _event("suspend", ("west",), 3)
    for signers in ([], ["north"], ["Mallory", "north", "south"]):
        forged = _event("resume", PARTIES, 2, signers=signers)
        assert SIGNATURE in codes(ask(asked, history=_history(stop, forged)))
    assert ask(asked, history=_history(stop, _event("resume", PARTIES, 2))).permitted


def test_an_old_resumption_does_not_lift_a_new_suspension():
    """The hub repeats last week's resumption after today's emergency stop."""
    first, resumed = _event("suspend", ("west",), 5), _event("resume", PARTIES, 4)
    stop = _event("suspend", ("south",), 3)
    decision = ask(study(request(agreement())), history=_history(first, resumed, stop, resumed))
    assert codes(decision) == {"agreement.not_in_force"}


def test_events_out_of_order_are_objected_to():
    """A signed event that is put behind a later one is not read as if it were news."""
    stop, resumed = _event("suspend", ("west",), 5), _event("resume", PARTIES, 4)
    assert SIGNATURE in codes(ask(study(request(agreement())), history=_history(resumed, stop)))


@pytest.mark.parametrize("envelope", [None, {}, "text", {"payload": "", "payloadType": "x", "signatures": []}])
def test_a_damaged_event_is_objected_to(envelope):
    """An event that cannot be read may be an emergency stop."""
    damaged = {"agreement_hash": agreement().hash, "envelope": envelope}
    assert SIGNATURE in codes(ask(study(request(agreement())), history=_history(damaged)))


def test_events_of_another_agreement_do_not_matter():
    """A suspension of another agreement stops nothing here."""
    other = agreement(identity={"title": "Another agreement"})
    assert ask(study(request(agreement())), history=_history(_event("suspend", ("west",), 2, other))).permitted


def test_one_party_cannot_resume():
    """Nobody makes an event that the agreement does not let this party cause."""
    with pytest.raises(SummandError):
        _event("resume", ("north",), 2)


def test_a_time_without_zone_permits_nothing():
    """A check that cannot be made is an objection, not a permit and not a crash."""
    assert not judge(at=NOW.replace(tzinfo=None)).permitted
