"""Where a goal stands: its series, its chart, and whether it is on course; no change without its signal or interval."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Literal

from summand.agreement._purpose import Goal
from summand.errors import SeriesInvalid
from summand.outcomes._goal import Change, Verdict, assess, change_of
from summand.outcomes._process_chart import Better, Observation, ProcessChart, process_chart
from summand.outcomes._record import Effect, GoalSeries, MeasuredPoint

Course = Literal["met", "on_course", "off_course", "not_distinguishable", "not_measured"]
MONTHS: dict[str, int] = {"monthly": 1, "quarterly": 3, "yearly": 12}


@dataclass(frozen=True)
class GoalProgress:
    """A goal of the agreement with everything that was measured of it.

    Attributes:
        goal, aim, text, owner, unit, direction, target, due, baseline: From the agreement.
        points: The series, in order.
        chart: Its process behaviour chart; None with fewer than two points.
        verdict: The last interval against the target; see `assess`.
        change: The last value minus the baseline, with its interval; None without one.
        course: ``met`` by the whole interval; else whether the last value or the chart's signals say that the goal is
            missed; ``not_distinguishable`` where neither can tell.
        why: The course in words.
        effects: What studies of cause found, each with its interval.
        next_on: When it is to be measured next by its schedule, None without one.
        is_overdue: Whether that day has passed.
        is_due: Whether the day of the target has passed.
    """

    goal: str
    aim: str
    text: str
    owner: str
    unit: str
    direction: str
    target: float
    due: str
    baseline: float | None
    points: tuple[MeasuredPoint, ...]
    chart: ProcessChart | None
    verdict: Verdict
    change: Change | None
    course: Course
    why: str
    effects: tuple[Effect, ...]
    next_on: str | None
    is_overdue: bool
    is_due: bool

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {**asdict(self), "points": [asdict(point) for point in self.points]}


def goal_progress(goal: Goal, series: GoalSeries, begun: date, today: date) -> GoalProgress:
    """Where a goal stands on a day.

    Args:
        goal: From clause C.
        series: From `goal_series`.
        begun: The first day of the agreement's term, from which the schedule and the expected course run.
        today: The day.
    """
    points = tuple(series.points)
    last = points[-1] if points else None
    baseline = None if goal.baseline is None else goal.baseline.value
    verdict: Verdict = (
        "not_measured"
        if last is None
        else assess(last.measurement, goal.direction, goal.target, goal.minimum_detectable)
    )
    chart = _chart(goal, series)
    course, why = _course(goal, last, verdict, chart, baseline, begun, today)
    next_on = _next(goal, last, begun)
    return GoalProgress(
        goal.id, goal.aim, goal.text, goal.owner, goal.unit, goal.direction, goal.target, goal.due.isoformat(), baseline,
        points, chart, verdict, None if last is None else change_of(last.measurement, baseline, goal.direction), course,
        why, tuple(series.effects), None if next_on is None else next_on.isoformat(),
        next_on is not None and next_on < today, today > goal.due,
    )  # fmt: skip


def _chart(goal: Goal, series: GoalSeries) -> ProcessChart | None:
    better: Better = "neutral" if goal.direction == "maintain" else goal.direction
    observations = [Observation(point.period, point.value) for point in series.points]
    periods = {item.period for item in observations[1:]}
    rebases = [item for item in series.rebases if item.period in periods]
    try:
        return process_chart(observations, better, target=goal.target, rebases=rebases)
    except SeriesInvalid:
        try:  # a base of one point has no limits yet: it is drawn with the one before until the next point comes
            return process_chart(observations, better, target=goal.target)
        except SeriesInvalid:
            return None


def _course(
    goal: Goal, last: MeasuredPoint | None, verdict: Verdict, chart: ProcessChart | None, baseline: float | None,
    begun: date, today: date,
) -> tuple[Course, str]:  # fmt: skip
    if last is None:
        return "not_measured", "Nothing was measured yet."
    if verdict == "met":
        return "met", "The whole 95 % interval lies on the target's good side."
    if chart is not None and chart.variation == "concern":
        return "off_course", f"The chart shows a {chart.points[-1].signal.replace('_', ' ')} signal for the worse."
    if today > goal.due and verdict == "not_met":
        return "off_course", "Its day has passed, and the whole 95 % interval misses the target."
    expected = _expected(goal, baseline, begun, today)
    if expected is not None and last.conf_low is not None and last.conf_high is not None:
        rising = goal.target >= (baseline or 0.0)
        behind = last.conf_high < expected if rising else last.conf_low > expected
        ahead = last.conf_low >= expected if rising else last.conf_high <= expected
        way = f"the straight way from baseline to target is at {expected:.4g} today"
        if behind:
            return "off_course", f"The whole 95 % interval lies behind: {way}."
        if ahead:
            return "on_course", f"The whole 95 % interval keeps up: {way}."
    if chart is not None and chart.variation == "improvement":
        return "on_course", f"The chart shows a {chart.points[-1].signal.replace('_', ' ')} signal for the better."
    if chart is not None and chart.assurance == "pass" and not any(base.trial for base in chart.bases[-1:]):
        return "on_course", "The process as it runs reaches the target every time."
    if chart is not None and chart.assurance == "fail" and not any(base.trial for base in chart.bases[-1:]):
        return "off_course", "The process as it runs misses the target every time."
    return "not_distinguishable", "Neither the interval nor a signal tells yet."


def _expected(goal: Goal, baseline: float | None, begun: date, today: date) -> float | None:
    """Where the straight way from the baseline at the begin to the target at its day is today."""
    days = (goal.due - begun).days
    if baseline is None or days <= 0 or goal.direction == "maintain":
        return None
    share = min(1.0, max(0.0, (today - begun).days / days))
    return baseline + share * (goal.target - baseline)


def _next(goal: Goal, last: MeasuredPoint | None, begun: date) -> date | None:
    if goal.schedule is None:
        return None
    return months_after(begun if last is None else datetime.fromisoformat(last.at).date(), MONTHS[goal.schedule])


def months_after(day: date, months: int) -> date:
    """The same day some months later, or the last day of that month."""
    year, month = divmod(day.month - 1 + months, 12)
    return date(day.year + year, month + 1, min(day.day, monthrange(day.year + year, month + 1)[1]))


def due_goals(progress: Sequence[GoalProgress]) -> list[GoalProgress]:
    """The goals whose next measurement is overdue."""
    return [item for item in progress if item.is_overdue]
