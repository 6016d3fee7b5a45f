"""The log-rank test over sites that keep their rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from summand.errors import FormulaInvalid
from summand.methods import _spec
from summand.methods._placed import check_length
from summand.methods._protocol import Layout, Local, Result, Setting, State, length
from summand.methods.survival._by_group import Grouping, events_and_exits, group_table, table_block
from summand.methods.survival._follow_up import TimeTable
from summand.methods.survival._hypergeometric import Comparison, compared, comparison_layout
from summand.methods.survival._survival import SurvivalMethod
from summand.methods.survival._time_steps import grouped_times, merged
from summand.methods.survival._times import TimesState
from summand.tables import Array, Batch, Count


@dataclass(frozen=True)
class LogRank(SurvivalMethod):
    """Whether groups have the same hazard: the log-rank test, equal to the pooled one.

    At each event time the d events among the n at risk fall on the groups as in drawing without replacement, if the
    hazards are the same; observed minus expected events O - E, and their hypergeometric variance V, add over the times,
    and ``(O - E)' V^-1 (O - E)`` is compared with chi-square, one degree of freedom less than groups.

    Args:
        formula: ``Surv(time, status) ~ group``; the group is a category, or a numeric column with levels.
        site: ``pooled``: one comparison over all sites; ``strata``: each site compares its own people, and O - E and V
            add over the sites (the stratified test).

    Reveals: with ``pooled``, as `KaplanMeier`: how many people of each group leave at each time of a grid, exact or
        coarse as the limits allow. With ``strata``, people, observed and expected events of each group and V, summed
        over sites: no time leaves a site.

    Raises:
        CohortTooSmall: from `update`, if a group has fewer people than ``minimum_cell``.
        FormulaInvalid: from `update`, if fewer than two groups are ever at risk together at an event.

    Source: Mantel (1966), Cancer Chemotherapy Reports 50(3), 163-170; for several groups and strata: Kalbfleisch &
        Prentice (2002), section 1.5.
    """

    formula: str
    site: str = "pooled"
    setting: Setting | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "logrank"
    title: ClassVar[str] = "Log-rank test"
    state_type: ClassVar[type[State]] = TimesState
    complete_cases: ClassVar[bool] = True

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing, StatusInvalid, ValueOutOfRange, UsageError: if formula or settings do not
                fit the dictionary.
        """
        _spec.choice({"site": self.site}, "site", ("pooled", "strata"))
        method = dataclasses.replace(self, setting=setting)
        method.follow_up  # noqa: B018 — both parse against the dictionary, and say now what does not fit
        if len(method.grouping) < 2:
            raise FormulaInvalid("A log-rank test compares groups.", remedy="Write Surv(time, status) ~ group.")
        return method

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        return {"name": self.name, "formula": self.formula, "site": self.site}

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        settings = _spec.fields(spec, cls.name, ("formula", "site"))
        method = cls(_spec.text(settings, "formula"), _spec.choice(settings, "site", ("pooled", "strata")))
        method.parsed  # noqa: B018
        return method

    @cached_property
    def grouping(self) -> Grouping:
        """Which groups are compared."""
        return Grouping.of(self.parsed, self.placed.dictionary)

    def parameter_count(self) -> int:
        """None are estimated."""
        return 0

    def start(self) -> TimesState:
        """No times known; with ``strata`` none are needed."""
        return self.grid.start() if self.site == "pooled" else TimesState("known", 0.0, 0, np.zeros(0))

    def layout(self, state: TimesState) -> Layout:
        """Counts of times, then the table by group and time; with ``strata``, each site's own comparison."""
        if state.stage != "known":
            return self.grid.layout(state)
        if self.site == "strata":
            return comparison_layout(len(self.grouping))
        return (table_block(len(self.grouping), len(state.times)),)

    def tally(self, batch: Batch, state: TimesState, local: Local) -> Array | TimeTable:  # noqa: ARG002 — the protocol's signature
        """One batch of complete rows -> counts by a shared grid, or by the site's own times."""
        times, events = self.follow_up.read(batch)
        if state.stage != "known":
            return self.grid.tally(times, state)
        codes, groups = self.grouping.codes(batch), len(self.grouping)
        if self.site == "strata":
            cells = [(codes == j) & (events == happened) for happened in (True, False) for j in range(groups)]
            return TimeTable.of(times, tuple(cell.astype(np.float64) for cell in cells))
        return group_table(codes, self.grid.place(times, state), events, groups, len(state.times))

    def condense(self, partial: Any, state: TimesState, local: Local) -> tuple[Array, Local]:  # noqa: ARG002 — the protocol's signature
        """The counts themselves; with ``strata``, the site's own comparison of its groups."""
        if self.site == "pooled":
            return partial, local
        return compared(*events_and_exits(partial.sums.T, len(self.grouping))).flat(), local

    def update(self, total: Array, state: TimesState) -> TimesState | Result:
        """The next times, or the test."""
        check_length(total, length(self.layout(state)))
        if state.stage != "known":
            return self.grid.update(total, state)
        groups = len(self.grouping)
        if self.site == "strata":
            comparison = Comparison.from_flat(total, groups)
            self.grouping.check_sizes(comparison.people, self.placed.limits)
            return self._result(comparison, ())
        events, exits = events_and_exits(total, groups)
        self.grouping.check_sizes(exits.sum(axis=1), self.placed.limits)
        warnings: tuple[str, ...] = ()
        if not self.grid.is_exact:
            times, events, exits = merged(state.times, events, exits, self.grid.minimum_cell)
            warnings = (grouped_times(len(times), self.grid.minimum_cell),)
        return self._result(compared(events, exits), warnings)

    def _result(self, comparison: Comparison, warnings: tuple[str, ...]) -> Result:
        statistic, degrees_of_freedom, p_value = comparison.test()
        # Expected events add up to observed ones: with one group's count hidden, the expected would give it back.
        others = comparison.people - comparison.observed
        cell = self.placed.limits.minimum_cell
        hidden = cell > 1 and bool((np.minimum(comparison.observed, others)[comparison.people > 0] < cell).any())
        rows = [
            {"group": label, "n": Count(int(n)), "observed": Count(int(o)), "expected": None if hidden else float(e)}
            for label, n, o, e in zip(
                self.grouping.labels, comparison.people, comparison.observed, comparison.expected, strict=True
            )
            if n > 0
        ]
        values = {
            "site": self.site,
            "statistic": statistic,
            "degrees_of_freedom": degrees_of_freedom,
            "p_value": p_value,
            "groups": rows,
        }
        return Result(self.name, values, warnings)
