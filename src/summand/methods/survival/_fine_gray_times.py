"""The exits over a grid of times, and what a subdistribution hazard takes from them: event times and censoring."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from summand.methods.survival._causes import Kinds
from summand.methods.survival._follow_up import Events
from summand.tables import Array

CENSORED, EVENT, COMPETING = 0, 1, 2


@dataclass(frozen=True, eq=False)
class ExitTimes:
    """How many people leave at each time of a grid, by kind: of one site, or over all of them.

    Attributes:
        exits: Censored, with the event of interest, with another event; shape (3, times).
    """

    exits: Array

    @cached_property
    def at_risk_of_censoring(self) -> Array:
        """Who can still be censored at each time, shape (times,): at one time events come before other exits."""
        at_risk = np.cumsum(self.exits.sum(axis=0)[::-1])[::-1]
        return np.asarray(at_risk - self.exits[EVENT] - self.exits[COMPETING])

    @cached_property
    def censoring_hazard(self) -> Array:
        """The share of those that is censored at each time, shape (times,)."""
        risk = self.at_risk_of_censoring
        hazard: Array = np.divide(self.exits[CENSORED], risk, out=np.zeros_like(risk), where=risk > 0.0)
        return hazard

    @cached_property
    def uncensored_before(self) -> Array:
        """The probability to be uncensored just before each time, by Kaplan and Meier; shape (times,), positive."""
        free = np.cumprod(1.0 - self.censoring_hazard)
        return np.concatenate([[1.0], free])[: len(free)]

    @cached_property
    def is_event_time(self) -> Events:
        """Whether the event of interest happens at each time, shape (times,)."""
        return np.asarray(self.exits[EVENT] > 0.5)

    @cached_property
    def event_counts(self) -> Array:
        """How many events of interest each event time has, shape (event times,)."""
        return np.asarray(self.exits[EVENT][self.is_event_time])

    @cached_property
    def uncensored_at_events(self) -> Array:
        """The probability to be uncensored just before each event time, shape (event times,)."""
        return np.asarray(self.uncensored_before[self.is_event_time])

    @cached_property
    def events_reached(self) -> Kinds:
        """How many event times are among the first 0, 1, … grid times: shape (1 + times,)."""
        return np.concatenate([[0], np.cumsum(self.is_event_time)]).astype(np.intp)
