"""The JSON Schemas of what ``--json`` prints, put together from their common parts.

Each family of methods has its schemas in one module. A schema's ``description`` says which command prints it.
"""

from __future__ import annotations

from docs.schemas import (
    across,
    agreement,
    causes,
    description,
    directory,
    evaluation,
    evidence,
    governance,
    learning,
    models,
    other,
    outcomes,
    settlement,
    survival,
)
from docs.schemas._common import Schema

FAMILIES = (
    models,
    survival,
    description,
    across,
    causes,
    evaluation,
    learning,
    other,
    agreement,
    directory,
    outcomes,
    governance,
    evidence,
    settlement,
)

SCHEMAS: dict[str, Schema] = {name: schema for family in FAMILIES for name, schema in family.SCHEMAS.items()}

__all__ = ["SCHEMAS"]
