"""What travels between the rounds of a logistic regression."""

from __future__ import annotations

from dataclasses import dataclass

from summand.methods._ascent import AscentState
from summand.methods._own_intercept import INTERCEPT_MAX, OwnIntercept

__all__ = ["INTERCEPT_MAX", "LogisticState", "OwnIntercept"]


@dataclass(frozen=True)
class LogisticState(AscentState):
    """The point at which the sites evaluate, and how it was reached.

    Attributes:
        events: Rows with the event; 0 before the first round.
        ending: Whether scores are summed at the maximum, for a sandwich of errors.
    """

    events: int
    ending: bool = False
