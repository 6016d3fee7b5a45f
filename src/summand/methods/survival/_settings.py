"""Settings that several methods on follow-up share, read out of a request."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from summand.errors import UsageError

TIMES_MAX = 100


def chosen_times(settings: Mapping[str, Any], key: str = "times") -> tuple[float, ...]:
    """Times at which a result is asked for, in order; none if the setting is left out.

    Raises:
        UsageError: if they are no list of at most 100 finite numbers of at least 0.
    """
    value = settings.get(key, ())
    listed = isinstance(value, (list, tuple)) and len(value) <= TIMES_MAX
    if not listed or not all(_is_time(item) for item in value):
        raise UsageError(
            f"The setting '{key}' is not a list of at most {TIMES_MAX} times.", remedy="Give numbers of at least 0."
        )
    return tuple(float(item) for item in value)


def horizon(settings: Mapping[str, Any], key: str) -> float | None:
    """A time until which something is computed; None if it is left out or null.

    Raises:
        UsageError: if it is no positive finite number.
    """
    value = settings.get(key)
    if value is None:
        return None
    if not _is_time(value) or value == 0:
        raise UsageError(f"The setting '{key}' is not a positive number.", remedy=f"Leave '{key}' out, or give a time.")
    return float(value)


def _is_time(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, (int, float)) and math.isfinite(value) and value >= 0
