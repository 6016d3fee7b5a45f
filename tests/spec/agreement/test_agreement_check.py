"""What `check` finds: one change to a complete agreement, and the finding that it must give."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from summand.agreement import Agreement, Finding, check, complete_example
from summand.errors import AgreementError, AgreementIncomplete, AgreementSyntaxError

GONE = object()
SYNTAX, INCOMPLETE, INVALID = "agreement.syntax", "agreement.incomplete", "agreement.invalid"
HASH = "0" * 64

US = {"parties": [{"id": "north", "country": "US"}, "south", "west"]}
PUBLIC = {"profile": "public_data"}
LIMITED = {"datasets": [{"id": "d", "holder": h, "identifiability": "limited_data_set"} for h in ("north",)]}
CMS = {"datasets": [{"id": "d", "holder": "north", "includes_cms_data": True}]}

# (what changes, example it starts from, path, new value, code, clause)
TABLE: list[tuple[str, dict[str, Any], tuple[str | int, ...], Any, str, str]] = [
    # a field is unknown or of the wrong kind
    ("an unknown clause", {}, ("revenues",), {}, SYNTAX, "document"),
    ("an unknown field", {}, ("ip", "foregroundrule"), "joint", SYNTAX, "J.foregroundrule"),
    ("a text for a number", {}, ("data", "min_cell"), "ten", SYNTAX, "D.min_cell"),
    ("a fraction for a whole number", {}, ("data", "min_cell"), 10.5, SYNTAX, "D.min_cell"),
    ("a date that is none", {}, ("term", "end"), "2026-02-30", SYNTAX, "N.end"),
    ("a number for a date", {}, ("term", "end"), 20270101, SYNTAX, "N.end"),
    ("a rule that is none", {}, ("ip", "foreground_rule"), "mine", SYNTAX, "J.foreground_rule"),
    ("a key that is none", {}, ("parties", 0, "key"), "ed25519:abc", SYNTAX, "B.parties.key"),
    ("a country by name", {}, ("parties", 0, "country"), "Germany", SYNTAX, "B.parties.country"),
    ("a list for a group", {}, ("term",), [], SYNTAX, "N.term"),
    (
        "lifting the ban on re-identification",
        {},
        ("data", "reidentification_ban"),
        False,
        SYNTAX,
        "D.reidentification_ban",
    ),
    ("lifting the holder's veto", {}, ("governance", "holder_veto"), False, SYNTAX, "H.holder_veto"),
    ("no rows at all", {}, ("data", "datasets", 0, "rows_max"), 0, SYNTAX, "D.datasets.rows_max"),
    ("a number past 2^53", {}, ("data", "datasets", 0, "rows_max"), 2**60, SYNTAX, "document"),
    (
        "a latitude past the pole",
        {},
        ("parties", 0, "coordinates"),
        {"latitude": 91, "longitude": 0},
        SYNTAX,
        "B.parties.coordinates.latitude",
    ),
    # a star is missing
    ("no governing law", {}, ("identity", "governing_law"), GONE, INCOMPLETE, "A.governing_law"),
    ("no version", {}, ("identity", "version"), GONE, INCOMPLETE, "A.version"),
    ("no signatory", {}, ("parties", 0, "signatory"), GONE, INCOMPLETE, "B.parties.signatory"),
    ("no roles", {}, ("parties", 0, "roles"), [], INCOMPLETE, "B.parties.roles"),
    ("no key", {}, ("parties", 0, "key"), GONE, INCOMPLETE, "B.parties.key"),
    ("no purposes", {}, ("purpose", "purposes"), [], INCOMPLETE, "C.purposes"),
    ("no prohibitions", {}, ("purpose", "prohibited_purposes"), GONE, INCOMPLETE, "C.prohibited_purposes"),
    ("no goals", {}, ("purpose", "goals"), GONE, INCOMPLETE, "C.goals"),
    ("no computations", {}, ("data", "computations_allowed"), [], INCOMPLETE, "D.computations_allowed"),
    ("no minimum cell", {}, ("data", "min_cell"), GONE, INCOMPLETE, "D.min_cell"),
    ("no opt-out", {}, ("data", "datasets", 0, "opt_out_mechanism"), GONE, INCOMPLETE, "D.datasets.opt_out_mechanism"),
    ("no consent", {}, ("data", "datasets", 0, "consent_codes"), [], INCOMPLETE, "D.datasets.consent_codes"),
    ("no approvals", {}, ("ethics", "approvals"), [], INCOMPLETE, "F.approvals"),
    ("no declarations", {}, ("conflicts", "declarations"), GONE, INCOMPLETE, "G.declarations"),
    ("no bodies", {}, ("governance", "bodies"), GONE, INCOMPLETE, "H.bodies"),
    ("no cost split", {}, ("work", "cost_shares"), GONE, INCOMPLETE, "I.cost_shares"),
    ("no foreground rule", {}, ("ip", "foreground_rule"), GONE, INCOMPLETE, "J.foreground_rule"),
    ("no waterfall", {}, ("revenue", "waterfall"), GONE, INCOMPLETE, "K.waterfall"),
    ("no liability cap", {}, ("confidentiality", "liability_cap"), GONE, INCOMPLETE, "M.liability_cap"),
    ("no exit plan", {}, ("term", "exit_plan"), GONE, INCOMPLETE, "N.exit_plan"),
    ("no execution", {}, ("execution",), GONE, INCOMPLETE, "O.execution"),
    ("left to lawyers", {}, ("confidentiality", "indemnities"), "needs counsel", INCOMPLETE, "M.indemnities"),
    (
        "left to lawyers, a number",
        {},
        ("execution", "record_retention_years"),
        "Needs counsel",
        INCOMPLETE,
        "O.record_retention_years",
    ),
    # a star is missing under a condition
    ("version 2 without its history", {}, ("identity", "version"), 2, INCOMPLETE, "A.previous_version_hash"),
    ("a US party without HIPAA status", US, ("parties", 0, "hipaa_status"), GONE, INCOMPLETE, "B.parties.hipaa_status"),
    (
        "a US party and no exclusion search",
        US,
        ("parties", 1, "debarment_check"),
        GONE,
        INCOMPLETE,
        "B.parties.debarment_check",
    ),
    ("a US party and no fair market value", US, ("work", "fmv_opinion"), GONE, INCOMPLETE, "I.fmv_opinion"),
    ("a Dutch party without GDPR role", {}, ("parties", 0, "gdpr_role"), GONE, INCOMPLETE, "B.parties.gdpr_role"),
    (
        "a limited data set without its terms",
        LIMITED,
        ("data", "limited_data_set_terms"),
        GONE,
        INCOMPLETE,
        "D.limited_data_set_terms",
    ),
    (
        "published data without a licence",
        PUBLIC,
        ("data", "datasets", 0, "licence"),
        GONE,
        INCOMPLETE,
        "D.datasets.licence",
    ),
    (
        "published data without a source",
        PUBLIC,
        ("data", "datasets", 0, "source"),
        GONE,
        INCOMPLETE,
        "D.datasets.source",
    ),
    (
        "a disease code without a disease",
        {},
        ("data", "datasets", 0, "consent_codes"),
        [{"code": "DUO:0000007"}],
        INCOMPLETE,
        "D.datasets.consent_codes.parameter",
    ),
    (
        "a purpose limited to no disease",
        {},
        ("purpose", "purposes", 0),
        {"system": "DUO", "code": "DUO:0000007", "text": "x"},
        INCOMPLETE,
        "C.purposes.disease",
    ),
    ("k of n without k", {}, ("execution", "effective_when"), {"rule": "k_of_n"}, INCOMPLETE, "O.effective_when.k"),
    ("a fixed split without weights", {}, ("work", "cost_shares", "weights"), [], INCOMPLETE, "I.cost_shares.weights"),
    ("no total level", {}, ("data", "release_levels"), ["site_level"], INCOMPLETE, "D.release_levels"),
    # clauses contradict each other, a limit or the law
    ("version 1 with a history", {}, ("identity", "previous_version_hash"), HASH, INVALID, "A.previous_version_hash"),
    ("two parties of one name", {}, ("parties", 1, "id"), "north", INVALID, "B.parties.id"),
    ("a party called any", {}, ("parties", 1, "id"), "any", INVALID, "B.parties.id"),
    ("a person of nobody", {}, ("people", 0, "party"), "east", INVALID, "B.people.party"),
    ("a person whose time ends before it starts", {}, ("people", 0, "to"), "2000-01-01", INVALID, "B.people.to"),
    ("an EHDS letter that is none", {}, ("purpose", "purposes", 0, "code"), "53(1)(z)", INVALID, "C.purposes.code"),
    (
        "a public body's purpose without one",
        {},
        ("purpose", "purposes", 0, "code"),
        "53(1)(a)",
        INVALID,
        "C.purposes.code",
    ),
    (
        "a modifier as a purpose",
        {},
        ("purpose", "purposes", 0),
        {"system": "DUO", "code": "DUO:0000018", "text": "x"},
        INVALID,
        "C.purposes.code",
    ),
    ("a goal of nobody", {}, ("purpose", "goals", 0, "owner"), "east", INVALID, "C.goals.owner"),
    ("a dataset of nobody", {}, ("data", "datasets", 0, "holder"), "east", INVALID, "D.datasets.holder"),
    ("a holder that holds nothing", {}, ("parties", 0, "roles"), ["sponsor"], INVALID, "D.datasets.holder"),
    (
        "a dictionary that is not there",
        {},
        ("data", "datasets", 0, "dictionary"),
        "other",
        INVALID,
        "D.datasets.dictionary",
    ),
    (
        "a dictionary without fields",
        {},
        ("data", "dictionaries", "cohort", "fields"),
        [],
        INVALID,
        "D.dictionaries.cohort.fields",
    ),
    (
        "a number without a range",
        {},
        ("data", "dictionaries", "cohort", "fields"),
        [{"name": "age", "type": "integer", "constraints": {"minimum": 0}}],
        INVALID,
        "D.dictionaries.cohort.fields.constraints.maximum",
    ),
    (
        "withholding an unknown column",
        {},
        ("data", "datasets", 0, "columns_withheld"),
        ["name"],
        INVALID,
        "D.datasets.columns_withheld",
    ),
    (
        "two permissions",
        {},
        ("data", "datasets", 0, "consent_codes"),
        [{"code": "DUO:0000006"}, {"code": "DUO:0000042"}],
        INVALID,
        "D.datasets.consent_codes",
    ),
    (
        "modifiers alone",
        {},
        ("data", "datasets", 0, "consent_codes"),
        [{"code": "DUO:0000018"}],
        INVALID,
        "D.datasets.consent_codes",
    ),
    (
        "an obsolete code",
        {},
        ("data", "datasets", 0, "consent_codes"),
        [{"code": "DUO:0000005"}],
        INVALID,
        "D.datasets.consent_codes.code",
    ),
    (
        "a disease outside MONDO",
        {},
        ("data", "datasets", 0, "consent_codes"),
        [{"code": "DUO:0000007", "parameter": "gout"}],
        INVALID,
        "D.datasets.consent_codes.parameter",
    ),
    ("a minimum cell below the profile's", {}, ("data", "min_cell"), 9, INVALID, "D.min_cell"),
    ("a minimum cell of ten for CMS data", CMS, ("data", "min_cell"), 10, INVALID, "D.min_cell"),
    ("fewer sites than the profile's", {}, ("data", "min_sites"), 2, INVALID, "D.min_sites"),
    (
        "limits looser than the profile's",
        {},
        ("data", "limits"),
        {"minimum_exits": 5},
        INVALID,
        "D.limits.minimum_exits",
    ),
    (
        "more parameters than the profile's",
        {},
        ("data", "limits"),
        {"parameters_per_person": 0.5},
        INVALID,
        "D.limits.parameters_per_person",
    ),
    ("data where none may be processed", {}, ("data", "location"), ["DE"], INVALID, "D.location"),
    ("a trial among several", {}, ("data", "disclosure_profile"), "trial", INVALID, "D.disclosure_profile"),
    (
        "an approval that ends before it starts",
        {},
        ("ethics", "approvals", 0, "expires"),
        "2000-01-01",
        INVALID,
        "F.approvals.expires",
    ),
    ("a member that is no party", {}, ("governance", "bodies", 0, "members", 1), "east", INVALID, "H.bodies.members"),
    ("a chair from outside", {}, ("governance", "bodies", 0, "members"), ["south", "west"], INVALID, "H.bodies.chair"),
    (
        "a quorum that nobody reaches",
        {},
        ("governance", "decision_rules", 0, "quorum"),
        4,
        INVALID,
        "H.decision_rules.quorum",
    ),
    (
        "approvers that do not exist",
        {},
        ("governance", "study_approvals"),
        [{"role": "auditor", "party": "any", "count": 1}],
        INVALID,
        "H.study_approvals.count",
    ),
    (
        "a weight for nobody",
        {},
        ("work", "cost_shares", "weights", 0, "party"),
        "east",
        INVALID,
        "I.cost_shares.weights.party",
    ),
    (
        "publication put off too shortly",
        {},
        ("ip", "publication", "delay_max_days"),
        10,
        INVALID,
        "J.publication.delay_max_days",
    ),
    (
        "steps out of order",
        {},
        ("revenue", "waterfall"),
        [{"order": 2, "text": "x", "kind": "reimburse", "payee": "north"}],
        INVALID,
        "K.waterfall",
    ),
    ("a term that ends before it starts", {}, ("term", "end"), "2000-01-01", INVALID, "N.end"),
    (
        "a backup with too many parties",
        {},
        ("term", "backup_plan", 0, "minimum_parties"),
        9,
        INVALID,
        "N.backup_plan.minimum_parties",
    ),
    (
        "more signatures than parties",
        {},
        ("execution", "effective_when"),
        {"rule": "k_of_n", "k": 4},
        INVALID,
        "O.effective_when.k",
    ),
    (
        "a core of nobody",
        {},
        ("execution", "effective_when"),
        {"rule": "k_of_n", "k": 2, "core": ["east"]},
        INVALID,
        "O.effective_when.core",
    ),
]


def changed(document: dict[str, Any], path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    """A copy of the document with one value replaced, added or taken out."""
    out = copy.deepcopy(document)
    at: Any = out
    for part in path[:-1]:
        at = at[part]
    if value is GONE:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return out


def failing(document: dict[str, Any]) -> list[Finding]:
    """Findings that keep a document from being signed."""
    return [item for item in check(document) if item.fails]


@pytest.mark.parametrize(
    ("example", "path", "value", "code", "clause"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_one_change_gives_its_finding(
    example: dict[str, Any], path: tuple[str | int, ...], value: Any, code: str, clause: str
) -> None:
    """One change to a complete agreement gives a finding with the code and clause of the table, and a remedy."""
    document = changed(complete_example(**example).to_dict(), path, value)

    found = failing(document)

    assert (code, clause) in {(item.code, item.clause) for item in found}
    assert all(item.message and item.remedy for item in found)


@pytest.mark.parametrize(
    ("example", "path", "value", "code"), [row[1:5] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_what_fails_a_check_is_never_read(
    example: dict[str, Any], path: tuple[str | int, ...], value: Any, code: str
) -> None:
    """A document that fails a check never becomes an `Agreement`: the error's type says which kind of fault it has."""
    document = changed(complete_example(**example).to_dict(), path, value)
    kinds = {SYNTAX: AgreementSyntaxError, INCOMPLETE: AgreementIncomplete, INVALID: AgreementError}

    with pytest.raises(AgreementError) as caught:
        Agreement.from_dict(document)

    worst = min((item.code for item in failing(document)), key=[SYNTAX, INCOMPLETE, INVALID].index)
    assert type(caught.value) is kinds[worst]


def test_people_of_two_parties_do_not_share_a_key() -> None:
    """One key for two people is refused, since a signature must show who signed."""
    document = complete_example().to_dict()
    document["people"][1]["key"] = document["people"][0]["key"]

    assert [(item.code, item.clause) for item in failing(document)] == [(INVALID, "B.people.key")]


def test_a_purpose_cannot_be_permitted_and_prohibited() -> None:
    """A code in both lists is refused; the message says that the prohibition wins."""
    document = complete_example().to_dict()
    document["purpose"]["prohibited_purposes"].append({"code": "research", "text": "x"})
    document["purpose"]["purposes"].append({"system": "HIPAA", "code": "research", "text": "Research"})

    assert [item.clause for item in failing(document)] == ["C.purposes.code"]


def test_a_prohibition_left_out_is_in_force_all_the_same() -> None:
    """Leaving the prohibited list empty takes nothing away; check says so in notes and does not fail."""
    document = complete_example(purpose={"prohibited_purposes": []}).to_dict()

    notes = check(document)

    assert {item.code for item in notes} == {"agreement.note"}
    assert len(notes) == 7
    expected = {"54(a)", "54(b)", "54(c)", "54(d)", "54(e)", "reidentification", "onward_access"}
    assert Agreement.from_dict(document).prohibited_codes == expected


def test_prohibitions_can_be_added() -> None:
    """A prohibition of the parties' own stands beside those of the law."""
    rows = [{"code": "model_resale", "text": "selling models"}]
    agreement = complete_example(purpose={"prohibited_purposes": rows})

    assert agreement.prohibited_codes > {"model_resale", "54(b)"}


def test_limits_take_the_stricter_of_two() -> None:
    """Where clause D sets a limit twice, the stricter one holds."""
    agreement = complete_example(data={"min_cell": 12, "limits": {"minimum_cell": 20, "minimum_sites": 3}})

    assert agreement.limits == {"minimum_cell": 20, "minimum_sites": 3}


def test_every_missing_clause_is_listed_at_once() -> None:
    """All that is missing or open comes in one error, not one by one."""
    document = complete_example().to_dict()
    del document["ip"]["foreground_rule"], document["term"]["end"], document["confidentiality"]
    document["identity"]["forum"] = "needs counsel"

    with pytest.raises(AgreementIncomplete) as caught:
        Agreement.from_dict(document)

    clauses = {item["clause"] for item in caught.value.findings}
    assert clauses == {"A.forum", "J.foreground_rule", "N.end", "M.confidentiality"}
    assert "a legal office will refuse" in str(caught.value)
    assert "inventor_owns" in " ".join(item["remedy"] for item in caught.value.findings)


@pytest.mark.parametrize("example", [{}, US, PUBLIC, LIMITED, CMS], ids=["plain", "us", "public", "limited", "cms"])
def test_examples_are_complete(example: dict[str, Any]) -> None:
    """Complete examples pass every check."""
    assert failing(complete_example(**example).to_dict()) == []
