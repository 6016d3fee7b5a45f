"""What a treatment or a change did."""

from __future__ import annotations

from docs.schemas._common import COUNT, NUMBER, TABLE, Schema, array_of, object_of, result_of

TEXT: Schema = {"type": "string"}
ESTIMATE: Schema = dict.fromkeys(("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"), NUMBER)
EFFECT = object_of(
    {
        "arm": TEXT,
        "against": TEXT,
        "effect": {**TEXT, "description": "mean difference, risk difference, risk ratio, odds ratio …"},
        **ESTIMATE,
        "scale": {"enum": ["identity", "log"], "description": "On which scale std_error and statistic are."},
    }
)
MEAN = object_of({"arm": TEXT, **dict.fromkeys(("mean", "std_error", "conf_low", "conf_high"), NUMBER)})
CROSSTAB = object_of({"rows": TEXT, "columns": TEXT, "counts": TABLE})

SCHEMAS: dict[str, Schema] = {
    "propensity": result_of(
        ["propensity"],
        "Arms weighted by propensity scores: summand run propensity --json",
        {
            "effects": array_of(EFFECT),
            "means": array_of(MEAN),
            "balance": array_of(
                object_of(
                    {
                        "term": TEXT,
                        "difference_before": {**NUMBER, "description": "In standard deviations before weighting."},
                        "difference_after": NUMBER,
                        "variance_ratio_before": NUMBER,
                        "variance_ratio_after": NUMBER,
                    }
                )
            ),
            "score_terms": array_of(object_of({"term": TEXT, **ESTIMATE})),
            "scores_cut": COUNT,
            "estimand": {"enum": ["ate", "att", "overlap"]},
            "crosstabs": array_of(CROSSTAB, description="Who is compared; arms by score, unless counts are hidden."),
        },
    ),
    "standardisation": result_of(
        ["standardisation", "aipw"],
        "Means under each treatment: summand run standardisation or aipw --json",
        {
            "effects": array_of(EFFECT),
            "means": array_of(MEAN),
            "outcome": TEXT,
            "model": {"enum": ["linear", "logistic"]},
            "site": {"enum": ["pooled", "fixed"]},
        },
        {"scores_cut": COUNT, "treatment": TEXT},
    ),
}  # fmt: skip
