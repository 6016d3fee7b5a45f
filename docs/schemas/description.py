"""Description of columns."""

from __future__ import annotations

from docs.schemas._common import BAND, COUNT, NUMBER, TABLE, Schema, array_of, object_of, result_of

COLUMN = object_of(
    {
        "column": {"type": "string"}, "n": COUNT, "missing": COUNT, "mean": NUMBER, "sd": NUMBER,
        **dict.fromkeys(("min", "q25", "median", "q75", "max"), BAND), "levels": TABLE,
    },
    {"histogram": {"type": ["object", "null"]}},
)  # fmt: skip

SCHEMAS: dict[str, Schema] = {
    "describe": {
        **result_of(["describe"], "Description: summand run describe --json", {}, {
            "columns": array_of(COLUMN),
            "groups": array_of(object_of({"group": {"type": "string"}, "n": COUNT, "columns": array_of(COLUMN)})),
        }),
        "anyOf": [{"required": ["columns"]}, {"required": ["groups"]}],
    },
}  # fmt: skip
