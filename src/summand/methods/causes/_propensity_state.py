"""What travels between the rounds of a comparison weighted by propensity scores."""

from __future__ import annotations

from dataclasses import dataclass

from summand.methods._protocol import State
from summand.tables import Array


@dataclass(frozen=True)
class PropensityState(State):
    """What is known so far.

    Attributes:
        phase: ``score`` while the model is fitted, then ``means``, then ``errors``.
        model: The state of the score's regression, as `packed` gives it.
        sums: The total of the phase ``means``; empty before.
        means: Weighted means of the scaled outcome, control first, shape (2,).
        corrections: What the estimated score adds to each mean's influence, shape (2, p).
    """

    phase: str
    model: Array
    sums: Array
    means: Array
    corrections: Array
