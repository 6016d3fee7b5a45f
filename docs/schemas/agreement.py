"""What the commands of the agreement print."""

from __future__ import annotations

from docs.schemas._common import HASH, Schema, array_of, object_of

DIALECT = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
TEXT: Schema = {"type": "string"}
TEXTS = array_of(TEXT)
FINDING = object_of(
    {
        "code": {"enum": ["agreement.syntax", "agreement.incomplete", "agreement.invalid", "agreement.note"]},
        "clause": TEXT, "pointer": TEXT, "line": {"type": ["integer", "null"]}, "message": TEXT, "remedy": TEXT,
        "why": {"type": "string", "description": "Why a legal office would refuse it."},
    }
)  # fmt: skip
SIGNATURE = object_of(
    {"party": TEXT, "legal_name": TEXT, "fingerprint": HASH, "standing": {"enum": ["valid", "invalid", "missing"]}}
)
SCHEMAS: dict[str, Schema] = {
    "agreement-kinds": {
        **DIALECT,
        "title": "The kinds of partnership: summand agreement kinds --json",
        **object_of({"kinds": array_of(object_of({"template": TEXT, "between": TEXT}))}),
    },
    "agreement-check": {
        **DIALECT,
        "title": "What keeps an agreement from being signed: summand agreement check --json",
        **object_of({"ok": {"type": "boolean"}, "findings": array_of(FINDING)}),
    },
    "agreement-show": {
        **DIALECT,
        "title": "An agreement in plain words: summand agreement show --json",
        **object_of(
            {
                "hash": {"anyOf": [HASH, {"type": "null"}]},
                "sections": array_of(object_of({"heading": TEXT, "sentences": TEXTS})),
            }
        ),
    },
    "agreement-verify": {
        **DIALECT,
        "title": "Every party's signature: summand agreement verify --json",
        **object_of(
            {
                "hash": HASH, "fully_signed": {"type": "boolean"}, "effective": {"type": "boolean"},
                "parties": array_of(SIGNATURE), "strangers": TEXTS,
            }
        ),
    },
}  # fmt: skip
