"""ODRL and Dataspace Protocol agreements: each consent code by the published mapping, and one agreement as it stands.

The expected terms are those of the ODRL rules for DUO (w3id.org/duodrl, Pandit & Esteves), read there code by code.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from docs.schemas import SCHEMAS

from summand.agreement import CONSENT, Agreement, complete_example, projections
from summand.errors import UsageError
from summand.signing import PublicKey

HERE = Path(__file__).resolve().parent
# Left operands and actions of the ODRL vocabulary 2.2 (www.w3.org/TR/odrl-vocab) that are used here.
ODRL_LEFT = {"purpose", "dateTime", "elapsedTime", "spatial", "recipient"}
ODRL_ACTIONS = {"use", "inform", "delete", "extract", "distribute"}


def key(number: int) -> str:
    """A public key that is the same in every run."""
    return PublicKey(bytes([number]) * 32).text


def example(codes: list[dict[str, str]] | None = None, **overrides: Any) -> Agreement:
    """An agreement that is the same in every run."""
    parties = [{"id": name, "key": key(i)} for i, name in enumerate(("north", "south", "west"), 1)]
    parties[0]["registrations"] = [{"scheme": "ror", "value": "02qp3tb03"}]  # type: ignore[assignment]
    return complete_example(
        parties,
        datasets=[{"id": "stroke", "holder": "north", "consent_codes": codes or [{"code": "DUO:0000006"}]}],
        people=[{"name": "Ann", "party": "north", "role": "analyst", "key": key(9)}],
        start=date(2026, 1, 1),
        **{
            "identity": {"id": "urn:uuid:00000000-0000-4000-8000-000000000001"},
            "data": {"computations_allowed": [{"method": "describe"}, {"method": "cox"}]},
            **overrides,
        },
    )


def policy(codes: list[dict[str, str]] | None = None, **overrides: Any) -> dict[str, Any]:
    """The policy for one recipient."""
    return projections(example(codes, **overrides), "stroke", "south")[0].odrl


DATE = {"@value": "2026-06-30", "@type": "xsd:date"}
MONDO = {"code": "DUO:0000007", "parameter": "MONDO:0005098"}


def isa(term: str) -> dict[str, Any]:
    """A constraint on the purpose."""
    return {"leftOperand": "purpose", "operator": "isA", "rightOperand": term}


# code, parameter -> (constraints of the permission, duties, prohibitions) that it adds
MAPPING: dict[tuple[str, str], tuple[list[Any], list[str], list[Any]]] = {
    ("DUO:0000004", ""): ([], [], []),
    ("DUO:0000042", ""): ([isa("duodrl:GRU")], [], []),
    ("DUO:0000006", ""): ([isa("duodrl:HMB")], [], []),
    ("DUO:0000007", "MONDO:0005098"): (
        [isa("duodrl:DS"), {"leftOperand": "duodrl:Disease", "operator": "isA", "rightOperand": "obo:MONDO_0005098"}], [], []
    ),
    ("DUO:0000011", ""): ([isa("duodrl:POA")], [], []),
    ("DUO:0000012", "imaging"): ([{"leftOperand": "summand:researchType", "operator": "eq", "rightOperand": "imaging"}], [], []),
    ("DUO:0000015", ""): ([], [], [{"action": "use", "constraint": [isa("duodrl:MDS")]}]),
    ("DUO:0000016", ""): ([isa("duodrl:GS")], [], []),
    ("DUO:0000018", ""): ([{"leftOperand": "recipient", "operator": "isA", "rightOperand": "duodrl:NonProfitOrganisation"}, isa("duodrl:NCU")], [], []),
    ("DUO:0000019", ""): ([], ["summand:publishResults"], []),
    ("DUO:0000020", ""): ([], ["duodrl:CollaborateWithStudyPI"], []),
    ("DUO:0000021", "REC 1"): ([], ["duodrl:ProvideEthicalApproval"], []),
    ("DUO:0000022", "NL, DE"): (
        [{"leftOperand": "spatial", "operator": "isAnyOf", "rightOperand": ["NL", "DE"]}], [],
        [{"action": "use", "constraint": [{"leftOperand": "spatial", "operator": "isNoneOf", "rightOperand": ["NL", "DE"]}]}],
    ),
    ("DUO:0000024", "2026-06-30"): ([], [], [{"action": "summand:publishResults", "constraint": [{"leftOperand": "dateTime", "operator": "lt", "rightOperand": DATE}]}]),
    ("DUO:0000025", "2026-06-30"): ([{"leftOperand": "dateTime", "operator": "lteq", "rightOperand": DATE}], [], []),
    ("DUO:0000025", "6"): ([{"leftOperand": "elapsedTime", "operator": "lteq", "rightOperand": {"@value": "P6M", "@type": "xsd:duration"}}], [], []),
    ("DUO:0000026", "Ann; Bea"): ([{"leftOperand": "summand:user", "operator": "isAnyOf", "rightOperand": ["Ann", "Bea"]}], [], []),
    ("DUO:0000027", "urn:x"): ([{"leftOperand": "duodrl:Project", "operator": "eq", "rightOperand": "urn:x"}], [], []),
    ("DUO:0000028", "south"): ([{"leftOperand": "recipient", "operator": "isAnyOf", "rightOperand": ["south"]}], [], []),
    ("DUO:0000029", ""): ([], ["duodrl:ReturnDerivedOrEnrichedData"], []),
    ("DUO:0000044", ""): ([], [], [{"action": "use", "constraint": [isa("duodrl:POA")]}]),
    ("DUO:0000045", ""): ([{"leftOperand": "recipient", "operator": "isA", "rightOperand": "duodrl:NonProfitOrganisation"}], [], []),
    ("DUO:0000046", ""): ([isa("duodrl:NCU")], [], []),
}  # fmt: skip


@pytest.mark.parametrize(("code", "parameter"), MAPPING)
def test_each_consent_code(code: str, parameter: str) -> None:
    """What a code adds to a policy under no restriction is what the mapping says, and nothing else changes."""
    item = {"code": code, **({"parameter": parameter} if parameter else {})}
    is_permission = code in ("DUO:0000004", "DUO:0000042", "DUO:0000006", "DUO:0000007", "DUO:0000011")
    base = policy([{"code": "DUO:0000004"}])
    found = policy([item] if is_permission else [{"code": "DUO:0000004"}, item])
    constraints, duties, prohibitions = MAPPING[code, parameter]
    (before,), (after,) = base["permission"], found["permission"]

    assert [row for row in after["constraint"] if row not in before["constraint"]] == constraints
    assert [row["action"] for row in after["duty"] if row not in before["duty"]] == duties
    assert [row for row in found["prohibition"] if row not in base["prohibition"]] == prohibitions
    assert len(after["constraint"]) == len(before["constraint"]) + len(constraints)


def test_every_code_is_mapped() -> None:
    """No consent code of DUO is without its mapping here; clinical care has a test of its own."""
    assert {code for code, _ in MAPPING} | {"DUO:0000043"} == set(CONSENT)


def test_care_stays_under_every_modifier() -> None:
    """Clinical care opens a second permission, which keeps the purposes of clause C and all modifiers."""
    modifier = {"leftOperand": "recipient", "operator": "isA", "rightOperand": "duodrl:NonProfitOrganisation"}
    research, care = policy([MONDO, {"code": "DUO:0000043"}, {"code": "DUO:0000045"}])["permission"]

    assert modifier in research["constraint"] and modifier in care["constraint"]
    assert isa("duodrl:CC") in care["constraint"] and isa("duodrl:DS") not in care["constraint"]
    assert care["constraint"][0] == research["constraint"][0] and care["duty"] == research["duty"]


def test_one_agreement_as_it_stands() -> None:
    """Both projections of one agreement, to the letter, as they were read through by a person once."""
    codes = [MONDO, {"code": "DUO:0000019"}, {"code": "DUO:0000022", "parameter": "EU"}]
    agreement = example(codes)
    (found,) = projections(agreement, "stroke", "south")
    odrl = dict(found.odrl)
    assert odrl.pop("summand:agreementSha256") == agreement.hash  # which changes with any term that is added
    assert json.loads((HERE / "odrl_agreement.json").read_text("utf-8")) == {"odrl": odrl, "dataspace": found.dataspace}


def test_all_projections_have_the_documented_form() -> None:
    """Every pair of dataset and recipient, none for the holder itself, each as the schemas say, in known words."""
    agreement = example([MONDO, {"code": "DUO:0000024", "parameter": "2027-01-01"}])
    found = projections(agreement)

    assert {(item.provider, item.recipient) for item in found} == {("north", "south"), ("north", "west")}
    for form in ("odrl", "dataspace"):
        jsonschema.validate({"agreements": [getattr(item, form) for item in found]}, SCHEMAS[f"agreement-{form}"])
    assert found[0].odrl["assigner"] == "https://ror.org/02qp3tb03"
    rules = [*found[0].odrl["permission"], *found[0].odrl["prohibition"], *found[0].odrl["permission"][0]["duty"]]
    for rule in rules:
        assert rule["action"] in ODRL_ACTIONS or rule["action"].startswith(("summand:", "duodrl:"))
        for row in rule.get("constraint", ()):
            assert row["leftOperand"] in ODRL_LEFT or row["leftOperand"].startswith(("summand:", "duodrl:"))


def test_what_the_agreement_limits_is_in_the_policy() -> None:
    """A change of any limit changes the policy; every prohibition that always holds is in it."""
    base = policy()
    changes: list[dict[str, Any]] = [
        {"data": {"min_cell": 25}}, {"data": {"min_sites": 5}}, {"data": {"release_levels": ["total", "site_level"]}},
        {"data": {"onward_transfer": ["Registry"]}}, {"data": {"linkage": "listed"}}, {"data": {"incident_notice_hours": 72}},
        {"privacy": {"budget": {"unit_of_privacy": "patient", "neighbouring": "add_remove", "epsilon_total": 1.5, "delta": 1e-6,
                                "period": "year", "composition": "zcdp"}}},
    ]  # fmt: skip
    texts = {json.dumps({**policy(**change), "summand:agreementSha256": ""}) for change in changes}
    assert len(texts | {json.dumps({**base, "summand:agreementSha256": ""})}) == len(changes) + 1
    forbidden = json.dumps(base["prohibition"])
    assert all(
        code in forbidden for code in ("art_54(a)", "art_54(b)", "art_54(c)", "art_54(d)", "art_54(e)", "onward_access")
    )
    assert {"action": "summand:reidentify"} in base["prohibition"]


def test_consent_beside_each_purpose() -> None:
    """The three answers for each purpose of clause C, by recipient."""
    purposes = [
        {"system": "EHDS53", "code": "53(1)(e)", "text": "x", "disease": "MONDO:0005098"},
        {"system": "DUO", "code": "DUO:0000042", "text": "x"},
    ]
    agreement = complete_example(
        ["north", {"id": "south", "nonprofit": True}, "west"], purposes=purposes,
        datasets=[{"id": "d", "holder": "north", "consent_codes": [MONDO, {"code": "DUO:0000046"}]}],
    )  # fmt: skip
    by_recipient = {
        item.recipient: {code: verdict.answer for code, verdict in item.consent.items()}
        for item in projections(agreement)
    }
    assert by_recipient == {
        "south": {"53(1)(e)": "yes", "DUO:0000042": "no"}, "west": {"53(1)(e)": "ask", "DUO:0000042": "no"}
    }  # fmt: skip
    with pytest.raises(UsageError):
        projections(agreement, "d", "north")
    with pytest.raises(UsageError):
        projections(agreement, "nothing")
