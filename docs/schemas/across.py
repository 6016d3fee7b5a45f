"""Estimates of several sites brought together."""

from __future__ import annotations

from docs.schemas._common import Schema

SCHEMAS: dict[str, Schema] = {}
