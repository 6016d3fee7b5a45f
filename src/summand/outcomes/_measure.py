"""One number out of a released result, with its interval or the reason why it has none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from summand.outcomes._indicator import Indicator
from summand.outcomes._intervals import Z95, Interval, student, wilson

Fields = Mapping[str, Any]


@dataclass(frozen=True)
class Measurement:
    """What a study says about an indicator.

    Attributes:
        value: The number, None if the result does not hold it.
        conf_low, conf_high: Its 95 % interval, both None if there is none.
        interval_method: How the interval was made, "" if there is none.
        reason: Why the value or its interval is missing, "" if neither is.
        study_id: The study it comes from.
    """

    value: float | None
    conf_low: float | None = None
    conf_high: float | None = None
    interval_method: str = ""
    reason: str = ""
    study_id: str = ""

    @property
    def interval(self) -> Interval | None:
        """The 95 % interval, if there is one."""
        return None if self.conf_low is None or self.conf_high is None else (self.conf_low, self.conf_high)


def measure(indicator: Indicator, result: Fields, study_id: str = "") -> Measurement:
    """Read an indicator from a result as it was released.

    Args:
        indicator: What to read.
        result: ``StudyResult.to_dict()`` of the study that the goal names as its source.
        study_id: The study it comes from.

    Returns:
        The measurement. A number that the result does not hold, or that disclosure kept back, is a measurement
        without a value and with the reason; it is never an error and never a zero.
    """
    found = _READERS[indicator.name](indicator, result)
    return Measurement(
        found.value, found.conf_low, found.conf_high, found.interval_method, found.reason, study_id or found.study_id
    )


def _survival(indicator: Indicator, result: Fields) -> Measurement:
    group = _named(result.get("groups"), "group", indicator.group)
    if group is None:
        return Measurement(None, reason="the result has no such group")
    curve = group.get("curve") or {}
    times, at = curve.get("time") or [], float(indicator.argument)
    if not times or at > times[-1]:
        return Measurement(None, reason="the released curve ends before that time")
    reached = [position for position, time in enumerate(times) if time <= at]
    if not reached:
        return Measurement(None, reason="the released curve starts after that time")
    value, low, high = (_at(curve.get(name), reached[-1]) for name in ("survival", "conf_low", "conf_high"))
    return _with(value, None if low is None or high is None else (low, high), "as released with the curve")


def _mean(indicator: Indicator, result: Fields) -> Measurement:
    column = _named(result.get("columns"), "column", indicator.argument) or {}
    value, sd, n = (_number(column.get(name)) for name in ("mean", "sd", "n"))
    interval = None if value is None or sd is None or n is None or n < 2 else student(value, sd, int(n))
    return _with(value, interval, "Student's t")


def _recorded(indicator: Indicator, result: Fields) -> Measurement:
    column = _named(result.get("columns"), "column", indicator.argument) or {}
    return _share(_number(column.get("n")), _number(column.get("missing")))


def _complete_cases(_: Indicator, result: Fields) -> Measurement:
    return _share(_number(result.get("n")), _number(result.get("n_dropped")))


def _estimate(indicator: Indicator, result: Fields) -> Measurement:
    term = _named(result.get("terms"), "term", indicator.argument) or {}
    value, low, high = (_number(term.get(name)) for name in ("estimate", "conf_low", "conf_high"))
    return _with(value, None if low is None or high is None else (low, high), "as released with the estimate")


def _auc(indicator: Indicator, result: Fields) -> Measurement:
    judged = result.get("by_site", {}).get(indicator.group, {}) if indicator.group else result
    row = _named(judged.get("models"), "model", indicator.argument) or {}
    value, error = _number(row.get("auc")), _number(row.get("auc_std_error"))
    interval = (
        None if value is None or error is None else (max(0.0, value - Z95 * error), min(1.0, value + Z95 * error))
    )
    return _with(value, interval, "normal, with the released standard error")


def _share(present: float | None, absent: float | None) -> Measurement:
    if present is None or absent is None:
        return Measurement(None, reason="a count is too small to be released")
    n = int(present + absent)
    if n == 0:
        return Measurement(None, reason="there are no records")
    return _with(present / n, wilson(int(present), n), "Wilson score")


def _with(value: float | None, interval: Interval | None, method: str) -> Measurement:
    if value is None:
        return Measurement(None, reason="the released result does not hold this number")
    if interval is None:
        return Measurement(value, reason="the released result holds no interval and too little to make one")
    return Measurement(value, interval[0], interval[1], method)


def _named(rows: Iterable[Fields] | None, key: str, wanted: str) -> Fields | None:
    """The row of that name; the only row where no name is wanted."""
    listed = list(rows or ())
    if not wanted:
        return listed[0] if len(listed) == 1 else None
    return next((row for row in listed if str(row.get(key)) == wanted), None)


def _at(values: Any, position: int) -> float | None:
    """A number of a list; None where the list is absent or shorter."""
    return _number(values[position]) if isinstance(values, list) and position < len(values) else None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


_READERS: dict[str, Callable[[Indicator, Fields], Measurement]] = {
    "survival": _survival,
    "mean": _mean,
    "recorded": _recorded,
    "complete_cases": _complete_cases,
    "estimate": _estimate,
    "auc": _auc,
}
