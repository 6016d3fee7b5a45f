"""The split that follows from the coalitions that bind, in exact fractions."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

Row = list[Fraction]


def solve_exactly(gains: list[int], count: int, stages: list[list[int]], alone: list[int]) -> list[Fraction] | None:
    """Solve ``x(S) + level_k = v(S)`` for the coalitions S of every stage k, with ``x(N) = v(N)``.

    Args:
        gains: The value of every coalition by bit mask.
        count: Players.
        stages: Coalitions that bind, by stage; each stage has one excess in common.
        alone: Players that get what they have alone.

    Returns:
        Each player's part; None if the equations contradict each other or leave a part open.
    """
    width = count + len(stages)
    reduced: list[Row] = []
    for row in _equations(gains, count, stages, alone):
        for pivot in reduced:
            lead = next(place for place in range(width) if pivot[place])
            if row[lead]:
                factor = row[lead] / pivot[lead]
                row = [a - factor * b for a, b in zip(row, pivot, strict=True)]
        if any(row[:width]):
            reduced.append(row)
        elif row[width]:
            return None
    if len(reduced) < width:
        return None
    return _back(reduced, width)[:count]


def _equations(gains: list[int], count: int, stages: list[list[int]], alone: list[int]) -> Iterator[Row]:
    whole = (2**count - 1, None)
    bound = [(mask, stage) for stage, masks in enumerate(stages) for mask in masks]
    for mask, stage in [whole, *((1 << place, None) for place in alone), *bound]:
        row = [Fraction(mask >> place & 1) for place in range(count)]
        row += [Fraction(int(stage == other)) for other in range(len(stages))]
        yield [*row, Fraction(gains[mask])]


def _back(reduced: list[Row], width: int) -> list[Fraction]:
    """Values from rows in echelon form, the last row first."""
    found = [Fraction(0)] * width
    leads = {next(place for place in range(width) if row[place]): row for row in reduced}
    for lead in sorted(leads, reverse=True):
        row = leads[lead]
        rest = sum((row[place] * found[place] for place in range(lead + 1, width)), Fraction(0))
        found[lead] = (row[width] - rest) / row[lead]
    return found
