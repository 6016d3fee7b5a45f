"""Trees, groups, components and imputation."""

from __future__ import annotations

from docs.schemas._common import COUNT, NUMBER, Schema, array_of, object_of, result_of

_NODES = ("feature", "threshold", "missing_left", "left", "right", "value")
TREE = object_of(
    {**{name: {"type": "array"} for name in _NODES}, "levels_left": {"type": "object"}},
    description="Nodes level by level; a leaf has feature -1; 'levels_left' by the number of a node.",
)

SCHEMAS: dict[str, Schema] = {
    "boosting": result_of(
        ["boosting"],
        "Gradient-boosted trees: summand run boosting --json",
        {
            "outcome": {"type": "string"},
            "loss": {"enum": ["logistic", "squared", "poisson"]},
            "trees": {"type": "integer", "minimum": 0},
            "fit": array_of(
                object_of(
                    {
                        "rows": {"enum": ["training", "held out"]},
                        "n": COUNT,
                        "loss": {"enum": ["log_loss", "mean_squared_error", "poisson_deviance"]},
                        "value": NUMBER,
                        "explained": {**NUMBER, "description": "By how much the loss is less than without trees."},
                    },
                    dict.fromkeys(("auc", "auc_least", "auc_most"), NUMBER),
                )
            ),
            "importance": array_of(
                object_of({"column": {"type": "string"}, "importance": NUMBER, "splits": {"type": "integer"}})
            ),
            "curve": array_of(object_of({"trees": {"type": "integer"}, "training": NUMBER, "held_out": NUMBER})),
            "model": object_of(
                {
                    "outcome": {"type": "string"},
                    "link": {"enum": ["logit", "identity", "log"]},
                    **dict.fromkeys(("base", "low", "high"), NUMBER),
                    "features": array_of(object_of({"column": {"type": "string"}, "kind": {"enum": ["number", "category"]}})),
                    "trees": array_of(TREE),
                }
            ),
        },
        {"events": COUNT},
    ),
    "impute": result_of(
        ["impute"],
        "Multiple imputation: summand run impute --json",
        {
            "terms": array_of(
                object_of(
                    {
                        "term": {"type": "string"},
                        **dict.fromkeys(("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"), NUMBER),
                        "degrees_of_freedom": NUMBER,
                        "missing_information": {**NUMBER, "description": "What part of it is lost by gaps."},
                    },
                    dict.fromkeys(("odds_ratio", "odds_ratio_low", "odds_ratio_high"), NUMBER),
                )
            ),
            "columns": array_of(
                object_of(
                    {"column": {"type": "string"}, "missing": COUNT, "filled_by": {"enum": ["linear", "logistic"]}}
                )
            ),
            "model": {"enum": ["linear", "logistic"]},
            "imputations": {"type": "integer"},
            "cycles": {"type": "integer"},
        },
    ),
    "kmeans": result_of(
        ["kmeans"],
        "k-means clustering: summand run kmeans --json",
        {
            "clusters": array_of(
                object_of({"cluster": {"type": "string"}, "n": COUNT, "within_ss": NUMBER, "silhouette": NUMBER}),
                description="Largest first.",
            ),
            "centres": array_of(
                object_of({"column": {"type": "string"}}, patternProperties={"^cluster [0-9]+$": NUMBER})
            ),
            **dict.fromkeys(("within_ss", "total_ss", "explained", "silhouette"), NUMBER),
            "scale": {"enum": ["sd", "range", "none"]},
            "starts": array_of(
                object_of(
                    {"start": {"type": "integer"}, "within_ss": NUMBER, "iterations": {"type": "integer"},
                     "chosen": {"type": "boolean"}}
                )
            ),
        },
    ),
    "pca": result_of(
        ["pca"],
        "Principal components: summand run pca --json",
        {
            "components": array_of(
                object_of(
                    {
                        "component": {"type": "string", "description": "PC1, PC2 … by falling variance."},
                        **dict.fromkeys(("variance", "sd", "proportion", "cumulative"), NUMBER),
                    }
                )
            ),
            "loadings": array_of(
                object_of(
                    {"column": {"type": "string"}, "mean": NUMBER, "sd": NUMBER},
                    patternProperties={"^PC[0-9]+$": NUMBER},
                ),
                description="By column; null where two components explain equally much.",
            ),
            "scale": {"enum": ["correlation", "covariance"]},
            "total_variance": NUMBER,
        },
    ),
}  # fmt: skip
