"""The four signals of special cause by the rules of NHS England's "Making Data Count".

A point that belongs to several gets the first: outside the limits, trend, two of three, shift. Runs are looked for
between two changes of base alone: across one, the mean that they are measured against is another.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from summand.outcomes._process_limits import Limits

Signal = Literal["none", "outside", "trend", "two_of_three", "shift"]
RUN = 7
NEAR = 2 / 3
SAME = 1e-12
"""Relative difference below which a point lies on a line: a mean of equal values is off by rounding."""

Side = Literal[-1, 0, 1]


def side_of(value: float, line: float) -> Side:
    """Whether a value lies above (1), on (0) or below (-1) a line."""
    if abs(value - line) <= SAME * max(abs(value), abs(line)):
        return 0
    return 1 if value > line else -1


def signals(values: Sequence[float], limits: Limits) -> list[tuple[Signal, Side]]:
    """For each point its signal and which way it points: up (1), down (-1), or none (0).

    A trend points the way it runs, every other signal to the side of the mean that its point is on.
    """
    sides = [side_of(value, centre) for value, centre in zip(values, limits.centre, strict=True)]
    outside = [
        side_of(value, high) > 0 or side_of(value, low) < 0
        for value, low, high in zip(values, limits.lower, limits.upper, strict=True)
    ]
    trends = _trends(values)
    pairs = _two_of_three(sides, _near(values, limits, outside))
    shifts = _shifts(sides)
    found: list[tuple[Signal, Side]] = []
    for place, side in enumerate(sides):
        if outside[place]:
            found.append(("outside", side))
        elif trends[place]:
            found.append(("trend", trends[place]))
        elif place in pairs:
            found.append(("two_of_three", side))
        elif place in shifts:
            found.append(("shift", side))
        else:
            found.append(("none", 0))
    return found


def near_lines(limits: Limits) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The lines two thirds of the way from the centre to the lower and to the upper limit."""
    low = tuple(centre - NEAR * (centre - at) for centre, at in zip(limits.centre, limits.lower, strict=True))
    high = tuple(centre + NEAR * (at - centre) for centre, at in zip(limits.centre, limits.upper, strict=True))
    return low, high


def _near(values: Sequence[float], limits: Limits, outside: Sequence[bool]) -> list[bool]:
    low, high = near_lines(limits)
    return [
        not beyond and (side_of(value, bottom) < 0 or side_of(value, top) > 0)
        for value, bottom, top, beyond in zip(values, low, high, outside, strict=True)
    ]


def _trends(values: Sequence[float]) -> list[Side]:
    """The direction of the trend that each point belongs to; where one ends as another begins, that of the later."""
    steps = [side_of(after, before) for before, after in pairwise(values)]
    found: list[Side] = [0] * len(values)
    for first in range(len(values) - RUN + 1):
        run = steps[first : first + RUN - 1]
        if run[0] != 0 and len(set(run)) == 1:
            found[first : first + RUN] = [run[0]] * RUN
    return found


def _two_of_three(sides: Sequence[Side], near: Sequence[bool]) -> set[int]:
    """The points beyond a two-thirds line of each three in a row that hold two of them, all three on one side."""
    found: set[int] = set()
    for first in range(len(sides) - 2):
        window = range(first, first + 3)
        if sides[first] != 0 and len({sides[place] for place in window}) == 1 and sum(near[p] for p in window) >= 2:
            found |= {place for place in window if near[place]}
    return found


def _shifts(sides: Sequence[Side]) -> set[int]:
    """The points of each seven or more in a row on one side of the mean."""
    starts = [place for place in range(len(sides) - RUN + 1) if set(sides[place : place + RUN]) in ({1}, {-1})]
    return {place for first in starts for place in range(first, first + RUN)}
