"""What a site of multiple imputation adds up over its filled rows, and what it remembers of them in its process."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np

from summand.methods._newton import upper
from summand.methods._protocol import Layout, Local
from summand.methods.formulas._terms import levels_of
from summand.methods.learning._impute_columns import ImputeColumns
from summand.methods.learning._impute_layout import impute_layout
from summand.methods.learning._impute_rows import FilledRows
from summand.methods.learning._impute_state import ANALYSE, COUNT, ImputeState
from summand.methods.learning._row_hash import row_hash
from summand.tables import Array, Batch


@dataclass(frozen=True)
class ImputeAtSite(ImputeColumns):
    """Multiple imputation as a site runs it."""

    def layout(self, state: ImputeState) -> Layout:
        """Counts first; then for every imputation the sums of one model."""
        return impute_layout(self, state)

    def tally(self, batch: Batch, state: ImputeState, local: Local) -> Array:  # noqa: ARG002 — no local memory
        """The counts of one batch, or for every imputation the sums of one model."""
        if state.phase == COUNT:
            return self._counts(batch)
        q, is_linear = self.width(state), self.is_linear(state)
        head = np.zeros((self.imputations, 1 + q if is_linear else q))
        products = np.zeros((self.imputations, q, q))

        def add(m: int, x: Array, y: Array) -> None:
            if is_linear:
                head[m, 0] += y @ y
                head[m, 1:] += x @ y
                products[m] += x @ x.T
                return
            mu = 1.0 / (1.0 + np.exp(-np.clip(state.beta[m] @ x, -40.0, 40.0)))
            head[m] += x @ (y - mu)
            products[m] += (x * (mu * (1.0 - mu))) @ x.T

        if batch.rows:
            rows = self._rows(batch, state)
            if state.phase == ANALYSE:
                rows.analysed(self.design, add)
            else:
                rows.about_target(self.current_model(state), add)
        return np.concatenate([head.reshape(-1), *(upper(own) for own in products)])

    def _counts(self, batch: Batch) -> Array:
        parts = [np.array([float(batch.rows), float(self.outcome(batch).sum())])]
        for target in self.targets:
            known = target.scaled(batch.columns[target.column.name][~target.missing(batch)])
            parts.append(np.array([float(len(known)), known.sum(), known @ known]))
        parts += [self._level_counts(name, batch) for name in self.categories]
        return np.concatenate(parts)

    def _level_counts(self, name: str, batch: Batch) -> Array:
        from summand.methods.description._describe_cells import codes_of

        column = self.placed.dictionary[name]
        codes = codes_of(column, batch)
        return np.bincount(codes[codes >= 0], minlength=len(levels_of(column))).astype(np.float64)

    @cached_property
    def _memory(self) -> WeakKeyDictionary[Batch, FilledRows]:
        """What is known of the batches that are still in memory: only ever what their rows and a state give anew."""
        return WeakKeyDictionary()

    def _rows(self, batch: Batch, state: ImputeState) -> FilledRows:
        rows = self._memory.get(batch)
        if rows is None or not np.array_equal(rows.begin, state.begin):
            rows = FilledRows(
                batch, row_hash(batch, self.columns, self.seed), self.targets, self.filled(state.missing),
                self.outcome(batch), self.imputations, state.begin,
            )  # fmt: skip
            self._memory[batch] = rows
        rows.follow(state.draws)
        return rows

    def condense(self, partial: Array, state: ImputeState, local: Local) -> tuple[Array, Local]:  # noqa: ARG002
        """The site's sums as they are."""
        return partial, {}
