"""What the commands about outcomes print."""

from __future__ import annotations

from docs.schemas._common import NUMBER, Schema, array_of, object_of

DRAFT = "https://json-schema.org/draft/2020-12/schema"
NUM: Schema = {"type": "number"}
TEXT: Schema = {"type": "string"}
MEANING: Schema = {"enum": ["improvement", "concern", "neutral", "common_cause"]}

POINT = object_of(
    {
        "period": TEXT, **dict.fromkeys(("value", "centre", "lower", "upper", "near_lower", "near_upper"), NUM),
        "base": {"type": "integer", "minimum": 0},
        "signal": {"enum": ["none", "outside", "trend", "two_of_three", "shift"]},
        "points_to": {"enum": [-1, 0, 1], "description": "Down, nowhere, up."},
        "meaning": MEANING,
    }
)  # fmt: skip
BASE = object_of(
    {
        "first": TEXT, "points": {"type": "integer", "minimum": 2}, "reason": TEXT, "mean": NUM,
        "mean_moving_range": NUMBER, "screened": {"type": "integer", "minimum": 0}, "trial": {"type": "boolean"},
    }
)  # fmt: skip
CHART: Schema = {
    "kind": {"enum": ["xmr", "p", "u", "p_prime", "u_prime"]},
    "better": {"enum": ["increase", "decrease", "neutral"]},
    "target": NUMBER,
    "points": array_of(POINT, minItems=2),
    "bases": array_of(BASE, minItems=1),
    "variation": MEANING,
    "assurance": {"enum": ["pass", "fail", "hit_or_miss", "none"]},
    "warnings": array_of(TEXT),
}

SCHEMAS: dict[str, Schema] = {
    "process-chart": {
        "$schema": DRAFT,
        "title": "A process behaviour chart: summand outcomes chart --json",
        **object_of({"title": TEXT, "unit": TEXT, **CHART}),
    },
}
