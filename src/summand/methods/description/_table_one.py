"""The first table of a clinical paper: who is in each group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from summand.errors import UsageError
from summand.methods import _spec
from summand.methods._protocol import Result, Setting
from summand.methods.description._factor import column_of
from summand.methods.description._profile import Profile
from summand.methods.description._profile_figures import Figures
from summand.methods.description._profile_rows import group_rows, level_row, number_row, warnings_of
from summand.methods.description._profile_sums import Variable
from summand.tables import Column


@dataclass(frozen=True)
class TableOne(Profile):
    """A table by group: n (%), mean (SD), median [quartiles], missing, standardised mean difference and p-value.

    A column with levels is a category, of numbers one with at most 6; another is a number. A number is told by its mean and compared by Welch's test, or
    where it is ``nonnormal`` by its median and compared by ranks (Mann & Whitney, Kruskal & Wallis); a category by
    Pearson's chi-square, or Fisher's exact test where a cell is expected to hold fewer than 5. The standardised mean
    difference is the distance of two groups in standard deviations, of several groups the mean over pairs. Where the
    limits have a minimum cell, people who lack any of the columns are left out, figures are rounded, and a category with
    a hidden cell is told by its table alone.

    Args:
        variables: The columns described.
        by: A column with levels, or a comparison such as ``num > 0``.
        nonnormal: Numbers told by their median.
        categorical: Numbers whose levels are counted, however many there are.
        complete: Whether people who lack any of the columns are left out.

    Reveals: the released figures; how many people of each group lie in each of up to 4,096 bins of a number (128 where
        quartiles are bands), in finer bins around each quartile, and where ranks are compared wherever two people
        share one, down to single values.

    Raises:
        CohortTooSmall: from `update`, if a group has fewer people than ``minimum_cell``.

    Source: Austin (2009), Statistics in Medicine 28(25), for standardised differences; Yang & Dalton (2012), SAS Global
        Forum 335, for those of categories.
    """

    variables: tuple[str, ...]
    by: str
    nonnormal: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    complete: bool = False
    setting: Setting | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "table_one"
    title: ClassVar[str] = "Table one"

    def __post_init__(self) -> None:
        object.__setattr__(self, "variables", tuple(self.variables))
        object.__setattr__(self, "nonnormal", tuple(self.nonnormal))
        object.__setattr__(self, "categorical", tuple(self.categorical))

    def _is_number(self, column: Column) -> bool | None:
        if column.name in self.nonnormal:
            return True
        return False if column.name in self.categorical else None

    def _wants_ranks(self, variable: Variable) -> bool:
        return variable.column.name in self.nonnormal

    @property
    def complete_cases(self) -> bool:
        """Whether people who lack any column are left out: under limits every missing count would be one to hide."""
        return self.complete or (self.setting is not None and self.setting.limits.minimum_cell > 1)

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        return {
            "name": self.name, "columns": list(self.variables), "by": self.by, "nonnormal": list(self.nonnormal),
            "categorical": list(self.categorical), "complete": self.complete,
        }  # fmt: skip

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        settings = _spec.fields(spec, cls.name, ("columns", "by", "nonnormal", "categorical", "complete"))
        variables = _spec.names(settings.get("columns"), "columns")
        nonnormal, categorical = (_spec.names(settings.get(key, []), key) for key in ("nonnormal", "categorical"))
        check_variables(variables, _spec.text(settings, "by"))
        if not {*nonnormal, *categorical} <= set(variables):
            raise UsageError("A nonnormal or categorical column is not described.", remedy="Name it in 'columns' too.")
        return cls(variables, _spec.text(settings, "by"), nonnormal, categorical, _spec.flag(settings, "complete"))

    def result(self, figures: Figures) -> Result:
        """The table."""
        groups = group_rows(self.factor, figures)
        rows = [
            level_row(variable, self.factor, figures)
            if variable.keys is None
            else number_row(variable, self.factor, figures, by_ranks=variable.column.name in self.nonnormal)
            for variable in self.described
        ]
        with_ranks = any(v.column.name in self.nonnormal for v in self.described)
        values = {"by": self.by, "groups": groups, "variables": rows}
        return Result(self.name, values, warnings_of(figures, self.factor, with_ranks=with_ranks))


def check_variables(variables: tuple[str, ...], by: str) -> None:
    """Refuse no columns at all, and one that is grouped by itself.

    Raises:
        UsageError, FormulaInvalid: if so.
    """
    if not variables or column_of(by) in variables:
        raise UsageError(
            "There are no columns to describe, or one is also what they are grouped by.",
            remedy="Name columns, and another one to group by.",
        )
