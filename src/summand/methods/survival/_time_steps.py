"""Steps of a coarse time grid: neighbouring times joined until enough people leave in each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from summand.tables import Array

Positions = NDArray[np.intp]


def step_ends(exits: Array, minimum_cell: int) -> Positions:
    """The last slots of the steps: merged from the left until each holds enough exits of every group.

    Args:
        exits: Shape (groups, slots).
        minimum_cell: The fewest exits of a group in a step. What is left at the end joins the last step.

    Returns:
        Ascending positions of slots; the last is the last slot with exits. Empty if nobody leaves.
    """
    occupied = np.flatnonzero(exits.sum(axis=0) > 0.5)
    if not len(occupied):
        return occupied
    ends: list[int] = []
    held = np.zeros(len(exits))
    for slot in occupied:
        held = held + exits[:, slot]
        if bool((held > minimum_cell - 0.5).all()):
            ends.append(int(slot))
            held = np.zeros(len(exits))
    if not ends:
        return occupied[-1:]
    ends[-1] = int(occupied[-1]) if bool((held > 0.5).any()) else ends[-1]
    return np.array(ends, dtype=np.intp)


def merged(times: Array, events: Array, exits: Array, minimum_cell: int) -> tuple[Array, Array, Array]:
    """Times, events and exits with steps merged until each holds enough exits of every group.

    Args:
        times: Ends of steps, shape (times,).
        events, exits: Shape (groups, times).
    """
    ends = step_ends(exits, minimum_cell)
    starts = np.concatenate([[0], ends[:-1] + 1])
    cut = int(ends[-1]) + 1
    return (
        times[ends],
        np.add.reduceat(events[:, :cut], starts, axis=1),
        np.add.reduceat(exits[:, :cut], starts, axis=1),
    )


def grouped_times(steps: int, minimum_cell: int) -> str:
    """What a reader must know where the limits made the grid coarse."""
    return (
        f"Times are grouped into {steps} steps in which at least {minimum_cell} people of every group leave; a time "
        "counts as the end of its step, events before other exits, so the curve is that of the times rounded up."
    )
