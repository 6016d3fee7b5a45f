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

AMOUNTS: Schema = {"type": "object", "additionalProperties": CENTS, "description": "Cents by payee."}
_TIER = object_of(
    {
        "tier": TEXT, "kind": {"enum": ["royalty", "fee", "reimburse", "preferred", "share"]}, "reached_cents": COUNT,
        "taken_cents": COUNT, "parts": AMOUNTS, "held_back": AMOUNTS, "blocked_by": array_of(TEXT),
        "passed_over": TEXT,
    }
)  # fmt: skip
_PERIOD = object_of(
    {
        "currency": TEXT, "gross_cents": COUNT, "lines": array_of(_TIER), "paid": AMOUNTS, "held_back": AMOUNTS,
        "blocked": AMOUNTS, "left_cents": COUNT,
    }
)  # fmt: skip
_TRUE_UP = object_of(
    {
        "payee": TEXT,
        **dict.fromkeys(
            ("entitled_cents", "received_cents", "from_reserve_cents", "gives_back_cents", "is_owed_cents"), COUNT
        ),
    }
)

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
                "members": array_of(object_of({"member": TEXT, "cents": CENTS, "standing": TEXT})),
            }
        ),
    },
    "settlement-waterfall": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Income down the tiers: summand settlement waterfall --json",
        **object_of(
            {
                "periods": array_of(_PERIOD), "true_up": array_of(_TRUE_UP), "paid_so_far": AMOUNTS,
                "held_back_so_far": AMOUNTS, "blocked_so_far": AMOUNTS,
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
