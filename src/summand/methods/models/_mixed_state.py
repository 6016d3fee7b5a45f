"""What travels between the rounds of a mixed model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from summand.methods._protocol import State
from summand.tables import Array


@dataclass(frozen=True)
class MixedState(State):
    """Where a mixed model stands.

    Attributes:
        stage: ``plain`` while the model without random effect is fitted; ``search`` for the variance ratio of a linear
            model, ``joint`` for coefficients and standard deviation of a generalized one.
        plain: The state of the model without random effect, as JSON; then, for ``joint``, its scaled coefficients,
            whether the likelihood falls from there on, and whether the ascent returns there.
        round: Evaluations in this stage so far.
        n, events: Rows, and rows with the event where there are events.
        groups: Groups that have rows.
        opened: How many sums that depend on single groups were opened.
        null: The log-likelihood without random effect.
        ratio: Of a linear model: the variance between groups over that within, at which the sites add.
        probes: How many ratios were tried after the likelihood was found to fall from a ratio of 0.
        below, above: A ratio below the best one and one above it; ``above`` is -1 while unknown.
        accepted: Of a generalized model: scaled coefficients and standard deviation of the last accepted point.
        step, step_size: The step announced from there, and the part of it that is tried.
        log_likelihood, decrement: At ``accepted``.
        waits: How many rounds in a row the point has stayed while the groups' own intercepts are found.
    """

    stage: str
    plain: Mapping[str, Any]
    round: int
    n: int
    events: int
    groups: int
    opened: int
    null: float
    ratio: float
    probes: int
    below: float
    above: float
    accepted: Array
    step: Array
    step_size: float
    log_likelihood: float
    decrement: float
    waits: int

    @classmethod
    def first(cls, plain: State) -> MixedState:
        """Before any sum."""
        none = np.zeros(0)
        return cls("plain", plain.to_json(), 0, 0, 0, 0, 0, 0.0, 0.0, 0, 0.0, -1.0, none, none, 1.0, 0.0, 0.0, 0)

    @property
    def theta(self) -> Array:
        """Where the sites evaluate a generalized model: scaled coefficients, then the standard deviation."""
        return self.accepted + self.step_size * self.step
