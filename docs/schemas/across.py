"""Estimates of several sites brought together."""

from __future__ import annotations

from docs.schemas._common import COUNT, NUMBER, TERM, Schema, array_of, object_of, result_of

MEASURES = [
    "odds_ratio", "risk_ratio", "risk_difference", "mean_difference", "standardised_mean_difference", "linear",
    "logistic", "cox",
]  # fmt: skip
POOLED = (
    "prediction_low", "prediction_high", "tau2", "tau2_low", "tau2_high", "i_squared", "h_squared", "q", "q_p_value",
)  # fmt: skip

SCHEMAS: dict[str, Schema] = {
    "meta": result_of(
        ["meta"],
        "Sites' own estimates pooled: summand run meta --json",
        {
            "converged": {"type": "boolean"},
            "measure": {"enum": MEASURES},
            "effect": {"type": "string", "description": "What is pooled: log odds ratio, mean difference …"},
            "random": {"enum": ["reml", "dl"]},
            "interval": {"enum": ["normal", "hartung_knapp"]},
            "terms": array_of(TERM, description="The fixed effect, then the random effects."),
            **dict.fromkeys(POOLED, NUMBER),
            "sites_estimated": {"type": "integer", "minimum": 1},
            "sites_left_out": {"type": "integer", "minimum": 0},
        },
        {
            "groups": array_of(object_of({"group": {"type": "string"}, "n": COUNT}, {"events": COUNT})),
            "q_degrees_of_freedom": {"type": "integer", "minimum": 1},
            "term": {"type": "string", "description": "Of a model: whose coefficient."},
        },
        description="A figure that one or two sites cannot tell is null.",
    ),
}
