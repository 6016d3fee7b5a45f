"""A goal of clause C against what a study says: met, not met, or not distinguishable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from summand.errors import IndicatorInvalid
from summand.outcomes._indicator import parse_indicator
from summand.outcomes._measure import Measurement, measure

if TYPE_CHECKING:
    from summand.agreement import Agreement

Verdict = Literal["met", "not_met", "not_distinguishable", "not_measured"]
Direction = Literal["increase", "decrease", "maintain"]


@dataclass(frozen=True)
class Change:
    """The difference from the baseline, with its 95 % interval.

    The baseline counts as a fixed number: its own uncertainty is not in the interval.

    Attributes:
        value, conf_low, conf_high: Value and interval minus the baseline, in the goal's unit.
        signal: ``better`` or ``worse`` if the interval leaves 0 out, ``none`` if it does not.
    """

    value: float
    conf_low: float
    conf_high: float
    signal: Literal["better", "worse", "none"]


@dataclass(frozen=True)
class GoalStatus:
    """Where a goal stands.

    Attributes:
        goal, text, indicator, unit, direction, target, due: From the agreement.
        measurement: What the study says.
        verdict: ``met`` if the whole interval is on the target's good side, ``not_met`` if the whole of it is on the
            other, ``not_distinguishable`` if it holds the target, ``not_measured`` without an interval.
        is_due: Whether the day by which it was to be reached has passed.
        baseline: Where the indicator stood before, if the agreement says so.
        change: Difference from the baseline; None without a baseline or without an interval.
    """

    goal: str
    text: str
    indicator: str
    unit: str
    direction: Direction
    target: float
    due: str
    measurement: Measurement
    verdict: Verdict
    is_due: bool
    baseline: float | None
    change: Change | None

    def to_dict(self) -> dict[str, Any]:
        """The status as JSON values."""
        return asdict(self)


def assess(
    measurement: Measurement, direction: Direction, target: float, margin: float | None = None
) -> Verdict:  # fmt: skip
    """Compare a measurement with a target.

    Args:
        measurement: With its interval, else the answer is ``not_measured``.
        direction: Which way is better; ``maintain`` means within ``margin`` of the target.
        target: In the unit of the measurement.
        margin: Half the width of the band that counts as maintained; needed for ``maintain`` alone.
    """
    interval = measurement.interval
    if interval is None or (direction == "maintain" and margin is None):
        return "not_measured"
    low, high = interval
    if direction == "increase":
        return _side(low >= target, high < target)
    if direction == "decrease":
        return _side(high <= target, low > target)
    bottom, top = target - (margin or 0.0), target + (margin or 0.0)
    return _side(low >= bottom and high <= top, high < bottom or low > top)


def measure_goal(
    agreement: Agreement, goal_id: str, result: Mapping[str, Any], study_id: str = "", today: date | None = None
) -> GoalStatus:
    """Measure one goal of the agreement from a study's released result.

    Args:
        agreement: The agreement in force.
        goal_id: A goal of clause C.
        result: ``StudyResult.to_dict()``.
        study_id: The study it comes from.
        today: The day on which it is judged whether the goal is due; the current day if not given.

    Raises:
        IndicatorInvalid: if the agreement has no such goal, or its indicator cannot be measured from a study.
    """
    goal = next((item for item in agreement.purpose.goals if item.id == goal_id), None)
    if goal is None:
        known = ", ".join(item.id for item in agreement.purpose.goals)
        raise IndicatorInvalid(
            f"The agreement has no goal '{goal_id[:80]}'.", remedy=f"Name one of: {known}.", clause="C.goals"
        )
    found = measure(parse_indicator(goal.indicator_id), result, study_id)
    baseline = None if goal.baseline is None else goal.baseline.value
    return GoalStatus(
        goal.id, goal.text, goal.indicator_id, goal.unit, goal.direction, goal.target, goal.due.isoformat(), found,
        assess(found, goal.direction, goal.target, goal.minimum_detectable), (today or date.today()) > goal.due,
        baseline, change_of(found, baseline, goal.direction),
    )  # fmt: skip


def _side(good: bool, bad: bool) -> Verdict:
    return "met" if good else "not_met" if bad else "not_distinguishable"


def change_of(measurement: Measurement, baseline: float | None, direction: Direction) -> Change | None:
    """The change from the baseline with its interval; None without a baseline or without an interval."""
    if baseline is None or measurement.value is None or measurement.interval is None:
        return None
    low, high = (bound - baseline for bound in measurement.interval)
    signal: Literal["better", "worse", "none"] = "none"
    if low > 0 or high < 0:
        rising = low > 0
        signal = "worse" if direction == "maintain" or rising != (direction == "increase") else "better"
    return Change(measurement.value - baseline, low, high, signal)
