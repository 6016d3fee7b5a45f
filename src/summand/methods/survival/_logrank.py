"""The log-rank test over sites that keep their rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from summand.errors import FormulaInvalid, UsageError
from summand.methods import _spec
from summand.methods._placed import check_length
from summand.methods._protocol import Layout, Local, Result, Setting, length
from summand.methods.survival._by_group import Grouping
from summand.methods.survival._group_times import GroupTimes
from summand.methods.survival._grouped import GroupedMethod
from summand.methods.survival._hypergeometric import Comparison, compared, comparison_layout
from summand.methods.survival._logrank_values import flag, logrank_values
from summand.methods.survival._logrank_weights import WEIGHTS, TimeWeights, power
from summand.methods.survival._own_times import own_group_times, own_table
from summand.methods.survival._time_steps import Positions
from summand.methods.survival._times import TimesState
from summand.tables import Array, Batch

SITES = ("pooled", "strata")


@dataclass(frozen=True)
class LogRank(GroupedMethod):
    """Whether groups have the same hazard: the log-rank test, equal to the pooled one.

    At each event time the d events among the n at risk fall on the groups as in drawing without replacement, if the
    hazards are the same; observed minus expected events O - E, and their hypergeometric variance V, add over the times,
    and ``(O - E)' V^-1 (O - E)`` is compared with chi-square, one degree of freedom less than groups. Weights by time
    make it sensitive to early or to late differences.

    Args:
        formula: ``Surv(time, status) ~ group``, or ``Surv(start, stop, status) ~ group``; the group is a category, or a
            numeric column with levels.
        site: ``pooled``: one comparison over all sites; ``strata``: each site compares its own people, and O - E and V
            add over the sites (the stratified test).
        weights: ``logrank`` (all times alike), ``gehan-breslow``, ``tarone-ware``, ``peto-peto`` or
            ``fleming-harrington``; see `TimeWeights`.
        rho, gamma: The powers of Fleming and Harrington's weights.
        trend: Whether the hazard's trend over the groups is tested too: groups in the order of their levels, with the
            values of a numeric column, else 0, 1, 2 … as scores.
        strata: A column within whose levels people are compared, beside the sites where ``site`` says so.

    Reveals: with ``pooled``, as `KaplanMeier`: how many people of each group (and stratum) leave at each time of a grid,
        exact or coarse as the limits allow. With ``site="strata"``, people, observed and expected events of each group
        and V, summed over sites and strata: no time leaves a site.

    Raises:
        CohortTooSmall: from `update`, if a group has fewer people than ``minimum_cell``; with ``pooled``, in a stratum.
        FormulaInvalid: from `update`, if fewer than two groups are ever at risk together at an event.

    Source: Mantel (1966), Cancer Chemotherapy Reports 50(3), 163-170; for several groups and strata: Kalbfleisch &
        Prentice (2002), section 1.5; weights and trend: Klein & Moeschberger (2003), sections 7.3-7.5.
    """

    site: str = "pooled"
    weights: str = "logrank"
    rho: float = 0.0
    gamma: float = 0.0
    trend: bool = False
    strata: str | None = None

    name: ClassVar[str] = "logrank"
    title: ClassVar[str] = "Log-rank test"

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing, StatusInvalid, ValueOutOfRange, UsageError: if formula or settings do not
                fit the dictionary.
        """
        type(self).from_spec(self.to_spec())
        method = super().under(setting)
        if len(method.grouping) < 2:
            raise FormulaInvalid("A log-rank test compares groups.", remedy="Write Surv(time, status) ~ group.")
        method.stratum  # noqa: B018 — says now if the column has no levels
        return method

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        names = ("formula", "site", "weights", "rho", "gamma", "trend", "strata")
        return {"name": self.name, **{name: getattr(self, name) for name in names}}

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        names = ("formula", "site", "weights", "rho", "gamma", "trend", "strata")
        settings = _spec.fields(spec, cls.name, names)
        method = cls(
            _spec.text(settings, "formula"),
            site=_spec.choice(settings, "site", SITES),
            weights=_spec.choice(settings, "weights", WEIGHTS),
            rho=power(settings.get("rho", 0.0), "rho"),
            gamma=power(settings.get("gamma", 0.0), "gamma"),
            trend=flag(settings, "trend"),
            strata=None if settings.get("strata") is None else _spec.text(settings, "strata"),
        )
        if method.weights != "fleming-harrington" and (method.rho or method.gamma):
            raise UsageError(
                f"The weights '{method.weights}' have no powers rho and gamma.",
                remedy="Ask for the weights fleming-harrington, or leave rho and gamma out.",
            )
        method.parsed  # noqa: B018
        return method

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return tuple(dict.fromkeys([*super().columns, *([] if self.strata is None else [self.strata])]))

    @cached_property
    def stratum(self) -> Grouping | None:
        """The strata within which people are compared; None if there is one."""
        return None if self.strata is None else Grouping.by(self.strata, self.placed.dictionary)

    @property
    def cells(self) -> int:
        """Groups times strata."""
        return len(self.grouping) * (1 if self.stratum is None else len(self.stratum))

    def codes(self, batch: Batch) -> Positions:
        """The stratum and group of each row, shape (rows,)."""
        codes = self.grouping.codes(batch)
        return codes if self.stratum is None else self.stratum.codes(batch) * len(self.grouping) + codes

    def check_sizes(self, sizes: Array) -> None:
        """Refuse where a group, or what a stratum holds of it, has too few people to be shown.

        Raises:
            CohortTooSmall: if one has.
        """
        within = "" if self.strata is None else f" within a level of '{self.strata}'"
        self.grouping.check_sizes(sizes, self.placed.limits, within)

    @property
    def _weigh(self) -> TimeWeights | None:
        if self.weights == "logrank":
            return None
        return TimeWeights(self.weights, self.rho, self.gamma, self.placed.rows_max, self.placed.site_count)

    def start(self) -> TimesState:
        """No times known; with ``strata`` none are needed."""
        return self.grid.start() if self.site == "pooled" else TimesState("known", 0.0, 0, np.zeros(0))

    def layout(self, state: TimesState) -> Layout:
        """Counts of times, then the table by group and time; with ``strata``, each site's own comparison."""
        if self.site == "pooled":
            return super().layout(state)
        return comparison_layout(len(self.grouping), None if self._weigh is None else self._weigh.most)

    def tally(self, batch: Batch, state: TimesState, local: Local) -> Any:
        """One batch of complete rows -> counts by a shared grid, or by the site's own times."""
        if self.site == "pooled":
            return super().tally(batch, state, local)
        times, events = self.follow_up.read(batch)
        return own_table(self.codes(batch), times, events, self.follow_up.read_entries(batch, times), self.cells)

    def condense(self, partial: Any, state: TimesState, local: Local) -> tuple[Array, Local]:  # noqa: ARG002 — the protocol's signature
        """The counts themselves; with ``strata``, the site's own comparison of its groups."""
        if self.site == "pooled":
            return partial, local
        comparison = self._compared(own_group_times(partial, self.cells))
        return comparison.flat(weighted=self._weigh is not None), local

    def _compared(self, table: GroupTimes) -> Comparison:
        """The sum of the strata's comparisons."""
        groups = len(self.grouping)
        at_risk, people = table.at_risk, table.exits.sum(axis=1)
        strata = [slice(start, start + groups) for start in range(0, self.cells, groups)]
        flat = sum(
            compared(table.events[cut], at_risk[cut], people[cut], self._weigh).flat(weighted=True) for cut in strata
        )
        return Comparison.from_flat(np.asarray(flat), groups, weighted=True)

    def update(self, total: Array, state: TimesState) -> TimesState | Result:
        """The next times, or the test."""
        if self.site == "pooled":
            return super().update(total, state)
        check_length(total, length(self.layout(state)))
        comparison = Comparison.from_flat(total, len(self.grouping), weighted=self._weigh is not None)
        self.grouping.check_sizes(comparison.people, self.placed.limits)
        return Result(self.name, self._values(comparison))

    def found(self, table: GroupTimes) -> dict[str, Any]:
        """The test over the shared grid."""
        return self._values(self._compared(table))

    def _values(self, comparison: Comparison) -> dict[str, Any]:
        scores = None
        if self.trend:
            numeric = self.placed.dictionary[str(self.grouping.column)].is_numeric
            scores = np.asarray(self.grouping.values) if numeric else np.arange(len(self.grouping), dtype=np.float64)
        values = logrank_values(comparison, self.grouping, self.placed.limits, scores)
        return {"site": self.site, **values}
