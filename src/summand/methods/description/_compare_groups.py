"""Whether groups differ in numbers: t tests, analyses of variance, tests by ranks, and differences with intervals."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np

from summand.methods import _spec
from summand.methods._newton import p_value
from summand.methods._protocol import Result, Setting
from summand.methods.description._group_tests import hedges_g, superiority, welch
from summand.methods.description._profile import Profile
from summand.methods.description._profile_figures import Figures
from summand.methods.description._profile_rows import (
    group_rows,
    mean_tests_of,
    number_row,
    rank_tests_of,
    warnings_of,
)
from summand.methods.description._profile_sums import Variable
from summand.methods.description._table_one import check_variables
from summand.tables import Column


@dataclass(frozen=True)
class CompareGroups(Profile):
    """Numbers compared between groups: by their means, by their ranks, and each pair of groups by its difference.

    Two groups: Welch's and Student's t, Mann & Whitney with correction for ties and continuity. More: Welch's and the
    classical analysis of variance, Kruskal & Wallis. Each pair: the difference of means with Welch's interval, its
    p-value also adjusted for the number of pairs (Holm), and Hedges' g; of two groups also how likely one of the second
    is above one of the first. Ranks are pooled over all sites. Under limits as `TableOne`.

    Args:
        variables: The numbers compared.
        by: A column with levels, or a comparison such as ``num > 0``.
        complete: Whether people who lack any of the columns are left out.

    Reveals: as `TableOne`.

    Raises:
        CohortTooSmall: from `update`, if a group has fewer people than ``minimum_cell``.

    Source: Welch (1947), Biometrika 34(1/2); Kruskal & Wallis (1952), JASA 47(260); Holm (1979), Scandinavian Journal of
        Statistics 6(2).
    """

    variables: tuple[str, ...]
    by: str
    complete: bool = False
    setting: Setting | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "compare_groups"
    title: ClassVar[str] = "Comparison of groups"

    def __post_init__(self) -> None:
        object.__setattr__(self, "variables", tuple(self.variables))

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            ColumnMissing, FormulaInvalid: if a column is unknown or no number, or there are no groups to compare.
        """
        method = super().under(setting)
        method.factor.check_compares()
        return method

    def _is_number(self, column: Column) -> bool | None:
        return column.name in self.variables

    @property
    def complete_cases(self) -> bool:
        """Whether people who lack any column are left out: under limits every missing count would be one to hide."""
        return self.complete or (self.setting is not None and self.setting.limits.minimum_cell > 1)

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        return {"name": self.name, "columns": list(self.variables), "by": self.by, "complete": self.complete}

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        settings = _spec.fields(spec, cls.name, ("columns", "by", "complete"))
        variables, by = _spec.names(settings.get("columns"), "columns"), _spec.text(settings, "by")
        check_variables(variables, by)
        return cls(variables, by, _spec.flag(settings, "complete"))

    def result(self, figures: Figures) -> Result:
        """Summaries, tests and differences of every number."""
        groups = group_rows(self.factor, figures)
        rows = [number_row(variable, self.factor, figures, by_ranks=False) for variable in self.described]
        tests: list[dict[str, Any]] = []
        differences: list[dict[str, Any]] = []
        for variable in self.described:
            name = {"variable": variable.column.name}
            found = mean_tests_of(variable, figures) + rank_tests_of(variable, figures)
            tests += [{**name, **row} for row in figures.told_tests(found)]
            differences += [{**name, **row} for row in self._differences(variable, figures)]
        values = {"by": self.by, "groups": groups, "variables": rows, "tests": tests, "differences": differences}
        return Result(self.name, values, warnings_of(figures, self.factor, with_ranks=True))

    def _differences(self, variable: Variable, figures: Figures) -> list[dict[str, Any]]:
        """Every pair of groups with at least two people each that vary."""
        from scipy.special import stdtrit

        n, means, squares = (part[1:] for part in figures.moments(variable))
        some = np.flatnonzero((n >= 2.0) & (squares > 0.0)).tolist()
        rows: list[dict[str, Any]] = []
        for first, second in itertools.combinations(some, 2):
            pair = [first, second]
            difference, error, degrees = welch(n[pair], means[pair], squares[pair])
            width = float(stdtrit(degrees, 0.975)) * error
            rows.append(
                {
                    "difference": f"{self.factor.named(second)} − {self.factor.named(first)}",
                    "estimate": difference, "std_error": error, "p_value": p_value(difference / error, degrees),
                    "conf_low": difference - width, "conf_high": difference + width,
                    "hedges_g": hedges_g(n[pair], means[pair], squares[pair]),
                }
            )  # fmt: skip
        for row, adjusted in zip(rows, holm([row["p_value"] for row in rows]), strict=True):
            row["p_adjusted"] = adjusted
        if len(self.factor) == 2 and len(rows) == 1:
            rows[0]["superiority"] = superiority(figures.people(variable)[0], figures.ranks(variable)[0])
        return [{key: self._told(key, value, figures) for key, value in row.items()} for row in rows]

    def _told(self, key: str, value: Any, figures: Figures) -> Any:
        if not isinstance(value, float):
            return value
        return figures.told_p(value) if key.startswith("p_") else figures.told(value)


def holm(p_values: list[float]) -> list[float]:
    """P-values adjusted so that all at once are wrong no more often than one.

    Source: Holm (1979), Scandinavian Journal of Statistics 6(2).
    """
    count, reached = len(p_values), 0.0
    adjusted = [0.0] * count
    for rank, place in enumerate(sorted(range(count), key=p_values.__getitem__)):
        reached = max(reached, min(1.0, (count - rank) * p_values[place]))
        adjusted[place] = reached
    return adjusted
