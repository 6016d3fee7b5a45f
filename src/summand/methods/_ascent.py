"""Maximum likelihood by Newton's method, where log-likelihood, score and information are sums over sites.

A method that uses it keeps its point in a state that extends `AscentState`, and splits its work so:

- ``start``: an `AscentState` with ``round`` 0, ``accepted`` at a point where the likelihood is finite and ``step`` zero;
- ``tally``: log-likelihood, score and observed information at ``state.beta``, the second derivative and not its
  expectation, so that steps converge quadratically; a row whose mean leaves the range that its bound was proved for is
  cut off there and counted, and the point is refused;
- ``condense``: with one intercept for each site, `_own_intercept.eliminate`;
- ``update``: an `Evaluation` read from the total, given to `ascend`, which answers with the next state, with the
  `Maximum`, or raises a diagnosis by the names of the terms. What belongs to a method alone (counts, phases) are further
  fields of its state, and survive every step.

The maximum lies one step beyond the last evaluation: with a squared Newton decrement of at most 1e-18 there, that step
is below 1e-9 standard errors and its own error about the square of that. ``maximum.state.beta`` is the place, and a method
that needs more sums there (residuals, expected information) asks for them in one more round at ``maximum.state``.

Source: Boyd & Vandenberghe (2004), Convex Optimization, §9.5 (decrement, damped phase); Albert & Anderson (1984),
Biometrika 71(1), 1-10 (when there is no maximum).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np

from summand.errors import MethodError, NotConverged, Separation, SingularInformation
from summand.methods._newton import Equations, equations
from summand.methods._protocol import State
from summand.tables import Array

ROUNDS_MAX = 50
# Squared Newton decrement at which every step is below 1e-9 standard errors; the step is still taken, so the
# parameters are some 1e-18 standard errors from the maximum, and the information is right to about 1e-9.
DECREMENT_MAX = 1e-18
# A decrement this small that no longer falls is rounding.
DECREMENT_STALLED = 1e-16
# A decrement this small with steps that do not shrink means a maximum at infinity.
DECREMENT_VANISHING = 1e-6
STEP_STEADY = 0.5
STEP_SIZE_MIN = 1e-6
# How far a log-likelihood may fall by rounding alone, relative to 1 + its size.
ROUNDING = 1e-11


@dataclass(frozen=True)
class AscentState(State):
    """The point at which the sites evaluate, and how it was reached.

    Attributes:
        round: How many times the likelihood was evaluated; 0 at the start.
        accepted: The last point whose log-likelihood was accepted, shape (p,), in scaled units.
        step: The Newton step announced from there, shape (p,).
        step_size: The part of it that is being tried: 1, or a power of 1/2 after halving.
        log_likelihood: At ``accepted``; 0 before the first evaluation.
        decrement: The squared Newton decrement there; 0 before the first evaluation.
        steady: How many accepted steps in a row kept their length while the decrement vanished (separation).
        n: Rows over all sites; 0 before they are known.
    """

    round: int
    accepted: Array
    step: Array
    step_size: float
    log_likelihood: float
    decrement: float
    steady: int
    n: int

    @property
    def beta(self) -> Array:
        """Where the sites evaluate, shape (p,)."""
        return self.accepted + self.step_size * self.step


S = TypeVar("S", bound=AscentState)


@dataclass(frozen=True)
class Evaluation:
    """What the sites' sums say at ``state.beta``.

    Attributes:
        log_likelihood: In nat, up to a constant.
        score: Shape (p,).
        information: Minus the second derivative, positive definite, shape (p, p).
        own_decrement: What the parameters that sites eliminated add to the squared decrement.
        rows_cut_off: How many rows were out of the range of the sums; then nothing else is used.
        least: In the first evaluation, a diagonal entry of the information at or below this counts as zero.
    """

    log_likelihood: float
    score: Array
    information: Array
    own_decrement: float = 0.0
    rows_cut_off: float = 0.0
    least: float = 0.0


@dataclass(frozen=True)
class Parameters:
    """What is estimated, and how a diagnosis speaks of it.

    Attributes:
        terms: The names of the p parameters.
        to_original: The map from scaled to original coefficients, shape (p, p).
        separated: What terms do when there is no maximum, from the verb on: "separate those with the outcome from
            those without".
        own_intercepts: Whether each site eliminates an intercept of its own.
        highest: The log-likelihood of a model that predicts everything, where the method has one: reaching it is
            separation. None if it has none.
    """

    terms: tuple[str, ...]
    to_original: Array
    separated: str
    own_intercepts: bool = False
    highest: float | None = None


@dataclass(frozen=True)
class Maximum(Generic[S]):
    """Where the ascent ended.

    Attributes:
        state: ``state.beta`` is the maximum; a further round at this state sums there.
        solver: The information of the last evaluation, ready to solve with; its inverse is the covariance.
        log_likelihood: At the last evaluation, below the maximum by at most half of 1e-18.
    """

    state: S
    solver: Equations
    log_likelihood: float


def ascend(at: Evaluation, state: S, parameters: Parameters) -> S | Maximum[S]:
    """The next point to evaluate at, half a step, or the maximum.

    Raises:
        SingularInformation: from the first evaluation, where terms are combinations of others.
        Separation: where the log-likelihood rises without end along some terms, or leaves the range of the sums.
        NotConverged: after `ROUNDS_MAX` evaluations.
    """
    first = state.round == 0
    if at.rows_cut_off > 0.5:
        return _shorter(state, parameters, is_cut_off=True)
    if not first and not at.log_likelihood >= state.log_likelihood - ROUNDING * (1.0 + abs(state.log_likelihood)):
        return _shorter(state, parameters, is_cut_off=False)
    solver = _solver(at, state, parameters)
    step = solver.solve(at.score)
    decrement = float(at.score @ step) + at.own_decrement
    stalled = not first and decrement <= DECREMENT_STALLED and decrement > state.decrement / 4
    following = replace(
        state,
        round=state.round + 1,
        accepted=state.beta,
        step=step,
        step_size=1.0,
        log_likelihood=at.log_likelihood,
        decrement=decrement,
        steady=_steady(step, decrement, state),
    )
    if decrement <= DECREMENT_MAX or stalled:
        return Maximum(following, solver, at.log_likelihood)
    perfect = parameters.highest is not None and at.log_likelihood > parameters.highest - 1e-7
    if following.steady >= 2 or (perfect and len(step)):
        raise _separated(step, parameters)
    if following.round >= ROUNDS_MAX:
        raise _not_converged(following, decrement)
    return following


def _shorter(state: S, parameters: Parameters, *, is_cut_off: bool) -> S:
    """The same step tried again at half its size: the maximum lies before it."""
    if is_cut_off and (state.round == 0 or state.step_size < STEP_SIZE_MIN):
        raise _out_of_range(state.step, parameters)
    if state.round + 1 >= ROUNDS_MAX or state.step_size < STEP_SIZE_MIN:
        raise _not_converged(replace(state, round=state.round + 1), state.decrement)
    return replace(state, round=state.round + 1, step_size=state.step_size / 2)


def _solver(at: Evaluation, state: AscentState, parameters: Parameters) -> Equations:
    first = state.round == 0
    try:
        return equations(at.information, parameters.terms, parameters.to_original, at.least if first else 0.0)
    except SingularInformation as singular:
        if not first:  # the columns were independent at the first weights: the weights have vanished since
            raise _separated(state.step, parameters) from None
        if parameters.own_intercepts:
            raise SingularInformation(
                f"With one intercept for each site: {singular.message}",
                remedy="Leave out what does not vary within any site, or use one intercept for all (site='pooled').",
            ) from None
        raise


def _steady(step: Array, decrement: float, state: AscentState) -> int:
    """How many steps in a row kept their length while the decrement vanished."""
    length, before = float(np.abs(step).sum()), float(np.abs(state.step).sum())
    keeps = length >= STEP_STEADY and length >= 0.7 * before > 0.0
    return state.steady + 1 if keeps and decrement < DECREMENT_VANISHING else 0


def moving(step: Array, terms: tuple[str, ...]) -> tuple[str, ...]:
    """The terms that a step moves most, at most six; the intercept only where it moves alone."""
    size = np.abs(step)
    found = [term for term, part in zip(terms, size, strict=True) if part >= 0.1 * size.max(initial=0.0)]
    return tuple([term for term in found if term != "Intercept"] or found)[:6]


def _listed(step: Array, parameters: Parameters) -> str:
    return ", ".join(f"'{term}'" for term in moving(step, parameters.terms))


def _separated(step: Array, parameters: Parameters) -> Separation:
    doing, *to_whom = parameters.separated.split(" ")
    is_one = len(moving(step, parameters.terms)) == 1
    does, what_grows = (f"{doing}s", "its coefficient grows") if is_one else (doing, "their coefficients grow")
    return Separation(
        f"There is no maximum-likelihood estimate: {_listed(step, parameters)} {' '.join([does, *to_whom])},"
        f" and {what_grows} without end.",
        remedy="Leave out or merge the levels named, or ask for a penalised fit; do not report these coefficients.",
    )


def _out_of_range(step: Array, parameters: Parameters) -> MethodError:
    if not step.any():
        return NotConverged(
            "The fit cannot start: at the first point somebody's mean is out of any plausible range.",
            remedy="Check offset and outcome for outliers, and correct their ranges in the dictionary.",
        )
    return Separation(
        f"Along {_listed(step, parameters)} the fit moves to means far beyond every outcome that the dictionary allows:"
        " no finite coefficients fit best, or a few people lie far from all others.",
        remedy="Look for outliers in these columns; leave the term out, or merge its levels.",
    )


def _not_converged(state: AscentState, decrement: float) -> NotConverged:
    return NotConverged(
        f"The fit has not converged after {state.round} rounds (squared Newton decrement {decrement:.1e}).",
        remedy="Simplify the model; look for levels with few people and for columns that nearly repeat each other.",
    )
