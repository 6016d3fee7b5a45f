"""Models under test."""

from __future__ import annotations

from docs.schemas._common import COUNT, NUMBER, TABLE, Schema, array_of, object_of, result_of

TEXT: Schema = {"type": "string"}
_TESTED = dict.fromkeys(("difference", "std_error", "statistic", "p_value", "conf_low", "conf_high"), NUMBER)
CROSSTABS = array_of(object_of({"rows": TEXT, "columns": TEXT, "counts": TABLE}))
AREA = object_of({"model": TEXT, "group": TEXT, **dict.fromkeys(("auc", "std_error", "conf_low", "conf_high"), NUMBER)})
CURVES: Schema = {
    "type": "object",
    "additionalProperties": array_of(object_of({"false_positive_rate": NUMBER, "true_positive_rate": NUMBER})),
}
_SHARES = [f"{share}{end}" for share in ("sensitivity", "specificity", "ppv", "npv") for end in ("", "_low", "_high")]
THRESHOLD = object_of(
    {
        "model": TEXT, "group": TEXT, "threshold": {"type": "number"},
        **dict.fromkeys((*_SHARES, "net_benefit", "treat_all", "treat_none"), NUMBER),
    }
)  # fmt: skip
_RISK: Schema = {
    "people": COUNT,
    **dict.fromkeys(("predicted", "observed", "conf_low", "conf_high", "observed_over_expected"), NUMBER),
}
_LEFT_OUT = object_of(
    {
        "model": TEXT, "note": {"type": ["string", "null"]},
        **dict.fromkeys(
            (
                "auc", "auc_std_error", "auc_low", "auc_high", "brier", "brier_scaled", "observed", "expected",
                "calibration_slope", "calibration_slope_std_error", "calibration_in_the_large",
                "calibration_in_the_large_std_error",
            ),
            NUMBER,
        ),
    }
)  # fmt: skip
PERFORMANCE = object_of(
    {
        "model": TEXT, "group": TEXT,
        **dict.fromkeys(
            ("brier", "brier_std_error", "brier_scaled", "observed", "expected", "difference", "conf_low", "conf_high"),
            NUMBER,
        ),
    }
)  # fmt: skip

SCHEMAS: dict[str, Schema] = {
    "evaluate-survival": result_of(
        ["evaluate_survival"],
        "Survival models under test: summand run evaluate_survival --json",
        {
            "events": COUNT,
            "concordance": array_of(
                object_of(
                    {"model": TEXT, **dict.fromkeys(("c_index", "std_error", "conf_low", "conf_high"), NUMBER)}
                )
            ),
        },
        {
            "comparisons": array_of(object_of({"first": TEXT, "second": TEXT, **_TESTED})),
            "at": NUMBER,
            "calibration": array_of(object_of({"model": TEXT, **_RISK})),
            "risk_groups": array_of(object_of({"model": TEXT, "risk_group": {"type": "integer"}, **_RISK})),
        },
    ),
    "internal-external": result_of(
        ["internal_external"],
        "A model tested at each site that it was not made at: summand run internal_external --json",
        {
            "by_site": {
                "type": "object",
                "additionalProperties": object_of(
                    {"n": COUNT},
                    {
                        "event": TEXT, "outcome": TABLE, "models": array_of(_LEFT_OUT),
                        "coefficients": array_of(object_of({"term": TEXT, "estimate": {"type": "number"}})),
                        "error": {"type": "object"},
                    },
                ),
            }
        },
    ),
    "roc": result_of(
        ["roc"],
        "ROC curves: summand run roc --json",
        {
            "outcome": TABLE, "areas": array_of(AREA), "curves": CURVES,
            "comparisons": array_of(object_of({"first": TEXT, "second": TEXT, "group": TEXT, **_TESTED})),
            "gaps": array_of(object_of({"model": TEXT, "first": TEXT, "second": TEXT, **_TESTED})),
        },
        {"crosstabs": CROSSTABS},
    ),
    "thresholds": result_of(
        ["thresholds"],
        "Thresholds and net benefit: summand run thresholds --json",
        {
            "outcome": TABLE, "performance": array_of(PERFORMANCE), "decisions": array_of(THRESHOLD),
            "gaps": array_of(
                object_of(
                    {"model": TEXT, "first": TEXT, "second": TEXT, "measure": TEXT, "threshold": NUMBER, **_TESTED}
                )
            ),
        },
        {"crosstabs": CROSSTABS},
    ),
    "evaluate": result_of(
        ["evaluate"],
        "Models under test: summand run evaluate --json",
        {
            "models": array_of(
                object_of(
                    {"model": {"type": "string"}, **dict.fromkeys(("auc", "auc_std_error", "brier"), NUMBER)},
                    {
                        "calibration": array_of(object_of({"predicted": NUMBER, "observed": NUMBER, "n": COUNT})),
                        **dict.fromkeys(("brier_scaled", "reliability", "resolution", "uncertainty"), NUMBER),
                    },
                )
            )
        },
    ),
}  # fmt: skip
