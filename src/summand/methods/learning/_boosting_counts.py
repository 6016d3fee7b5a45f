"""From counts to bins, at the coordinator: are there enough people, and where are the cuts?"""

from __future__ import annotations

import dataclasses

import numpy as np

from summand.errors import CohortTooSmall, OutcomeConstant
from summand.methods._groups import check_classes
from summand.methods.learning import _boosting_bins as bins_of
from summand.methods.learning._boosting_bins import Binning
from summand.methods.learning._boosting_columns import BoostingColumns
from summand.methods.learning._boosting_state import BoostingState
from summand.methods.learning._boosting_update import planted
from summand.methods.learning._numbers import check_values
from summand.tables import Array


def after_counts(method: BoostingColumns, total: Array, state: BoostingState) -> BoostingState:
    """Finer ranks to look for, or the bins and the first tree's root.

    Raises:
        CohortTooSmall, OutcomeConstant: if too few people would teach, or the outcome does not vary.
    """
    if state.round == 0:
        state = _first(method, total, state)
    else:
        n = state.n + state.held_out
        shares = tuple((n - missing) // method.bins for missing in state.missing)
        state = dataclasses.replace(state, order=bins_of.learn_later(method.features, state.order, total, shares))
    if any(span > 1 for _, _, _, span, _ in state.order):
        return dataclasses.replace(state, round=state.round + 1)
    base = method.loss_function.start(state.outcome[0] / state.n)
    return planted(state, _cut(method, state), base)


def _first(method: BoostingColumns, total: Array, state: BoostingState) -> BoostingState:
    """After the first counts: how many people there are, and in which wide bins their ranks lie."""
    outcome = (float(total[2]), float(total[3]))
    state = dataclasses.replace(state, n=round(total[0]), held_out=round(total[1]), outcome=outcome)
    _check_people(method, state)
    _check_outcome(method, state)
    learned = bins_of.learn_first(method.features, total[4:], method.bins, method.placed.limits)
    return dataclasses.replace(
        state, counts=np.concatenate(learned.counts), missing=learned.missing, order=learned.order
    )


def _cut(method: BoostingColumns, state: BoostingState) -> Binning:
    """The bins, once every rank is found."""
    limits = method.placed.limits
    sizes = np.cumsum([f.window(limits).bins for f in method.features])[:-1]
    learned = bins_of.Learned(tuple(np.split(state.counts, sizes)), state.missing, state.order)
    return bins_of.finished(method.features, learned, method.bins, limits)


def _check_people(method: BoostingColumns, state: BoostingState) -> None:
    """Enough people teach, and enough are held out."""
    least = 2 * method.rules.rows_min
    if state.n < max(least, 2):
        raise CohortTooSmall(
            f"Fewer than {least} people teach the trees, so that none can be split.",
            remedy="Choose smaller leaves (rows_min), hold fewer out, or a larger cohort.",
        )
    limits = method.placed.limits
    if 0 < state.held_out < limits.minimum_cell:
        raise CohortTooSmall(
            f"Fewer than {limits.minimum_cell} people are held out.", remedy="Hold out more, or nobody.",
            clause="D.min_cell",
        )  # fmt: skip


def _check_outcome(method: BoostingColumns, state: BoostingState) -> None:
    """The outcome varies, in enough people, among those who teach and those held out."""
    limits, label = method.placed.limits, method.columns[0]
    loss, mean = method.loss_function, state.outcome[0] / state.n
    if method.indicator is not None:
        check_classes(state.n, round(state.outcome[0]), method.indicator.label, limits)
        if state.held_out and limits.minimum_cell > 1:
            check_classes(state.held_out, round(state.outcome[1]), method.indicator.label, limits)
        return
    column = method.placed.dictionary[label]
    for n, summed in zip((state.n, state.held_out), state.outcome, strict=True):
        if n:
            check_values(column, n, n * loss.centre + loss.half_width * summed, limits)
    if loss.name == "poisson" and mean <= 0.0:
        raise OutcomeConstant(f"The outcome '{label}' is zero for everybody.", remedy="Choose one that varies.")
