"""One intercept for each site, eliminated at the site: it stays there, and the slopes are those of dummy variables.

With α a site's own intercept and β what all sites share, the site contributes ``s_β − I_βα s_α / I_αα`` and
``I_ββ − I_βα I_αβ / I_αα`` (a block of the Schur complement). Once the step Δβ is announced it moves its own
``α += (s_α − I_αβ Δβ) / I_αα``. Only sums over β leave.

A method tallies score and information with the intercept first, then `eliminate` in ``condense``, and keeps
`OwnIntercept.kept` as its local memory; in the next ``tally`` `OwnIntercept.at` says where the intercept stands.

Source: Boyd & Vandenberghe (2004), Convex Optimization, app. A.5.5 and C.4 (block elimination).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from summand.methods._ascent import AscentState
from summand.methods._protocol import Local
from summand.tables import Array

# Beyond this a fitted probability is 0 or 1 to float64, so a larger intercept means the same.
INTERCEPT_MAX = 40.0


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
    def starting(cls, alpha: float, p: int) -> Local:
        """What a site keeps that has not evaluated yet and is to start at ``alpha``, with p shared parameters."""
        return cls(alpha, 0.0).kept(alpha, 0.0, 1.0, np.zeros(p))

    @classmethod
    def at(cls, state: AscentState, local: Local, step: Array | None = None) -> OwnIntercept:
        """The intercept that belongs to a state, from what the site kept in the round before.

        A step of size 1 starts from the point evaluated last; a smaller one means that the last point was refused and
        that the same step is tried again, shorter, so base and move stay.

        Args:
            state: Where the sites evaluate now.
            local: What the site kept; nothing at all means 0.
            step: The announced step over the parameters that the site kept, where ``state.step`` has others besides.
        """
        if "curvature" not in local:
            return cls(0.0, 0.0)
        kept = {name: np.asarray(values, dtype=np.float64) for name, values in local.items()}
        if state.step_size < 1.0:
            return cls(float(kept["base"][0]), float(kept["move"][0]))
        curvature = float(kept["curvature"][0])
        if curvature <= 0.0:
            return cls(0.0, 0.0)
        announced = state.step if step is None else step
        return cls(float(kept["alpha"][0]), float((kept["score"][0] - kept["cross"] @ announced) / curvature))

    def value(self, step_size: float, most: float = INTERCEPT_MAX) -> float:
        """The intercept at which the site evaluates, at most ``most`` in size."""
        return float(np.clip(self.base + step_size * self.move, -most, most))

    def kept(self, alpha: float, score: float, curvature: float, cross: Array) -> Local:
        """What the site keeps for the next round: this, and what it evaluated now."""
        scalars = {"base": self.base, "move": self.move, "alpha": alpha, "score": score, "curvature": curvature}
        return {**{name: np.array([number]) for name, number in scalars.items()}, "cross": np.asarray(cross)}


@dataclass(frozen=True)
class Eliminated:
    """Score and information of what is shared, once the intercept that came first is eliminated.

    Attributes:
        score: Shape (p,).
        information: Shape (p, p).
        ratio: ``I_βα / I_αα``, shape (p,): a row's own part of the score is that of β less ``ratio`` times that of α.
        decrement: What the intercept adds to the squared Newton decrement, ``s_α² / I_αα``.
    """

    score: Array
    information: Array
    ratio: Array
    decrement: float


def eliminate(score: Array, information: Array) -> Eliminated:
    """The intercept taken out of score, shape (1 + p,), and information, shape (1 + p, 1 + p), with I_αα > 0."""
    cross = information[0, 1:]
    ratio = cross / information[0, 0]
    return Eliminated(
        score=score[1:] - ratio * score[0],
        information=information[1:, 1:] - np.outer(cross, ratio),
        ratio=ratio,
        decrement=float(score[0] ** 2 / information[0, 0]),
    )
