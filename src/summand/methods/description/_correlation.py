"""How numbers go together: Pearson's and Spearman's correlation, also given other columns."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from summand.errors import FormulaInvalid, UsageError
from summand.methods import _spec
from summand.methods._newton import symmetric, upper
from summand.methods._placed import Placed, check_length
from summand.methods._protocol import Block, Layout, Local, Result, Setting, State, length
from summand.methods.description._correlation_result import correlation_result
from summand.methods.description._correlation_state import CorrelationState
from summand.methods.description._describe_cells import BAND_BINS
from summand.methods.description._grid import FIRST_BINS, Keys
from summand.methods.description._rank_table import REFINEMENTS_MAX, RankTable, alone
from summand.tables import Array, Batch, Column

COLUMNS_MAX = 100
SLACK = 1.0 + 2.0**-40
# A column with so few values could tell how many people have a pair of them.
FEW_VALUES = 6


@dataclass(frozen=True)
class Correlation(Placed):
    """The correlation of every pair of numbers, over people who have them all, with p-values and intervals.

    ``pearson`` sums products about the pooled means in a second round. ``spearman`` first learns where each value lies
    among those of all sites, then sums products of the midranks: exact, or where the limits forbid it of values grouped
    into bins, which a warning says. With ``given`` columns, what these explain of both is taken out first (partial
    correlation). Under limits a pair whose columns have few values, some of them shared by fewer people than
    ``minimum_cell``, has no correlation: it would tell how many; others have three digits. Without ``given``, Pearson's
    come with Cronbach's alpha of all columns as items of one scale.

    Args:
        variables: Two numeric columns or more.
        kind: ``pearson`` or ``spearman``.
        given: Numeric columns that are held fixed.

    Reveals: means, squares and products over all sites. With ``spearman``, how many people lie in each of up to 4,096
        bins of every column (128 where the limits allow no exact quantiles), and in finer bins wherever two people share
        one, down to single values. Under limits also how many have each pair of values of columns with few.

    Source: Fisher (1921), Metron 1, for the interval; Bonett & Wright (2000), Psychometrika 65(1), for Spearman's;
        Whittaker (1990), Graphical Models in Applied Multivariate Statistics, section 5.8, for the partial correlation.
    """

    variables: tuple[str, ...]
    kind: str = "pearson"
    given: tuple[str, ...] = ()
    setting: Setting | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "correlation"
    title: ClassVar[str] = "Correlation"
    state_type: ClassVar[type[State]] = CorrelationState
    complete_cases: ClassVar[bool] = True
    kinds: ClassVar[tuple[str, ...]] = ("pearson", "spearman")

    def __post_init__(self) -> None:
        object.__setattr__(self, "variables", tuple(self.variables))
        object.__setattr__(self, "given", tuple(self.given))

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            ColumnMissing, FormulaInvalid: if a column is unknown or no number.
        """
        method = dataclasses.replace(self, setting=setting)
        for column in method._described:
            if not column.is_numeric:
                raise FormulaInvalid(
                    f"Column '{column.name}' is no number.", remedy="Choose numeric columns; see crosstab for levels."
                )
            Keys.of(column)
        return method

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        return {"name": self.name, "columns": list(self.variables), "kind": self.kind, "given": list(self.given)}

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError: if the request is malformed.
        """
        settings = _spec.fields(spec, cls.name, ("columns", "kind", "given"))
        variables = _spec.names(settings.get("columns"), "columns")
        given = _spec.names(settings.get("given", []), "given")
        both = (*variables, *given)
        if len(variables) < 2 or len(both) > COLUMNS_MAX or len(set(both)) < len(both):
            raise UsageError(
                f"Correlation takes 2 to {COLUMNS_MAX} columns, each once.", remedy="Name different columns."
            )
        return cls(variables, _spec.choice(settings, "kind", cls.kinds), given)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return (*self.variables, *self.given)

    @cached_property
    def _described(self) -> tuple[Column, ...]:
        return tuple(self.placed.dictionary[name] for name in self.columns)

    @cached_property
    def _keys(self) -> tuple[Keys, ...]:
        return tuple(Keys.of(column) for column in self._described)

    @cached_property
    def few(self) -> tuple[int, ...]:
        """The columns with few values, by place; none where nothing is hidden."""
        if self.placed.limits.minimum_cell <= 1:
            return ()
        return tuple(k for k, keys in enumerate(self._keys) if keys.is_declared and keys.count <= FEW_VALUES)

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """The pairs of columns with few values, each with itself too."""
        return tuple(itertools.combinations_with_replacement(self.few, 2))

    def table_shape(self, pair: tuple[int, int]) -> tuple[int, int]:
        """How many values the columns of a pair have."""
        return self._keys[pair[0]].count, self._keys[pair[1]].count

    def parameter_count(self) -> int:
        """The variances and covariances behind the figures: so many need people as coefficients do."""
        columns = len(self.columns)
        return columns * (columns + 1) // 2

    def start(self) -> CorrelationState:
        """Nothing known yet."""
        nothing = np.zeros(0)
        if self.kind == "pearson":
            return CorrelationState(0, 0, nothing, nothing, nothing, nothing, 2, (), is_placed=False)
        first_bins = FIRST_BINS if self.placed.limits.exact_quantiles else BAND_BINS
        ranks = RankTable.start([keys.count for keys in self._keys], 1, first_bins)
        return self._with_ranks(
            CorrelationState(0, 0, nothing, nothing, nothing, nothing, 2, (), is_placed=False), ranks
        )

    def _with_ranks(self, state: CorrelationState, ranks: RankTable) -> CorrelationState:
        return dataclasses.replace(
            state, kept=ranks.kept.ravel(), open=ranks.open.ravel(), divisions=ranks.divisions, grouped=ranks.grouped
        )

    def layout(self, state: CorrelationState) -> Layout:
        """People, and means or bins; then finer bins while they last; at last the products."""
        width = len(self._described)
        if state.is_placed:
            what = "ranks" if self.kind == "spearman" else "columns"
            return (
                Block("products", "1", width * (width + 1) // 2, 4.0 * SLACK, f"how each pair of {what} goes together"),
            )
        blocks: list[Block] = []
        if state.round == 0:
            blocks.append(Block("people", "1", 1, 1.0, "how many people have all columns"))
            if self.kind == "pearson":
                blocks.append(Block("sums", "1", width, SLACK, "the mean of each column"))
            for a, b in self.pairs:
                r, c = self.table_shape((a, b))
                name = f"{self.columns[a]} and {self.columns[b]}"
                blocks.append(Block(f"{name}: pairs", "1", r * c, 1.0, f"how many people have each pair of {name}"))
        for k, column in enumerate(self._described if self.kind == "spearman" else ()):
            size = state.ranks.size(k)
            if size:
                blocks.append(
                    Block(f"{column.name}: bins", "1", size, 1.0, f"how many people lie where in {column.name}")
                )
        return tuple(blocks)

    def tally(self, batch: Batch, state: CorrelationState, local: Local) -> Array:  # noqa: ARG002 — no local memory
        """The sums of one batch of complete rows, in the layout's order."""
        if state.is_placed:
            block = self._placed_values(batch, state)
            return upper(block @ block.T)
        parts: list[Array] = []
        if state.round == 0:
            parts.append(np.array([float(batch.rows)]))
            if self.kind == "pearson":
                parts.append(np.array([_scaled(column, batch).sum() for column in self._described]))
            parts += [self._pair_counts(pair, batch) for pair in self.pairs]
        if self.kind == "spearman":
            nobody = np.zeros(batch.rows, dtype=np.intp)
            for k, (column, keys) in enumerate(zip(self._described, self._keys, strict=True)):
                parts.append(state.ranks.count(k, keys(batch.number(column.name)), nobody))
        return np.concatenate(parts)

    def _pair_counts(self, pair: tuple[int, int], batch: Batch) -> Array:
        one, other = (self._keys[k](batch.number(self.columns[k])) for k in pair)
        r, c = self.table_shape(pair)
        return np.bincount(one * c + other, minlength=r * c).astype(np.float64)

    def _placed_values(self, batch: Batch, state: CorrelationState) -> Array:
        """Every column about its mean in [-2, 2], or its midranks in [-1, 1]; shape (columns, rows)."""
        block = np.empty((len(self._described), batch.rows))
        for k, column in enumerate(self._described):
            if self.kind == "pearson":
                np.subtract(_scaled(column, batch), state.means[k], out=block[k])
                continue
            bins = state.ranks.of(k)
            ranks = bins[:, 1] + (bins[:, 2] + 1.0) / 2.0
            half = max(state.n - 1, 1) / 2.0
            scaled = (ranks - (state.n + 1.0) / 2.0) / half
            block[k] = scaled[state.ranks.places(k, self._keys[k](batch.number(column.name)))]
        return block

    def condense(self, partial: Array, state: CorrelationState, local: Local) -> tuple[Array, Local]:  # noqa: ARG002
        """The site's sums as they are."""
        return partial, {}

    def update(self, total: Array, state: CorrelationState) -> CorrelationState | Result:
        """Place every value, then read the correlations from the products."""
        check_length(total, length(self.layout(state)))
        if state.is_placed:
            return correlation_result(self, symmetric(total, len(self._described)), state)
        width, at, following = len(self._described), 0, state
        if state.round == 0:
            at = 1 + (width if self.kind == "pearson" else 0)
            size = sum(int(np.prod(self.table_shape(pair))) for pair in self.pairs)
            n = round(float(total[0]))
            following = dataclasses.replace(
                state, n=n, means=total[1:at] / max(n, 1), tables=np.rint(total[at : at + size])
            )
            at += size
        following = dataclasses.replace(following, round=state.round + 1, is_placed=self.kind == "pearson")
        if self.kind == "pearson":
            return following
        may_divide = self.placed.limits.exact_quantiles and state.round < REFINEMENTS_MAX
        ranks = state.ranks.after(total[at:], alone, may_divide=may_divide)
        return self._with_ranks(dataclasses.replace(following, is_placed=not len(ranks.open)), ranks)


def _scaled(column: Column, batch: Batch) -> Array:
    return (batch.number(column.name) - column.centre) / column.half_width
