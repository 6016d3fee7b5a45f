"""Curves and tests of the time until an event."""

from __future__ import annotations

from docs.schemas._common import COUNT, NUMBER, Schema, array_of, object_of, result_of

CURVE = object_of(
    {
        **dict.fromkeys(("time", "survival", "conf_low", "conf_high"), array_of({"type": "number"})),
        **dict.fromkeys(("at_risk", "events"), array_of({"type": "integer", "minimum": 0})),
    }
)
INCIDENCE = object_of(
    {
        **dict.fromkeys(
            ("time", "cumulative_incidence", "std_error", "conf_low", "conf_high"), array_of({"type": "number"})
        ),
        **dict.fromkeys(("at_risk", "events"), array_of({"type": "integer", "minimum": 0})),
    }
)
SCHEMAS: dict[str, Schema] = {
    "km": result_of(
        ["km"],
        "Survival curves: summand run km --json",
        {
            "groups": array_of(
                object_of(
                    {
                        "group": {"type": "string"}, "n": COUNT, "events": COUNT, "median": NUMBER,
                        "curve": {"anyOf": [CURVE, {"type": "null"}]},
                    }
                )
            )
        },
    ),
    "aalen_johansen": result_of(
        ["aalen_johansen"],
        "Cumulative incidence of competing events: summand run aalen_johansen --json",
        {
            "groups": array_of(
                object_of(
                    {
                        "group": {"type": "string"}, "cause": {"type": "string"}, "n": COUNT, "events": COUNT,
                        "curve": {"anyOf": [INCIDENCE, {"type": "null"}]},
                    }
                )
            ),
            "tests": array_of(
                object_of(
                    {
                        "cause": {"type": "string"}, "statistic": NUMBER,
                        "degrees_of_freedom": {"type": "integer"}, "p_value": NUMBER,
                    }
                ),
                description="Gray's test of the groups, for each cause that enough people have.",
            ),
        },
    ),
    "logrank": result_of(
        ["logrank"],
        "Log-rank test: summand run logrank --json",
        {
            "statistic": NUMBER, "degrees_of_freedom": {"type": "integer"}, "p_value": NUMBER,
            "groups": array_of(
                object_of({"group": {"type": "string"}, "n": COUNT, "observed": COUNT, "expected": NUMBER})
            ),
        },
    ),
}  # fmt: skip
