"""What consent codes say to a use: each code's three answers, the hierarchy, and all codes of a dataset together."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from shared_files import shared_data
from summand.agreement import CONSENT, ConsentCode, DataUse, DiseaseTree, match_consent
from summand.agreement._duo import GROUPINGS, INVESTIGATIONS, SHORTHAND

DAY = date(2026, 3, 10)
RESEARCH = {"system": "EHDS53", "code": "53(1)(e)"}
NRES, GRU, HMB, DS, POA = "DUO:0000004", "DUO:0000042", "DUO:0000006", "DUO:0000007", "DUO:0000011"
STROKE, HEART = "MONDO:0005098", "MONDO:0005267"


def duo(code: str, **more: Any) -> dict[str, Any]:
    """A purpose in DUO's terms."""
    return {"system": "DUO", "code": code, **more}


def answer(codes: list[str | tuple[str, str]], purpose: dict[str, Any] = RESEARCH, **use: Any) -> str:
    """The verdict on a use."""
    listed = [ConsentCode(code=c) if isinstance(c, str) else ConsentCode(code=c[0], parameter=c[1]) for c in codes]
    return match_consent(listed, DataUse(purpose, DAY, **use)).answer


# permission of the dataset -> purposes: GRU, HMB, disease, ancestry (DUO's is-a tree: NRES > GRU > HMB > DS, GRU > POA)
HIERARCHY = {
    NRES: ("yes", "yes", "yes", "yes"),
    GRU: ("yes", "yes", "yes", "yes"),
    HMB: ("no", "yes", "yes", "no"),
    DS: ("no", "no", "yes", "no"),
    POA: ("no", "no", "no", "yes"),
}


@pytest.mark.parametrize("permission", HIERARCHY)
def test_a_permission_covers_what_lies_below_it(permission: str) -> None:
    """Every cell of the hierarchy: the purpose must be the permission or a kind of it."""
    asked = (duo(GRU), duo(HMB), duo(DS, disease=STROKE), duo(POA))
    given = (permission, STROKE) if permission == DS else permission
    assert tuple(answer([given], purpose) for purpose in asked) == HIERARCHY[permission]


@pytest.mark.parametrize(
    ("code", "use", "expected"),
    [
        (("DUO:0000012", "imaging"), {}, "ask"),
        ("DUO:0000015", {}, "yes"),
        ("DUO:0000015", {"purpose": duo("DUO:0000031")}, "no"),
        ("DUO:0000015", {"purpose": {"system": "EHDS53", "code": "53(1)(e)(ii)"}}, "ask"),
        ("DUO:0000016", {"purpose": duo("DUO:0000038")}, "yes"),
        ("DUO:0000016", {}, "ask"),
        ("DUO:0000018", {"nonprofit": True}, "yes"),
        ("DUO:0000018", {}, "no"),
        ("DUO:0000019", {}, "yes"),
        ("DUO:0000019", {"undertakes": frozenset()}, "ask"),
        ("DUO:0000019", {"undertakes": frozenset({"DUO:0000019"})}, "yes"),
        ("DUO:0000020", {}, "ask"),
        (("DUO:0000021", "REC"), {"ethics_approved": True}, "yes"),
        (("DUO:0000021", "REC"), {"ethics_approved": False}, "no"),
        (("DUO:0000021", "REC"), {}, "ask"),
        (("DUO:0000022", "NL, DE"), {"country": "DE"}, "yes"),
        (("DUO:0000022", "EU"), {"country": "DE"}, "yes"),
        (("DUO:0000022", "EU"), {"country": "US"}, "no"),
        (("DUO:0000022", "EU"), {"country": "GB"}, "no"),
        (("DUO:0000022", "US-CA"), {"country": "US"}, "ask"),
        (("DUO:0000024", "2027-01-01"), {}, "yes"),
        (("DUO:0000025", "2026-03-10"), {}, "yes"),
        (("DUO:0000025", "2026-03-09"), {}, "no"),
        (("DUO:0000025", "12"), {"start": date(2025, 3, 10)}, "yes"),
        (("DUO:0000025", "12"), {"start": date(2025, 3, 9)}, "no"),
        (("DUO:0000025", "12"), {}, "ask"),
        (("DUO:0000025", "spring"), {}, "ask"),
        (("DUO:0000026", "Ann; Bea"), {"user": "Bea"}, "yes"),
        (("DUO:0000026", "Ann"), {"user": "Bea"}, "no"),
        (("DUO:0000026", "Ann"), {}, "ask"),
        (("DUO:0000027", "urn:x"), {"project": "urn:x"}, "yes"),
        (("DUO:0000027", "urn:x"), {}, "ask"),
        (("DUO:0000028", "north"), {"institution": ("north", "North Trust")}, "yes"),
        (("DUO:0000028", "north"), {"institution": ("south",)}, "no"),
        ("DUO:0000029", {"undertakes": frozenset()}, "ask"),
        ("DUO:0000043", {}, "yes"),
        ("DUO:0000044", {}, "yes"),
        ("DUO:0000044", {"purpose": duo("DUO:0000033")}, "no"),
        ("DUO:0000045", {"nonprofit": True}, "yes"),
        ("DUO:0000045", {}, "no"),
        ("DUO:0000046", {"nonprofit": True}, "yes"),
        ("DUO:0000046", {}, "ask"),
        ("DUO:0000046", {"nonprofit": True, "purpose": {"system": "EHDS53", "code": "53(1)(e)(i)"}}, "no"),
    ],
)
def test_each_modifier(code: str | tuple[str, str], use: dict[str, Any], expected: str) -> None:
    """Each modifier's answer beside the broadest permission."""
    assert answer([NRES, code], **use) == expected


def test_a_kind_of_the_disease_is_covered_where_a_tree_says_so() -> None:
    """With a tree a disease below the consented one is a yes, one beside it a no; without, a person must look."""
    tree = DiseaseTree.of([("MONDO:0000001", "MONDO:0000002"), ("MONDO:0000002", STROKE), (HEART, "MONDO:0000003")])

    assert answer([(DS, STROKE)], {**RESEARCH, "disease": "MONDO:0000001"}, diseases=tree) == "yes"
    assert answer([(DS, STROKE)], {**RESEARCH, "disease": HEART}, diseases=tree) == "no"
    assert answer([(DS, STROKE)], {**RESEARCH, "disease": "MONDO:0000009"}, diseases=tree) == "ask"
    assert answer([(DS, STROKE)], {**RESEARCH, "disease": HEART}) == "ask"
    assert answer([(DS, STROKE)], RESEARCH) == "no"


def test_a_disease_tree_from_an_ontology_file(tmp_path: Path) -> None:
    """The is_a lines of an OBO file become the tree; other terms and stanzas are passed over."""
    file = tmp_path / "mondo.obo"
    file.write_text(
        "format-version: 1.2\n\n[Term]\nid: MONDO:0000002\nname: b\nis_a: MONDO:0000001 ! a\n\n"
        '[Term]\nid: HP:0000001\nis_a: MONDO:0000001\n\n[Term]\nid: MONDO:0000003\nis_a: MONDO:0000002 {source="x"} ! b\n'
    )
    tree = DiseaseTree.read_obo(file)

    assert tree.ancestors("MONDO:0000003") == {"MONDO:0000001", "MONDO:0000002"}
    assert "HP:0000001" not in tree


def test_a_circle_of_diseases_ends() -> None:
    """A tree that is none does not hang."""
    assert DiseaseTree.of([("a", "b"), ("b", "a")]).ancestors("a") == {"a", "b"}


def test_clinical_care_needs_its_code() -> None:
    """Care is no research: with CC it is open, without, a person must look; the obsolete GRU-CC counts as both."""
    care = {"system": "HIPAA", "code": "treatment"}
    assert answer([HMB], care) == "ask"
    assert answer([HMB, "DUO:0000043"], care) == "yes"
    assert answer(["DUO:0000005"], care) == "yes"
    assert answer(["DUO:0000014"]) == "ask"


@pytest.mark.parametrize("codes", [[], ["DUO:0000021"], ["DUO:0000099", GRU], ["DUO:0000001"]])
def test_what_is_unknown_or_absent_permits_nothing(codes: list[str]) -> None:
    """No permission, or a code that DUO does not have, is a no."""
    assert answer(codes, ethics_approved=True) == "no"


def test_one_no_outweighs_all() -> None:
    """No beats ask beats yes; the reasons name the codes that decided."""
    use = DataUse(RESEARCH, DAY)
    verdict = match_consent([ConsentCode(code=c) for c in (GRU, "DUO:0000045", "DUO:0000020")], use)
    assert verdict.answer == "no"
    assert verdict.reasons == ("DUO:0000045 (NPU): organisations without profit — no",)
    assert verdict.to_dict()["findings"][2]["answer"] == "ask"


def test_every_code_of_the_ontology_is_known() -> None:
    """The Data Use Ontology's own table: each code has a rule, or is a grouping or one for investigations."""
    with shared_data("vectors/duo.csv").open(encoding="utf-8") as lines:
        rows = {row["id"]: row["shorthand"] for row in csv.DictReader(lines)}
    consent = {code: short for code, short in rows.items() if code not in GROUPINGS and code not in INVESTIGATIONS}

    assert {code: rule.shorthand for code, rule in CONSENT.items()} == SHORTHAND
    assert {code: SHORTHAND.get(code) for code in consent} == consent
