"""Numbers and words as a reader sees them, on the page and on the screen."""

from __future__ import annotations

import math
from typing import Any

HIDDEN = "hidden"
VERDICTS = {
    "met": "met",
    "not_met": "not met",
    "not_distinguishable": "not distinguishable from the target",
    "not_measured": "not measured",
}


def number(value: Any, digits: int = 3) -> str:
    """A number to some significant digits, thousands apart; a hidden count says so, a missing one is a dash."""
    if isinstance(value, dict) and value.get("suppressed"):
        return HIDDEN
    if isinstance(value, (list, tuple)) and len(value) == 2:
        return f"{number(value[0], digits)} to {number(value[1], digits)}"
    if value is None or isinstance(value, bool) or not isinstance(value, (int, float)):
        return "–" if value is None else str(value)
    if value == 0:
        return "0"
    if isinstance(value, int) or (float(value).is_integer() and abs(value) >= 1 and digits <= 6):
        return f"{value:,.0f}".replace("-", "−")
    places = max(0, digits - 1 - math.floor(math.log10(abs(value)))) if value and math.isfinite(value) else digits - 1
    return f"{value:,.{min(places, 12)}f}".replace("-", "−")


def sentence(text: str) -> str:
    """The text with its first letter large, the others as they are."""
    return text[:1].upper() + text[1:]


def fixed(value: Any, places: int = 2) -> str:
    """A number to some decimal places."""
    return "–" if not isinstance(value, (int, float)) else f"{value:,.{places}f}".replace("-", "−")


def small(value: Any) -> str:
    """A small difference: a power of ten with one decimal; exactly 0 says so."""
    if not isinstance(value, (int, float)):
        return "–"
    if value == 0:
        return "0 (exact)"
    exponent = math.floor(math.log10(abs(value)))
    superscript = str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{value / 10**exponent:.1f} × 10{superscript}"


def p_value(value: Any) -> str:
    """A p-value to three decimals, or below what they show."""
    if not isinstance(value, (int, float)):
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def money(cents: Any, currency: str) -> str:
    """An amount in cents with its currency."""
    if not isinstance(cents, int):
        return "–"
    sign = "−" if cents < 0 else ""
    return f"{sign}{currency} {abs(cents) // 100:,}.{abs(cents) % 100:02d}"
