"""Regressions."""

from __future__ import annotations

from docs.schemas._common import CURVES, NUMBER, TERM, Schema, array_of, result_of

SCHEMAS: dict[str, Schema] = {
    "run": result_of(
        ["linear", "logistic", "cox"],
        "A fitted model: summand run linear, logistic or cox --json",
        {"converged": {"type": "boolean"}, "log_likelihood": NUMBER, "terms": array_of(TERM)},
        {"site": {"enum": ["pooled", "fixed", "strata"]}, **CURVES},
    ),
}  # fmt: skip
