"""The first sums of a subdistribution hazard regression: people, exits by kind, means of the covariates, and groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from summand.methods._protocol import Local
from summand.methods.formulas._design import Design
from summand.methods.survival._causes import Kinds
from summand.methods.survival._fine_gray_times import COMPETING, EVENT
from summand.methods.survival._follow_up import TimeTable
from summand.tables import Array, Batch


@dataclass(frozen=True, eq=False)
class Survey:
    """A partial: numbers that add, and exits by time.

    Attributes:
        sums: People, events, competing events, sums of the scaled covariates, sizes of groups; shape (3 + p + groups,).
        exits: How many people leave at each time, by kind: three columns.
    """

    sums: Array
    exits: TimeTable

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Survey) and np.array_equal(self.sums, other.sums) and self.exits == other.exits

    __hash__ = None  # type: ignore[assignment]  # arrays can change

    def __add__(self, other: Survey) -> Survey:
        return Survey(self.sums + other.sums, self.exits + other.exits)


def survey_tally(design: Design, batch: Batch, times: Array, kinds: Kinds) -> Survey:
    """One batch's survey; ``times`` and ``kinds`` have shape (rows,)."""
    by_kind = tuple((kinds == kind).astype(np.float64) for kind in range(3))
    groups = design.group_counts(batch) if batch.rows else np.zeros(len(design.groups))
    people = [float(batch.rows), float(by_kind[EVENT].sum()), float(by_kind[COMPETING].sum())]
    return Survey(np.concatenate([people, design.matrix(batch).sum(axis=0), groups]), TimeTable.of(times, by_kind))


def own_exits(exits: TimeTable) -> Local:
    """What a site keeps that is a stratum of its own."""
    return {"times": exits.times, "exits": exits.sums.T}
