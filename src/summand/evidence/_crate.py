"""The pack as an RO-Crate: what each file is, how long, with its hash; who made what it describes.

Source: RO-Crate Metadata Specification 1.2 (w3id.org/ro/crate/1.2); its terms are those of schema.org.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from summand import __version__
from summand.encoding import sha256_hex
from summand.evidence._case import Case
from summand.evidence._studies import StudyFacts

CRATE = "ro-crate-metadata.json"
_FORMATS = {
    ".json": "application/json", ".jsonld": "application/ld+json", ".jsonl": "application/jsonl", ".pdf": "application/pdf",
    ".txt": "text/plain", ".py": "text/x-python", ".sealed": "application/octet-stream",
}  # fmt: skip


def crate(case: Case, studies: list[StudyFacts]) -> dict[str, Any]:
    """The metadata of all files that are in the case by now."""
    agreement = case.agreement
    files = [
        {
            "@id": path, "@type": "File", "name": PurePosixPath(path).name, "description": case.about[path],
            "encodingFormat": _FORMATS[PurePosixPath(path).suffix], "contentSize": str(len(data)), "sha256": sha256_hex(data),
        }
        for path, data in sorted(case.files.items())
    ]  # fmt: skip
    parties = [
        {
            "@id": f"#party-{p.id}",
            "@type": "Organization",
            "name": p.legal_name,
            "identifier": [r.value for r in p.registrations],
        }
        for p in agreement.parties
    ]
    people = {name: f"#person-{place}" for place, name in enumerate(dict.fromkeys(one.requester for one in studies), 1)}
    named = [{"@id": identifier, "@type": "Person", "name": name} for name, identifier in people.items()]
    runs = [
        {
            "@id": f"#study-{one.study}", "@type": "CreateAction", "name": one.title, "identifier": one.study,
            "actionStatus": {"@id": _status(one)}, "startTime": one.at, "instrument": {"@id": "#summand"},
            "agent": {"@id": people[one.requester]},
            "result": [{"@id": path} for path in case.files if path.startswith(f"studies/{one.study}/result.")],
        }
        for one in studies
    ]  # fmt: skip
    root = {
        "@id": "./", "@type": "Dataset", "name": f"Evidence: {agreement.title}",
        "description": "Agreement, legal basis, data descriptions, privacy ledger, protocols, released results, decisions, money, "
        "goals, signatures and ledger proofs of a health-care partnership. Holds no patient's row and nothing unreleased.",
        "datePublished": case.as_of.isoformat(timespec="seconds"), "identifier": f"urn:sha256:{agreement.hash}",
        "license": {"@id": "#terms"}, "author": [{"@id": one["@id"]} for one in parties],
        "hasPart": [{"@id": one["@id"]} for one in files], "mentions": [{"@id": one["@id"]} for one in runs],
    }  # fmt: skip
    terms = {
        "@id": "#terms", "@type": "CreativeWork", "name": "Terms of use",
        "description": "For those to whom a party hands it, under the agreement's clauses on confidentiality and on publication.",
    }  # fmt: skip
    software = {"@id": "#summand", "@type": "SoftwareApplication", "name": "Summand", "softwareVersion": __version__}
    descriptor = {
        "@id": CRATE, "@type": "CreativeWork", "about": {"@id": "./"},
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.2"},
    }  # fmt: skip
    return {
        "@context": ["https://w3id.org/ro/crate/1.2/context", {"sha256": "https://schema.org/sha256"}],
        "@graph": [descriptor, root, terms, software, *parties, *named, *runs, *files],
    }


def _status(one: StudyFacts) -> str:
    ends = {"refused": "FailedActionStatus", "failed": "FailedActionStatus", "open": "ActiveActionStatus"}
    return f"http://schema.org/{ends.get(one.outcome, 'CompletedActionStatus')}"
