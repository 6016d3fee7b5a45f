"""A comparison of groups as the values of a result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from summand.errors import UsageError
from summand.methods.survival._by_group import Grouping
from summand.methods.survival._hypergeometric import Comparison
from summand.tables import Array, Count, Limits


def logrank_values(comparison: Comparison, grouping: Grouping, limits: Limits, scores: Array | None) -> dict[str, Any]:
    """The test, and observed beside expected events of each group with somebody in it.

    Args:
        scores: One for each group, where a trend is tested.

    Raises:
        FormulaInvalid: if fewer than two groups can be compared.
    """
    statistic, degrees_of_freedom, p_value = comparison.test()
    # Expected events add up to observed ones: with one group's count hidden, the expected would give it back.
    others = comparison.people - comparison.observed
    cell = limits.minimum_cell
    hidden = cell > 1 and bool((np.minimum(comparison.observed, others)[comparison.people > 0] < cell).any())
    rows = [
        {"group": label, "n": Count(int(n)), "observed": Count(int(o)), "expected": None if hidden else float(e)}
        for label, n, o, e in zip(
            grouping.labels, comparison.people, comparison.observed, comparison.expected, strict=True
        )
        if n > 0
    ]
    values = {
        "statistic": statistic,
        "degrees_of_freedom": degrees_of_freedom,
        "p_value": p_value,
        "groups": rows,
    }
    if scores is None:
        return values
    trend, trend_p_value = comparison.trend(scores)
    return {**values, "trend": [{"statistic": trend, "degrees_of_freedom": 1, "p_value": trend_p_value}]}


def flag(settings: Mapping[str, Any], key: str) -> bool:
    """A setting that is true or false, false by default.

    Raises:
        UsageError: if it is neither.
    """
    value = settings.get(key, False)
    if not isinstance(value, bool):
        raise UsageError(f"The setting '{key}' is neither true nor false.", remedy=f"Leave '{key}' out for false.")
    return value
