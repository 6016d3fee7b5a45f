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
CHANGE = object_of(
    {
        "clause": TEXT, "heading": TEXT, "entry": TEXT,
        "direction": {"enum": ["tighter", "looser", "shifts", "read"], "description": "read: a person must read it."},
        "meaning": TEXT, "before": TEXT, "after": TEXT,
        "effects": array_of(object_of({"who": TEXT, "effect": {"enum": ["gains", "loses"]}})),
    }
)  # fmt: skip
COUNT: Schema = {"type": "integer", "minimum": 0}
OPERATORS = [
    "eq", "gt", "gteq", "hasPart", "isA", "isAllOf", "isAnyOf", "isNoneOf", "isPartOf", "lt", "lteq", "neq",
]  # fmt: skip
CONSTRAINT = object_of(
    {"leftOperand": TEXT, "operator": {"enum": OPERATORS}, "rightOperand": {"type": ["string", "object", "array"]}},
    additionalProperties=False,
)
DUTY = object_of({"action": TEXT}, {"constraint": array_of(CONSTRAINT)}, additionalProperties=False)
PERMISSION = object_of(
    {"action": TEXT}, {"constraint": array_of(CONSTRAINT), "duty": array_of(DUTY)}, additionalProperties=False
)
POLICY: Schema = {
    "@context": {"type": "array", "minItems": 1}, "@type": {"const": "Agreement"}, "profile": TEXT, "target": TEXT,
    "assigner": TEXT, "assignee": TEXT, "permission": array_of(PERMISSION, minItems=1),
    "prohibition": array_of(DUTY, minItems=1),
}  # fmt: skip
SCHEMAS: dict[str, Schema] = {
    "agreement-cards": {
        **DIALECT,
        "title": "Each clause as a card: summand agreement cards --json",
        **object_of(
            {
                "cards": array_of(
                    object_of(
                        {
                            "letter": TEXT, "heading": TEXT, "sentences": TEXTS, "settled": {"type": "boolean"},
                            "findings": array_of(FINDING),
                            "terms": array_of(
                                object_of(
                                    {
                                        **dict.fromkeys(("pointer", "name", "meaning", "value", "kind", "why"), TEXT),
                                        "starred": {"type": "boolean"}, "is_open": {"type": "boolean"}, "choices": TEXTS,
                                    }
                                )
                            ),
                        }
                    )
                )
            }
        ),
    },
    "agreement-compare": {
        **DIALECT,
        "title": "What changed in meaning between two versions: summand agreement compare --json",
        **object_of(
            {
                "changes": array_of(CHANGE),
                "counts": object_of(dict.fromkeys(("tighter", "looser", "shifts", "read"), COUNT)),
                "balance": array_of(object_of({"who": TEXT, "gains": COUNT, "loses": COUNT})),
            }
        ),
    },
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
    "agreement-signing-request": {
        **DIALECT,
        "title": "The bytes that a party's own device signs: summand agreement signing-request",
        **object_of(
            {
                "party": TEXT, "key": TEXT, "fingerprint": HASH, "hash": HASH, "payload_type": TEXT,
                "to_sign": {"type": "string", "contentEncoding": "base64"}, "algorithm": {"const": "Ed25519"},
            }
        ),
    },
    "agreement-negotiation": {
        **DIALECT,
        "title": "Where a negotiation stands: summand agreement negotiation --json",
        **object_of(
            {
                "negotiation": TEXT, "state": TEXT, "version": COUNT, "hash": HASH, "offered_by": TEXT, "note": TEXT,
                "parties": array_of(
                    object_of(
                        {
                            "party": TEXT, "fingerprint": HASH, "agreed": {"type": "boolean"},
                            "signed": {"type": "boolean"},
                        }
                    )
                ),
                "turn": TEXTS,
                "comments": array_of(
                    object_of({"number": COUNT, "party": TEXT, "at": TEXT, "clause": TEXT, "text": TEXT, "version": COUNT})
                ),
                "open_comments": COUNT, "open_findings": COUNT,
                "voided": array_of(object_of({"party": TEXT, "version": COUNT, "by": TEXT})),
                "offers": array_of(object_of({"version": COUNT, "party": TEXT, "at": TEXT, "hash": HASH, "note": TEXT})),
                "changes": object_of({"changes": array_of(CHANGE)}), "acts": COUNT, "last": HASH,
            }
        ),
    },
    "agreement-priorities": {
        **DIALECT,
        "title": "Priorities and working norms side by side: summand agreement priorities --json",
        **object_of(
            {
                "agreement": TEXT, "parties": TEXTS, "silent": TEXTS,
                "rows": array_of(
                    object_of(
                        {
                            "kind": {"enum": ["priority", "norm"]}, "name": TEXT, "text": TEXT,
                            "positions": {"type": "object"}, "wants": {"type": "object"},
                            "standing": {"enum": ["same", "near", "differ", "unsaid"]}, "gap": COUNT,
                        }
                    )
                ),
                "trades": array_of(
                    object_of(dict.fromkeys(("first", "second", "first_cares_for", "second_cares_for", "text"), TEXT))
                ),
            }
        ),
    },
    "agreement-consent": {
        **DIALECT,
        "title": "Whether consent covers each purpose: summand agreement consent --json",
        **object_of(
            {
                "rows": array_of(
                    object_of(
                        {
                            "dataset": TEXT, "recipient": TEXT, "purpose": TEXT,
                            "answer": {"enum": ["yes", "no", "ask"], "description": "ask: a person must look."},
                            "findings": array_of(
                                object_of(
                                    dict.fromkeys(("code", "shorthand", "parameter", "answer", "rule", "obligation"), TEXT)
                                )
                            ),
                        }
                    )
                )
            }
        ),
    },
    "agreement-odrl": {
        **DIALECT,
        "title": "ODRL 2.2 agreements by provider, recipient and dataset: summand agreement export --as odrl",
        "description": "Policies of www.w3.org/TR/odrl-model in JSON-LD, with the profile urn:summand:odrl:1.",
        **object_of(
            {"agreements": array_of(object_of({"uid": TEXT, "conflict": {"const": "prohibit"}, **POLICY}), minItems=1)}
        ),
    },
    "agreement-dataspace": {
        **DIALECT,
        "title": "Dataspace Protocol agreements: summand agreement export --as dataspace",
        "description": "What the Dataspace Protocol 2025-1 asks of an Agreement; rules hold no target of their own.",
        **object_of(
            {
                "agreements": array_of(
                    object_of(
                        {
                            "@id": TEXT,
                            "timestamp": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z$"},
                            **POLICY,
                        }
                    ),
                    minItems=1,
                )
            }
        ),
    },
}  # fmt: skip
