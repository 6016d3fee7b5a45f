"""What the schemas of several commands share."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

NUMBER: Schema = {"type": ["number", "null"]}
HIDDEN: Schema = {
    "type": "object", "properties": {"suppressed": {"const": True}}, "required": ["suppressed"],
    "additionalProperties": False, "description": "Kept back: about too few people. Never a zero.",
}  # fmt: skip
COUNT: Schema = {"anyOf": [{"type": "integer", "minimum": 0}, HIDDEN]}
BAND: Schema = {
    "anyOf": [NUMBER, {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}],
    "description": "A number, or [low, high] where exact quantiles may not be released; null where there is none.",
}
HASH: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
STUDY_ID: Schema = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
TABLE: Schema = {
    "type": ["object", "null"],
    "description": "People by label; a hidden cell is null, and 'suppressed_cells' says how many are hidden.",
    "properties": {
        "rows": {"type": "array", "items": {"type": "string"}},
        "columns": {"type": "array", "items": {"type": "string"}},
        "cells": {"type": "array", "items": {"type": "array", "items": {"type": ["integer", "null"], "minimum": 0}}},
        "suppressed_cells": {"type": "integer", "minimum": 0},
    },
    "required": ["rows", "columns", "cells", "suppressed_cells"],
}


def object_of(properties: Schema, optional: Schema | None = None, **more: Any) -> Schema:
    """An object with these fields, and perhaps others."""
    return {"type": "object", "properties": {**properties, **(optional or {})}, "required": list(properties), **more}


def array_of(items: Schema, **more: Any) -> Schema:
    """A list of such items."""
    return {"type": "array", "items": items, **more}


HEAD: Schema = {
    "method": {"type": "string"},
    "agreement": {**HASH, "description": "SHA-256 of the agreement's canonical form."},
    "profile": {"enum": ["institutional", "public_data", "trial"]},
    "n": COUNT,
    "n_dropped": {**COUNT, "description": "Rows left out because a value was missing."},
    "sites": {"type": "integer", "minimum": 1},
    "rounds": {"type": "integer", "minimum": 1},
}
TAIL: Schema = {
    "release_level": {"enum": ["total", "site_level"]},
    "warnings": {"type": "array", "items": {"type": "string"}},
    "study": STUDY_ID,
    "result_sha256": {**HASH, "description": "Of the released values as the sites confirmed them."},
    "agreement_title": {"type": "string"},
    "notes": {"type": "array", "items": {"type": "string"}},
}
RATIOS = ("hazard_ratio", "odds_ratio", "rate_ratio", "mean_ratio")
RATIO = tuple(f"{name}{end}" for name in RATIOS for end in ("", "_low", "_high"))


def result_of(
    methods: list[str], title: str, fields: Schema, optional: Schema | None = None, description: str = ""
) -> Schema:
    """What a study's result prints: ``fields`` of the method between the head and the tail that all have."""
    head = {**HEAD, "method": {"enum": methods}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        **({"description": description} if description else {}),
        **object_of({**head, **fields, **TAIL}, optional),
    }


TERM = object_of(
    {
        "term": {"type": "string", "description": "Intercept, age, sex[T.2], age:sex[T.2] …"},
        **dict.fromkeys(("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"), NUMBER),
    },
    dict.fromkeys(RATIO, NUMBER),
)

CURVES: Schema = {
    "knots": array_of(
        object_of(
            {"term": {"type": "string"}, "knot": {"type": "number"}, "place": {"enum": ["boundary", "interior"]}}
        ),
        description="Where each ns() of the formula learned its knots.",
    ),
    "polynomials": array_of(
        object_of(
            {"term": {"type": "string"}, "degree": {"type": "integer"}, "centre": NUMBER, "squared_norm": NUMBER}
        ),
        description="The recurrence that makes each poly() of the formula orthogonal: R's attribute 'coefs'.",
    ),
}
"""What a result holds besides, where its formula has curves that learn."""
