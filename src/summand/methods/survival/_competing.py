"""What the methods on competing events share: the formula, the reading of times and causes, and the grid."""

from __future__ import annotations

from functools import cached_property

from summand.methods._placed import Placed
from summand.methods.formulas._formula import parse
from summand.methods.formulas._formula_tree import Formula
from summand.methods.survival._causes import CauseFollowUp
from summand.methods.survival._times import TimeGrid


class CompetingMethod(Placed):
    """Base of the methods with ``Surv(time, status)`` on the left, where the status names the cause; holds no data."""

    formula: str
    censored: str

    @cached_property
    def parsed(self) -> Formula:
        """The formula as a tree."""
        return parse(self.formula)

    @cached_property
    def follow_up(self) -> CauseFollowUp:
        """How times and kinds of exit are read."""
        return CauseFollowUp.of(self.parsed, self.placed.dictionary, self.censored)

    @cached_property
    def grid(self) -> TimeGrid:
        """The time grid that sites share, as fine as the limits allow."""
        return TimeGrid.of(self.placed.dictionary[self.follow_up.time], self.placed.limits)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return self.parsed.columns
