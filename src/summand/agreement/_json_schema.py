"""JSON Schema (draft 2020-12) of the agreement, generated from the model."""

from __future__ import annotations

from typing import Any

from summand.agreement._document import Agreement


def json_schema() -> dict[str, Any]:
    """The schema: fields, kinds and values. What clauses ask of each other is in `check`, not here."""
    schema = Agreement.model_json_schema(by_alias=True, mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
