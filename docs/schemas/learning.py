"""Trees, groups, components and imputation."""

from __future__ import annotations

from docs.schemas._common import NUMBER, Schema, array_of, object_of, result_of

SCHEMAS: dict[str, Schema] = {
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
