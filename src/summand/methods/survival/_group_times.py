"""How many of each group leave, have the event, and enter, at each time: what curves and tests are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from summand.methods._protocol import Block
from summand.methods.survival._by_group import events_and_exits, group_table, table_block
from summand.methods.survival._follow_up import Events
from summand.methods.survival._time_steps import Positions, joined, step_ends
from summand.tables import Array


@dataclass(frozen=True)
class GroupTimes:
    """Counts by group and time.

    Attributes:
        times: Ascending, shape (times,).
        events, exits: Rows that leave by the event, and by anything; shape (groups, times).
        entries: Rows that are first at risk at each time, shape (groups, times); None if all are from the beginning.
    """

    times: Array
    events: Array
    exits: Array
    entries: Array | None = None

    @classmethod
    def of(cls, table: Array, times: Array, groups: int, *, has_entries: bool) -> Self:
        """The counts behind the numbers of `table_blocks`."""
        cut = 2 * groups * len(times)
        entries = np.rint(table[cut:]).reshape(groups, len(times)) if has_entries else None
        return cls(times, *events_and_exits(table[:cut], groups), entries)

    @property
    def at_risk(self) -> Array:
        """Rows at risk just before each time, by group: shape (groups, times)."""
        if self.entries is None:
            return np.cumsum(self.exits[:, ::-1], axis=1)[:, ::-1]
        return np.cumsum(self.entries, axis=1) - np.cumsum(self.exits, axis=1) + self.exits

    def joined(self, minimum_cell: int) -> Self:
        """The same with times joined until each step holds enough exits, and entries, of every group.

        A time then counts as the end of its step, an entry as its beginning.
        """
        ends = step_ends(self.exits, minimum_cell, self.entries)
        entries = None if self.entries is None else joined(self.entries, ends)
        return type(self)(self.times[ends], joined(self.events, ends), joined(self.exits, ends), entries)


def table_blocks(groups: int, times: int, *, has_entries: bool) -> tuple[Block, ...]:
    """The numbers of `table_of`."""
    blocks = (table_block(groups, times),)
    if not has_entries:
        return blocks
    what = "how many people of each group come under observation before each time"
    return (*blocks, Block("entries by group and time", "1", groups * times, 1.0, what))


def table_of(
    codes: Positions, reached: Positions, events: Events, entered: Positions | None, groups: int, times: int
) -> Array:
    """Exits by the event and by others, and entries, by group and time.

    Args:
        codes: The group of each row, shape (rows,).
        reached: How many grid times each row has reached, its own included, shape (rows,).
        events: Whether the row leaves by the event, shape (rows,).
        entered: How many grid times each row's start has passed, shape (rows,); None if all start at 0.
    """
    exits = group_table(codes, reached, events, groups, times)
    if entered is None:
        return exits
    seen = entered < times  # later than the last time: never at risk at any
    cell = codes[seen] * times + entered[seen]
    return np.concatenate([exits, np.bincount(cell, minlength=groups * times).astype(np.float64)])
