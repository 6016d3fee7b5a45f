"""Kaplan and Meier's survival curve over sites that keep their rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Self

from summand.methods import _spec
from summand.methods._placed import check_length
from summand.methods._protocol import Layout, Local, Result, Setting, State, length
from summand.methods.survival._by_group import Grouping, events_and_exits, group_table, table_block
from summand.methods.survival._product_limit import product_limit
from summand.methods.survival._survival import SurvivalMethod
from summand.methods.survival._time_steps import grouped_times, merged
from summand.methods.survival._times import TimesState
from summand.tables import Array, Batch, Count


@dataclass(frozen=True)
class KaplanMeier(SurvivalMethod):
    """Survival curves by the product-limit estimate, equal to the pooled curve.

    With d_j events among the n_j at risk at time t_j, ``S(t) = prod over t_j <= t of (1 - d_j / n_j)``. The variance is
    Greenwood's, the 95 % interval is symmetric on the scale ``log(-log S)``, and the median is the first time with
    ``S <= 1/2`` (None if the curve stays above).

    Args:
        formula: ``Surv(time, status) ~ 1`` or ``Surv(time, status) ~ group``; the group is a category, or a numeric
            column with levels in the dictionary.

    Reveals: how many people leave at each time of a grid that is learned first, then how many of each group leave there
        with and without the event. Where the limits allow exact times the grid is every distinct time. Else it is
        coarse: of round width, and merged until every step holds at least ``minimum_cell`` exits of every group. A time
        then counts as the end of its step, events before other exits: the product-limit estimate of the times
        rounded up, which a warning says. A curve tells the events of a step to whoever knows those at risk; that
        each step pools at least ``minimum_cell`` exits is what protects. A group with fewer events than
        that gets no curve.

    Raises:
        CohortTooSmall: from `update`, if a group has fewer people than ``minimum_cell``.
        OutcomeConstant: from `update`, if there is nobody at all.

    Source: Kaplan & Meier (1958), JASA 53(282), section 2 (events before losses at the same time); Greenwood (1926),
        Reports on Public Health and Medical Subjects 33; interval: Kalbfleisch & Prentice (2002), section 1.4.
    """

    formula: str
    setting: Setting | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "km"
    title: ClassVar[str] = "Kaplan–Meier"
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

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        return {"name": self.name, "formula": self.formula}

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        method = cls(_spec.text(_spec.fields(spec, cls.name, ("formula",)), "formula"))
        method.parsed  # noqa: B018
        return method

    @cached_property
    def grouping(self) -> Grouping:
        """Whose curves are drawn."""
        return Grouping.of(self.parsed, self.placed.dictionary)

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
        return (table_block(len(self.grouping), len(state.times)),)

    def tally(self, batch: Batch, state: TimesState, local: Local) -> Array:  # noqa: ARG002 — the protocol's signature
        """One batch of complete rows -> counts."""
        times, events = self.follow_up.read(batch)
        if state.stage != "known":
            return self.grid.tally(times, state)
        codes, reached = self.grouping.codes(batch), self.grid.place(times, state)
        return group_table(codes, reached, events, len(self.grouping), len(state.times))

    def condense(self, partial: Array, state: TimesState, local: Local) -> tuple[Array, Local]:  # noqa: ARG002 — the protocol's signature
        """The counts themselves."""
        return partial, local

    def update(self, total: Array, state: TimesState) -> TimesState | Result:
        """The next times, or the curves."""
        check_length(total, length(self.layout(state)))
        if state.stage != "known":
            return self.grid.update(total, state)
        events, exits = events_and_exits(total, len(self.grouping))
        self.grouping.check_sizes(exits.sum(axis=1), self.placed.limits)
        times = state.times
        warnings: tuple[str, ...] = ()
        if not self.grid.is_exact:
            times, events, exits = merged(times, events, exits, self.grid.minimum_cell)
            warnings = (grouped_times(len(times), self.grid.minimum_cell),)
        shown = [j for j in range(len(self.grouping)) if exits[j].sum() > 0]
        groups = [self._group(self.grouping.labels[j], times, events[j], exits[j]) for j in shown]
        return Result(self.name, {"groups": groups}, warnings)

    def _group(self, label: str, times: Array, events: Array, exits: Array) -> dict[str, Any]:
        """One curve; none where the number of events itself may not be shown."""
        happened = int(events.sum())
        row = {"group": label, "n": Count(int(exits.sum())), "events": Count(happened)}
        if happened < self.placed.limits.minimum_cell:
            return {**row, "median": None, "curve": None}
        curve = product_limit(times, events, exits)
        return {**row, "median": curve.median, "curve": curve.to_json()}
