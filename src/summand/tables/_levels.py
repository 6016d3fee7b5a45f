"""How the levels of a category are written and ordered."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def as_number(text: str) -> float | None:
    """The finite number that ``text`` writes in plain decimal or scientific notation; None if it writes none."""
    if _NUMBER.fullmatch(text) is None:
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def number_text(value: float) -> str:
    """The shortest text of a number that reads back the same: ``"1"`` for 1.0, ``"2.5"`` for 2.5."""
    return str(int(value)) if value == math.trunc(value) and abs(value) < 2**53 else repr(float(value))


def sort_levels(levels: Iterable[str]) -> tuple[str, ...]:
    """The levels in their order, each once: numerically where all are numbers, else as text; the first is the reference."""
    unique = sorted(set(levels))
    numbers = [as_number(level) for level in unique]
    if any(number is None for number in numbers):
        return tuple(unique)
    return tuple(level for _, level in sorted((number, level) for number, level in zip(numbers, unique, strict=True)))
