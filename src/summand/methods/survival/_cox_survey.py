"""The first sums of a Cox regression: people, events, means of the covariates, sizes of groups, and events by time."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from summand.errors import OutcomeConstant
from summand.methods._groups import check_events, check_groups
from summand.methods._protocol import Block, Layout
from summand.methods.formulas._design import Design
from summand.methods.survival._cox_state import CoxState
from summand.methods.survival._follow_up import Events, TimeTable
from summand.tables import Array, Batch, Limits


@dataclass(frozen=True, eq=False)
class Survey:
    """A partial: numbers that add, and events by time.

    Attributes:
        sums: People, events, sums of the scaled covariates, sizes of groups; shape (2 + p + groups,).
        events: How many events each time has.
    """

    sums: Array
    events: TimeTable

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Survey) and np.array_equal(self.sums, other.sums) and self.events == other.events

    __hash__ = None  # type: ignore[assignment]  # arrays can change

    def __add__(self, other: Survey) -> Survey:
        return Survey(self.sums + other.sums, self.events + other.events)


def survey_layout(design: Design, grid_times: int) -> Layout:
    """The numbers of the survey; ``grid_times`` is 0 if no grid is shared."""
    blocks = [
        Block("people", "1", 1, 1.0, "how many people are in the model"),
        Block("events", "1", 1, 1.0, "how many of them have the event"),
        Block("covariate sums", "1", len(design), 1.001, "the mean of each covariate over all sites"),
    ]
    if design.groups:
        blocks.append(Block("groups", "1", len(design.groups), 1.0, "how many people each level has"))
    if grid_times:
        blocks.append(Block("events by time", "1", grid_times, 1.0, "how many people have the event at each time"))
    return tuple(blocks)


def survey_tally(design: Design, batch: Batch, times: Array, events: Events) -> Survey:
    """One batch's survey; ``times`` and ``events`` have shape (rows,)."""
    groups = design.group_counts(batch) if batch.rows else np.zeros(len(design.groups))
    people = [float(batch.rows), float(np.count_nonzero(events))]
    happened = times[events]
    by_time = TimeTable.of(happened, (np.ones(len(happened)),))
    return Survey(np.concatenate([people, design.matrix(batch).sum(axis=0), groups]), by_time)


def survey_update(total: Array, state: CoxState, design: Design, limits: Limits) -> CoxState:
    """The state that asks for the likelihood without covariates.

    Raises:
        OutcomeConstant: if nobody has the event.
        CohortTooSmall, SingularInformation: if too few people have the event or a level, or none has a level.
    """
    n, events = round(float(total[0])), round(float(total[1]))
    check_events(events, limits)
    if events == 0:
        raise OutcomeConstant(
            "Nobody at any site has the event.", remedy="Check the coding of the status: 0/1, or 1/2 with 2 the event."
        )
    p = len(design)
    check_groups(total[2 + p : 2 + p + len(design.groups)], design, limits)
    return replace(state, phase="ascent", n=n, events=events, centre=total[2 : 2 + p] / n)
