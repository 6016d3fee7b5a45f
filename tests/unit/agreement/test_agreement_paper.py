"""The agreement on paper: everything that it says, signed or not, complete or a draft."""

from __future__ import annotations

import importlib.util

import pytest

from summand.agreement import (
    TEMPLATES,
    SignedAgreement,
    complete_example,
    new_from_template,
    plain_sections,
    read_source,
    sign,
    to_document,
)
from summand.documents import to_csv, to_pdf
from summand.signing import PrivateKey


def test_everything_that_is_said_stands_on_it() -> None:
    """Every sentence in plain words, the lists, the hash, the standard terms, and who signed."""
    key = PrivateKey.generate()
    agreement = complete_example([{"id": "north", "key": key.public.text}, "south", "west"])
    paper = to_document(SignedAgreement(agreement, sign(agreement, "north", key)))
    text = to_csv(paper)

    assert all(sentence.replace('"', '""') in text for part in plain_sections(agreement) for sentence in part.sentences)
    assert agreement.hash in paper.sentences[0]
    signatures = next(sheet for sheet in paper.sheets if sheet.heading.startswith("Signatures"))
    assert [row[2] for row in signatures.rows] == ["signed", "not signed yet", "not signed yet"]
    every = next(sheet for sheet in paper.sheets if sheet.heading.startswith("Every term"))
    clauses = {row[0] for row in every.rows}
    assert {"D.min_cell", "K.legal_guards", "N.exit_plan.model_rule", "D.dictionaries.cohort.fields.name"} <= clauses
    assert {clause[0] for clause in clauses} == set("ABCDEFGHIJKLMNO")
    assert ("H.decision_rules.threshold", "2", "simple majority") in every.rows
    assert "D. Data: Each holder keeps its data on its own machines." in " ".join(paper.notes)


@pytest.mark.parametrize("name", TEMPLATES)
def test_drafts_too(name: str) -> None:
    """A draft says that it is one and what it leaves open."""
    paper = to_document(read_source(new_from_template(name).encode())[0])
    assert paper.sentences == ("Draft: not to be signed.",)
    assert "[needs counsel]" in to_csv(paper)
    assert all(len(row) == len(sheet.columns) for sheet in paper.sheets for row in sheet.rows)


def test_other_terms_are_not_shown_as_ours() -> None:
    """Where the hash of the standard terms is another, our text is not printed under its name."""
    page = complete_example().to_dict()
    page["identity"]["template"]["sha256"] = "0" * 64
    assert "not at hand" in to_document(page).notes[0]


@pytest.mark.skipif(importlib.util.find_spec("typst") is None, reason="the extra 'reports' is not installed")
def test_the_same_agreement_gives_the_same_pdf() -> None:
    """A PDF is made, and made again byte for byte."""
    paper = to_document(complete_example())
    first = to_pdf(paper)
    assert first.startswith(b"%PDF-") and first == to_pdf(paper)
