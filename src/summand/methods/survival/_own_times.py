"""A site's own times of leaving and entering, by group: what a site compares by itself, and never sends."""

from __future__ import annotations

import numpy as np

from summand.methods.survival._follow_up import Events, TimeTable
from summand.methods.survival._group_times import GroupTimes
from summand.methods.survival._time_steps import Positions
from summand.tables import Array


def own_table(codes: Positions, times: Array, events: Events, starts: Array | None, cells: int) -> TimeTable:
    """How many rows of each cell leave by the event, leave otherwise, and enter, at each time that occurs.

    Args:
        codes: The cell of each row, in 0 ... cells - 1; shape (rows,).
        times, events: When each row ends, and whether by the event; shape (rows,).
        starts: When each row starts, shape (rows,); None if all start at 0: there are no columns of entries then.
    """
    of_cell = [codes == cell for cell in range(cells)]
    leaving = [(mine & (events == happened)).astype(np.float64) for happened in (True, False) for mine in of_cell]
    if starts is None:
        return TimeTable.of(times, tuple(leaving))
    nothing = np.zeros(len(times))
    entering = [mine.astype(np.float64) for mine in of_cell]
    left = TimeTable.of(times, (*leaving, *([nothing] * cells)))
    return left + TimeTable.of(starts, (*([nothing] * (2 * cells)), *entering))


def own_group_times(table: TimeTable, cells: int) -> GroupTimes:
    """The counts behind `own_table` of all batches; who enters at a time is at risk from the next one on."""
    columns = table.sums.T
    events, others = columns[:cells], columns[cells : 2 * cells]
    if len(columns) == 2 * cells:
        return GroupTimes(table.times, events, events + others)
    entries = np.concatenate([np.zeros((cells, 1)), columns[2 * cells :]], axis=1)[:, : len(table.times)]
    return GroupTimes(table.times, events, events + others, entries)
