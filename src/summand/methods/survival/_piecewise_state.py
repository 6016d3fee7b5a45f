"""What travels between the rounds of a piecewise exponential regression."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from summand.methods._ascent import AscentState
from summand.tables import Array


@dataclass(frozen=True)
class PiecewiseState(AscentState):
    """Where the fit stands. The parameters are the log rates of the intervals, then the coefficients.

    Attributes:
        phase: ``cuts`` while the cut points are learned, ``survey`` for events and person-time, ``ascent`` for Newton
            steps.
        cuts: Where one interval ends and the next begins, ascending, shape (intervals - 1,).
        people: In each group whose rates are given by interval, shape (groups,).
        events, times: Events and person-time by group and interval, shape (groups, intervals); person-time in units of
            the dictionary's largest time.
        sites_without_events: How many sites have people but no event.
    """

    phase: str
    cuts: Array
    people: Array
    events: Array
    times: Array
    sites_without_events: int

    @property
    def event_counts(self) -> Array:
        """Events of each interval, shape (intervals,)."""
        return np.asarray(self.events.sum(axis=0))
