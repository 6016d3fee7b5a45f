"""The JSON Schemas of what ``--json`` prints, put together from their common parts."""

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


def _object(properties: Schema, optional: Schema | None = None, **more: Any) -> Schema:
    """An object with these fields, and perhaps others."""
    return {"type": "object", "properties": {**properties, **(optional or {})}, "required": list(properties), **more}


def _array(items: Schema, **more: Any) -> Schema:
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
RATIO = ("hazard_ratio", "hazard_ratio_low", "hazard_ratio_high")


def _result(methods: list[str], title: str, fields: Schema, optional: Schema | None = None) -> Schema:
    head = {**HEAD, "method": {"enum": methods}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        **_object({**head, **fields, **TAIL}, optional),
    }


TERM = _object(
    {
        "term": {"type": "string", "description": "Intercept, age, sex[T.2], age:sex[T.2] …"},
        **dict.fromkeys(("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"), NUMBER),
    },
    dict.fromkeys(RATIO, NUMBER),
)
CURVE = _object(
    {
        **dict.fromkeys(("time", "survival", "conf_low", "conf_high"), _array({"type": "number"})),
        **dict.fromkeys(("at_risk", "events"), _array({"type": "integer", "minimum": 0})),
    }
)
COLUMN = _object(
    {
        "column": {"type": "string"}, "n": COUNT, "missing": COUNT, "mean": NUMBER, "sd": NUMBER,
        **dict.fromkeys(("min", "q25", "median", "q75", "max"), BAND), "levels": TABLE,
    },
    {"histogram": {"type": ["object", "null"]}},
)  # fmt: skip

SCHEMAS: dict[str, Schema] = {
    "run": _result(
        ["linear", "logistic", "cox"],
        "A fitted model: summand run linear, logistic or cox --json",
        {"converged": {"type": "boolean"}, "log_likelihood": NUMBER, "terms": _array(TERM)},
        {"site": {"enum": ["pooled", "fixed", "strata"]}},
    ),
    "km": _result(
        ["km"],
        "Survival curves: summand run km --json",
        {
            "groups": _array(
                _object(
                    {
                        "group": {"type": "string"}, "n": COUNT, "events": COUNT, "median": NUMBER,
                        "curve": {"anyOf": [CURVE, {"type": "null"}]},
                    }
                )
            )
        },
    ),
    "logrank": _result(
        ["logrank"],
        "Log-rank test: summand run logrank --json",
        {
            "statistic": NUMBER, "degrees_of_freedom": {"type": "integer"}, "p_value": NUMBER,
            "groups": _array(
                _object({"group": {"type": "string"}, "n": COUNT, "observed": COUNT, "expected": NUMBER})
            ),
        },
    ),
    "describe": {
        **_result(["describe"], "Description: summand run describe --json", {}, {
            "columns": _array(COLUMN),
            "groups": _array(_object({"group": {"type": "string"}, "n": COUNT, "columns": _array(COLUMN)})),
        }),
        "anyOf": [{"required": ["columns"]}, {"required": ["groups"]}],
    },
    "evaluate": _result(
        ["evaluate"],
        "Models under test: summand run evaluate --json",
        {
            "models": _array(
                _object(
                    {"model": {"type": "string"}, **dict.fromkeys(("auc", "auc_std_error", "brier"), NUMBER)},
                    {"calibration": _array(_object({"predicted": NUMBER, "observed": NUMBER, "n": COUNT}))},
                )
            )
        },
    ),
    "error": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "An error with --json, on standard error",
        **_object(
            {"code": {"type": "string"}, "message": {"type": "string"}, "remedy": {"type": "string"}},
            {"clause": {"type": "string"}},
        ),
    },
    "ledger": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A verified ledger: summand ledger verify --json, and show --json with its entries",
        **_object(
            {
                "origin": {"type": "string"}, "leaf_count": {"type": "integer", "minimum": 0}, "root_hash": HASH,
                "checkpoint_note": {"type": "string"}, "file_count": {"type": "integer", "minimum": 1},
                "extra_files": _array({"type": "string"}),
            },
            {"entries": _array(_object({"leaf": {"type": "integer"}, "type": {"type": "string"}}))},
        ),
    },
    "study-verify": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What is proved about a study: summand study verify --json",
        **_object(
            {
                "study": STUDY_ID, "outcome": {"enum": ["released", "refused", "failed", "open"]},
                "result_sha256": {"anyOf": [HASH, {"type": "null"}]},
                "steps": _array(_object({"leaf": {"type": ["integer", "null"]}, "proved": {"type": "string"}})),
                "leaves": {"type": "integer"}, "root_hash": HASH,
                "compared_result_sha256": {"anyOf": [HASH, {"type": "null"}]},
            }
        ),
    },
}  # fmt: skip
