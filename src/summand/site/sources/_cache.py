"""Decoded columns in memory: a study reads the same few columns in every round."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from summand.tables import Batch

Columns = dict[str, NDArray[Any]]


class ColumnCache:
    """Whole columns as a batch holds them, as long as they fit ``limit_bytes``.

    Besides the columns it keeps the complete cases of the latest question, since the next round asks it again.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._columns: Columns = {}
        self._complete: Columns = {}
        self._complete_key: tuple[str, ...] | None = None
        self._question: tuple[Any, ...] = ()
        self._answer: tuple[Batch, ...] = ()

    def admits(self, bytes_per_row: Mapping[str, int], rows: int) -> bool:
        """Whether these columns fit, twice over (whole and complete), beside what is there; makes room if that helps."""
        needed = 2 * rows * sum(bytes_per_row.values())
        if needed > self._limit_bytes:
            return False
        others = sum(column.nbytes for name, column in self._columns.items() if name not in bytes_per_row)
        if needed + 2 * others > self._limit_bytes:
            self._columns = {name: column for name, column in self._columns.items() if name in bytes_per_row}
            self._complete, self._complete_key = {}, None
            self._question, self._answer = (), ()
        return True

    def lacking(self, names: Iterable[str]) -> list[str]:
        """Which of ``names`` are not here yet."""
        return [name for name in names if name not in self._columns]

    def add(self, columns: Columns) -> None:
        """Keep these columns; from now on nobody writes into them."""
        for values in columns.values():
            values.flags.writeable = False
        self._columns.update(columns)

    def batches(
        self, names: tuple[str, ...], complete_cases: tuple[str, ...] | None, rows: int, batch_rows: int
    ) -> tuple[Batch, ...]:
        """All rows as `batch` gives them, in batches: the very same objects as long as the same question is asked.

        So a method may remember by a batch what it would work out from its rows again in the next round.
        """
        question = (names, complete_cases, rows, batch_rows)
        if question != self._question:
            self._question, self._answer = question, _slices(self.batch(names, complete_cases, rows), batch_rows)
        return self._answer

    def batch(self, names: tuple[str, ...], complete_cases: tuple[str, ...] | None, rows: int) -> Batch:
        """All rows of ``names``, or those with a value in each of ``complete_cases``, as one batch."""
        if not complete_cases:
            return Batch({name: self._columns[name] for name in names}, rows)
        key = tuple(sorted(complete_cases))
        if key != self._complete_key:
            self._complete, self._complete_key = {}, key
        keep: NDArray[np.bool_] | None = None
        for name in names:
            if name not in self._complete:
                keep = self._keep(key, rows) if keep is None else keep
                self._complete[name] = self._columns[name] if keep.all() else self._columns[name][keep]
        kept = len(self._complete[names[0]]) if names else int(np.count_nonzero(self._keep(key, rows)))
        return Batch({name: self._complete[name] for name in names}, kept)

    def _keep(self, key: tuple[str, ...], rows: int) -> NDArray[np.bool_]:
        return Batch({name: self._columns[name] for name in key}, rows).complete(key)


def _slices(whole: Batch, batch_rows: int) -> tuple[Batch, ...]:
    if whole.rows <= batch_rows:
        return (whole,)
    starts = range(0, whole.rows, batch_rows)
    return tuple(
        Batch({name: values[start : start + batch_rows] for name, values in whole.columns.items()},
              min(batch_rows, whole.rows - start))
        for start in starts
    )  # fmt: skip
