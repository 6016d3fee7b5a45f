"""Aalen and Johansen's cumulative incidence of competing events over sites that keep their rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from summand.methods import _spec
from summand.methods._placed import check_length
from summand.methods._protocol import Block, Layout, Local, Result, Setting, State, length
from summand.methods.survival._by_group import Grouping
from summand.methods.survival._causes import exit_table
from summand.methods.survival._competing import CompetingMethod
from summand.methods.survival._gray import gray_test
from summand.methods.survival._incidence import cumulative_incidence
from summand.methods.survival._settings import chosen_times
from summand.methods.survival._time_steps import grouped_times, step_ends
from summand.methods.survival._times import TimesState
from summand.tables import Array, Batch, Count


@dataclass(frozen=True)
class AalenJohansen(CompetingMethod):
    """Cumulative incidence of every cause of exit by group, and Gray's test of the groups, equal to the pooled ones.

    Where several events compete, one minus a Kaplan-Meier curve overstates each: who had another event cannot have this
    one any more. ``F_k(t) = sum over t_j <= t of S(t_j-) d_kj / n_j``, with S the probability to be free of all. Standard
    errors are those of multinomial draws at each time, as R's survfit gives them for several states, and the 95 %
    interval is symmetric on the scale ``log(-log F)``. Gray's test compares groups for each cause, as cmprsk's cuminc.

    Args:
        formula: ``Surv(time, status) ~ 1`` or ``Surv(time, status) ~ group``. The status has a level for the end of
            follow-up without event, and one for each cause.
        censored: The level of the status that means the end of follow-up without event.
        times: Where the incidence is asked for by itself.

    Reveals: how many people leave at each time of a grid that is learned first, then how many of each group leave there
        with each cause and without event. Where the limits allow exact times the grid is every distinct time. Else it
        is coarse: of round width, and merged until every step holds at least ``minimum_cell`` exits of every group. A
        time then counts as the end of its step, events before other exits: curves and test are those of the times rounded
        up, which a warning says. A group in which some cause has fewer events than ``minimum_cell`` gets no
        curve at all, since the curves of its other causes would give that number away, and that cause is not tested.

    Raises:
        CohortTooSmall: from `update`, if a group has fewer people than ``minimum_cell``.
        OutcomeConstant: from `update`, if there is nobody at all.

    Source: Aalen & Johansen (1978), Scand. J. Statist. 5(3), 141-150; Gray (1988), Annals of Statistics 16(3),
        1141-1154; why not one minus Kaplan-Meier: Putter, Fiocco & Geskus (2007), Statist. Med. 26(11), section 3.
    """

    formula: str
    censored: str = "0"
    times: tuple[float, ...] = ()
    setting: Setting | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "aalen_johansen"
    title: ClassVar[str] = "Cumulative incidence (Aalen–Johansen)"
    state_type: ClassVar[type[State]] = TimesState
    complete_cases: ClassVar[bool] = True

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing, StatusInvalid, ValueOutOfRange: if the formula does not fit the dictionary.
            UsageError: if the times are none.
        """
        chosen_times({"times": self.times})
        method = dataclasses.replace(self, setting=setting)
        method.follow_up  # noqa: B018 — both parse against the dictionary, and say now what does not fit
        method.grouping  # noqa: B018
        return method

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        return {"name": self.name, "formula": self.formula, "censored": self.censored, "times": list(self.times)}

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        settings = _spec.fields(spec, cls.name, ("formula", "censored", "times"))
        method = cls(_spec.text(settings, "formula"), _spec.text(settings, "censored", "0"), chosen_times(settings))
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

    def _shape(self, state: TimesState) -> tuple[int, int, int]:
        return 1 + len(self.follow_up.causes), len(self.grouping), len(state.times)

    def layout(self, state: TimesState) -> Layout:
        """Counts of times while the grid is learned, then the table by kind of exit, group and time."""
        if state.stage != "known":
            return self.grid.layout(state)
        what = "how many people of each group leave at each time, by each cause and without event"
        return (Block("exits by cause, group and time", "1", int(np.prod(self._shape(state))), 1.0, what),)

    def tally(self, batch: Batch, state: TimesState, local: Local) -> Array:  # noqa: ARG002 — the protocol's signature
        """One batch of complete rows -> counts."""
        times, kinds = self.follow_up.read(batch)
        if state.stage != "known":
            return self.grid.tally(times, state)
        return exit_table(kinds, self.grouping.codes(batch), self.grid.place(times, state), self._shape(state))

    def condense(self, partial: Array, state: TimesState, local: Local) -> tuple[Array, Local]:  # noqa: ARG002 — the protocol's signature
        """The counts themselves."""
        return partial, local

    def update(self, total: Array, state: TimesState) -> TimesState | Result:
        """The next times, or curves and tests."""
        check_length(total, length(self.layout(state)))
        if state.stage != "known":
            return self.grid.update(total, state)
        exits, times = np.rint(total).reshape(self._shape(state)), state.times
        by_group = exits.sum(axis=0)
        self.grouping.check_sizes(by_group.sum(axis=1), self.placed.limits)
        warnings = []
        if not self.grid.is_exact:
            ends = step_ends(by_group, self.grid.minimum_cell)
            starts = np.concatenate([[0], ends[:-1] + 1])
            times, exits = times[ends], np.add.reduceat(exits[:, :, : int(ends[-1]) + 1], starts, axis=2)
            warnings.append(grouped_times(len(times), self.grid.minimum_cell))
        groups: list[dict[str, Any]] = []
        chosen: list[dict[str, Any]] = []
        for j in np.flatnonzero(by_group.sum(axis=1) > 0.5):
            self._add_group(int(j), times, exits[:, j], groups, chosen)
        if any(row["curve"] is None for row in groups):
            warnings.append(
                f"A group in which a cause has fewer than {self.placed.limits.minimum_cell} events has no curves, and "
                "that cause no test: merge rare causes, or groups."
            )
        values = {"groups": groups, "tests": self._tests(exits), **({"incidence_at": chosen} if self.times else {})}
        return Result(self.name, values, tuple(warnings))

    def _add_group(
        self, j: int, times: Array, own: Array, groups: list[dict[str, Any]], chosen: list[dict[str, Any]]
    ) -> None:
        """Add the curves of one group; none where the number of events of some cause may not be shown.

        Args:
            j: Which group.
            times: Of the grid, shape (times,).
            own: The group's exits by kind and time, shape (kinds, times).
            groups, chosen: Where curves, and incidences at the chosen times, are added.
        """
        happened = own[1:].sum(axis=1)
        shown = bool((happened > self.placed.limits.minimum_cell - 0.5).all())
        for kind, (cause, count) in enumerate(zip(self.follow_up.causes, happened, strict=True), start=1):
            who = {"group": self.grouping.labels[j], "cause": cause}
            row = {**who, "n": Count(int(own.sum())), "events": Count(int(count))}
            curve = cumulative_incidence(times, own, kind) if shown else None
            groups.append({**row, "curve": None if curve is None else curve.to_json()})
            if curve is not None:
                chosen += [{**who, **curve.at(time)} for time in self.times]

    def _tests(self, exits: Array) -> list[dict[str, Any]]:
        """Gray's test for each cause that enough people of every group have; none without groups."""
        rows = []
        for kind, cause in enumerate(self.follow_up.causes, start=1):
            happened = exits[kind].sum(axis=1)[exits.sum(axis=(0, 2)) > 0]
            enough = bool((happened > self.placed.limits.minimum_cell - 0.5).all())
            test = gray_test(exits, kind) if enough else None
            if test is not None:
                statistic, degrees_of_freedom, p_value = test
                rows.append(
                    {
                        "cause": cause,
                        "statistic": statistic,
                        "degrees_of_freedom": degrees_of_freedom,
                        "p_value": p_value,
                    }
                )
        return rows
