"""What the commands of the directory print."""

from __future__ import annotations

from docs.schemas._common import HASH, NUMBER, Schema, array_of, object_of

DIALECT = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
TEXT: Schema = {"type": "string"}
TEXTS = array_of(TEXT)
COUNT: Schema = {"type": "integer", "minimum": 0}
ANSWER: Schema = {"enum": ["yes", "no", "ask"], "description": "ask: a person must look."}
STANDING: Schema = {
    "enum": ["registered", "declared", "signed"],
    "description": "From a public register; the organisation's own word; its own word, signed with the key it names.",
}
ROW = object_of(
    {
        "id": TEXT, "name": TEXT, "kind": TEXT, "country": TEXT, "city": {"type": ["string", "null"]},
        "latitude": NUMBER, "longitude": NUMBER, "standing": STANDING, "status": TEXT,
    }
)  # fmt: skip
CONFLICT = object_of(
    {
        "kind": {"enum": ["debarment", "status", "interest", "concentration"]}, "weight": {"enum": ["blocks", "look"]},
        "organisations": TEXTS, "text": TEXT, "remedy": TEXT,
    }
)  # fmt: skip
SHORTFALL = object_of({"need": TEXT, "reasons": TEXTS})
COVERAGE = object_of({"need": TEXT, "by": TEXT, "answer": ANSWER, "points": {"type": "integer"}, "reasons": TEXTS})
TRANSFER = object_of({"sender": TEXT, "receiver": TEXT, "answer": ANSWER, "tool": TEXT, "reason": TEXT})
PARTNER = object_of(
    {
        "id": TEXT, "name": TEXT, "kind": TEXT, "country": TEXT, "standing": STANDING, "points": {"type": "integer"},
        "covers": array_of(COVERAGE), "misses": array_of(SHORTFALL), "transfers": array_of(TRANSFER),
        "conflicts": array_of(CONFLICT), "blocked": {"type": "boolean"},
    }
)  # fmt: skip
MEMBER = object_of({"id": TEXT, "name": TEXT, "stands_for": TEXTS, "irreplaceable_for": TEXTS})
COALITION = object_of(
    {
        "members": array_of(MEMBER), "covered": TEXTS, "uncovered": TEXTS, "conflicts": array_of(CONFLICT),
        "points": {"type": "integer", "description": "The greatest there are, exactly, for the first coalition."},
        "reasons": TEXTS,
    }
)  # fmt: skip
SCHEMAS: dict[str, Schema] = {
    "directory-import": {
        **DIALECT,
        "title": "What an import took and refused: summand directory import --json",
        **object_of(
            {
                "source": TEXT, "lines": COUNT,
                "counts": object_of(
                    dict.fromkeys(("added", "changed", "unchanged", "kept", "refused", "passed_over"), COUNT)
                ),
                "problems": array_of(
                    object_of(
                        {
                            "line": {"type": "integer", "minimum": 1}, "column": TEXT, "message": TEXT, "remedy": TEXT,
                            "refused": {"type": "boolean"},
                        }
                    )
                ),
            }
        ),
    },
    "directory-list": {
        **DIALECT,
        "title": "One page of organisations: summand directory list --json",
        **object_of(
            {
                "total": COUNT, "offset": COUNT, "organisations": array_of(ROW),
                "facets": {
                    "type": "object", "additionalProperties": array_of(object_of({"value": TEXT, "count": COUNT})),
                    "description": "Counts by value; a facet's own choice is left aside.",
                },
            }
        ),
    },
    "directory-show": {
        **DIALECT,
        "title": "One organisation: summand directory show --json",
        **object_of(
            {
                "organisation": object_of({"id": TEXT, "name": TEXT, "kinds": TEXTS, "places": {"type": "array"}}),
                "kind": TEXT, "country": TEXT, "standing": STANDING, "standing_text": TEXT,
                "key_fingerprint": {"type": ["string", "null"]}, "sha256": HASH,
            }
        ),
    },
    "directory-match": {
        **DIALECT,
        "title": "Partners and coalitions with their reasons: summand directory match --json",
        **object_of(
            {
                "seeker": TEXT, "day": TEXT, "candidates": COUNT, "needs": array_of(object_of({"id": TEXT, "text": TEXT})),
                "uncoverable": TEXTS, "partners": array_of(PARTNER), "coalitions": array_of(COALITION),
            }
        ),
    },
}  # fmt: skip
