"""What travels between the rounds of a parametric survival regression."""

from __future__ import annotations

from dataclasses import dataclass

from summand.methods._ascent import AscentState


@dataclass(frozen=True)
class ParametricState(AscentState):
    """Where the fit stands.

    Attributes:
        phase: ``survey`` for people, events and log times, ``ascent`` for Newton steps.
        events: People with the event over all sites.
        centre: The mean of the scaled log times, which are in [-1, 0].
        event_log_times: The sum of the scaled log times of those with the event.
        sites_without_events: How many sites have people but no event, and add nothing with an intercept of their own.
    """

    phase: str
    events: int
    centre: float
    event_log_times: float
    sites_without_events: int
