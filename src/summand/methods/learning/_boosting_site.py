"""What a site of boosting adds up over its rows, and what it remembers of them in its process."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np

from summand.methods._protocol import Layout, Local, length
from summand.methods.learning import _boosting_bins as bins_of
from summand.methods.learning import _boosting_result as told
from summand.methods.learning._boosting_columns import BoostingColumns
from summand.methods.learning._boosting_layout import boosting_layout
from summand.methods.learning._boosting_rows import BoostedRows
from summand.methods.learning._boosting_state import BINS, GROW, BoostingState
from summand.tables import Array, Batch


@dataclass(frozen=True)
class BoostingAtSite(BoostingColumns):
    """Boosting as a site runs it."""

    def layout(self, state: BoostingState) -> Layout:
        """Counts for the bins; then histograms of the nodes of a level; at last cases and controls by margin."""
        return boosting_layout(self, state)

    def tally(self, batch: Batch, state: BoostingState, local: Local) -> Array:  # noqa: ARG002 — no local memory
        """The counts or histograms of one batch of rows that have an outcome."""
        if state.phase == BINS:
            return self._counts(batch, state)
        if not batch.rows:
            return np.zeros(length(self.layout(state)))
        rows = self._rows(batch, state)
        if state.phase == GROW:
            return rows.sums(state)
        keys = told.score_keys(state, self.placed.limits)
        places, y = keys(rows.margins(state.base, state.trees)), self.outcome(batch)
        groups = [rows.teaching, *([rows.held] if state.held_out else [])]
        counts = [
            np.bincount(places[group], weights=weight[group], minlength=keys.count)
            for group in groups
            for weight in (y, 1.0 - y)
        ]
        return np.concatenate(counts)

    def _counts(self, batch: Batch, state: BoostingState) -> Array:
        if state.round == 0:
            y, held, limits = self.outcome(batch), self.is_held_out(batch), self.placed.limits
            n, held_n = float(np.count_nonzero(~held)), float(np.count_nonzero(held))
            head = np.array([n, held_n, y[~held].sum(), y[held].sum()])
            return np.concatenate([head, *(f.first_counts(batch, limits) for f in self.features)])
        parts = []
        for place, feature in enumerate(self.features):
            sought = bins_of.windows(state.order, place)
            keys = feature.places(batch) if sought else np.zeros(0, dtype=np.int64)
            parts += [window.count(keys) for window in sought]
        return np.concatenate(parts)

    @cached_property
    def _memory(self) -> WeakKeyDictionary[Batch, BoostedRows]:
        """What is known of the batches that are still in memory: only ever what their rows and a state give anew."""
        return WeakKeyDictionary()

    def _rows(self, batch: Batch, state: BoostingState) -> BoostedRows:
        rows = self._memory.get(batch)
        if rows is None or rows.cuts != state.cuts:
            binning = self.binning(state.cuts)
            rows = BoostedRows(
                binning(batch), self.outcome(batch), self.is_held_out(batch), binning, state.cuts,
                self.loss_function, self.grain,
            )  # fmt: skip
            self._memory[batch] = rows
        return rows

    def condense(self, partial: Array, state: BoostingState, local: Local) -> tuple[Array, Local]:  # noqa: ARG002
        """The site's sums as they are."""
        return partial, {}
