"""What the commands about evidence packs print."""

from __future__ import annotations

from docs.schemas._common import HASH, STUDY_ID, Schema, array_of, object_of

DRAFT = "https://json-schema.org/draft/2020-12/schema"
TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
OUTCOME: Schema = {"enum": ["released", "answered", "awaiting witnesses", "refused", "failed", "open"]}
REPORT: dict[str, Schema] = {
    "facts": array_of({**TEXT, "description": "What was proved, in words."}),
    "studies": {"type": "object", "propertyNames": STUDY_ID, "additionalProperties": OUTCOME},
    "fingerprints": {
        "type": "object", "additionalProperties": HASH,
        "description": "SHA-256 of the ledger's and each party's key: to be compared by a second channel.",
    },
    "signature_count": COUNT,
}  # fmt: skip
STUDY = object_of(
    {
        "study": STUDY_ID, "title": TEXT, "outcome": OUTCOME, "result_sha256": {"anyOf": [HASH, {"type": "null"}]},
        "result": {
            "enum": ["included", "opened", "sealed", None],
            "description": "Where its result is; opened: sealed by a blind hub's sites, and opened with the requester's key.",
        },
    },
    {"answered_by": {**STUDY_ID, "description": "The earlier study whose result stands for this one."}},
)  # fmt: skip
INDEX = object_of(
    {
        "format": {"const": "summand.evidence/1"}, "origin": TEXT, "hub_key": TEXT, "as_of": TEXT, "agreement_hash": HASH,
        "agreements": array_of(TEXT), "leaf_count": COUNT, "leaves_here": COUNT, "entries_left_out": COUNT,
        "studies": array_of(STUDY),
    }
)  # fmt: skip

SCHEMAS: dict[str, Schema] = {
    "evidence-pack": {
        "$schema": DRAFT, "title": "A pack that was written and verified: summand evidence pack --json",
        **object_of({"out": TEXT, "bytes": COUNT, "files": COUNT, **REPORT, "pack": INDEX}),
    },
    "evidence-verify": {
        "$schema": DRAFT, "title": "What is proved about a pack: summand evidence verify --json",
        **object_of(REPORT),
    },
}  # fmt: skip
