"""Read models as JSON values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any


def plain(value: Any) -> Any:
    """Dataclasses as objects, dates as ISO 8601, fractions as text such as ``"1/3"``, tuples as lists.

    Examples:
        >>> plain({"a": (date(2026, 1, 1), Fraction(1, 3))})
        {'a': ['2026-01-01', '1/3']}
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return str(value) if isinstance(value, Fraction) else value
