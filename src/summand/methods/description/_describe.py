"""Descriptive statistics: counts, moments, quantiles, histograms and crosstabs, column by column."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from summand.errors import FormulaInvalid, UsageError
from summand.methods import _spec
from summand.methods._placed import Placed, check_length
from summand.methods._protocol import Block, Layout, Local, Result, Setting, State, length
from summand.methods.description._describe_cells import Cell, codes_of, levels
from summand.methods.description._describe_sums import SLACK, first_blocks, first_sums, later_sums, pair_counts
from summand.methods.description._describe_table import crosstab, described
from summand.methods.description._describe_update import (
    HIGHER,
    DescribeState,
    after_first,
    after_later,
    parts_of,
    read_first,
)
from summand.methods.formulas._terms import TEXT_REMEDY
from summand.tables import Array, Batch, Column, Count

NUMBERS_MAX = 2_000_000
CROSSTABS_MAX = 50
BINS_MAX = 200
QUANTILES_MAX = 20
SHAPES = ("none", "unbiased", "biased")


@dataclass(frozen=True)
class Describe(Placed):
    """Counts, missing, mean, standard deviation, minimum, quartiles, maximum, histogram and levels of columns.

    Quartiles equal ``numpy.quantile`` of the pooled values (method "linear") where the limits allow exact ones; else
    they, minimum and maximum are bands ``[low, high]`` that hold at least ``minimum_cell`` people each. Squares are
    summed about the pooled mean, in a second round. Each column counts its own missing values. Where the limits have a
    minimum cell, mean and standard deviation are rounded so that they tell no hidden count, and left out where a value
    with a count of its own has too few people, or where two people may make nine tenths of the sum of a column that has no
    values below zero.

    Args:
        variables: The columns described; none for all that are not text.
        by: A column with levels whose groups are described apart.
        bins: Bins of the histograms, at most 200.
        crosstabs: Pairs of columns with levels that are counted together.
        quantiles: Further quantiles, such as 0.025; each told as ``p2.5``.
        shape: ``unbiased`` or ``biased`` for skewness and excess kurtosis, corrected for sample size or not, and the
            coefficient of variation; ``none`` for neither.

    Reveals: the released figures, and the pooled counts of a histogram with up to 4,096 bins (128 where quantiles are
        bands) and of the finer bins around each quartile.

    Source: Hyndman & Fan (1996), The American Statistician 50(4), definition 7; Chan, Golub & LeVeque (1983), The
        American Statistician 37(3), for the two passes.
    """

    variables: tuple[str, ...] = ()
    by: str | None = None
    bins: int = 10
    crosstabs: tuple[tuple[str, str], ...] = ()
    quantiles: tuple[float, ...] = ()
    shape: str = "none"
    setting: Setting | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "describe"
    title: ClassVar[str] = "Description"
    state_type: ClassVar[type[State]] = DescribeState
    complete_cases: ClassVar[bool] = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "variables", tuple(self.variables))
        object.__setattr__(self, "crosstabs", tuple((a, b) for a, b in self.crosstabs))
        object.__setattr__(self, "quantiles", tuple(map(float, self.quantiles)))

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            ColumnMissing, FormulaInvalid: if a column is unknown, text, or lacks the levels or the range it needs.
        """
        method = dataclasses.replace(self, setting=setting)
        if length(method.layout(method.start())) > NUMBERS_MAX:
            raise FormulaInvalid("This describes too many columns and groups at once.", remedy="Choose fewer columns.")
        pairs = [frozenset(pair) for pair in self.crosstabs]
        if setting.limits.minimum_cell > 1 and (len(set(pairs)) < len(pairs) or any(self.by in pair for pair in pairs)):
            raise FormulaInvalid(
                "The same two columns would be counted together in two tables, each of which hides its own small cells.",
                remedy="Ask for each pair once, and not for one with the column of the groups.",
            )
        return method

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        pairs = [list(pair) for pair in self.crosstabs]
        return {
            "name": self.name, "columns": list(self.variables), "by": self.by, "bins": self.bins, "crosstabs": pairs,
            "quantiles": list(self.quantiles), "shape": self.shape,
        }  # fmt: skip

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError: if the request is malformed.
        """
        settings = _spec.fields(spec, cls.name, ("columns", "by", "bins", "crosstabs", "quantiles", "shape"))
        given = settings.get("crosstabs", [])
        pairs = [_spec.names(pair, "crosstabs") for pair in given] if isinstance(given, (list, tuple)) else [()]
        if len(pairs) > CROSSTABS_MAX or any(len(pair) != 2 for pair in pairs):
            raise UsageError("The setting 'crosstabs' is no list of pairs.", remedy='Write [["sex", "cp"]].')
        by = None if settings.get("by") is None else _spec.text(settings, "by")
        bins = _spec.whole(settings, "bins", 10, 1, BINS_MAX)
        crosstabs = tuple((pair[0], pair[1]) for pair in pairs)
        quantiles = _quantiles(settings.get("quantiles", []))
        shape = _spec.choice(settings, "shape", SHAPES)
        return cls(_spec.names(settings.get("columns", []), "columns"), by, bins, crosstabs, quantiles, shape)

    @cached_property
    def described(self) -> tuple[Column, ...]:
        """The columns described, as the dictionary has them."""
        dictionary = self.placed.dictionary
        if self.variables:
            found = tuple(dictionary[name] for name in dict.fromkeys(self.variables))
        else:
            left_out = (dictionary.person_id, self.by)
            found = tuple(column for column in dictionary if column.kind != "text" and column.name not in left_out)
        for column in found:
            if column.kind == "text":
                raise FormulaInvalid(f"Column '{column.name}' is text and is never analysed.", remedy=TEXT_REMEDY)
        return found

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads; without ``variables``, those of the dictionary once it has a setting."""
        names = self.variables if self.setting is None else tuple(column.name for column in self.described)
        pairs = [name for pair in self.crosstabs for name in pair]
        return tuple(dict.fromkeys([*names, *([self.by] if self.by else []), *pairs]))

    def parameter_count(self) -> int:
        """None: nothing is modelled."""
        return 0

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """The levels of ``by``; none without it."""
        return levels(self.placed.dictionary[self.by], needed=True) if self.by else ()

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """Every column in every group, group by group."""
        exact = self.placed.limits.exact_quantiles
        places: Sequence[int | None] = range(len(self.groups)) if self.by else (None,)
        return tuple(Cell.of(c, place, exact=exact, bins=self.bins) for place in places for c in self.described)

    @cached_property
    def _pairs(self) -> tuple[tuple[Column, Column], ...]:
        dictionary = self.placed.dictionary
        return tuple((dictionary[a], dictionary[b]) for a, b in self.crosstabs)

    def start(self) -> DescribeState:
        """Nothing known yet."""
        nothing = np.zeros(0)
        return DescribeState(0, nothing, nothing, nothing, nothing, ())

    def layout(self, state: DescribeState) -> Layout:
        """First counts, sums, histograms and crosstabs; then squares about the mean, and finer bins."""
        blocks: list[Block] = []
        for place, cell in enumerate(self.cells):
            if state.round == 0:
                blocks += first_blocks(cell)
            elif state.round == 1 and cell.keys is not None:
                blocks.append(Block(f"{cell.name}: squares", "1", 1, 4.0 * SLACK, f"the spread of {cell.name}"))
                if self._has_shape:
                    reveals = f"the skewness and kurtosis of {cell.name}"
                    blocks.append(Block(f"{cell.name}: higher powers", "1", HIGHER, 16.0 * SLACK, reveals))
            for k, window in enumerate(state.windows(place)):
                reveals = f"how many people lie where near a quartile of {cell.name}"
                blocks.append(Block(f"{cell.name}: bins {k + 1}", "1", window.bins, 1.0, reveals, 0))
        for k, (a, b) in enumerate(self._pairs if state.round == 0 else ()):
            size = len(levels(a, needed=True)) * len(levels(b, needed=True))
            reveals = f"how many people have each pair of {a.name} and {b.name}"
            blocks.append(Block(f"crosstab {k + 1}", "1", size, 1.0, reveals))
        return tuple(blocks)

    def tally(self, batch: Batch, state: DescribeState, local: Local) -> Array:  # noqa: ARG002 — no local memory
        """The sums of one batch, missing values included, in the layout's order."""
        group = None if self.by is None else codes_of(self.placed.dictionary[self.by], batch)
        parts: list[Array] = []
        for place, cell in enumerate(self.cells):
            rows = np.ones(batch.rows, dtype=np.bool_) if group is None else group == cell.group
            if state.round == 0:
                parts += first_sums(cell, batch, rows)
            else:
                parts += later_sums(cell, place, batch, rows, state, higher=self._has_shape)
        if state.round == 0:
            parts += [pair_counts(a, b, batch) for a, b in self._pairs]
        return np.concatenate(parts) if parts else np.zeros(0)

    @property
    def _has_shape(self) -> bool:
        return self.shape != "none"

    def condense(self, partial: Array, state: DescribeState, local: Local) -> tuple[Array, Local]:  # noqa: ARG002
        """The site's sums as they are."""
        return partial, {}

    def update(self, total: Array, state: DescribeState) -> DescribeState | Result:
        """Narrow the quartiles down; the result when all are found."""
        check_length(total, length(self.layout(state)))
        exact = self.placed.limits.exact_quantiles
        if state.round == 0:
            state = after_first(self.cells, total, state, exact, [*parts_of(self.quantiles).values()])
            if any(cell.keys is not None for cell in self.cells):
                return state
            state = dataclasses.replace(state, squares=np.zeros(len(self.cells)))
        else:
            state = after_later(self.cells, total, state, higher=self._has_shape)
        return state if any(state.windows(place) for place in range(len(self.cells))) else self._result(state)

    def _result(self, state: DescribeState) -> Result:
        limits = self.placed.limits
        rows = described(self.cells, state, limits, parts_of(self.quantiles), self.shape)
        _, rest = read_first(self.cells, state.first, has_bins=not limits.exact_quantiles)
        values: dict[str, Any] = {}
        if self.by:
            width = len(self.described)
            values["groups"] = [
                _group(self.by, level, rows[k * width : (k + 1) * width]) for k, level in enumerate(self.groups)
            ]
        else:
            values["columns"] = rows
        tables = []
        for a, b in self._pairs:
            one, other = levels(a, needed=True), levels(b, needed=True)
            size = len(one) * len(other)
            tables.append({"rows": a.name, "columns": b.name, "counts": crosstab(one, other, rest[:size])})
            rest = rest[size:]
        if tables:
            values["crosstabs"] = tables
        return Result(self.name, values)


def _quantiles(given: Any) -> tuple[float, ...]:
    """The further quantiles of a request.

    Raises:
        UsageError: if they are no list of at most 20 numbers between 0 and 1.
    """
    is_list = isinstance(given, (list, tuple)) and len(given) <= QUANTILES_MAX
    if not is_list or any(isinstance(q, bool) or not isinstance(q, (int, float)) or not 0 < q < 1 for q in given):
        raise UsageError(
            f"The setting 'quantiles' is no list of at most {QUANTILES_MAX} numbers between 0 and 1.",
            remedy="Write [0.025, 0.975].",
        )
    return tuple(map(float, given))


def _group(by: str, level: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    people = rows[0]["n"].people + rows[0]["missing"].people if rows else 0
    return {"group": f"{by} = {level}", "n": Count(people), "columns": rows}
