"""Two columns counted together: the table, tests of independence, and measures of association."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from summand.errors import FormulaInvalid
from summand.methods import _spec
from summand.methods._placed import Placed, check_length
from summand.methods._protocol import Block, Layout, Local, Result, Setting, State, length
from summand.methods.description._crosstab_result import crosstab_result
from summand.methods.description._factor import Factor, column_of, counts_by
from summand.methods.description._mantel_haenszel import (
    CELLS_MAX,
    HOMOGENEITY_BLOCKS,
    Strata,
    homogeneity_sums,
    strata_blocks,
    strata_sums,
)
from summand.tables import Array, Batch

COUNTED_MAX = 100_000


@dataclass(frozen=True)
class CrosstabState(State):
    """What is known so far.

    Attributes:
        round: 0 before anything is.
        first: The first round's total; empty before.
        odds_ratio: The common odds ratio, at which the sites' homogeneity is summed; 0 before.
    """

    round: int
    first: Array
    odds_ratio: float


@dataclass(frozen=True)
class Crosstab(Placed):
    """A table of two columns, with Pearson's chi-square, likelihood ratio, Fisher's exact test, trend and ratios.

    Of a table with two rows and two columns also odds ratio, risk ratio and risk difference of the last level of
    ``column`` in the last level of ``row`` against the first. Over strata, the Cochran-Mantel-Haenszel test, and of
    2 x 2 tables the common odds ratio, risk ratio and risk difference with the tests of Breslow, Day and Tarone that
    the odds ratio is common. A site that is a stratum makes its part of these sums by itself.

    Where a cell has fewer than ``minimum_cell`` people, the table alone is shown, without it and those that would give
    it away: any statistic of the table would be an equation for what is hidden.

    Args:
        row: A column with levels, or a comparison such as ``age > 65``; what comes first, such as a treatment.
        column: The same, such as ``num > 0``.
        strata: A third one over whose groups the association is averaged.
        site: ``pooled``: the sites' tables are one; ``strata``: each site is a stratum.
        paired: Whether rows and columns are two views of the same, with the same levels: then McNemar's test (Bowker's
            of more than two levels) and kappa.

    Reveals: how many people have each pair of levels, in each stratum of ``strata``, over all sites. With sites as
        strata also the sums behind the tests and ratios, and how many sites have people in two rows and two columns.

    Source: Agresti (2013), Categorical Data Analysis, chapters 3, 6 and 11; the modules of the tests name the papers.
    """

    row: str
    column: str
    strata: str | None = None
    site: str = "pooled"
    paired: bool = False
    setting: Setting | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "crosstab"
    title: ClassVar[str] = "Crosstab"
    state_type: ClassVar[type[State]] = CrosstabState
    complete_cases: ClassVar[bool] = True
    sites: ClassVar[tuple[str, ...]] = ("pooled", "strata")

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing: if a column lacks levels, or the table is too large or not one of pairs.
        """
        method = dataclasses.replace(self, setting=setting)
        _spec.choice({"site": self.site}, "site", self.sites)
        r, c, k = method.sizes
        for factor in method.factors[:2]:
            factor.check_compares()
        if r * c * k > COUNTED_MAX or (method._has_strata and r * c > CELLS_MAX):
            raise FormulaInvalid("The table has too many cells.", remedy="Choose columns with fewer levels.")
        if self.paired and method.factors[0].levels != method.factors[1].levels:
            raise FormulaInvalid(
                "Rows and columns have different levels, so they are no pairs.", remedy="Leave 'paired' out."
            )
        return method

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        settings = {"strata": self.strata, "site": self.site, "paired": self.paired}
        return {"name": self.name, "row": self.row, "column": self.column, **settings}

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        settings = _spec.fields(spec, cls.name, ("row", "column", "strata", "site", "paired"))
        strata = None if settings.get("strata") is None else _spec.text(settings, "strata")
        method = cls(
            _spec.text(settings, "row"), _spec.text(settings, "column"), strata,
            _spec.choice(settings, "site", cls.sites), _spec.flag(settings, "paired"),
        )  # fmt: skip
        if len(method.columns) < (2 if strata is None else 3):
            raise FormulaInvalid("A column is crossed with itself.", remedy="Name different columns.")
        return method

    @cached_property
    def factors(self) -> tuple[Factor, ...]:
        """Rows, columns, and strata if there are any."""
        given = (self.row, self.column, *(() if self.strata is None else (self.strata,)))
        return tuple(Factor.of(text, self.placed.dictionary) for text in given)

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Rows, columns and strata of the column ``strata``."""
        return len(self.factors[0]), len(self.factors[1]), 1 if self.strata is None else len(self.factors[2])

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        given = (self.row, self.column, *(() if self.strata is None else (self.strata,)))
        return tuple(dict.fromkeys(column_of(text) for text in given))

    @property
    def _has_strata(self) -> bool:
        return self.strata is not None or self.site == "strata"

    def parameter_count(self) -> int:
        """None: nothing is modelled."""
        return 0

    def start(self) -> CrosstabState:
        """Nothing known yet."""
        return CrosstabState(0, np.zeros(0), 0.0)

    def layout(self, state: CrosstabState) -> Layout:
        """The counts, and with sites as strata their sums; then, of 2 x 2 tables, how homogeneous the sites are."""
        if state.round:
            return tuple(HOMOGENEITY_BLOCKS)
        r, c, k = self.sizes
        where = "" if self.strata is None else f" and {self.strata}"
        reveals = f"how many people have each pair of {self.row} and {self.column}{where}"
        counts = Block("people", "1", r * c * k, 1.0, reveals)
        return (counts, *(strata_blocks(r * c, (r, c) == (2, 2)) if self.site == "strata" else ()))

    def tally(self, batch: Batch, state: CrosstabState, local: Local) -> Array:  # noqa: ARG002 — no local memory
        """How many rows of a batch each cell has, shape (strata × rows × columns,)."""
        order = (*self.factors[2:], *self.factors[:2])
        return counts_by(tuple(map(len, order)), tuple(factor.codes(batch) for factor in order))

    def condense(self, partial: Array, state: CrosstabState, local: Local) -> tuple[Array, Local]:  # noqa: ARG002
        """The counts; with sites as strata also the site's own sums, or how far its odds ratio is from the common."""
        r, c, k = self.sizes
        tables = partial.reshape(k, r, c)
        if state.round:
            return homogeneity_sums(tables, state.odds_ratio), {}
        return (np.concatenate([partial, strata_sums(tables)]) if self.site == "strata" else partial), {}

    def update(self, total: Array, state: CrosstabState) -> CrosstabState | Result:
        """Ask how homogeneous the sites are where that can be said, or the result."""
        check_length(total, length(self.layout(state)))
        r, c, k = self.sizes
        first = total if state.round == 0 else state.first
        tables = np.rint(first[: math.prod(self.sizes)]).reshape(k, r, c)
        if not self._has_strata:
            return crosstab_result(self, tables, None, None)
        sums = first[tables.size :] if self.site == "strata" else strata_sums(tables)
        odds_ratio = Strata(sums, r, c).odds_ratio
        if odds_ratio is None:
            return crosstab_result(self, tables, sums, None)
        if self.site == "pooled":
            return crosstab_result(self, tables, sums, homogeneity_sums(tables, odds_ratio))
        if state.round == 0:
            return CrosstabState(1, first, odds_ratio)
        return crosstab_result(self, tables, sums, total)
