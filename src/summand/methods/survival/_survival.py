"""What the methods on follow-up share: the formula, the reading of times and events, and the grid."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

from summand.errors import FormulaInvalid
from summand.methods._placed import Placed
from summand.methods.formulas._formula import parse
from summand.methods.formulas._formula_tree import Formula
from summand.methods.survival._follow_up import FollowUp
from summand.methods.survival._times import TimeGrid


class SurvivalMethod(Placed):
    """Base of the methods with ``Surv(time, status)`` on the left; holds no data of its own.

    ``late_entry`` says whether it reads ``Surv(start, stop, status)`` too; a method that does not must not be given one.
    """

    formula: str
    late_entry: ClassVar[bool] = False

    @cached_property
    def parsed(self) -> Formula:
        """The formula as a tree."""
        return parse(self.formula)

    @cached_property
    def follow_up(self) -> FollowUp:
        """How times and events are read.

        Raises:
            FormulaInvalid: if rows start after time 0, and the method takes no such rows.
        """
        follow_up = FollowUp.of(self.parsed, self.placed.dictionary)
        if follow_up.start is not None and not self.late_entry:
            raise FormulaInvalid(
                "This method takes no entry after time 0, Surv(start, stop, status).",
                remedy="Write Surv(time, status), or use km, logrank, nelson_aalen, rmst, cox, rates or "
                "piecewise_exponential.",
            )
        return follow_up

    @cached_property
    def grid(self) -> TimeGrid:
        """The time grid that sites share, as fine as the limits allow."""
        return TimeGrid.of(self.placed.dictionary[self.follow_up.time], self.placed.limits)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return self.parsed.columns
