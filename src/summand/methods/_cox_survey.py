"""The first sums of a Cox regression: people, events, means of the covariates, sizes of groups, and local times."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from summand.errors import CohortTooSmall, OutcomeConstant
from summand.methods._cox_step import CoxState
from summand.methods._design import Design
from summand.methods._follow_up import Events, TimeTable
from summand.methods._protocol import Block, Layout
from summand.tables import Array, Batch, Limits


@dataclass(frozen=True)
class Survey:
    """A partial: numbers that add, and the events by time that a site keeps.

    Attributes:
        sums: People, events, sums of the scaled covariates, sizes of groups; shape (2 + p + groups,).
        events: How many events each time has.
    """

    sums: Array
    events: TimeTable

    def __add__(self, other: Survey) -> Survey:
        return Survey(self.sums + other.sums, self.events + other.events)


def survey_layout(design: Design) -> Layout:
    """The numbers of the survey."""
    groups = len(design.groups)
    return (
        Block("people", "1", 1, 1.0, "how many people the cohort has"),
        Block("events", "1", 1, 1.0, "how many of them have the event"),
        Block("covariate sums", "1", len(design), 1.001, "the mean of each covariate over all sites"),
        *(
            [Block("group sizes", "1", groups, 1.0, "how many people each level or cell of levels has")]
            if groups
            else []
        ),
    )


def survey_tally(design: Design, batch: Batch, times: Array, events: Events) -> Survey:
    """One batch's survey."""
    x = design.matrix(batch)
    sums = np.concatenate(
        [[float(batch.rows), float(np.count_nonzero(events))], x.sum(axis=0), design.group_counts(batch)]
    )
    happened = times[events]
    return Survey(sums, TimeTable.of(happened, (np.ones(len(happened)),)))


def survey_update(total: Array, state: CoxState, design: Design, limits: Limits) -> CoxState:
    """The state that asks for the likelihood without covariates.

    Raises:
        OutcomeConstant: if nobody has the event.
        CohortTooSmall: if a group that the model describes has fewer people than ``minimum_cell``.
    """
    n, events = round(float(total[0])), round(float(total[1]))
    if events == 0:
        raise OutcomeConstant(
            "Nobody at any site has the event.", remedy="Check the coding of the status: 0/1, or 1/2 with 2 the event."
        )
    groups = total[2 + len(design) : 2 + len(design) + len(design.groups)]
    if limits.minimum_cell > 1 and bool((groups < limits.minimum_cell - 0.5).any()):
        raise CohortTooSmall(
            f"A group that the model describes has fewer than {limits.minimum_cell} people over all sites.",
            remedy="Merge levels of the categories in the formula, or leave one out.",
            clause="D.min_cell",
        )
    return replace(state, phase="ascent", n=n, events=events, centre=total[2 : 2 + len(design)] / n)
