"""What leaves a site of a Cox regression over a time grid that all sites share.

Sums of r and r x over those at risk at each time of the grid are added over the sites, and the likelihood is made from
the totals (WebDISCO: Lu et al. 2015, JAMIA 22(6), 1212-1219, which sums r x x' by time too; here one sum over all rows
takes its place, see `_cox_foresight`). At a time where one person leaves, the difference of two totals is that person's
covariates: hence the exact grid only where the limits allow exact times, and elsewhere the grid of
`TimeGrid` over events: every step holds at least ``minimum_cell`` of them, and so at least as many exits.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from summand.errors import CohortTooSmall, UsageError
from summand.methods._protocol import Block, Layout
from summand.methods.survival._cox_foresight import SHARE_MAX, Foresight, at_start
from summand.methods.survival._cox_state import CoxState
from summand.methods.survival._cox_sums import tied_count
from summand.methods.survival._time_steps import joined, step_ends
from summand.tables import Array

NUMBERS_MAX = 2_000_000
TOTAL_BITS = 60
SLACK = 1.001


def grid_eta_max(rows_max: int) -> float:
    """The most that |eta| may be, so that a total of 4 exp(eta) over ``rows_max`` rows stays below 2^60.

    That is a quarter of what a Q63.64 number holds; and exp(-26), 26 being the limit for a million rows, still
    has eight digits there.
    """
    return min(30.0, TOTAL_BITS * math.log(2.0) - math.log(4.0 * max(rows_max, 1)))


def grid_layout(state: CoxState, rows_max: int, *, efron: bool) -> Layout:
    """What a site contributes at ``state``: a centred covariate is at most 2, a product of two at most 4."""
    p, times = len(state.beta), len(state.event_counts)
    furthest = grid_eta_max(rows_max)
    most = SLACK * 2.0 * math.exp(furthest)
    tied = tied_count(state.event_counts, efron=efron)
    blocks = [
        Block("hazards out of range", "1", 1, 1.0, "how many people's hazard is beyond any plausible ratio"),
        Block("linear predictors of events", "1", 1, SLACK * furthest, "how well the model fits"),
        Block("covariates of events", "1", p, SLACK * 2.0, "the mean covariates of those with the event"),
        Block("weighted sums at risk", "1", times * (1 + p), most, "risk and mean covariates of those at risk"),
    ]
    if tied:
        what = "the same of those with the event, at times with several"
        blocks.append(Block("weighted sums of tied events", "1", tied * (1 + p), most, what))
    what = "how precisely the coefficients are known"
    most = SLACK * 4.0 * SHARE_MAX
    blocks.append(Block("products of covariates by hazard", "1", p * (p + 1) // 2, most, what))
    return tuple(blocks)


def with_event_counts(
    state: CoxState, counts: Array, weights: Array, exits: Array | None, strata: int, *, efron: bool
) -> CoxState:
    """The state after the survey of a shared grid.

    Args:
        counts, weights: Of the events at each time, one stratum behind the other; no weights if rows have none.
        exits: Who leaves, less who enters, likewise; None if that is not known.

    Raises:
        UsageError: if a round would hold too many numbers.
    """
    state = replace(state, event_counts=np.rint(counts), event_weights=weights)
    numbers = (len(counts) + tied_count(state.event_counts, efron=efron)) * (1 + len(state.beta))
    if numbers > NUMBERS_MAX:
        raise UsageError(
            f"A shared grid would take {numbers} numbers a round; at most {NUMBERS_MAX} are allowed.",
            remedy="Use site='strata', fewer terms, or times in larger units.",
        )
    heavy = weights if len(weights) else state.event_counts
    nothing = np.ones(len(counts)), np.zeros(len(counts))
    known = nothing if exits is None else at_start(exits, heavy, state.event_counts, strata)
    return replace(state, foreseen=Foresight.of(*known, state.event_counts, heavy, efron=efron).flat())


def joined_over_strata(state: CoxState, by_time: Array, strata: int, minimum_cell: int) -> tuple[CoxState, Array]:
    """A coarse grid joined further, until every step holds enough events of every stratum.

    Args:
        by_time: Counts of events, and their weights if there are any: shape (columns, times), a stratum a column.

    Raises:
        CohortTooSmall: if a stratum has fewer events than a step must hold.
    """
    if strata == 1 or minimum_cell == 0:
        return state, by_time
    if bool((by_time[:strata].sum(axis=1) < minimum_cell - 0.5).any()):
        raise CohortTooSmall(
            f"A stratum has fewer than {minimum_cell} people with the event over all sites.",
            remedy="Merge levels of the strata, or use site='strata'.",
            clause="D.min_cell",
        )
    ends = step_ends(by_time[:strata], minimum_cell)
    return replace(state, times=state.times[ends]), joined(by_time, ends)
