"""Description of columns."""

from __future__ import annotations

from docs.schemas._common import BAND, COUNT, NUMBER, TABLE, Schema, array_of, object_of, result_of

COLUMN = object_of(
    {
        "column": {"type": "string"}, "n": COUNT, "missing": COUNT, "mean": NUMBER, "sd": NUMBER,
        **dict.fromkeys(("min", "q25", "median", "q75", "max"), BAND), "levels": TABLE,
    },
    {"histogram": {"type": ["object", "null"]}, **dict.fromkeys(("skewness", "kurtosis", "cv"), NUMBER)},
    patternProperties={r"^p\d": BAND},
)  # fmt: skip

TEST = object_of({"test": {"type": "string"}, **dict.fromkeys(("statistic", "degrees_of_freedom", "p_value"), NUMBER)})
MEASURE = object_of(
    {"measure": {"type": "string"}, **dict.fromkeys(("estimate", "std_error", "conf_low", "conf_high"), NUMBER)}
)
CELL = object_of(
    {
        "row": {"type": "string"}, "column": {"type": "string"}, "people": COUNT,
        **dict.fromkeys(("row_percent", "column_percent", "percent", "expected", "residual"), NUMBER),
    }
)  # fmt: skip
CROSSTAB = object_of({"rows": {"type": "string"}, "columns": {"type": "string"}, "counts": TABLE})
STRATUM = object_of(
    {
        "stratum": {"type": "string"}, "people": COUNT,
        **dict.fromkeys(("odds_ratio", "odds_ratio_low", "odds_ratio_high"), NUMBER),
    }
)  # fmt: skip

GROUPS = array_of(object_of({"group": {"type": "string"}, "n": COUNT}))
ROW = object_of(
    {
        "variable": {"type": "string"}, "kind": {"enum": ["number", "category"]}, "counts": TABLE, "smd": NUMBER,
        "p_value": NUMBER, "test": {"type": ["string", "null"]},
    },
    {
        "unit": {"type": "string"}, "summary": {"enum": ["mean", "median"]}, "levels": array_of({"type": "string"}),
        **dict.fromkeys(("mean", "sd"), array_of(NUMBER, description="Over all, then in each group.")),
        **dict.fromkeys(("min", "q25", "median", "q75", "max"), array_of(BAND, description="Over all, then in each group.")),
        "share": {
            "anyOf": [array_of(array_of(NUMBER)), {"type": "null"}],
            "description": "For each level, over all and in each group; null where a count is kept back.",
        },
    },
)  # fmt: skip
GROUP_TEST = object_of(
    {
        "variable": {"type": "string"}, "test": {"type": "string"},
        **dict.fromkeys(("statistic", "degrees_of_freedom", "degrees_of_freedom_within", "p_value"), NUMBER),
    }
)  # fmt: skip
DIFFERENCE = object_of(
    {
        "variable": {"type": "string"}, "difference": {"type": "string"},
        **dict.fromkeys(("estimate", "std_error", "p_value", "conf_low", "conf_high", "hedges_g", "p_adjusted"), NUMBER),
    },
    {"superiority": NUMBER},
)  # fmt: skip

PAIR = object_of(
    {
        "first": {"type": "string"}, "second": {"type": "string"},
        **dict.fromkeys(("estimate", "statistic", "p_value", "conf_low", "conf_high"), NUMBER),
    }
)  # fmt: skip

SCHEMAS: dict[str, Schema] = {
    "correlation": result_of(
        ["correlation"],
        "Correlation of pairs: summand run correlation --json",
        {"kind": {"enum": ["pearson", "spearman"]}, "given": {"type": ["string", "null"]}, "correlations": array_of(PAIR)},
        {"cronbach_alpha": NUMBER},
    ),
    "table-one": result_of(
        ["table_one"],
        "Table one: summand run table_one --json",
        {"by": {"type": "string"}, "groups": GROUPS, "variables": array_of(ROW)},
    ),
    "compare-groups": result_of(
        ["compare_groups"],
        "Numbers compared between groups: summand run compare_groups --json",
        {
            "by": {"type": "string"}, "groups": GROUPS, "variables": array_of(ROW), "tests": array_of(GROUP_TEST),
            "differences": array_of(DIFFERENCE),
        },
    ),
    "crosstab": result_of(
        ["crosstab"],
        "Two columns counted together: summand run crosstab --json",
        {
            "row": {"type": "string"}, "column": {"type": "string"}, "crosstabs": array_of(CROSSTAB),
            "tests": array_of(TEST), "measures": array_of(MEASURE), "cells": array_of(CELL),
            "margins": array_of(object_of({"of": {"type": "string"}, "level": {"type": "string"}, "people": COUNT, "share": NUMBER})),
            "by_stratum": array_of(STRATUM),
        },
        {"strata": {"type": "string"}, "informative_strata": {"type": "integer", "minimum": 0}},
    ),
    "describe": {
        **result_of(["describe"], "Description: summand run describe --json", {}, {
            "columns": array_of(COLUMN),
            "groups": array_of(object_of({"group": {"type": "string"}, "n": COUNT, "columns": array_of(COLUMN)})),
        }),
        "anyOf": [{"required": ["columns"]}, {"required": ["groups"]}],
    },
}  # fmt: skip
