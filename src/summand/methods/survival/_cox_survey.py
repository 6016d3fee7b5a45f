"""The first sums of a Cox regression: people, events, means of the covariates, sizes of groups, and events by time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from summand.errors import CohortTooSmall, MethodError, OutcomeConstant
from summand.methods._groups import check_events, check_groups
from summand.methods._protocol import Block, Layout
from summand.methods.formulas._design import Design
from summand.methods.survival._cox_state import CoxState
from summand.methods.survival._follow_up import Events, TimeTable
from summand.methods.survival._partial_likelihood import Positions
from summand.tables import Array, Batch, Limits


@dataclass(frozen=True, eq=False)
class Survey:
    """A partial: numbers that add, and events by time.

    Attributes:
        sums: People, events, sums of the scaled covariates, sizes of groups, and the weight of events if rows have
            weights.
        events: How many events of each stratum each time has, and what they weigh.
        clusters: The distinct clusters, where persons or a column make them.
        exits: Who leaves at each time of a shared grid, less who enters; empty where that is not asked for.
    """

    sums: Array
    events: TimeTable
    clusters: Array
    exits: Array = field(default_factory=lambda: np.zeros(0))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Survey) or not np.array_equal(self.sums, other.sums):
            return False
        same = self.events == other.events and np.array_equal(self.clusters, other.clusters)
        return same and np.array_equal(self.exits, other.exits)

    __hash__ = None  # type: ignore[assignment]  # arrays can change

    def __add__(self, other: Survey) -> Survey:
        clusters = np.union1d(self.clusters, other.clusters)
        return Survey(self.sums + other.sums, self.events + other.events, clusters, self.exits + other.exits)


@dataclass(frozen=True)
class Surveyed:
    """What a survey counts beside people: one column of events by time for each stratum, and of their case weights.

    Attributes:
        design: The model's covariates.
        strata: How many strata a column makes.
        weighted: Whether rows have case weights.
        clustered: Whether clusters are counted.
        exits: Whether exits from a shared grid are.
    """

    design: Design
    strata: int = 1
    weighted: bool = False
    clustered: bool = False
    exits: bool = False

    def layout(self, grid_times: int) -> Layout:
        """The numbers of the survey; ``grid_times`` is 0 if no grid is shared."""
        blocks = [
            Block("people", "1", 1, 1.0, "how many people are in the model"),
            Block("events", "1", 1, 1.0, "how many of them have the event"),
            Block("covariate sums", "1", len(self.design), 1.001, "the mean of each covariate over all sites"),
        ]
        if self.design.groups:
            blocks.append(Block("groups", "1", len(self.design.groups), 1.0, "how many people each level has"))
        if self.weighted:
            blocks.append(Block("weight of events", "1", 1, 1.0, "how much those with the event weigh"))
        if self.clustered:
            blocks.append(Block("clusters", "1", 1, 1.0, "how many clusters they are of"))
        if grid_times:
            size, what = self.strata * grid_times, "how many people have the event at each time"
            blocks.append(Block("events by time", "1", size, 1.0, what))
            if self.weighted:
                blocks.append(Block("weight of events by time", "1", size, 1.0, "how much they weigh"))
            if self.exits:
                what = "how many people, or how much weight, leave at each time, less those who enter"
                blocks.append(Block("exits by time", "1", size, 1.0, what))
        return tuple(blocks)

    def tally(
        self, batch: Batch, times: Array, events: Events,
        weights: Array | None, stratum: Positions | None, cluster: Array | None, exits: Array,
    ) -> Survey:  # fmt: skip
        """One batch's survey; every argument but the batch and ``exits`` has shape (rows,)."""
        groups = self.design.group_counts(batch) if batch.rows else np.zeros(len(self.design.groups))
        people = [float(batch.rows), float(np.count_nonzero(events))]
        heavy = [] if weights is None else [float(weights[events].sum())]
        happened, of = times[events], None if stratum is None else stratum[events]
        inside = [np.ones(len(happened))] if of is None else [(of == s).astype(np.float64) for s in range(self.strata)]
        weighed = [] if weights is None else [column * weights[events] for column in inside]
        by_time = TimeTable.of(happened, (*inside, *weighed))
        clusters = np.zeros(0) if cluster is None else np.unique(cluster)
        sums = np.concatenate([people, self.design.matrix(batch).sum(axis=0), groups, heavy])
        return Survey(sums, by_time, clusters, exits)


def survey_update(total: Array, state: CoxState, surveyed: Surveyed, limits: Limits) -> CoxState:
    """The state that asks for the likelihood without covariates.

    Raises:
        OutcomeConstant: if nobody has the event.
        CohortTooSmall, SingularInformation: if too few people have the event or a level, or none has a level; if there
            are fewer clusters than the smallest cell: the sum of their squares would tell of one.
        MethodError: if there is one cluster only.
    """
    n, events = round(float(total[0])), round(float(total[1]))
    check_events(events, limits)
    if events == 0:
        raise OutcomeConstant(
            "Nobody at any site has the event.", remedy="Check the coding of the status: 0/1, or 1/2 with 2 the event."
        )
    p, at = len(surveyed.design), 2 + len(surveyed.design) + len(surveyed.design.groups)
    check_groups(total[2 + p : at], surveyed.design, limits)
    weight, at = (float(total[at]), at + 1) if surveyed.weighted else (float(events), at)
    clusters = round(float(total[at])) if surveyed.clustered else n
    if surveyed.clustered and clusters < 2:
        raise MethodError(
            "All rows are one cluster, so nothing tells how clusters differ.",
            remedy="Use errors='HC0' or 'model', or smaller clusters.",
        )
    if limits.minimum_cell > 1 and clusters < limits.minimum_cell:
        raise CohortTooSmall(
            f"There are fewer than {limits.minimum_cell} clusters over all sites.",
            remedy="Use errors='HC0' or 'model', or smaller clusters.",
            clause="D.min_cell",
        )
    return replace(
        state, phase="ascent", n=n, events=events, centre=total[2 : 2 + p] / n, events_weight=weight, clusters=clusters
    )
