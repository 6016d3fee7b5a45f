"""The parts of ``result.json``: each a pure function of what the run gave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from summand.demo._case import Case
from summand.demo._compare import Comparison, largest
from summand.demo._network import ReplicaCheck, SiteCheck

if TYPE_CHECKING:
    from summand.agreement import SignatureReport, SignedAgreement
    from summand.sharing import Statement

FORMAT = "summand.demo/1"
PROFILE_WORDS = {
    "public_data": "The data are published already, so results are exact.",
    "institutional": "For patient data: counts below ten are hidden, times and quantiles are coarse, three sites at least.",
}
WHO_LEARNS_WHAT = (
    (
        "A site",
        "its own rows; each round's state and total; the released results",
        "another site's rows; its numbers, unless a study at site level released them",
    ),
    (
        "The hub",
        "each round's total; message sizes and times; the released results",
        "a row; one site's numbers, unless a study at site level was agreed by name",
    ),
    ("The analyst", "the released results", "a row, a round's total, or anything of what was refused"),
    ("A stranger on the wire", "message sizes and times", "anything else"),
    ("A thief of the hub's disk", "what the hub knows", "what the hub does not know"),
)
Fields = Mapping[str, Any]


def agreement_part(case: Case, signed: SignedAgreement, report: SignatureReport) -> dict[str, Any]:
    """Who agreed to what, in plain words, and whether every signature holds."""
    from summand.agreement import plain_sections

    agreement = case.agreement
    labels = {site.party: site.name for site in case.sites}
    standing = {row.party: row.standing for row in report.parties}
    parties = [
        {
            "id": party.id, "label": labels.get(party.id, party.id), "name": party.legal_name, "country": party.country, "roles": list(party.roles),
            "key": party.key, "signature": standing[party.id],
            "coordinates": None if party.coordinates is None else party.coordinates.model_dump(),
        }
        for party in agreement.parties
    ]  # fmt: skip
    return {
        "id": agreement.id,
        "title": agreement.title,
        "version": agreement.version,
        "hash": signed.agreement.hash,
        "profile": agreement.profile_name,
        "profile_in_words": PROFILE_WORDS.get(agreement.profile_name, ""),
        "start": agreement.term.start.isoformat(),
        "end": agreement.term.end.isoformat(),
        "limits": dict(agreement.limits),
        "release_levels": list(agreement.data.release_levels),
        "purposes": [purpose.model_dump(exclude_none=True) for purpose in agreement.purpose.purposes],
        "prohibited_purposes": [item.model_dump() for item in agreement.purpose.prohibited_purposes],
        "datasets": [
            {"id": item.id, "title": item.title, "holder": item.holder, "source": item.source, "licence": item.licence}
            for item in agreement.datasets
        ],
        "parties": parties,
        "people": [{"name": p.name, "party": p.party, "role": p.role} for p in agreement.people],
        "signatures_verified": sum(row.standing == "valid" for row in report.parties),
        "plain_words": [
            {"heading": section.heading, "sentences": list(section.sentences)} for section in plain_sections(agreement)
        ],
    }


def labels_part(case: Case) -> dict[str, Any]:
    """What people call terms, groups and columns."""
    return {
        "terms": {name: {"label": label, "per": per} for name, (label, per) in case.terms.items()},
        "groups": dict(case.group_names),
        "time_unit": case.time_unit,
    }


def data_part(case: Case, checks: Sequence[SiteCheck], described: Fields) -> dict[str, Any]:
    """Pass or fail for each site, and counts summed over all sites by the federation's own study."""
    shown = {row["column"]: row for row in described.get("columns", ())}
    columns = []
    for field in case.dictionary["fields"]:
        row = shown.get(field["name"], {})
        limits = field["constraints"]
        columns.append(
            {
                "column": field["name"], "title": field["title"], "unit": field["x-unit"],
                "minimum": limits["minimum"], "maximum": limits["maximum"], "levels": limits.get("enum"),
                "missing_codes": [code for code in field.get("missingValues", case.dictionary["missingValues"]) if code],
                "recorded": row.get("n"), "missing": row.get("missing"),
            }
        )  # fmt: skip
    return {
        "source": case.source,
        "licence": case.licence,
        "left_out": list(case.left_out),
        "sites": [{"party": check.party, "passed": check.passed} for check in checks],
        "passed": all(check.passed for check in checks),
        "columns": columns,
    }


def comparison_part(comparisons: Sequence[Comparison]) -> dict[str, Any]:
    """How far the federation is from the pooled fits."""
    return {
        "coefficients_and_standard_errors": largest(comparisons, ("estimate", "std_error")),
        "curves": largest(comparisons, ("survival",)),
        "all_numbers": max((item.difference_max for item in comparisons), default=None),
        "is_same": bool(comparisons) and all(item.is_same for item in comparisons),
        "studies": [item.to_dict() for item in comparisons],
    }


def refusal_part(purpose: Fields, error: Fields, refusals: Sequence[Fields], method: Fields) -> dict[str, Any]:
    """The study that was refused: by whom, under which clause, and what to do next."""
    return {
        "purpose": dict(purpose),
        "method": dict(method),
        "code": error["code"],
        "clause": error.get("clause"),
        "message": error["message"],
        "remedy": error["remedy"],
        "refused_by": sorted(str(item["site"]) for item in refusals),
    }


def ledger_part(checks: Sequence[ReplicaCheck], entries: Iterable[str]) -> dict[str, Any]:
    """The ledger as each site verified it from its own replica."""
    kinds: dict[str, int] = {}
    for kind in entries:
        kinds[kind] = kinds.get(kind, 0) + 1
    sizes, roots = {check.leaves for check in checks}, {check.root_hash for check in checks}
    return {
        "leaves": max(sizes, default=0),
        "root_hash": next(iter(roots)) if len(roots) == 1 else None,
        "agrees": len(sizes) == 1 and len(roots) == 1,
        "replicas": [{"party": c.party, "leaves": c.leaves, "root_hash": c.root_hash} for c in checks],
        "entries_by_type": dict(sorted(kinds.items())),
    }


def settlement_part(statement: Statement) -> dict[str, Any]:
    """The contribution statement and the cost split, in cents."""
    return statement.to_dict()
