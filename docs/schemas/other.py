"""What commands print that is no result of a study."""

from __future__ import annotations

from docs.schemas._common import HASH, STUDY_ID, Schema, array_of, object_of

SCHEMAS: dict[str, Schema] = {
    "error": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "An error with --json, on standard error",
        **object_of(
            {"code": {"type": "string"}, "message": {"type": "string"}, "remedy": {"type": "string"}},
            {"clause": {"type": "string"}},
        ),
    },
    "ledger": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A verified ledger: summand ledger verify --json, and show --json with its entries",
        **object_of(
            {
                "origin": {"type": "string"}, "leaf_count": {"type": "integer", "minimum": 0}, "root_hash": HASH,
                "checkpoint_note": {"type": "string"}, "file_count": {"type": "integer", "minimum": 1},
                "extra_files": array_of({"type": "string"}),
            },
            {"entries": array_of(object_of({"leaf": {"type": "integer"}, "type": {"type": "string"}}))},
        ),
    },
    "study-verify": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What is proved about a study: summand study verify --json",
        **object_of(
            {
                "study": STUDY_ID, "outcome": {"enum": ["released", "awaiting witnesses", "refused", "failed", "open"]},
                "result_sha256": {"anyOf": [HASH, {"type": "null"}]},
                "steps": array_of(object_of({"leaf": {"type": ["integer", "null"]}, "proved": {"type": "string"}})),
                "leaves": {"type": "integer"}, "root_hash": HASH,
                "compared_result_sha256": {"anyOf": [HASH, {"type": "null"}]},
            }
        ),
    },
}  # fmt: skip
