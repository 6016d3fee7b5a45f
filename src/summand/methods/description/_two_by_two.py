"""Odds ratio, risk ratio and risk difference of one 2 x 2 table.

Rows are those not exposed and those exposed, columns those without and with the event: the reference comes first, as in
every formula here.

Source: Woolf (1955), Annals of Human Genetics 19(4); Katz et al. (1978), Biometrics 34(3); Newcombe (1998), Statistics
    in Medicine 17(8), 873-890, method 10; Wilson (1927), JASA 22(158).
"""

from __future__ import annotations

import math
from typing import Any

from summand.methods._newton import NORMAL_975
from summand.tables import Array


def measures(table: Array) -> list[dict[str, Any]]:
    """The measures with their 95 % intervals; None where an empty cell leaves no estimate.

    Args:
        table: Shape (2, 2), both rows and both columns with people.
    """
    (d, c), (b, a) = table.tolist()
    odds = None if min(a, b, c, d) == 0 else (a * d / (b * c), math.sqrt(1 / a + 1 / b + 1 / c + 1 / d))
    exposed, others = a + b, c + d
    high, low = a / exposed, c / others
    risk = None if min(a, c) == 0 else (high / low, math.sqrt(b / (a * exposed) + d / (c * others)))
    error = math.sqrt(high * (1.0 - high) / exposed + low * (1.0 - low) / others)
    return [
        ratio_row("odds ratio", odds), ratio_row("risk ratio", risk), difference_row("risk difference", high - low, error),
        _newcombe(a, exposed, c, others),
    ]  # fmt: skip


def ratio_row(measure: str, found: tuple[float, float] | None) -> dict[str, Any]:
    """A ratio with the standard error of its logarithm; nothing where it does not exist."""
    row: dict[str, Any] = {"measure": measure, **dict.fromkeys(("estimate", "std_error", "conf_low", "conf_high"))}
    if found is not None:
        estimate, error = found
        factor = math.exp(NORMAL_975 * error)
        row.update(estimate=estimate, std_error=error, conf_low=estimate / factor, conf_high=estimate * factor)
    return row


def difference_row(measure: str, estimate: float, error: float) -> dict[str, Any]:
    """A difference with Wald's interval."""
    width = NORMAL_975 * error
    return {
        "measure": measure, "estimate": estimate, "std_error": error,
        "conf_low": estimate - width, "conf_high": estimate + width,
    }  # fmt: skip


def wilson(events: float, people: float) -> tuple[float, float]:
    """Wilson's 95 % interval of a share; ``people`` at least 1."""
    square = NORMAL_975**2
    share = events / people
    middle = (share + square / (2 * people)) / (1 + square / people)
    width = NORMAL_975 * math.sqrt(share * (1 - share) / people + square / (4 * people**2)) / (1 + square / people)
    # at the ends both formulas are exact, and rounding must not move them
    return middle - width if events else 0.0, middle + width if events < people else 1.0


def _newcombe(a: float, exposed: float, c: float, others: float) -> dict[str, Any]:
    high, low = a / exposed, c / others
    (high_from, high_to), (low_from, low_to) = wilson(a, exposed), wilson(c, others)
    below = math.hypot(high - high_from, low_to - low)
    above = math.hypot(high_to - high, low - low_from)
    difference = high - low
    return {
        "measure": "risk difference, Newcombe", "estimate": difference, "std_error": None,
        "conf_low": difference - below, "conf_high": difference + above,
    }  # fmt: skip
