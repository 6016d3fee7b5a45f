"""A batch as a Cox model sees it: covariates, and where each row stands among the event times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from summand.methods.survival._follow_up import Events
from summand.methods.survival._partial_likelihood import Positions
from summand.tables import Array


@dataclass(frozen=True)
class CoxRows:
    """Some rows, placed.

    Attributes:
        x: Scaled, centred covariates, shape (rows, p).
        events: Who has the event, shape (rows,).
        reached: How many event times each row lived to see, its own included; shape (rows,).
        entered: How many event times each row's start has passed; None if all start at 0.
        weights: Case weights in (0, 1]; None if all are 1.
        stratum: The stratum of each row; None if there is one.
    """

    x: Array
    events: Events
    reached: Positions
    entered: Positions | None = None
    weights: Array | None = None
    stratum: Positions | None = None

    def slots(self, passed: Positions, times: int) -> Positions:
        """The place of each row in a table by stratum of ``times`` + 1 counts of event times passed."""
        return passed if self.stratum is None else self.stratum * (times + 1) + passed

    def at(self, times: int) -> Positions:
        """The place of each row's last event time among the ``times`` of all strata; -1, or another's, before the first."""
        last = self.reached - 1
        return last if self.stratum is None else self.stratum * times + last

    def weighted(self, values: Array) -> Array:
        """Values times the case weights."""
        return values if self.weights is None else values * self.weights

    def event_weights(self) -> Array:
        """The case weight of rows with the event, 0 for others: shape (rows,)."""
        return self.weighted(self.events.astype(np.float64))
