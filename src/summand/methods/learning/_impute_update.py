"""From a model's sums to its drawn parameters, and to the model after it."""

from __future__ import annotations

import dataclasses

import numpy as np

from summand.errors import NotConverged
from summand.methods.learning import _impute_draws as draws_of
from summand.methods.learning._impute_columns import ImputeColumns
from summand.methods.learning._impute_state import ANALYSE, FILL, ImputeState
from summand.tables import Array

NEWTON_MAX = 30
DECREMENT_DRAW = 1e-10


def next_model(method: ImputeColumns, state: ImputeState) -> ImputeState:
    """The state at the next model, or at the analysis."""
    models = method.filled(state.missing)
    phase = FILL if state.step < method.cycles * len(models) else ANALYSE
    state = dataclasses.replace(state, phase=phase, iteration=0)
    return dataclasses.replace(state, beta=np.zeros((method.imputations, method.width(state))))


def after_model(method: ImputeColumns, head: Array, products: Array, state: ImputeState) -> ImputeState:
    """A logistic model one step on; or parameters drawn for every imputation, and the next model."""
    model = method.current_model(state)
    known = float(state.n - state.missing[model.target])
    seeds = [draws_of.salted(method.seed, state.step, m) for m in range(method.imputations)]
    if method.is_linear(state):
        drawn = [
            draws_of.draw_linear(known, own[1:], packed, float(own[0]), seed)
            for own, packed, seed in zip(head, products, seeds, strict=True)
        ]
    else:
        beta, decrement = _moved(head, products, state)
        if decrement > DECREMENT_DRAW:
            return again(beta, state)
        drawn = [
            draws_of.draw_logistic(own, packed, seed) for own, packed, seed in zip(beta, products, seeds, strict=True)
        ]
    draws = np.concatenate((state.draws, *drawn))
    return next_model(method, dataclasses.replace(state, step=state.step + 1, draws=draws))


def _moved(head: Array, products: Array, state: ImputeState) -> tuple[Array, float]:
    steps = [draws_of.newton_step(*sums) for sums in zip(head, products, state.beta, strict=True)]
    return state.beta + np.array([step for step, _ in steps]), max(decrement for _, decrement in steps)


def again(beta: Array, state: ImputeState) -> ImputeState:
    """The state with the coefficients moved, to be summed once more.

    Raises:
        NotConverged: after too many rounds.
    """
    if state.iteration >= NEWTON_MAX:
        raise NotConverged(
            f"A logistic model has not converged after {NEWTON_MAX} rounds.",
            remedy="Leave out columns or levels that foretell the outcome, or that few people have.",
        )
    return dataclasses.replace(state, beta=beta, iteration=state.iteration + 1)
