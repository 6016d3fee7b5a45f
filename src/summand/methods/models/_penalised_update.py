"""The coordinator's half of penalised regression: the folds, the first step, and proximal Newton steps for every fit."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from summand.errors import CohortTooSmall, NotConverged, OutcomeConstant
from summand.methods._groups import check_classes, check_events, check_groups
from summand.methods._protocol import Result
from summand.methods.models._penalised_path import Training, factor_of, null_model, penalties_of, penalty_path, solved
from summand.methods.models._penalised_result import finished, half_residuals
from summand.methods.models._penalised_state import PenalisedState
from summand.tables import Array

if TYPE_CHECKING:
    from summand.methods.models._penalised import PenalisedRegression

ROUNDS_MAX = 60
# The squared length of a step in standard errors at which a fit ends; the step is still taken.
DECREMENT_MAX = 1e-18
# Below this a decrement that no longer falls is rounding.
DECREMENT_STALLED = 1e-13
STEP_SIZE_MIN = 1e-6
# A fit has not ended while its step is longer than this part of 1 + its largest coefficient per standard deviation.
STEP_MAX = 1e-5
ROUNDING = 1e-12


def after_survey(method: PenalisedRegression, total: Array, state: PenalisedState) -> PenalisedState:
    """Means, once every fold and level has enough people.

    Raises:
        CohortTooSmall, OutcomeConstant, SingularInformation: where one has not.
    """
    folds, limits = max(method.folds, 1), method.placed.limits
    rows, events, outcomes, saturated = total[: 4 * folds].reshape(4, folds)
    rest = total[4 * folds :]
    p = len(method.design)
    n = round(float(rows.sum()))
    if method.family == "binomial" or method.outcome.two_values is not None:
        check_classes(n, round(float(events.sum())), method.outcome.label, limits)
    elif method.family == "poisson":
        check_events(round(float(events.sum())), limits)
        if not events.sum() > 0.5:
            raise OutcomeConstant("Nobody has the event.", remedy="Choose an outcome that varies.")
    _check_folds(method, rows, events)
    check_groups(rest[p:], method.design, limits)
    return dataclasses.replace(
        state, phase="products", rows=np.rint(rows), events=np.rint(events), outcomes=outcomes, saturated=saturated,
        means=rest[:p] / n,
    )  # fmt: skip


def _check_folds(method: PenalisedRegression, rows: Array, events: Array) -> None:
    """Every fold has people, and enough of them, with and without the event where that is what is predicted."""
    if not method.folds:
        return
    least = max(method.placed.limits.minimum_cell, 1)
    smallest = rows.min()
    if method.family == "binomial" or method.outcome.two_values is not None:
        smallest = min(smallest, np.minimum(events, rows - events).min())
    elif method.family == "poisson":
        smallest = min(smallest, events.min())
    if round(float(smallest)) >= least:
        return
    raise CohortTooSmall(
        f"A fold of the cross-validation has fewer than {least} people of a kind." if least > 1
        else "A fold of the cross-validation lacks people, or people of one outcome class.",
        remedy="Ask for fewer folds, or another seed; rows that are equal are always in one fold.",
        clause="D.min_cell" if least > 1 else None,
    )  # fmt: skip


def after_products(method: PenalisedRegression, total: Array, state: PenalisedState) -> PenalisedState | Result:
    """The path, and every fit's first step from the model without covariates; for a gaussian outcome the end.

    Raises:
        OutcomeConstant: where the outcome does not vary.
        SingularInformation: where a column does not.
    """
    folds, q = max(method.folds, 1), len(method.design) + 1
    pairs = q * (q + 1) // 2
    cuts = np.cumsum([folds * pairs, folds * q])
    products, with_outcome, squares = np.split(total, cuts)
    known = np.column_stack([products.reshape(folds, pairs), with_outcome.reshape(folds, q), squares])
    state = dataclasses.replace(state, products=known)
    training = Training.of(method, state)
    if not (training.yy > 1e-28 * training.rows).all():
        raise OutcomeConstant("The outcome has one value only.", remedy="Choose an outcome that varies.")
    constant, weight, score = null_model(method, state, training)
    lambdas = np.array(method.lambdas) if method.lambdas else penalty_path(method, score[0], training)
    fits = np.repeat(np.arange(len(training.rows)), len(lambdas))
    null = np.zeros((len(fits), q))
    null[:, 0] = constant[fits]
    state = dataclasses.replace(
        state, phase="ascent", lambdas=lambdas, accepted=null, step=np.zeros_like(null),
        step_size=np.ones(len(fits)), objective=np.full(len(fits), 1e300), decrement=np.zeros(len(fits)),
        done=np.zeros(len(fits)),
    )  # fmt: skip
    every = np.arange(len(fits))
    information = weight[fits, None, None] * training.zz[fits]
    after = solved(method, state, training, every, score[fits], information)
    state = dataclasses.replace(state, step=after - null)
    if method.family != "gaussian":
        return state
    state = dataclasses.replace(state, accepted=after, step=np.zeros_like(null), done=np.ones(len(fits)))
    return finished(method, state, training, half_residuals(state, training))


def climb(method: PenalisedRegression, total: Array, state: PenalisedState) -> PenalisedState:
    """One proximal Newton step of every fit that has not ended, or half of one.

    Raises:
        NotConverged: after 60 rounds.
    """
    training = Training.of(method, state)
    fits, q = state.active, len(method.design) + 1
    count = len(fits)
    cut_off, likelihood = total[:count], total[count : 2 * count]
    score = total[2 * count : (2 + q) * count].reshape(count, q)
    rows, columns = np.triu_indices(q)
    information = np.zeros((count, q, q))
    packed = total[(2 + q) * count :].reshape(count, -1)
    information[:, rows, columns] = packed
    information[:, columns, rows] = packed
    here = state.coefficients[fits]
    objective = _objective(method, state, training, fits, likelihood, here)
    before = state.objective[fits]
    falls = (cut_off < 0.5) & (objective <= before + ROUNDING * (1.0 + np.abs(before)))
    good, bad = fits[falls], fits[~falls]
    fields = {
        name: getattr(state, name).copy()
        for name in ("accepted", "step", "step_size", "objective", "decrement", "done")
    }
    fields["step_size"][bad] /= 2.0
    if len(bad) and float(fields["step_size"][bad].min()) < STEP_SIZE_MIN:
        raise _not_converged(state)
    if len(good):
        step = solved(method, state, training, good, score[falls], information[falls]) - here[falls]
        length = factor_of(method) * np.einsum("mi,mij,mj->m", step, information[falls], step)
        stalled = (length <= DECREMENT_STALLED) & (length > state.decrement[good] / 4.0) & (state.round > 0)
        # where probabilities are 0 or 1 the information vanishes, and a long step looks short
        standard = np.column_stack([np.ones(len(good)), training.sds[good // len(state.lambdas)]])
        furthest = np.abs(here[falls] * standard).max(axis=1)
        is_short = np.abs(step * standard).max(axis=1) <= STEP_MAX * (1.0 + furthest)
        ended = is_short & ((length <= DECREMENT_MAX) | stalled)
        fields["accepted"][good] = np.where(ended[:, None], here[falls] + step, here[falls])
        fields["step"][good] = np.where(ended[:, None], 0.0, step)
        fields["step_size"][good], fields["objective"][good] = 1.0, objective[falls]
        fields["decrement"][good], fields["done"][good] = length, ended.astype(np.float64)
    if state.round + 1 >= ROUNDS_MAX:
        raise _not_converged(state)
    state = dataclasses.replace(state, round=state.round + 1, **fields)
    return state if len(state.active) else dataclasses.replace(state, phase="deviance")


def _objective(
    method: PenalisedRegression, state: PenalisedState, training: Training, fits: Any, likelihood: Array, b: Array
) -> Array:
    groups = np.asarray(fits) // len(state.lambdas)
    l1, l2 = penalties_of(method, state, fits)
    standard = b * np.column_stack([np.ones(len(groups)), training.sds[groups]])
    penalty = (l1 * np.abs(standard)).sum(axis=1) + 0.5 * (l2 * standard**2).sum(axis=1)
    return np.asarray(penalty - factor_of(method) * likelihood / training.rows[groups])


def _not_converged(state: PenalisedState) -> NotConverged:
    return NotConverged(
        f"{len(state.active)} of the fits have not converged after {state.round + 1} rounds.",
        remedy="Leave out the smallest penalties: where nothing holds coefficients back, they may grow without end.",
    )


def after_deviance(method: PenalisedRegression, total: Array, state: PenalisedState) -> Result:
    """The result, once the log-likelihood of the rows left out is known."""
    return finished(method, state, Training.of(method, state), total * factor_of(method))
