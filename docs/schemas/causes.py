"""What a treatment or a change did."""

from __future__ import annotations

from docs.schemas._common import Schema

SCHEMAS: dict[str, Schema] = {}
