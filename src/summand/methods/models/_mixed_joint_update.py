"""The coordinator's half of a generalized linear mixed model: Newton's method on the sum of marginal likelihoods."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from summand.errors import NotConverged
from summand.methods._newton import symmetric
from summand.methods.models._mixed_joint import start_of_sigma
from summand.methods.models._mixed_quadrature import packed
from summand.methods.models._mixed_state import MixedState
from summand.tables import Array

ROUNDS_MAX = 120
DECREMENT_MAX = 1e-18
"""Squared Newton decrement at which every step is below 1e-9 standard errors."""
CENTRES_SETTLED = 1e-2
"""Above this the groups' own intercepts are found again at the same coefficients before these move."""
UNSURE_LEAST = 1e-6
"""So they are where the likelihood may be further off than the step should raise it, and than this."""
WAITS_MAX = 8
"""Where they are not found in so many rounds, the step was too long."""
CENTRES_DONE = 1e-18
STEP_MAX = 4.0
"""A linear predictor moves at most so far in a step, and the standard deviation at most by 1 or its double."""
EIGENVALUE_LEAST = 1e-8
"""Of the equilibrated information: below this it is not taken for positive definite."""


@dataclass(frozen=True)
class Sums:
    """One round's total by name."""

    log_likelihood: float
    score: Array
    information: Array
    centres: float
    out_of_range: bool
    weights: float

    @classmethod
    def of(cls, total: Array, p: int) -> Sums:
        """From the layout of `joint_layout`."""
        d, stop = p + 1, 2 + p + packed(p + 1)
        return cls(
            float(total[0]), total[1 : 1 + d], symmetric(total[1 + d : stop], d), float(total[stop]),
            float(total[stop + 1]) > 0.5, float(total[-1]),
        )  # fmt: skip


@dataclass(frozen=True)
class Fit:
    """Where the ascent ended: coefficients and standard deviation in scaled units, and their covariance.

    With a standard deviation of 0 the covariance is of the coefficients alone, and ``null`` is the log-likelihood.
    """

    theta: Array
    covariance: Array
    log_likelihood: float
    state: MixedState


def advance(total: Array, state: MixedState, p: int, weight_unit: float) -> MixedState | Fit:
    """The next place to ask at, or the maximum.

    Args:
        total: One round's.
        state: The round's state.
        p: How many coefficients there are.
        weight_unit: Of the sum of squared weights in the first round.

    Raises:
        NotConverged: with a diagnosis.
    """
    sums = Sums.of(total, p)
    if state.round == 0:
        return _begin(sums, state, p, weight_unit)
    if state.plain.get("returns"):
        return _at_zero(sums, state, p)
    if state.round + 1 >= ROUNDS_MAX:
        raise _not_converged(state)
    again = replace(state, round=state.round + 1, waits=0)
    if sums.out_of_range:
        return _halved(again)
    unsure = math.sqrt(state.groups * sums.centres)  # how far off the likelihood may be
    if sums.centres > CENTRES_SETTLED or unsure > max(state.decrement, UNSURE_LEAST):
        return replace(again, waits=state.waits + 1) if state.waits < WAITS_MAX else _halved(again)
    allowed = unsure + 1e-10 * (1.0 + abs(sums.log_likelihood))
    if sums.log_likelihood < state.log_likelihood - allowed:
        return _halved(again)
    return _onward(sums, again, p, allowed)


def _begin(sums: Sums, state: MixedState, p: int, weight_unit: float) -> MixedState:
    """At standard deviation 0; the ascent starts away from it, as a higher peak may lie beyond a fall."""
    if sums.out_of_range:
        raise _not_converged(state)
    step = np.zeros(p + 1)
    step[p] = start_of_sigma(float(sums.information[p, p]), sums.weights * weight_unit)
    least = -np.finfo(np.float64).max  # the start may be lower than no spread at all
    plain = {"beta": state.theta[:p].tolist(), "falls": bool(sums.information[p, p] >= 0.0)}
    return replace(
        state, plain=plain, null=sums.log_likelihood, log_likelihood=least, round=1, accepted=state.theta, step=step,
        decrement=1.0,
    )  # fmt: skip


def _onward(sums: Sums, state: MixedState, p: int, allowed: float) -> MixedState | Fit:
    """The next step from an accepted point, or the end: the maximum, or no spread where none is better than that."""
    sigma = float(state.theta[p])
    step, decrement, inverse = _step(sums, sigma)
    is_done = decrement <= DECREMENT_MAX and sums.centres <= CENTRES_DONE
    crosses = (sigma + step[p]) * sigma <= 0.0
    is_higher = sums.log_likelihood > state.null + 1e-10 * (1.0 + abs(state.null))
    if state.plain["falls"] and not is_higher and (crosses or is_done):
        plain = {**state.plain, "returns": True}
        beta = np.append(np.array(state.plain["beta"]), 0.0)
        return replace(state, plain=plain, accepted=beta, step=np.zeros_like(beta), step_size=1.0)
    if is_done and inverse is not None:
        return Fit(state.theta + step, inverse, sums.log_likelihood, state)
    if crosses:  # the likelihood is the same for both signs: beyond 0 it goes back
        step[p] = -0.8 * sigma
    # what is kept is the least that the likelihood may be there, or a later one could never reach it
    least = sums.log_likelihood - allowed
    return replace(state, accepted=state.theta, step=step, step_size=1.0, log_likelihood=least, decrement=decrement)


def _at_zero(sums: Sums, state: MixedState, p: int) -> Fit:
    """The end at a standard deviation of exactly 0: the model without random effect."""
    own = np.linalg.inv(sums.information[:p, :p])
    theta = state.theta + np.append(own @ sums.score[:p], 0.0)
    return Fit(theta, (own + own.T) / 2.0, sums.log_likelihood, state)


def _step(sums: Sums, sigma: float) -> tuple[Array, float, Array | None]:
    """Newton's step, its squared decrement and the inverse information; where that is indefinite, along its absolute value.

    Source: Dauphin et al. (2014), NIPS 27 (the absolute values of the eigenvalues at a saddle).
    """
    scale = 1.0 / np.sqrt(np.maximum(np.abs(np.diag(sums.information)), 1e-300))
    values, vectors = np.linalg.eigh(sums.information * np.outer(scale, scale))
    is_definite = bool(values[0] > EIGENVALUE_LEAST)
    if not is_definite:
        values = np.maximum(np.abs(values), 1e-2)
    inverse = (vectors / values) @ vectors.T * np.outer(scale, scale)
    step = inverse @ sums.score
    decrement = float(sums.score @ step)
    excess = max(abs(float(step[-1])) / max(1.0, abs(sigma)), float(np.abs(step[:-1]).sum()) / STEP_MAX, 1.0)
    return step / excess, decrement, inverse if is_definite else None


def _halved(state: MixedState) -> MixedState:
    if state.step_size < 1e-6:
        raise _not_converged(state)
    return replace(state, step_size=state.step_size / 2.0)


def _not_converged(state: MixedState) -> NotConverged:
    return NotConverged(
        f"The mixed model has not converged after {state.round + 1} rounds (squared Newton decrement "
        f"{state.decrement:.1e}).",
        remedy="Simplify the model; look for levels with few people, or use fixed intercepts for the sites.",
    )
