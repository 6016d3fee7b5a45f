"""What travels between the rounds of a penalised regression, and what belongs to its many fits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from summand.methods._protocol import State
from summand.tables import Array


@dataclass(frozen=True)
class PenalisedState(State):
    """The fits so far: one for everybody and one without each fold, at every penalty, all in one round.

    Fits are ordered by fold left out (none first), then by penalty. A fit's q = 1 + p coefficients are those of the
    constant and of the scaled columns less their means.

    Attributes:
        phase: ``survey``, ``products``, ``ascent`` and ``deviance``.
        round: How many times likelihoods were evaluated.
        rows, events, outcomes, saturated: By fold, shape (folds,): people; people with the event; sums of the scaled
            outcome; the log-likelihood of a model that predicts everybody.
        means: Of the scaled columns, shape (p,).
        products: By fold, sums of ``z z'`` (packed), ``z y`` and ``y²``: shape (folds, q(q+1)/2 + q + 1).
        lambdas: The penalties, falling, shape (penalties,).
        accepted, step: Shape (fits, q).
        step_size, objective, decrement: Shape (fits,).
        done: 1 where a fit has ended, else 0; shape (fits,).
    """

    phase: str
    round: int
    rows: Array
    events: Array
    outcomes: Array
    saturated: Array
    means: Array
    products: Array
    lambdas: Array
    accepted: Array
    step: Array
    step_size: Array
    objective: Array
    decrement: Array
    done: Array

    @property
    def active(self) -> NDArray[np.intp]:
        """The fits that are still climbing."""
        return np.flatnonzero(self.done < 0.5)

    @property
    def coefficients(self) -> Array:
        """Where every fit is evaluated, shape (fits, q)."""
        return self.accepted + self.step_size[:, None] * self.step

    @property
    def left_out(self) -> NDArray[np.intp]:
        """The fold that each fit leaves out, -1 for none: shape (fits,)."""
        fits = max(len(self.accepted), 1)
        return np.repeat(np.arange(fits // max(len(self.lambdas), 1)) - 1, max(len(self.lambdas), 1))
