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
WILD: Schema = {"p_value_wild": {**NUMBER, "description": "By the wild cluster bootstrap; with errors by cluster."}}
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
    "difference_in_differences": result_of(
        ["difference_in_differences"],
        "Changes in treated groups: summand run difference_in_differences --json",
        {
            "effects": array_of(object_of({"effect": TEXT, **ESTIMATE}, WILD)),
            "events": array_of(
                object_of(
                    {"event_time": {"type": "integer", "description": "Periods since treatment began."}, **ESTIMATE},
                    WILD,
                )
            ),
            "cohorts": array_of(object_of({"treated_from": TEXT, **ESTIMATE}, WILD)),
            "group_times": array_of(object_of({"treated_from": TEXT, "period": TEXT, **ESTIMATE}, WILD)),
            "groups": array_of(object_of({"group": TEXT, "n": COUNT})),
            "cell_means": array_of(object_of({"treated_from": TEXT, "period": TEXT, "mean": NUMBER, "n": COUNT})),
            "control": {"enum": ["never", "not_yet"]},
            "errors": {"enum": ["people", "site", "cluster"]},
        },
        {
            "pre_trend": {
                "anyOf": [
                    object_of(dict.fromkeys(("statistic", "degrees_of_freedom", "p_value"), NUMBER)),
                    {"type": "null"},
                ],
                "description": "All effects before treatment at once: chi-squared, or F with clusters.",
            },
            "covariates": array_of(object_of({"term": TEXT, "estimate": NUMBER}), description="Their slopes, if any."),
            "clusters": {"type": "integer"},
            "treated_clusters": {"type": "integer"},
            "p_value_randomisation": {**NUMBER, "description": "Treatment dealt anew to the clusters."},
            "assignments": {"type": "integer", "description": "Among how many ways to deal it."},
        },
    ),
    "interrupted_time_series": result_of(
        ["interrupted_time_series"],
        "A series before and after a change: summand run interrupted_time_series --json",
        {
            "terms": array_of(object_of({"term": TEXT, **ESTIMATE})),
            "period_effects": array_of(
                object_of({"period": TEXT, "effect": {"enum": ["difference", "rate ratio", "odds ratio"]}, **ESTIMATE}),
                description="By period after the change; a ratio's std_error and statistic are those of its logarithm.",
            ),
            "series": array_of(
                object_of(
                    {"period": TEXT, "n": COUNT, **dict.fromkeys(("observed", "fitted", "counterfactual"), NUMBER)},
                    {"series": TEXT},
                )
            ),
            "outcome": TEXT,
            "measure": {"enum": ["mean", "total", "count"]},
            "model": {"enum": ["linear", "poisson", "logistic"]},
            "errors": {"enum": ["newey_west", "prais_winsten", "independent"]},
            "change": TEXT,
            "dispersion": NUMBER,
            "autocorrelation": {**NUMBER, "description": "Of residuals with those of the period before."},
        },
        {"rho": NUMBER, "lags": {"type": "integer"}, "degrees_of_freedom": {"type": "integer"}},
    ),
    "stepped_wedge": result_of(
        ["stepped_wedge"],
        "Clusters treated one after the other: summand run stepped_wedge --json",
        {
            "effects": array_of(
                object_of({"effect": TEXT, **ESTIMATE, "degrees_of_freedom": NUMBER}), description="The treatment's."
            ),
            "exposures": array_of(
                object_of({"effect": TEXT, **ESTIMATE, "degrees_of_freedom": NUMBER}),
                description="By time since treatment began, if asked for; 'effects' then has their mean.",
            ),
            "terms": array_of(
                object_of({"term": TEXT, **ESTIMATE, "degrees_of_freedom": NUMBER}),
                description="Periods, against the first.",
            ),
            "groups": array_of(object_of({"group": TEXT, "treated_from": TEXT, "n": COUNT})),
            "p_value_randomisation": {**NUMBER, "description": "Treatment dealt anew to the clusters."},
            "assignments": {"type": "integer", "description": "Among how many ways to deal it."},
            "clusters": {"type": "integer"},
            "cluster_effects": {"enum": ["random", "nested", "fixed"]},
            "effect": {"enum": ["constant", "exposure"]},
        },
        {
            **dict.fromkeys(("residual_sd", "cluster_sd", "cluster_period_sd"), NUMBER),
            "intracluster_correlation": {**NUMBER, "description": "Of two people of a cluster in one period."},
            "cluster_autocorrelation": {**NUMBER, "description": "The part of it that is shared between periods."},
        },
    ),
}  # fmt: skip
