"""Curves and tests of the time until an event."""

from __future__ import annotations

from docs.schemas._common import COUNT, NUMBER, TERM, Schema, array_of, object_of, result_of

GROUP = {"group": {"type": "string"}, "n": COUNT, "events": COUNT}
COUNTS = dict.fromkeys(("at_risk", "events"), array_of({"type": "integer", "minimum": 0}))
ESTIMATE = dict.fromkeys(("std_error", "conf_low", "conf_high"), NUMBER)
TEST = {"statistic": NUMBER, "degrees_of_freedom": {"type": "integer"}, "p_value": NUMBER}
CURVE = object_of(
    {
        **dict.fromkeys(("time", "survival", "conf_low", "conf_high"), array_of({"type": "number"})),
        **COUNTS,
    }
)
HAZARD = object_of(
    {
        **dict.fromkeys(
            ("time", "cumulative_hazard", "std_error", "conf_low", "conf_high"), array_of({"type": "number"})
        ),
        **COUNTS,
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
TIME_RATIOS = {f"{ratio}{end}": NUMBER for ratio in ("time_ratio", "odds_ratio") for end in ("", "_low", "_high")}
RATE = dict.fromkeys(("person_time", "rate", "rate_low", "rate_high"), NUMBER)
SCHEMAS: dict[str, Schema] = {
    "km": result_of(
        ["km"],
        "Survival curves: summand run km --json",
        {
            "groups": array_of(
                object_of(
                    {**GROUP, "median": NUMBER, "curve": {"anyOf": [CURVE, {"type": "null"}]}},
                    dict.fromkeys(("median_low", "median_high"), NUMBER),
                )
            )
        },
        {
            "survival_at": array_of(
                object_of({"group": {"type": "string"}, "time": {"type": "number"}, "survival": NUMBER, **ESTIMATE})
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
                description="Gray's test of the groups, for each cause that enough people of every group have.",
            ),
        },
        {
            "incidence_at": array_of(
                object_of(
                    {
                        "group": {"type": "string"}, "cause": {"type": "string"}, "time": {"type": "number"},
                        "cumulative_incidence": NUMBER, **ESTIMATE,
                    }
                )
            )
        },
    ),
    "fine_gray": result_of(
        ["fine_gray"],
        "Subdistribution hazard ratios: summand run fine_gray --json",
        {
            "cause": {"type": "string"}, "site": {"enum": ["pooled", "strata"]}, "events": COUNT,
            "competing_events": {"anyOf": [COUNT, {"type": "null"}]}, "converged": {"type": "boolean"},
            "log_likelihood": NUMBER, "terms": array_of(TERM),
        },
    ),
    "parametric_survival": result_of(
        ["parametric_survival"],
        "Accelerated failure times: summand run parametric_survival --json",
        {
            "distribution": {"enum": ["weibull", "exponential", "lognormal", "loglogistic"]},
            "site": {"enum": ["pooled", "fixed"]}, "events": COUNT, "converged": {"type": "boolean"},
            "log_likelihood": NUMBER, "scale": NUMBER,
            "terms": array_of(
                {**TERM, "properties": {**TERM["properties"], **TIME_RATIOS}},
                description="Coefficients of log time and, where sigma is estimated, its logarithm.",
            ),
        },
    ),
    "piecewise_exponential": result_of(
        ["piecewise_exponential"],
        "Rates by interval: summand run piecewise_exponential --json",
        {
            "site": {"enum": ["pooled", "fixed"]}, "events": COUNT, "converged": {"type": "boolean"},
            "log_likelihood": NUMBER, "cuts": array_of(NUMBER), "terms": array_of(TERM),
            "intervals": array_of(
                object_of({"interval": {"type": "string"}, "events": COUNT, **RATE}),
                description="Crude rates of all people together.",
            ),
            "baseline": array_of(
                object_of(
                    {
                        "interval": {"type": "string"},
                        **dict.fromkeys(("log_rate", "std_error", "rate", "rate_low", "rate_high"), NUMBER),
                    }
                ),
                description="Rates where all covariates are 0 or at their reference; none with a factor for each site.",
            ),
        },
        {
            "interval_groups": array_of(
                object_of({"level": {"type": "string"}, "interval": {"type": "string"}, "events": COUNT, **RATE})
            )
        },
    ),
    "rates": result_of(
        ["rates"],
        "Incidence rates: summand run rates --json",
        {
            "per": NUMBER, "interval": {"enum": ["exact", "byar"]},
            "rates": array_of(
                object_of(
                    {"group": {"type": "string"}, "n": COUNT, "events": COUNT, **RATE},
                    dict.fromkeys(("standardised_rate", "standardised_rate_low", "standardised_rate_high"), NUMBER),
                )
            ),
            "ratios": array_of(
                object_of(
                    {
                        "group": {"type": "string"}, "reference": {"type": "string"},
                        **dict.fromkeys(("rate_ratio", "rate_ratio_low", "rate_ratio_high", "p_value"), NUMBER),
                    },
                    dict.fromkeys(("standardised_ratio", "standardised_ratio_low", "standardised_ratio_high"), NUMBER),
                )
            ),
        },
        {
            "bands": array_of(
                object_of(
                    {"group": {"type": "string"}, "band": {"type": "string"}, "people": COUNT, "events": COUNT, **RATE}
                )
            )
        },
    ),
    "logrank": result_of(
        ["logrank"],
        "Log-rank test: summand run logrank --json",
        {
            **TEST,
            "groups": array_of(
                object_of({"group": {"type": "string"}, "n": COUNT, "observed": COUNT, "expected": NUMBER})
            ),
        },
        {"trend": array_of(object_of(TEST))},
    ),
    "nelson_aalen": result_of(
        ["nelson_aalen"],
        "Cumulative hazards: summand run nelson_aalen --json",
        {"groups": array_of(object_of({**GROUP, "curve": {"anyOf": [HAZARD, {"type": "null"}]}}))},
    ),
    "rmst": result_of(
        ["rmst"],
        "Restricted mean survival time: summand run rmst --json",
        {
            "tau": {"type": "number"},
            "groups": array_of(object_of({**GROUP, "rmst": NUMBER, **ESTIMATE})),
            "contrasts": array_of(
                object_of(
                    {
                        "contrast": {"type": "string"}, "estimate": NUMBER, **ESTIMATE, "statistic": NUMBER,
                        "p_value": NUMBER, **dict.fromkeys(("ratio", "ratio_low", "ratio_high", "ratio_p_value"), NUMBER),
                    }
                )
            ),
        },
    ),
}  # fmt: skip
