"""Whatever a request holds, the guard answers: it never permits by accident and never breaks."""

import json

import pytest
from guard_world import FEDERATION, NOW, agreement, key, request, signed, study
from hypothesis import given
from hypothesis import strategies as st

from summand.agreement import CONSENT, SignedAgreement, sign, trial_agreement
from summand.agreement._duo_purposes import BROADER, within
from summand.guard import decide
from summand.study import History

PERMITTED = {"53(1)(e)", "53(1)(e)(i)", "53(1)(e)(ii)"}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
DOCUMENT = agreement()
SIGNED = signed(DOCUMENT)


def ask(**changes):
    """The decision on a request with these fields, properly signed."""
    asked = study(request(DOCUMENT, **changes))
    return decide(asked, SIGNED, History(), site="south", federation=FEDERATION, at=NOW)


@given(st.text(max_size=20) | st.sampled_from(["53(1)(e)(iii)", "53(1)(e) ", "53(1)(E)", "53(1)", "54(a)", "", "DUO:"]))
def test_only_known_narrower_codes_are_permitted(code):
    """A code is permitted only if it is the permitted one or a part of it that the regulation has."""
    decision = ask(purpose={"system": "EHDS53", "code": code, "text": "sample"})
    assert decision.permitted == (code in PERMITTED)


@given(st.dictionaries(st.sampled_from(["system", "code", "text", "disease", "x"]), json_values, max_size=5))
def test_any_purpose_gets_an_answer(purpose):
    """A purpose of any shape is judged; this noise names no permitted code."""
    decision = ask(purpose=purpose)
    assert not decision.permitted
    assert json.loads(json.dumps(decision.to_dict())) == decision.to_dict()


@given(
    st.dictionaries(st.sampled_from(["name", "formula", "site", "x"]), json_values | st.just("logistic"), max_size=4)
)
def test_any_method_gets_an_answer(method):
    """A method of any shape is judged; this noise has no formula over the dictionary."""
    decision = ask(method=method)
    assert not decision.permitted
    assert all(reason.message and reason.remedy for reason in decision.reasons)


@given(
    st.dictionaries(st.text(max_size=6), json_values, max_size=4), st.sampled_from(["agreement.event", "study.request"])
)
def test_any_ledger_entry_is_survived(fields, kind):
    """Whatever stands in the ledger, the guard answers."""
    entry = {**fields, "type": kind, "agreement_hash": DOCUMENT.hash, "study": "0123456789abcdef0123456789abcdef"}
    asked = study(request(DOCUMENT))
    decision = decide(asked, SIGNED, History((entry,)), site="south", federation=FEDERATION, at=NOW)
    assert not decision.permitted


@pytest.mark.parametrize("code", sorted(CONSENT))
def test_no_consent_code_breaks_without_its_parameter(code):
    """A code answers yes, no or ask; a parameter that is not there never makes it a crash of the guard."""
    terms = {"code": code, "parameter": {"DUO:0000007": "MONDO:0008903", "DUO:0000022": "NL"}.get(code, "2027-01-01")}
    codes = [terms] if code in ("DUO:0000004", "DUO:0000042", "DUO:0000006", "DUO:0000007", "DUO:0000011") else [
        {"code": "DUO:0000006"}, terms]  # fmt: skip
    document = agreement(dataset={"consent_codes": codes})
    asked = study(request(document))
    decision = decide(asked, signed(document), History(), site="south", federation=FEDERATION, at=NOW)
    assert {reason.clause for reason in decision.reasons} <= {"D.consent_codes"}


def test_hierarchy_of_purposes_ends():
    """Every code has an end to its broader ones: no circle among them."""
    assert all(within(code)[-1] in ("53(1)(e)", "DUO:0000004") for code in BROADER)


def test_a_trial_runs_in_one_process_and_at_no_site_service():
    """A one-party agreement signed with a throw-away key: permitted in a notebook, refused by a service."""
    table = {"fields": [
        {"name": name, "type": "integer", "constraints": {"minimum": 0, "maximum": 1}} for name in ("age", "event")
    ]}  # fmt: skip
    document = trial_agreement(key("owner").public.text, table, ["a", "b"], day=NOW.date())
    copy = SignedAgreement(document, sign(document, "owner", key("owner")))
    asked = study(
        request(
            document,
            requester="owner of the data",
            datasets=("a", "b"),
            method={"name": "logistic", "formula": "event ~ age", "site": "pooled"},
        ),
        signer="owner",
    )
    notebook, service = (
        decide(asked, copy, History(), site="owner", dataset="b", federation=FEDERATION, at=NOW, allow_trial=trial)
        for trial in (True, False)
    )
    assert notebook.permitted
    assert (notebook.site, notebook.dataset) == ("b", "b")
    assert {reason.code for reason in service.reasons} == {"guard.release_not_permitted", "guard.dataset_not_permitted"}
