"""Steps of a coarse time grid: neighbouring times joined until enough people leave in each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from summand.tables import Array

Positions = NDArray[np.intp]


def step_ends(exits: Array, minimum_cell: int, entries: Array | None = None) -> Positions:
    """The last slots of the steps: merged from the left until each holds enough exits of every group.

    Args:
        exits: Shape (groups, slots).
        minimum_cell: The fewest exits of a group in a step. What is left at the end joins the last step.
        entries: Shape (groups, slots): in a step nobody of a group enters, or at least ``minimum_cell`` do.

    Returns:
        Ascending positions of slots; the last is the last slot with exits. Empty if nobody leaves.
    """
    occupied = np.flatnonzero(exits.sum(axis=0) > 0.5)
    if not len(occupied):
        return occupied
    entered = np.zeros_like(exits) if entries is None else np.cumsum(entries, axis=1)
    ends: list[int] = []
    held, entered_before = np.zeros(len(exits)), np.zeros(len(exits))
    for slot in occupied:
        held = held + exits[:, slot]
        entering = entered[:, slot] - entered_before
        few_enter = (entering > 0.5) & (entering < minimum_cell - 0.5)
        if bool(((held > minimum_cell - 0.5) & ~few_enter).all()):
            ends.append(int(slot))
            held, entered_before = np.zeros(len(exits)), entered[:, slot]
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
    return times[ends], joined(events, ends), joined(exits, ends)


def joined(counts: Array, ends: Positions) -> Array:
    """Counts by slot, shape (groups, slots), as counts by step: shape (groups, steps)."""
    starts = np.concatenate([[0], ends[:-1] + 1])
    return np.add.reduceat(counts[:, : int(ends[-1]) + 1], starts, axis=1)


def grouped_times(steps: int, minimum_cell: int) -> str:
    """What a reader must know where the limits made the grid coarse."""
    return (
        f"Times are grouped into {step_count(steps)} in which at least {minimum_cell} people of every group leave; a time "
        "counts as the end of its step, events before other exits, so the curve is that of the times rounded up."
    )


def grouped_entries(minimum_cell: int) -> str:
    """What a reader must know where the limits made the grid coarse and people enter late."""
    return (
        f"Who enters during a step counts as at risk from its beginning; a step has no entries of a group, or at least "
        f"{minimum_cell}."
    )


def step_count(steps: int) -> str:
    """So many steps, in words."""
    return "1 step" if steps == 1 else f"{steps} steps"
