"""The computations that clause D may allow, by the names of the methods, in words for those who sign."""

from __future__ import annotations

COMPUTATIONS: dict[str, str] = {
    "describe": "counts, means, quantiles and tables",
    "table_one": "the people of each group side by side (table one)",
    "compare_groups": "numbers compared between groups (t, analysis of variance, ranks)",
    "correlation": "correlation of pairs of numbers",
    "crosstab": "two columns counted together, with tests and ratios",
    "linear": "linear regression",
    "logistic": "logistic regression",
    "margins": "average effects and predictions of a regression",
    "multinomial": "multinomial logistic regression",
    "ordinal": "regression of ordered levels",
    "glm": "regression of counts, rates, amounts and yes-or-no outcomes (generalized linear models)",
    "km": "survival curves (Kaplan–Meier)",
    "logrank": "comparison of survival curves (log-rank test)",
    "nelson_aalen": "cumulative hazards (Nelson–Aalen)",
    "rmst": "restricted mean survival time",
    "cox": "proportional hazards regression (Cox)",
    "aalen_johansen": "incidence of competing events over time (Aalen–Johansen), with Gray's test",
    "propensity": "comparison of two arms weighted by propensity scores",
    "pca": "principal components",
    "meta": "pooling of the sites' own estimates (meta-analysis)",
    "fine_gray": "regression of the incidence of competing events (Fine–Gray)",
    "standardisation": "standardised means under each treatment, by an outcome model (g-formula)",
    "aipw": "doubly robust comparison of two treatments (AIPW)",
    "parametric_survival": "regression of survival times with a known distribution (Weibull and others)",
    "difference_in_differences": "changes in treated groups against changes in others (difference in differences)",
    "rates": "incidence rates by person-time, their ratios, and standardised rates",
    "interrupted_time_series": "level and slope of a series before and after a change (interrupted time series)",
    "evaluate": "testing how well a model predicts",
}
