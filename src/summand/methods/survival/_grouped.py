"""What curves by group share: the grouping, and one table of exits and entries over a grid of times."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from dataclasses import field
from functools import cached_property
from typing import Any, ClassVar, Self

from summand.methods._placed import check_length
from summand.methods._protocol import Layout, Local, Result, Setting, State, length
from summand.methods.survival._by_group import Grouping
from summand.methods.survival._group_times import GroupTimes, table_blocks, table_of
from summand.methods.survival._survival import SurvivalMethod
from summand.methods.survival._time_steps import Positions, grouped_entries, grouped_times
from summand.methods.survival._times import TimesState
from summand.tables import Array, Batch


@dataclasses.dataclass(frozen=True)
class GroupedMethod(SurvivalMethod, ABC):
    """Base of the methods that are made from one table by group and time; `found` says what each makes of it."""

    formula: str
    setting: Setting | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str]
    late_entry: ClassVar[bool] = True
    state_type: ClassVar[type[State]] = TimesState
    complete_cases: ClassVar[bool] = True

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing, StatusInvalid, ValueOutOfRange: if the formula does not fit the dictionary.
        """
        method = dataclasses.replace(self, setting=setting)
        method.follow_up  # noqa: B018 — both parse against the dictionary, and say now what does not fit
        method.grouping  # noqa: B018
        return method

    @cached_property
    def grouping(self) -> Grouping:
        """Whose curves are made."""
        return Grouping.of(self.parsed, self.placed.dictionary)

    @property
    def has_entries(self) -> bool:
        """Whether rows come under observation late."""
        return self.follow_up.start is not None

    @property
    def cells(self) -> int:
        """How many groups the table tells apart."""
        return len(self.grouping)

    def codes(self, batch: Batch) -> Positions:
        """The cell of each row, shape (rows,)."""
        return self.grouping.codes(batch)

    def check_sizes(self, sizes: Array) -> None:
        """Refuse where a cell has too few people to be shown.

        Raises:
            CohortTooSmall: if one has.
        """
        self.grouping.check_sizes(sizes, self.placed.limits)

    def parameter_count(self) -> int:
        """None are estimated."""
        return 0

    def start(self) -> TimesState:
        """No times known."""
        return self.grid.start()

    def layout(self, state: TimesState) -> Layout:
        """Counts of times while the grid is learned, then the table by group and time."""
        if state.stage != "known":
            return self.grid.layout(state)
        return table_blocks(self.cells, len(state.times), has_entries=self.has_entries)

    def tally(self, batch: Batch, state: TimesState, local: Local) -> Any:  # noqa: ARG002 — the protocol's signature
        """One batch of complete rows -> counts."""
        times, events = self.follow_up.read(batch)
        if state.stage != "known":
            return self.grid.tally(times, state)
        starts = self.follow_up.read_entries(batch, times)
        entered = None if starts is None else self.grid.entered(starts, state)
        reached = self.grid.place(times, state)
        return table_of(self.codes(batch), reached, events, entered, self.cells, len(state.times))

    def condense(self, partial: Array, state: TimesState, local: Local) -> tuple[Array, Local]:  # noqa: ARG002 — the protocol's signature
        """The counts themselves."""
        return partial, local

    def update(self, total: Array, state: TimesState) -> TimesState | Result:
        """The next times, or the result."""
        check_length(total, length(self.layout(state)))
        if state.stage != "known":
            return self.grid.update(total, state)
        table = GroupTimes.of(total, state.times, self.cells, has_entries=self.has_entries)
        self.check_sizes(table.exits.sum(axis=1))
        if self.grid.is_exact:
            return Result(self.name, self.found(table))
        table = table.joined(self.grid.minimum_cell)
        warnings = [grouped_times(len(table.times), self.grid.minimum_cell)]
        if self.has_entries:
            warnings.append(grouped_entries(self.grid.minimum_cell))
        return Result(self.name, self.found(table), tuple(warnings))

    @abstractmethod
    def found(self, table: GroupTimes) -> dict[str, Any]:
        """The result's values."""
