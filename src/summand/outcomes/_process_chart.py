"""A process behaviour chart: points, limits, signals, and what they mean for a goal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any, Literal

from summand.errors import SeriesInvalid
from summand.outcomes._process_limits import Kind, Limits, attribute_limits, xmr_limits
from summand.outcomes._process_signals import Side, Signal, near_lines, side_of, signals

Better = Literal["increase", "decrease", "neutral"]
Meaning = Literal["improvement", "concern", "neutral", "common_cause"]
Assurance = Literal["pass", "fail", "hit_or_miss", "none"]
TRIAL_BELOW = 12
"""Fewer points than these give trial limits, which each further point may move."""


@dataclass(frozen=True)
class Observation:
    """One point of a series: when and what; for ``p`` and ``u`` charts a count and the size it comes from.

    Attributes:
        period: Label, such as ``2025-03``; the series is in order.
        value: The value; for counts ``count / size``.
        size: People, visits or days behind it, for charts of counts alone.
    """

    period: str
    value: float
    size: float | None = None


@dataclass(frozen=True)
class Rebase:
    """A known change from which limits are worked out anew, with the reason that readers see."""

    period: str
    reason: str


@dataclass(frozen=True)
class Point:
    """One point as it is drawn: its value, its lines, its signal and what that means."""

    period: str
    value: float
    centre: float
    lower: float
    upper: float
    near_lower: float
    near_upper: float
    base: int
    signal: Signal
    points_to: Side
    meaning: Meaning


@dataclass(frozen=True)
class Base:
    """The points between two changes: from where, how many, why, and whether their limits are trial limits."""

    first: str
    points: int
    reason: str
    mean: float
    mean_moving_range: float | None
    screened: int
    trial: bool


@dataclass(frozen=True)
class ProcessChart:
    """A series with its limits, signals and the two icons.

    Attributes:
        kind: ``xmr``, ``p``, ``u``, ``p_prime`` or ``u_prime``.
        better: Which way is better.
        target: The value to reach, None without one.
        points: In order.
        bases: One for each stretch between changes of base, in order.
        variation: What the last point says: improvement, concern, neutral, or common cause.
        assurance: Whether the process as it runs now passes the target, fails it, or hits and misses; ``none`` without a
            target or a direction.
        warnings: What a reader must know before believing the limits.
    """

    kind: Kind
    better: Better
    target: float | None
    points: tuple[Point, ...]
    bases: tuple[Base, ...]
    variation: Meaning
    assurance: Assurance
    warnings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The chart as JSON values."""
        return asdict(self)


def process_chart(
    series: Sequence[Observation],
    better: Better = "neutral",
    *,
    kind: Kind = "xmr",
    target: float | None = None,
    rebases: Sequence[Rebase] = (),
    screen: bool = True,
) -> ProcessChart:
    """The chart of a series.

    Args:
        series: At least two points between any two changes of base, each period once.
        better: Which way is better; ``neutral`` where neither is.
        kind: ``xmr`` for single values; ``p`` for proportions and ``u`` for rates, which need sizes.
        target: Value to reach, in the unit of the values.
        rebases: Known changes, each with its reason.
        screen: Whether outlying moving ranges are left out of the limits of an ``xmr`` chart.

    Raises:
        SeriesInvalid: if the series is too short, out of form, or a change of base has no reason or no such period.
    """
    _check(series, kind, rebases)
    starts = [0, *sorted(_place(series, item) for item in rebases)]
    reasons = {_place(series, item): item.reason for item in rebases}
    points: list[Point] = []
    bases: list[Base] = []
    for number, (first, end) in enumerate(zip(starts, [*starts[1:], len(series)], strict=True)):
        part = series[first:end]
        if len(part) < 2:
            raise _invalid(
                f"the base from {series[first].period} has {len(part)} point(s)", "Give at least two a base."
            )
        limits = _limits(part, kind, screen)
        points += _points(part, limits, number, better)
        why = reasons.get(first, "")
        trial = len(part) < TRIAL_BELOW
        bases.append(
            Base(part[0].period, len(part), why, limits.centre[0], limits.mean_moving_range, limits.screened, trial)
        )
    return ProcessChart(
        kind, better, target, tuple(points), tuple(bases), points[-1].meaning, _assurance(points[-1], better, target),
        tuple(_warnings(bases)),
    )  # fmt: skip


def _limits(part: Sequence[Observation], kind: Kind, screen: bool) -> Limits:
    if kind == "xmr":
        return xmr_limits([item.value for item in part], screen=screen)
    sizes = [item.size or 0.0 for item in part]
    return attribute_limits(kind, [item.value * size for item, size in zip(part, sizes, strict=True)], sizes)


def _points(part: Sequence[Observation], limits: Limits, number: int, better: Better) -> list[Point]:
    found = signals([item.value for item in part], limits)
    low, high = near_lines(limits)
    return [
        Point(
            item.period, item.value, limits.centre[i], limits.lower[i], limits.upper[i], low[i], high[i], number, signal,
            side, _meaning(signal, side, better),
        )
        for i, (item, (signal, side)) in enumerate(zip(part, found, strict=True))
    ]  # fmt: skip


def _meaning(signal: Signal, side: Side, better: Better) -> Meaning:
    if signal == "none":
        return "common_cause"
    if better == "neutral":
        return "neutral"
    return "improvement" if (side > 0) == (better == "increase") else "concern"


def _assurance(last: Point, better: Better, target: float | None) -> Assurance:
    """Whether the limits of the last base lie wholly on one side of the target."""
    if target is None or better == "neutral":
        return "none"
    if side_of(target, last.upper) > 0:
        return "fail" if better == "increase" else "pass"
    if side_of(target, last.lower) < 0:
        return "pass" if better == "increase" else "fail"
    return "hit_or_miss"


def _warnings(bases: Sequence[Base]) -> list[str]:
    return [
        f"Trial limits: the base from {base.first} has {base.points} points, fewer than {TRIAL_BELOW}; each further point "
        "may move them."
        for base in bases
        if base.trial
    ]


def _place(series: Sequence[Observation], rebase: Rebase) -> int:
    for place, item in enumerate(series):
        if item.period == rebase.period:
            return place
    raise _invalid(f"no point of the series is called {rebase.period[:40]}", "Name the first period of the new base.")


def _check(series: Sequence[Observation], kind: Kind, rebases: Sequence[Rebase]) -> None:
    if len(series) < 2:
        raise _invalid(f"it has {len(series)} point(s)", "Give at least two.")
    periods = [item.period for item in series]
    if len(set(periods)) != len(periods):
        raise _invalid("it names a period twice", "Give each period once.")
    if not all(isfinite(item.value) for item in series):
        raise _invalid("a value is not a finite number", "Leave the period out if it has no value.")
    if kind != "xmr":
        _check_sizes(series, kind)
    for item in rebases:
        if not item.reason.strip():
            raise _invalid(f"the change of base at {item.period[:40]} has no reason", "Say what changed, in words.")
        if item.period == periods[0]:
            raise _invalid("a change of base at the first point changes nothing", "Leave it out.")
    if len({item.period for item in rebases}) != len(rebases):
        raise _invalid("a period has two changes of base", "Give one, with both reasons.")


def _check_sizes(series: Sequence[Observation], kind: Kind) -> None:
    if not all(item.size is not None and isfinite(item.size) and item.size > 0 for item in series):
        raise _invalid("a chart of counts needs a size above zero at every point", "Give the column 'size'.")
    top = 1.0 if kind in ("p", "p_prime") else float("inf")
    if not all(0 <= item.value <= top for item in series):
        raise _invalid("a count is below zero, or above its size", "Look at the columns 'count' and 'size'.")


def _invalid(why: str, remedy: str) -> SeriesInvalid:
    return SeriesInvalid(f"The series makes no chart: {why}.", remedy=remedy)
