"""What the commands about money print."""

from __future__ import annotations

from docs.schemas._common import HASH, Schema, array_of, object_of

CENTS: Schema = {"type": "integer", "description": "Whole cents; negative is owed."}
SHARE: Schema = {"type": ["number", "null"], "description": "A fraction of 1."}
COUNT: Schema = {"type": "integer", "minimum": 0}
TEXT: Schema = {"type": "string"}
SOURCE = object_of({"file": TEXT, "sha256": HASH})

_YEAR = object_of(
    {
        "kind": TEXT, "savings_cents": CENTS, "minimum_rate": SHARE, "minimum_cents": CENTS, "final_rate": SHARE,
        "before_limits_cents": CENTS, "limit_cents": {"type": ["integer", "null"]},
        "limit_is_known": {"type": "boolean"}, "limited": {"type": "boolean"}, "disaster_cents": CENTS,
        "payment_cents": CENTS,
    }
)  # fmt: skip

SCHEMAS: dict[str, Schema] = {
    "settlement-mssp": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Medicare Shared Savings of a year: summand settlement mssp --json",
        **object_of(
            {
                "source": SOURCE,
                "summary": object_of(
                    {
                        **dict.fromkeys(("acos", "paid", "owing", "paid_cents", "owed_cents", "minimum_rates_agree",
                                         "largest_difference_cents"), COUNT),
                        "verdicts": {"type": "object", "additionalProperties": COUNT},
                    }
                ),
                "acos": array_of(
                    object_of(
                        {
                            "aco_id": TEXT, "name": TEXT, "track": {"enum": ["A", "B", "C", "D", "E", "EN"]},
                            "outcome": _YEAR, "published_minimum_rate": SHARE,
                            "minimum_rate_agrees": {"type": "boolean"}, "published_payment_cents": CENTS,
                            "difference_cents": CENTS,
                            "verdict": {"enum": ["agrees", "limited by revenue that is not published", "differs"]},
                        }
                    )
                ),
                "members": array_of(object_of({"member": TEXT, "weight": COUNT, "cents": CENTS})),
            }
        ),
    },
    "settlement-split": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A split by what coalitions could do alone: summand settlement split --json",
        **object_of(
            {
                "rule": {"enum": ["shapley", "nucleolus"]}, "kind": {"enum": ["gain", "cost"]}, "whole_cents": CENTS,
                "parts": array_of(object_of({"player": TEXT, "cents": CENTS, "exact": TEXT})),
                "in_core": {"type": "boolean"},
                "objections": array_of(
                    object_of({"coalition": array_of(TEXT), "alone_cents": CENTS, "given": TEXT, "advantage": TEXT})
                ),
            }
        ),
    },
}  # fmt: skip
