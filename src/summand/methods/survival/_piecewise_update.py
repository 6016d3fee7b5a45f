"""The coordinator's half of a piecewise exponential regression: cut points, where to start, and Newton steps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from summand.errors import CohortTooSmall, OutcomeConstant
from summand.methods._ascent import Evaluation, Maximum, Parameters, ascend
from summand.methods._groups import check_events, check_groups
from summand.methods._newton import symmetric
from summand.methods.formulas._design import Design
from summand.methods.survival._by_group import Grouping
from summand.methods.survival._piecewise_result import interval_names, result_values
from summand.methods.survival._piecewise_state import PiecewiseState
from summand.tables import Array, Limits


def free_intervals(state: PiecewiseState, *, fixed: bool) -> NDArray[np.intp]:
    """The intervals whose log rates are parameters: those with events; with factors of sites, all but the first."""
    return np.flatnonzero(state.event_counts > 0.5)[int(fixed) :]


def learned_cuts(counts: Array, state: PiecewiseState, ends: Array, intervals: int, limits: Limits) -> PiecewiseState:
    """Cut points at ends of slots, so that the intervals hold about equally many events, and enough of them.

    Args:
        counts: Events in each slot, shape (slots,).
        state: So far.
        ends: Of the slots, shape (slots,).
        intervals: How many are wanted.
        limits: Of the study.

    Raises:
        OutcomeConstant, CohortTooSmall: if nobody, or too few people, have the event.
    """
    total = round(float(counts.sum()))
    check_events(total, limits)
    _check_any(total)
    reached = np.cumsum(np.rint(counts))
    least, cuts, before = max(limits.minimum_cell, 1), [], 0.0
    for j in range(1, intervals):
        slot = int(np.searchsorted(reached, j * total / intervals - 1e-9))
        if reached[slot] - before >= least and total - reached[slot] >= least:
            cuts.append(float(ends[slot]))
            before = reached[slot]
    return replace(state, phase="survey", cuts=np.array(cuts))


def _check_any(events: int) -> None:
    if events == 0:
        raise OutcomeConstant(
            "Nobody at any site has the event.", remedy="Check the coding of the status: 0/1, or 1/2 with 2 the event."
        )


def after_survey(
    total: Array, state: PiecewiseState, design: Design, grouping: Grouping, limits: Limits, *, fixed: bool
) -> PiecewiseState:
    """The state that starts the ascent: crude rates, and no effects of covariates.

    Raises:
        OutcomeConstant: if nobody has the event.
        CohortTooSmall, SingularInformation: if too few people have the event in an interval, or a level, or none has it.
    """
    groups, k = len(grouping), len(state.cuts) + 1
    people, events, times, rest = np.split(total, np.cumsum([groups, groups * k, groups * k]))
    events, times = np.rint(events).reshape(groups, k), times.reshape(groups, k)
    count = round(float(events.sum()))
    check_events(count, limits)
    _check_any(count)
    if limits.minimum_cell > 1 and bool((events.sum(axis=0) < limits.minimum_cell - 0.5).any()):
        raise CohortTooSmall(
            f"An interval has fewer than {limits.minimum_cell} events over all sites.",
            remedy="Choose fewer cuts, or let them be learned.",
            clause="D.min_cell",
        )
    check_groups(rest[: len(design.groups)], design, limits)
    state = replace(
        state, phase="ascent", n=round(float(people.sum())), people=np.rint(people), events=events, times=times,
        sites_without_events=round(float(rest[len(design.groups) :].sum())),
    )  # fmt: skip
    free = free_intervals(state, fixed=fixed)
    crude = np.log(state.event_counts[free] / times.sum(axis=0)[free])
    # with factors of sites, rates are relative to the first interval's; its own is what a site starts from: 0
    first = np.flatnonzero(state.event_counts > 0.5)[0]
    reference = np.log(state.event_counts[first] / times.sum(axis=0)[first]) if fixed else 0.0
    start = np.concatenate([crude - reference, np.zeros(len(design) - 1)])
    return replace(state, accepted=start, step=np.zeros(len(start)))


def after_ascent(
    total: Array,
    state: PiecewiseState,
    design: Design,
    grouping: Grouping,
    limits: Limits,
    *,
    unit: float,
    fixed: bool,
) -> PiecewiseState | tuple[dict[str, Any], tuple[str, ...]]:
    """The next point, or the values of the result with what a reader must know beside them.

    Raises:
        SingularInformation, Separation, NotConverged: with the terms at fault.
    """
    q = len(state.accepted)
    at = Evaluation(
        float(total[1]),
        total[2 : 2 + q],
        symmetric(total[2 + q : 2 + q + q * (q + 1) // 2], q),
        own_decrement=float(total[-1]) if fixed else 0.0,
        rows_cut_off=float(total[0]),
        least=1e-24 * float(state.event_counts.sum()),
    )
    free = free_intervals(state, fixed=fixed)
    names = interval_names(state.cuts)
    to_original = to_original_units(design, len(free), fixed=fixed)
    terms = (*(names[j] for j in free), *design.terms[1:])
    separated = "separate those who never have the event from the others"
    found = ascend(at, state, Parameters(terms, to_original, separated, fixed))
    if not isinstance(found, Maximum):
        return found
    return result_values(found, to_original, terms, grouping, limits, unit=unit, fixed=fixed)


def to_original_units(design: Design, intervals: int, *, fixed: bool) -> Array:
    """The map from scaled to original parameters: each log rate takes the constant that unscaling leaves."""
    p, unscaled = len(design) - 1, design.to_original
    found = np.eye(intervals + p)
    found[intervals:, intervals:] = unscaled[1:, 1:]
    if not fixed:
        found[:intervals, intervals:] = unscaled[0, 1:]
    return found
