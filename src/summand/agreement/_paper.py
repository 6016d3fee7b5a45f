"""The agreement as a document for people: what it says in plain words, its lists as tables, its terms and signatures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from summand.agreement._document import Agreement
from summand.agreement._findings import clause_of
from summand.agreement._sealing import SignedAgreement
from summand.agreement._templates import TEMPLATES, standard_terms, standard_terms_sha256
from summand.agreement._words import plain_sections
from summand.agreement._words_page import listing, money, raw, rows, said, value
from summand.documents import Document, Sheet

_STANDING = {"valid": "signed", "invalid": "a signature that does not hold", "missing": "not signed yet"}


def to_document(document: SignedAgreement | Agreement | Mapping[str, Any]) -> Document:
    """The agreement, signed or not, or a draft, to be set as PDF or CSV.

    What a draft leaves open reads "[needs counsel]"; it has no hash.
    """
    signed = document if isinstance(document, SignedAgreement) else None
    agreement = signed.agreement if signed else document if isinstance(document, Agreement) else None
    page: Mapping[str, Any] = agreement.to_dict() if agreement is not None else document  # type: ignore[assignment]
    sections = [
        Sheet(part.heading, ("What the agreement says",), tuple((sentence,) for sentence in part.sentences))
        for part in plain_sections(page)
    ]
    head = [f"Hash (SHA-256 of the canonical content): {agreement.hash}"] if agreement else ["Draft: not to be signed."]
    language = str(raw(page, "identity", "template", "language") or "en")
    return Document(
        value(page, "identity", "title"), tuple(head), (*sections, *_tables(page), *_signatures(signed), _every_term(page)),
        tuple(_terms(page)), language if language.isalpha() else "en",
    )  # fmt: skip


def _tables(page: Mapping[str, Any]) -> list[Sheet]:
    currency = value(page, "work", "currency")
    found: list[tuple[str, tuple[str, ...], list[tuple[str, ...]]]] = [
        ("Parties", ("party", "legal name", "country", "type", "roles", "signs through"), [
            (value(row, "id"), value(row, "legal_name"), value(row, "country"), value(row, "type"), listing(row, "roles"),
             f"{value(row, 'signatory', 'name')}, {value(row, 'signatory', 'title')}")
            for row in rows(page, "parties")
        ]),
        ("Datasets", ("dataset", "holder", "at most rows", "consent", "columns withheld"), [
            (value(row, "title"), value(row, "holder"), value(row, "rows_max"),
             ", ".join(value(code, "code") for code in rows(row, "consent_codes")), listing(row, "columns_withheld"))
            for row in rows(page, "data", "datasets")
        ]),
        ("Goals", ("goal", "indicator", "target", "unit", "due", "owner"), [
            tuple(value(row, name) for name in ("text", "indicator_id", "target", "unit", "due", "owner"))
            for row in rows(page, "purpose", "goals")
        ]),
        ("Decisions", ("topic", "body", "quorum", "threshold", "weights", "vetoes besides the holders'"), [
            (*(value(row, name) for name in ("topic", "body", "quorum", "threshold", "weights")), listing(row, "veto_holders"))
            for row in rows(page, "governance", "decision_rules")
        ]),
        ("Contributions", ("party", "kind", "what", "committed"), [
            (value(row, "party"), value(row, "kind"), value(row, "text"), money(raw(row, "committed_cents"), currency))
            for row in rows(page, "work", "contributions")
        ]),
        ("Income, in this order", ("step", "what", "kind", "payee"), [
            tuple(value(row, name) if row.get(name) is not None else "" for name in ("order", "text", "kind", "payee"))
            for row in rows(page, "revenue", "waterfall")
        ]),
    ]  # fmt: skip
    return [Sheet(heading, columns, tuple(lines)) for heading, columns, lines in found if lines]


def _every_term(page: Mapping[str, Any]) -> Sheet:
    """Every single term under its clause, so that nothing which is signed is missing on paper."""
    return Sheet("Every term, by clause", ("clause", "entry", "term"), tuple(_leaves(page, ())))


def _leaves(part: Any, place: tuple[str | int, ...]) -> Iterator[tuple[str, str, str]]:
    if isinstance(part, Mapping) and part:
        for key, item in part.items():
            yield from _leaves(item, (*place, str(key)))
    elif isinstance(part, (list, tuple)) and any(isinstance(item, Mapping) for item in part):
        for number, item in enumerate(part):
            yield from _leaves(item, (*place, number))
    else:
        entry = ".".join(str(number + 1) for number in place if isinstance(number, int))
        shown = ", ".join(map(said, part)) if isinstance(part, (list, tuple)) else said(part) if part != {} else ""
        yield clause_of(place), entry, shown or "none"


def _signatures(signed: SignedAgreement | None) -> list[Sheet]:
    if signed is None:
        return []
    lines = tuple(
        (row.party, row.legal_name, _STANDING[row.standing], row.fingerprint) for row in signed.report.parties
    )
    return [Sheet("Signatures on this hash", ("party", "legal name", "standing", "key (SHA-256)"), lines)]


def _terms(page: Mapping[str, Any]) -> list[str]:
    """The standard terms, where the document names a text that is known here by its hash."""
    name = str(raw(page, "identity", "template", "name") or "").split("/")[0]
    if name not in TEMPLATES or standard_terms_sha256(name) != raw(page, "identity", "template", "sha256"):
        return [
            f"Standard terms: {value(page, 'identity', 'template', 'name')}, by their hash; the text is not at hand."
        ]
    return [_paragraph(part) for part in standard_terms(name).split("\n\n")]


def _paragraph(part: str) -> str:
    """A paragraph of the standard terms in one line, behind its heading."""
    head, _, text = part.partition("\n")
    if not head.startswith("#"):
        return " ".join(part.split())
    return ": ".join(filter(None, (head.lstrip("# ").strip(), " ".join(text.split()))))
