"""Stepped wedge: clusters that change from control to treatment one after the other."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from summand.errors import UsageError
from summand.methods import _spec
from summand.methods._placed import Placed, check_length
from summand.methods._protocol import Block, Layout, Local, Result, Setting, State, length
from summand.methods.causes._interrupted import PeriodState
from summand.methods.causes._measured import Measured, outcome_columns
from summand.methods.causes._periods import FirstTreated, Values, cell_sums
from summand.methods.causes._wedge_update import result_of
from summand.tables import Array, Batch

CLUSTERS_MAX, CELLS_MAX, PERIODS_MAX, DRAWS_MAX = 300, 6_000, 60, 9_999
SLACK = 1.0 + 2.0**-40


@dataclass(frozen=True)
class SteppedWedge(Placed):
    """The effect of a treatment that clusters begin one after the other, each staying with it.

    The mean of a cluster in a period is the period's, plus the treatment's effect once it has begun, plus the cluster's.
    A two-valued outcome is taken as 0 and 1, so that effects are differences of risk. Clusters are a column's levels; where
    each site is a cluster and its means shall not be opened, a mixed or linear model of ``treated`` and ``C(period)`` with
    one intercept for each site gives the constant effect.

    Args:
        outcome: A numeric column, or two-valued: ``died``, ``days > 30``.
        period: The column of periods: whole numbers, or levels in order.
        cluster: The column of clusters, with levels; each is treated as a whole.
        treated_from: The first period of treatment of the row's cluster.
        never: Its code for "never"; empty where a missing value means never.
        clusters: ``random``: cluster effects are draws (Hussey and Hughes), by restricted maximum likelihood with
            Kenward and Roger's errors and degrees of freedom; ``nested``: also the periods within a cluster (Hooper and
            others; Girling and Hemming); ``fixed``: one effect for each cluster, with Bell and McCaffrey's robust errors.
        effect: ``constant`` once treatment has begun, or by ``exposure``: one effect for each time since, and their mean.
        draws: Of treatments dealt anew to the clusters, for the p-value that assumes nothing else.
        seed: Of the draws.

    Reveals: people, sum and squares of the outcome in every cluster and period, and when each cluster is treated.

    Raises:
        CohortTooSmall: where a cluster has too few people in a period.
        UsageError: where a cluster's people are not all treated from the same period on.
        SingularInformation: where nothing tells the treatment from the periods and clusters.

    Source: Hussey & Hughes (2007), Contemporary Clinical Trials 28(2); Hemming, Taljaard & Forbes (2017), Trials 18(1),
        for the nested model; Kenny et al. (2022), Statistics in Medicine 41(22), for exposure; Wang & De Gruttola (2017),
        Statistics in Medicine 36(18), for permutation.
    """

    outcome: str
    period: str
    cluster: str
    treated_from: str
    never: str = ""
    clusters: str = "random"
    effect: str = "constant"
    draws: int = 999
    seed: int = 1
    setting: Setting | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "stepped_wedge"
    title: ClassVar[str] = "Stepped wedge"
    state_type: ClassVar[type[State]] = PeriodState

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing, UsageError: if the settings do not fit the dictionary.
        """
        method = dataclasses.replace(self.from_spec(self.to_spec()), setting=setting)
        method.measured  # noqa: B018 — both read the dictionary, and say now what does not fit
        cells = len(method.places) * (len(method.periods) + len(method.groups))
        if cells > 3 * CELLS_MAX or len(method.places) * len(method.periods) > CELLS_MAX:
            raise UsageError(f"Clusters and periods make more than {CELLS_MAX:,} cells.", remedy="Use longer periods.")
        return method

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        names = (f.name for f in dataclasses.fields(self) if f.name != "setting")
        return {"name": self.name, **{name: getattr(self, name) for name in names}}

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        names = tuple(f.name for f in dataclasses.fields(cls) if f.name != "setting")
        settings = _spec.fields(spec, cls.name, names)
        method = cls(
            _spec.text(settings, "outcome"),
            _spec.text(settings, "period"),
            _spec.text(settings, "cluster"),
            _spec.text(settings, "treated_from"),
            _spec.text(settings, "never", ""),
            _spec.choice(settings, "clusters", ("random", "nested", "fixed")),
            _spec.choice(settings, "effect", ("constant", "exposure")),
            _spec.whole(settings, "draws", 999, 99, DRAWS_MAX),
            _spec.whole(settings, "seed", 1, 0, 2**53),
        )
        method.columns  # noqa: B018 — parses the outcome
        return method

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        own = (*outcome_columns(self.outcome), self.period, self.cluster, self.treated_from)
        return tuple(dict.fromkeys(own))

    @property
    def complete_cases(self) -> bool:
        """Whether a missing value leaves a row out: not where a missing start of treatment means never."""
        return bool(self.never)

    @cached_property
    def measured(self) -> Measured:
        """The outcome over the dictionary."""
        return Measured.of(self.outcome, self.placed.dictionary)

    @cached_property
    def periods(self) -> Values:
        """The periods."""
        return Values.of(self.period, self.placed.dictionary, most=PERIODS_MAX)

    @cached_property
    def places(self) -> Values:
        """The clusters."""
        return Values.of(self.cluster, self.placed.dictionary, "clusters", CLUSTERS_MAX)

    @cached_property
    def groups(self) -> FirstTreated:
        """When clusters are treated."""
        return FirstTreated.of(self.treated_from, self.never, self.periods, self.placed.dictionary)

    def parameter_count(self) -> int:
        """Periods, effects of treatment, and clusters where each has its own."""
        effects = len(self.periods) if self.effect == "exposure" else 1
        return len(self.periods) + effects + (len(self.places) if self.clusters == "fixed" else 3)

    def start(self) -> PeriodState:
        """Nothing known yet."""
        return PeriodState(0)

    def layout(self, state: PeriodState) -> Layout:  # noqa: ARG002 — one round
        """Sums by cluster and period."""
        cells = len(self.places) * len(self.periods)
        return (
            Block("people", "1", cells, 1.0, "how many people each cluster has in each period"),
            Block("outcome", "1", cells, SLACK, "the mean of each cluster in each period"),
            Block("squares", "1", cells, SLACK, "the variance of each cluster in each period"),
            Block("left out", "1", 1, 1.0, "how many people lack a value"),
            Block("clusters by group", "1", len(self.places) * len(self.groups), 1.0, "when each cluster is treated"),
        )

    def tally(self, batch: Batch, state: PeriodState, local: Local) -> Array:  # noqa: ARG002 — no state, no memory
        """Sums of one batch by cluster and period."""
        needed = tuple(name for name in self.columns if self.never or name != self.treated_from)
        rows = batch if self.complete_cases else batch.where(batch.complete(needed))
        place, periods, groups = self.places(rows), len(self.periods), len(self.groups)
        sums = cell_sums(place * periods + self.periods(rows), self.measured.scaled(rows), len(self.places) * periods)
        member = np.bincount(place * groups + self.groups(rows), minlength=len(self.places) * groups)
        return np.concatenate((sums.ravel(), [float(batch.rows - rows.rows)], member.astype(np.float64)))

    def condense(self, partial: Array, state: PeriodState, local: Local) -> tuple[Array, Local]:  # noqa: ARG002
        """The site's sums as they are."""
        return partial, {}

    def update(self, total: Array, state: PeriodState) -> Result:
        """The fit of the opened cells."""
        check_length(total, length(self.layout(state)))
        return result_of(total, state, self)
