"""What people are grouped or counted by: a column with levels, or a comparison such as ``num > 0``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from summand.errors import CategoryUnknown, FormulaInvalid
from summand.methods.description._describe_cells import codes_of, levels
from summand.methods.formulas._formula import Comparison, parse
from summand.methods.formulas._outcome import Indicator
from summand.tables import Array, Batch, Column, Dictionary


def column_of(text: str) -> str:
    """The column that a factor reads, found by its text alone: left of a comparison, else the text itself.

    Raises:
        FormulaInvalid: if the text is empty.
    """
    if not text.strip():
        raise FormulaInvalid("A column's name is empty.", remedy="Name a column, or a comparison such as 'num > 0'.")
    outcome = _comparison(text)
    return text if outcome is None else outcome.column


def _comparison(text: str) -> Comparison | None:
    try:
        outcome = parse(f"{text} ~ 1").outcome
    except FormulaInvalid:  # a column's name need not be a word of the grammar
        return None
    return outcome if isinstance(outcome, Comparison) else None


@dataclass(frozen=True)
class Factor:
    """A few groups of people.

    Attributes:
        text: As the request has it.
        column: The column it reads.
        levels: What its groups are called; for a comparison ``no`` and ``yes``.
        scores: A number for each level: its own value where all are numbers, else its place.
        indicator: The comparison; None for a column's own levels.
    """

    text: str
    column: Column
    levels: tuple[str, ...]
    scores: tuple[float, ...]
    indicator: Indicator | None

    @classmethod
    def of(cls, text: str, dictionary: Dictionary) -> Self:
        """The factor behind a text.

        Raises:
            ColumnMissing: if the dictionary lacks the column.
            FormulaInvalid: if the column has no levels, or the comparison does not fit it.
        """
        column = dictionary[column_of(text)]
        if _comparison(text) is not None:
            return cls(text, column, ("no", "yes"), (0.0, 1.0), Indicator.of(parse(f"{text} ~ 1"), dictionary))
        found = levels(column, needed=True)
        try:
            scores = tuple(float(level) for level in found)
        except ValueError:
            scores = tuple(map(float, range(len(found))))
        return cls(text, column, found, scores, None)

    def __len__(self) -> int:
        return len(self.levels)

    def check_compares(self) -> None:
        """Refuse a single group.

        Raises:
            FormulaInvalid: if there is nothing to compare.
        """
        if len(self.levels) < 2:
            raise FormulaInvalid(
                f"Column '{self.column.name}' has no levels to compare in the dictionary.",
                remedy="Give it at least two levels there, or choose another.",
            )

    def named(self, place: int) -> str:
        """One of its groups as a reader sees it, such as ``sex = 1`` or ``num > 0``."""
        if self.indicator is not None:
            return self.text if place else f"not {self.text}"
        return f"{self.text} = {self.levels[place]}"

    def codes(self, batch: Batch) -> NDArray[np.intp]:
        """Positions in `levels`, shape (rows,); -1 where the column is missing.

        Raises:
            CategoryUnknown: if a value is none of the levels.
        """
        present = batch.complete((self.column.name,))
        if self.indicator is not None:
            held = np.full(batch.rows, -1, dtype=np.intp)
            held[present] = self.indicator(batch.where(present)).astype(np.intp)
            return held
        found = codes_of(self.column, batch)
        if bool((found[present] < 0).any()):
            raise CategoryUnknown(
                f"Column '{self.column.name}' has values that are none of its dictionary's levels.",
                remedy="Add the levels to the dictionary, or correct the column.",
            )
        return found


def counts_by(sizes: tuple[int, ...], codes: tuple[NDArray[np.intp], ...]) -> Array:
    """How many rows each cell of several factors holds, the last varying fastest: shape (product of sizes,)."""
    flat = np.zeros(len(codes[0]), dtype=np.intp)
    for size, code in zip(sizes, codes, strict=True):
        flat = flat * size + code
    return np.bincount(flat, minlength=int(np.prod(sizes))).astype(np.float64)
