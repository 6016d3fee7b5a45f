"""Models under test."""

from __future__ import annotations

from docs.schemas._common import COUNT, NUMBER, Schema, array_of, object_of, result_of

SCHEMAS: dict[str, Schema] = {
    "evaluate": result_of(
        ["evaluate"],
        "Models under test: summand run evaluate --json",
        {
            "models": array_of(
                object_of(
                    {"model": {"type": "string"}, **dict.fromkeys(("auc", "auc_std_error", "brier"), NUMBER)},
                    {"calibration": array_of(object_of({"predicted": NUMBER, "observed": NUMBER, "n": COUNT}))},
                )
            )
        },
    ),
}  # fmt: skip
