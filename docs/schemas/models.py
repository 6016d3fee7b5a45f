"""Regressions."""

from __future__ import annotations

from docs.schemas._common import COUNT, CURVES, NUMBER, TERM, Schema, array_of, object_of, result_of

STATISTIC: Schema = {
    "statistic": NUMBER, "degrees_of_freedom": {"type": "integer", "minimum": 1},
    "distribution": {"type": "string", "description": "chi-square, or F with its degrees of freedom."}, "p_value": NUMBER,
}  # fmt: skip
FIT = dict.fromkeys(("deviance", "null_deviance", "pseudo_r_squared", "dispersion", "aic", "bic"), NUMBER)

ODDS = dict.fromkeys(("odds_ratio", "odds_ratio_low", "odds_ratio_high"), NUMBER)
LEVEL = object_of({"level": {"type": "string"}, "n": COUNT})
TEST = object_of(
    {"term": {"type": "string"}, "statistic": NUMBER, "degrees_of_freedom": {"type": "integer"}, "p_value": NUMBER},
    {"distribution": {"type": "string", "description": "chi-square, or F with its degrees of freedom."}},
)
CHI_SQUARE = {"statistic": NUMBER, "degrees_of_freedom": {"type": "integer"}, "p_value": NUMBER}
NUMBERS = array_of({"type": "number"})
COX = {
    "tests": array_of(object_of({"test": {"enum": ["likelihood ratio", "wald", "score"]}, **CHI_SQUARE})),
    "term_tests": array_of(TEST, description="Terms tested as a whole; linear, logistic: those of several coefficients."),
    "clusters": COUNT,
    "transform": {"enum": ["km", "rank", "identity", "log"], "description": "Of time, for 'proportionality'."},
    "proportionality": array_of(TEST, description="Score tests of proportional hazards; the last is 'global'."),
    "concordance": array_of(
        object_of(
            {
                **dict.fromkeys(("concordance", "std_error", "conf_low", "conf_high"), NUMBER),
                "pairs": {"enum": ["of one site", "of all sites"]},
                "classes": {"type": ["integer", "null"], "description": "Of the predictor, over a shared grid."},
            }
        ),
        maxItems=1, description="Empty where no pair can be compared.",
    ),
    "baseline": object_of(
        {
            "covariates": {"const": "at their means"},
            "curves": array_of(
                object_of(
                    {"stratum": {"type": "string"}, "time": NUMBERS, "cumulative_hazard": NUMBERS, "survival": NUMBERS}
                )
            ),
        }
    ),
}  # fmt: skip
SCHEMAS: dict[str, Schema] = {
    "run": result_of(
        ["linear", "logistic", "cox"],
        "A fitted model: summand run linear, logistic or cox --json",
        {"converged": {"type": "boolean"}, "log_likelihood": NUMBER, "terms": array_of(TERM)},
        {"site": {"enum": ["pooled", "fixed", "strata"]}, "errors": {"enum": ["HC0", "HC1", "HC3", "cluster-site", "cluster-person", "cluster-column"]}, **CURVES, **COX},
    ),
    "ordinal": result_of(
        ["ordinal"],
        "Regression of ordered levels: summand run ordinal --json",
        {
            "converged": {"type": "boolean"}, "log_likelihood": NUMBER, "link": {"enum": ["logit", "probit"]},
            "terms": array_of({**TERM, "properties": {**TERM["properties"], **ODDS}}),
            "thresholds": array_of(TERM, description="Between which levels: 0|1, 1|2 …"),
            "levels": array_of(LEVEL),
        },
        {
            "site": {"enum": ["pooled", "fixed"]}, **CURVES,
            "proportional_odds": array_of(
                TEST, description="Score tests of equal coefficients at every threshold; null where there is none."
            ),
        },
    ),
    "margins": result_of(
        ["margins"],
        "Average marginal effects and adjusted predictions: summand run margins --json",
        {
            "converged": {"type": "boolean"}, "model": {"enum": ["logistic", "linear", "glm"]},
            "margins": array_of(
                object_of(
                    {
                        "variable": {"type": "string"}, "contrast": {"type": "string"},
                        **dict.fromkeys(
                            ("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"), NUMBER
                        ),
                    }
                ),
                description="Mean slopes of numbers, mean differences of levels.",
            ),
            "predictions": array_of(
                object_of(
                    {
                        "at": {"type": "string"},
                        **dict.fromkeys(("estimate", "std_error", "conf_low", "conf_high"), NUMBER),
                    }
                ),
                description="Mean predictions over everybody, with what 'at' says set.",
            ),
            "terms": array_of(TERM, description="The fitted model."),
        },
        CURVES,
    ),
    "mixed": result_of(
        ["mixed"],
        "Mixed model: summand run mixed --json",
        {
            "converged": {"type": "boolean"}, "log_likelihood": NUMBER, "family": {"enum": ["gaussian", "binomial", "poisson"]},
            "terms": array_of(TERM),
            "random_effects": array_of(
                object_of({"term": {"type": "string"}, **dict.fromkeys(("sd", "sd_low", "sd_high", "variance"), NUMBER)})
            ),
            "icc": {**NUMBER, "description": "Intraclass correlation; of a binomial outcome, on the latent scale."},
            "log_likelihood_null": {**NUMBER, "description": "Without random effect."},
            "spread_statistic": NUMBER, "spread_p_value": NUMBER,
            "groups_of": {"type": "string", "description": "'site', or the column of the groups."}, "group_count": COUNT,
        },
        {
            "residual_sd": NUMBER, "estimator": {"enum": ["reml", "ml"]}, "events": COUNT,
            "nodes": {"type": "integer", "minimum": 1}, **CURVES,
        },
    ),
    "multinomial": result_of(
        ["multinomial"],
        "Multinomial regression: summand run multinomial --json",
        {
            "converged": {"type": "boolean"}, "log_likelihood": NUMBER,
            "reference": {"type": "string", "description": "The level that the others are compared with."},
            "terms": array_of(
                {**TERM, "properties": {"level": {"type": "string"}, **TERM["properties"], **ODDS}}
            ),
            "levels": array_of(LEVEL),
        },
        {"site": {"enum": ["pooled", "fixed"]}, **CURVES},
    ),
    "glm": result_of(
        ["glm"],
        "A generalized linear model: summand run glm --json",
        {
            "converged": {"const": True}, "log_likelihood": NUMBER, "terms": array_of(TERM), **FIT,
            "degrees_of_freedom": {"type": "integer"},
            "family": {"enum": ["gaussian", "binomial", "poisson", "negative_binomial", "gamma"]},
            "link": {"enum": ["identity", "logit", "probit", "cloglog", "log", "inverse"]},
            "site": {"enum": ["pooled", "fixed"]},
            "errors": {"enum": ["model", "HC0", "HC1", "cluster-site", "cluster-person"]},
            "term_tests": array_of(object_of({"term": {"type": "string"}, **STATISTIC})),
        },
        {
            "events": COUNT, "clusters": COUNT, "n_effective": NUMBER,
            **dict.fromkeys(("overdispersion", "overdispersion_std_error"), NUMBER),
            "tests": array_of(object_of({"test": {"enum": ["likelihood ratio", "wald", "score"]}, **STATISTIC})),
        },
    ),
    "penalised": result_of(
        ["penalised"],
        "Ridge, lasso and elastic net: summand run penalised --json",
        {
            "converged": {"type": "boolean"}, "family": {"enum": ["gaussian", "binomial", "poisson"]},
            "alpha": {"type": "number"}, "null_deviance": NUMBER,
            "path": array_of(
                object_of(
                    {"lambda": {"type": "number"}, "nonzero": {"type": "integer"}, "deviance_ratio": NUMBER},
                    {"cv_deviance": NUMBER, "cv_std_error": NUMBER},
                ),
                description="By penalty: coefficients that are not zero, explained deviance, and cross-validation.",
            ),
            "coefficients": object_of(
                {
                    "lambda": array_of({"type": "number"}),
                    "terms": {"type": "object", "additionalProperties": array_of({"type": "number"})},
                }
            ),
        },
        {
            "events": COUNT, "lambda_min": NUMBER, "lambda_1se": NUMBER,
            "terms": array_of(
                object_of({"term": {"type": "string"}, "estimate": NUMBER}, {"estimate_1se": NUMBER}),
                description="Coefficients at lambda_min, and at lambda_1se.",
            ),
            **CURVES,
        },
    ),
}  # fmt: skip
