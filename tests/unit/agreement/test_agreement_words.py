"""Templates, plain words, the Data Use Ontology and the JSON Schema."""

from __future__ import annotations

import csv
import json
from datetime import date

import jsonschema
import pytest

from shared_files import ROOT, shared_data
from summand.agreement import (
    CLAUSES,
    TEMPLATES,
    check,
    complete_example,
    json_schema,
    load_agreement,
    new_from_template,
    plain_sections,
    read_source,
    standard_terms,
    to_plain_words,
    trial_agreement,
)
from summand.agreement._duo import GROUPINGS, NEEDS_PARAMETER, SHORTHAND
from summand.agreement._merging import merged
from summand.encoding import sha256_hex
from summand.errors import AgreementIncomplete, UsageError
from summand.signing import PrivateKey

NAMES = ["clinic-a", "clinic-b", "clinic-c"]


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_new_draft_lacks_only_what_counsel_settles(name: str) -> None:
    """A fresh template has every clause; all that check finds are places that read "needs counsel", each with a line."""
    text = new_from_template(name, NAMES)
    rows = text.splitlines()

    findings = check(text.encode())

    assert set(read_source(text.encode())[0]) == set(CLAUSES)
    assert findings
    for item in findings:
        assert item.code == "agreement.incomplete"
        assert item.line is not None
        assert "needs counsel" in rows[item.line - 1]
    assert len(findings) == text.count("needs counsel") - rows[1].count("needs counsel")
    with pytest.raises(AgreementIncomplete):
        load_agreement(text.encode())


@pytest.mark.parametrize("name", TEMPLATES)
def test_cover_page_names_the_standard_terms_by_hash(name: str) -> None:
    """The draft carries SHA-256 of the prose, and the prose speaks to every clause from A to O."""
    draft = read_source(new_from_template(name).encode())[0]
    prose = standard_terms(name)

    assert draft["identity"]["template"]["sha256"] == sha256_hex(prose.encode())
    for letter in "ABCDEFGHIJKLMNO":
        assert f"\n## {letter}. " in prose
    assert "(unverified)" not in prose


@pytest.mark.parametrize("party", ["A B", "x: y", "", "any", "null", "9x", "x\ny", "é", "a" * 64])
def test_party_names_cannot_break_the_template(party: str) -> None:
    """Only plain short names are put into a template."""
    with pytest.raises(UsageError):
        new_from_template("provider-provider", [party, "b"])


def test_unknown_template_is_refused() -> None:
    """A template that is none is refused, with the list of those that are."""
    with pytest.raises(UsageError, match="provider-provider"):
        new_from_template("../secret")
    with pytest.raises(UsageError):
        new_from_template("provider-provider", ["a", "a"])


def test_plain_words_say_what_matters() -> None:
    """Who, why, which data, limits and profile stand in the text, without a brace or a field's name."""
    agreement = complete_example(
        [{"id": "hospital-1", "legal_name": "Hospital One", "country": "US"}, "hospital-2", "hospital-3"],
        data={"limits": {"minimum_cell": 25}, "release_levels": ["total", "site_level"]},
    )

    text = to_plain_words(agreement)

    for part in ("Hospital One", "Scientific research", "at least 3 sites", "25", "insurance", "HMB", "(age, event)"):
        assert part.casefold() in text.casefold()
    assert "each site's own results" in text
    for part in ("{", "}", "_id", "None", "min_cell", "[missing]", "needs counsel"):
        assert part not in text
    assert [section.heading for section in plain_sections(agreement)][:3] == ["This agreement", "Who", "Why"]
    assert all(section.sentences for section in plain_sections(agreement))


@pytest.mark.parametrize("document", [{}, {"parties": 3}, {"data": {"datasets": [None, "x"]}}, {"term": []}])
def test_plain_words_read_broken_drafts(document: dict[str, object]) -> None:
    """A draft with holes, or of the wrong kind, is shown with [missing], not with a traceback."""
    assert "[missing]" in to_plain_words(document)


def test_prohibitions_are_shown_even_if_not_written() -> None:
    """The prohibitions that always hold stand in the text of an agreement that leaves them out."""
    text = to_plain_words(complete_example(purpose={"prohibited_purposes": []}))

    assert "Advertising or marketing (54(c))." in text


def test_consent_codes_are_those_of_the_ontology() -> None:
    """Every term of DUO is a code we take, with its shorthand, or one of its two headings."""
    with shared_data("vectors/duo.csv").open(encoding="utf-8") as file:
        terms = {row["id"]: row["shorthand"] for row in csv.DictReader(file)}

    assert {code: short for code, short in terms.items() if short} == SHORTHAND
    assert {code for code, short in terms.items() if not short} == GROUPINGS
    assert set(NEEDS_PARAMETER) <= set(SHORTHAND)


@pytest.mark.parametrize(
    ("code", "parameter", "fits"),
    [
        ("DUO:0000022", "DE", True),
        ("DUO:0000022", "DE, FR US-CA", True),
        ("DUO:0000022", "Europe", False),
        ("DUO:0000024", "2031-01-01", True),
        ("DUO:0000024", "next year", False),
        ("DUO:0000025", "24", True),
        ("DUO:0000025", "2031-01-01", True),
        ("DUO:0000025", "long", False),
        ("DUO:0000027", "project 7", True),
    ],
)
def test_parameters_of_modifiers(code: str, parameter: str, fits: bool) -> None:
    """Regions, dates and months are read; anything else in their place is refused."""
    codes = [{"code": "DUO:0000042"}, {"code": code, "parameter": parameter}]
    value = complete_example().to_dict()
    value["data"]["datasets"][0]["consent_codes"] = codes

    assert (not check(value)) is fits


def test_json_schema_in_docs_is_the_models() -> None:
    """docs/reference/agreement.schema.json is what the model generates today."""
    written = json.loads((ROOT / "docs/reference/agreement.schema.json").read_text("utf-8"))

    assert written == json_schema()


def test_json_schema_takes_examples_and_refuses_what_the_model_refuses() -> None:
    """An independent validator accepts complete examples, and refuses unknown fields and wrong kinds."""
    validator = jsonschema.Draft202012Validator(json_schema())
    validator.check_schema(json_schema())
    example = complete_example([{"id": "a", "country": "US"}, "b", "c"]).to_dict()

    assert validator.is_valid(example)
    assert not validator.is_valid({**example, "extra": 1})
    assert not validator.is_valid(merged(example, {"data": {"min_cell": "ten"}}))
    assert not validator.is_valid(merged(example, {"ip": {"foreground_rule": None}}))


def test_json_schema_marks_the_stars() -> None:
    """Fields without which a legal office refuses are marked in the schema."""
    identity = json_schema()["$defs"]["IpClause"]["properties"]

    assert identity["foreground_rule"]["star"] is True
    assert "star" not in identity["government_rights"]


def test_trial_agreement_is_for_one_owner_and_a_day() -> None:
    """The notebook's agreement: one party with the throw-away key, profile trial, today and over midnight."""
    key = PrivateKey.generate().public.text
    day = date(2030, 1, 31)

    trial = trial_agreement(key, {"fields": [{"name": "note", "type": "string"}]}, ["a", "b"], rows_max=500, day=day)

    assert [party.key for party in trial.parties] == [key]
    assert trial.profile_name == "trial"
    assert trial.limits == {"minimum_cell": 1, "minimum_sites": 1}
    assert [item.rows_max for item in trial.datasets] == [500, 500]
    assert [trial.in_force_on(date(2030, month, number)) for month, number in ((1, 30), (1, 31), (2, 1), (2, 2))] == [
        False,
        True,
        True,
        False,
    ]
