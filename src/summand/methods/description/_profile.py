"""Columns in the groups of another: counts, means, quartiles and ranks. What table one and comparisons of groups share."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from summand.errors import FormulaInvalid, UsageError
from summand.methods._placed import Placed, check_length
from summand.methods._protocol import Block, Layout, Local, Result, Setting, State, length
from summand.methods.description._factor import Factor, column_of
from summand.methods.description._profile_figures import Figures
from summand.methods.description._profile_state import (
    REFINEMENTS_MAX,
    Bins,
    Narrowing,
    ProfileState,
    Windows,
    windows_of,
)
from summand.methods.description._profile_sums import SLACK, Variable, first_blocks, first_sums, squares, window_counts
from summand.tables import Array, Batch, Column

NUMBERS_MAX = 2_000_000
# Rows handled at once: few enough that a column and its temporaries stay in cache, many enough to hide the calls.
CHUNK_ROWS = 65_536


@dataclass(frozen=True)
class Profile(Placed):
    """Base of the methods that describe columns in groups.

    Args:
        variables: The columns described.
        by: A column with levels, or a comparison such as ``num > 0``.
    """

    variables: tuple[str, ...]
    by: str

    state_type: ClassVar[type[State]] = ProfileState

    def _is_number(self, column: Column) -> bool | None:
        """Whether a column with levels is described as a number; None where its levels decide."""
        return None if column.name in self.variables else False

    def _wants_ranks(self, variable: Variable) -> bool:
        """Whether a number is compared by ranks."""
        return variable.column.name in self.variables

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            ColumnMissing, FormulaInvalid: if a column is unknown, text, or lacks the levels or the range it needs.
        """
        changes: dict[str, Any] = {"setting": setting}  # the field is last, so each method declares it
        method = dataclasses.replace(self, **changes)
        if length(method.layout(method.start())) > NUMBERS_MAX:
            raise FormulaInvalid("This describes too many columns and groups at once.", remedy="Choose fewer columns.")
        return method

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return tuple(dict.fromkeys([*self.variables, column_of(self.by)]))

    def parameter_count(self) -> int:
        """None: nothing is modelled."""
        return 0

    @cached_property
    def factor(self) -> Factor:
        """The groups."""
        return Factor.of(self.by, self.placed.dictionary)

    @cached_property
    def described(self) -> tuple[Variable, ...]:
        """The columns as they are described."""
        dictionary, exact = self.placed.dictionary, self.placed.limits.exact_quantiles
        names = dict.fromkeys(self.variables)
        return tuple(Variable.of(dictionary[name], self._is_number(dictionary[name]), exact=exact) for name in names)

    @cached_property
    def _ordered(self) -> tuple[Variable, ...]:
        return tuple(variable for variable in self.described if variable.keys is not None)

    def start(self) -> ProfileState:
        """Nothing known yet."""
        nothing = np.zeros(0)
        return ProfileState(0, nothing, nothing, nothing, nothing, (), nothing, nothing)

    def layout(self, state: ProfileState) -> Layout:
        """First counts, sums and bins; then squares about the means, and finer bins."""
        groups = len(self.factor)
        if state.round == 0:
            blocks = [Block("without a group", "1", 1, 1.0, f"how many people lack {self.factor.column.name}")]
            return tuple(blocks + [block for variable in self.described for block in first_blocks(variable, groups)])
        blocks, divisions = [], state.divisions(groups)
        for number, variable in enumerate(self._ordered):
            name = variable.column.name
            if state.round == 1:
                blocks.append(
                    Block(f"{name}: squares", "1", groups, 4.0 * SLACK, f"the spread of {name} in each group")
                )
            windows = windows_of(self._open(state, number), divisions)
            if len(windows):
                size = groups * windows.bins
                blocks.append(
                    Block(f"{name}: bins", "1", size, 1.0, f"how many of each group lie where in {name}, finely")
                )
        return tuple(blocks)

    def _open(self, state: ProfileState, number: int) -> Array:
        bins = state.open_bins(len(self.factor))
        chosen: Array = bins[bins[:, 0] == number]
        return chosen

    def tally(self, batch: Batch, state: ProfileState, local: Local) -> Array:  # noqa: ARG002 — no local memory
        """The sums of one batch in the layout's order."""
        total = np.zeros(length(self.layout(state)))
        for first in range(0, batch.rows, CHUNK_ROWS):
            rows = slice(first, min(first + CHUNK_ROWS, batch.rows))
            some = {name: batch.columns[name][rows] for name in self.columns}
            total += self._sums(Batch(some, rows.stop - rows.start), state)
        return total

    def _sums(self, batch: Batch, state: ProfileState) -> Array:
        group = self.factor.codes(batch)
        lacking = float(np.count_nonzero(group < 0))
        known, group, groups = batch.where(group >= 0), group[group >= 0], len(self.factor)
        if state.round == 0:
            parts = [np.array([lacking])]
            return np.concatenate([*parts, *(p for v in self.described for p in first_sums(v, known, group, groups))])
        parts, divisions = [], state.divisions(groups)
        figures = self._figures(state)
        for number, variable in enumerate(self._ordered):
            if state.round == 1:
                parts.append(squares(variable, known, group, figures.scaled_means[number]))
            windows = windows_of(self._open(state, number), divisions)
            if len(windows):
                parts.append(window_counts(variable, known, group, groups, windows))
        return np.concatenate(parts) if parts else np.zeros(0)

    def condense(self, partial: Array, state: ProfileState, local: Local) -> tuple[Array, Local]:  # noqa: ARG002
        """The site's sums as they are."""
        return partial, {}

    def _figures(self, state: ProfileState) -> Figures:
        return Figures(self.described, len(self.factor), state, self.placed.limits)

    def update(self, total: Array, state: ProfileState) -> ProfileState | Result:
        """Narrow ranks and quartiles down; the result when all are found."""
        check_length(total, length(self.layout(state)))
        groups, exact = len(self.factor), self.placed.limits.exact_quantiles
        narrowing = Narrowing(state, len(self._ordered), groups)
        known, first = state.squares, state.first
        if state.round == 0:
            first = self._first(total, narrowing, exact)
        else:
            known = self._later(total, state, narrowing)
        bins = narrowing.finish(may_divide=exact and state.round < REFINEMENTS_MAX)
        state = ProfileState(
            state.round + 1, first, known, narrowing.rank_sums.ravel(), narrowing.ties, tuple(narrowing.grouped),
            bins, narrowing.targets.ravel(),
        )  # fmt: skip
        if len(state.bins) or (state.round == 1 and self._ordered):
            return state
        return self.result(self._figures(state))

    def _first(self, total: Array, narrowing: Narrowing, exact: bool) -> Array:
        """What of the first total is kept: without the bins of the numbers, unless bands are made of them."""
        keep, at, number, groups = np.ones(len(total), dtype=np.bool_), 1, 0, narrowing.groups
        for variable in self.described:
            if variable.keys is None:
                at += variable.first_length(groups)
                continue
            people = np.rint(total[at : at + groups])
            at += variable.first_length(groups)
            window = variable.window
            cells = slice(at, at + window.bins * groups)
            if exact:
                narrowing.want(number, people, variable.keys.count)
            keep[cells], at, below = not exact, cells.stop, np.zeros((1, groups))
            counts = total[cells].reshape(-1, groups)
            is_ranked = np.array([self._wants_ranks(variable)])
            narrowing.settle(number, Bins.of(Windows.one(window), counts, below, is_ranked))
            number += 1
        return total[keep]

    def _later(self, total: Array, state: ProfileState, narrowing: Narrowing) -> Array:
        """The squares; what is counted is settled on the way."""
        groups, at, found = narrowing.groups, 0, []
        divisions = state.divisions(groups)
        for number in range(len(self._ordered)):
            if state.round == 1:
                found.append(total[at : at + groups])
                at += groups
            bins = self._open(state, number)
            windows = windows_of(bins, divisions)
            if len(windows):
                size = groups * windows.bins
                counts = total[at : at + size].reshape(-1, groups)
                at += size
                narrowing.settle(number, Bins.of(windows, counts, bins[:, 4:], bins[:, 3] > 0.0))
        return np.concatenate(found) if state.round == 1 else state.squares

    def result(self, figures: Figures) -> Result:  # noqa: ARG002 — each method makes its own
        """What the method makes of the figures."""
        raise UsageError("A profile is no method by itself.", remedy="Use table_one or compare_groups.")
