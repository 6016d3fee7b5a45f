"""What the methods on follow-up share: the formula, the reading of times and events, and the grid."""

from __future__ import annotations

from functools import cached_property

from summand.methods._placed import Placed
from summand.methods.formulas._formula import parse
from summand.methods.formulas._formula_tree import Formula
from summand.methods.survival._follow_up import FollowUp
from summand.methods.survival._times import TimeGrid


class SurvivalMethod(Placed):
    """Base of the methods with ``Surv(time, status)`` on the left; holds no data of its own."""

    formula: str

    @cached_property
    def parsed(self) -> Formula:
        """The formula as a tree."""
        return parse(self.formula)

    @cached_property
    def follow_up(self) -> FollowUp:
        """How times and events are read."""
        return FollowUp.of(self.parsed, self.placed.dictionary)

    @cached_property
    def grid(self) -> TimeGrid:
        """The time grid that sites share, as fine as the limits allow."""
        return TimeGrid.of(self.placed.dictionary[self.follow_up.time], self.placed.limits)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return self.parsed.columns
