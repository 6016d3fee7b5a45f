"""A batch of rows: the only form in which patients' values reach a method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Codes = NDArray[np.int32]
Persons = NDArray[np.int64]

PERSONS = "\0persons"
"""The column of a batch that tells whose row each is, for methods that ask for it by ``by_person``; no file has such a
name. Its int64 numbers are a site's own: equal where the person identifier is, and of no meaning elsewhere."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Some rows, column by column. A batch is equal to itself alone, so that work on it can be remembered by it.

    Attributes:
        columns: Numeric columns as float64 of shape (rows,), NaN where missing; categories as int32 of shape (rows,),
            positions in the dictionary's levels, -1 where missing; `PERSONS` where a method asks for it. Read-only by
            agreement: nobody writes into them.
        rows: The number of rows, at least 0.
    """

    columns: Mapping[str, Array | Codes | Persons]
    rows: int

    def number(self, name: str) -> Array:
        """A numeric column as float64, shape (rows,)."""
        return np.asarray(self.columns[name], dtype=np.float64)

    def codes(self, name: str) -> Codes:
        """A category as int32 positions in the dictionary's levels, shape (rows,), -1 where missing."""
        return np.asarray(self.columns[name], dtype=np.int32)

    def where(self, keep: NDArray[np.bool_]) -> Batch:
        """The rows where ``keep``, shape (rows,), is true."""
        if bool(keep.all()):
            return self
        return Batch({name: values[keep] for name, values in self.columns.items()}, int(np.count_nonzero(keep)))

    def part(self, rows: slice) -> Batch:
        """Some consecutive rows, as views: nothing is copied."""
        if rows.start == 0 and rows.stop == self.rows:
            return self
        return Batch({name: values[rows] for name, values in self.columns.items()}, rows.stop - rows.start)

    def complete(self, names: tuple[str, ...]) -> NDArray[np.bool_]:
        """Which rows have a value in every one of ``names``: shape (rows,)."""
        keep = np.ones(self.rows, dtype=np.bool_)
        for name in names:
            values = self.columns[name]
            keep &= (values >= 0) if values.dtype == np.int32 else ~np.isnan(values)
        return keep
