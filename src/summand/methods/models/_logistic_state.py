"""What travels between the rounds of a logistic regression, and what stays at a site with its own intercept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from summand.methods._protocol import Local, State
from summand.tables import Array

# Beyond this a fitted probability is 0 or 1 to float64, so a larger intercept means the same.
INTERCEPT_MAX = 40.0


@dataclass(frozen=True)
class LogisticState(State):
    """The point at which the sites evaluate, and how it was reached.

    Attributes:
        round: 0 at the start.
        accepted: The last point whose log-likelihood was accepted, shape (p,), on the scaled columns.
        step: The Newton step announced from there, shape (p,).
        step_size: The part of it that is being tried: 1, or a power of 1/2 after halving.
        log_likelihood: At ``accepted``; 0 before the first round.
        decrement: The squared Newton decrement there; 0 before the first round.
        steady: How many accepted steps in a row kept their length while the decrement vanished (separation).
        n: Rows over all sites; 0 before the first round.
        events: Rows with the event; 0 before the first round.
    """

    round: int
    accepted: Array
    step: Array
    step_size: float
    log_likelihood: float
    decrement: float
    steady: int
    n: int
    events: int

    @property
    def beta(self) -> Array:
        """Where the sites evaluate, shape (p,)."""
        return self.accepted + self.step_size * self.step


@dataclass(frozen=True)
class OwnIntercept:
    """A site's own intercept: where it stands and where it goes with the announced step. Never sent.

    Attributes:
        base: Its value at the last accepted point.
        move: Its part of the announced Newton step: ``(s_α − I_αβ Δβ) / I_αα``.
    """

    base: float
    move: float

    @classmethod
    def at(cls, state: LogisticState, local: Local) -> OwnIntercept:
        """The intercept that belongs to a state, from what the site kept in the round before.

        A step of size 1 starts from the point evaluated last; a smaller one means that the last point was refused and
        that the same step is tried again, shorter, so base and move stay.
        """
        if state.round == 0:
            return cls(0.0, 0.0)
        kept = {name: np.asarray(values, dtype=np.float64) for name, values in local.items()}
        if state.step_size < 1.0:
            return cls(float(kept["base"][0]), float(kept["move"][0]))
        curvature = float(kept["curvature"][0])
        if curvature <= 0.0:
            return cls(0.0, 0.0)
        return cls(float(kept["alpha"][0]), float((kept["score"][0] - kept["cross"] @ state.step) / curvature))

    def value(self, step_size: float) -> float:
        """The intercept at which the site evaluates."""
        return float(np.clip(self.base + step_size * self.move, -INTERCEPT_MAX, INTERCEPT_MAX))

    def kept(self, alpha: float, score: float, curvature: float, cross: Array) -> Local:
        """What the site keeps for the next round: this, and what it evaluated now."""
        scalars = {"base": self.base, "move": self.move, "alpha": alpha, "score": score, "curvature": curvature}
        return {**{name: np.array([number]) for name, number in scalars.items()}, "cross": np.asarray(cross)}
