"""What a site counts of columns in groups: the blocks of a round, and the sums of some rows in their order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from summand.errors import FormulaInvalid
from summand.methods._protocol import Block
from summand.methods.description._describe_cells import BAND_BINS, codes_of, levels
from summand.methods.description._grid import FIRST_BINS, KeyArray, Keys, Window
from summand.methods.description._profile_state import Windows
from summand.methods.formulas._terms import TEXT_REMEDY
from summand.tables import Array, Batch, Column

SLACK = 1.0 + 2.0**-40
# A number with more levels is described as a number unless it is asked for as a category.
CATEGORY_LEVELS_MAX = 6

Codes = NDArray[np.intp]


@dataclass(frozen=True)
class Variable:
    """One column that is described in groups.

    Attributes:
        column: Its column.
        keys: Where its values lie in order; None where its levels are counted.
        levels: The levels; none where it is a number.
        first_bins: Bins of the first histogram over its keys, at most.
    """

    column: Column
    keys: Keys | None
    levels: tuple[str, ...]
    first_bins: int

    @classmethod
    def of(cls, column: Column, is_number: bool | None, *, exact: bool) -> Self:
        """The variable of a column; ``is_number`` None takes a number with few levels for a category.

        Raises:
            FormulaInvalid: if it is text, or a category must be a number.
        """
        if column.kind == "text":
            raise FormulaInvalid(f"Column '{column.name}' is text and is never analysed.", remedy=TEXT_REMEDY)
        found = levels(column, needed=False)
        if is_number is None:
            is_number = column.is_numeric and not 1 <= len(found) <= CATEGORY_LEVELS_MAX
        if is_number and column.is_numeric:
            return cls(column, Keys.of(column), (), FIRST_BINS if exact else BAND_BINS)
        if is_number or not found:
            what = "is no number" if is_number else "has no levels in the dictionary"
            raise FormulaInvalid(f"Column '{column.name}' {what}.", remedy="Choose another, or describe it otherwise.")
        return cls(column, None, found, 0)

    @property
    def window(self) -> Window:
        """The bins of the first histogram of a number."""
        assert self.keys is not None
        return Window.over(0, self.keys.count, self.first_bins)

    def scaled(self, values: Array) -> Array:
        """Values of a number in [-1, 1], same shape."""
        return (values - self.column.centre) / self.column.half_width

    def first_length(self, groups: int) -> int:
        """How many numbers `first_sums` has without the bins."""
        return groups * (3 if self.keys is not None else len(self.levels) + 1)


def first_blocks(variable: Variable, groups: int) -> list[Block]:
    """What the first round counts of a variable, in the order of `first_sums`."""
    name = variable.column.name
    if variable.keys is None:
        size = groups * (len(variable.levels) + 1)
        return [Block(f"{name}: levels", "1", size, 1.0, f"how many people of each group have each {name}, or lack it")]
    return [
        Block(f"{name}: present", "1", groups, 1.0, f"how many people of each group have {name}"),
        Block(f"{name}: missing", "1", groups, 1.0, f"how many people of each group lack {name}"),
        Block(f"{name}: sum", "1", groups, SLACK, f"the mean of {name} in each group"),
        Block(f"{name}: bins", "1", groups * variable.window.bins, 1.0, f"how many of each group lie where in {name}"),
    ]


def first_sums(variable: Variable, batch: Batch, group: Codes, groups: int) -> list[Array]:
    """Present, missing, sum and bins of a number in each group, or the levels and the missing of a category.

    Args:
        variable: What is counted.
        batch: Rows that all have a group.
        group: Which, shape (rows,).
        groups: How many groups there are.
    """
    name = variable.column.name
    if variable.keys is None:
        codes = codes_of(variable.column, batch)
        places = np.where(codes < 0, len(variable.levels), codes)
        return [_counted(places, group, len(variable.levels) + 1, groups).ravel()]
    values = batch.number(name)
    present = ~np.isnan(values)
    own, kept = group[present], values[present]
    n: Array = np.bincount(own, minlength=groups).astype(np.float64)
    missing: Array = np.bincount(group, minlength=groups).astype(np.float64) - n
    total: Array = np.bincount(own, weights=variable.scaled(kept), minlength=groups).astype(np.float64)
    window = variable.window
    return [n, missing, total, _counted(variable.keys(kept) // window.width, own, window.bins, groups).ravel()]


def _counted(places: KeyArray | Codes, group: Codes, size: int, groups: int) -> Array:
    """How many rows each place and group holds, shape (size, groups)."""
    flat = np.bincount(places * groups + group, minlength=size * groups)
    return flat.astype(np.float64).reshape(size, groups)


def squares(variable: Variable, batch: Batch, group: Codes, means: Array) -> Array:
    """The scaled squares about each group's mean, shape (groups,)."""
    values = batch.number(variable.column.name)
    present = ~np.isnan(values)
    own = group[present]
    deviation = variable.scaled(values[present]) - means[own]
    return np.bincount(own, weights=deviation * deviation, minlength=len(means)).astype(np.float64)


def window_counts(variable: Variable, batch: Batch, group: Codes, groups: int, windows: Windows) -> Array:
    """How many people of each group lie in each bin of some windows in order, shape (bins × groups,)."""
    assert variable.keys is not None
    values = batch.number(variable.column.name)
    present = ~np.isnan(values)
    return counted_in(windows, variable.keys(values[present]), group[present], groups)


def counted_in(windows: Windows, keys: KeyArray, group: Codes, groups: int) -> Array:
    """How many of some rows of each group lie in each bin of windows in order, shape (bins × groups,)."""
    which = np.searchsorted(windows.first, keys, side="right") - 1
    inside = (which >= 0) & (keys < windows.first[which] + windows.span[which])
    which, sizes = which[inside], windows.sizes
    places = (np.cumsum(sizes) - sizes)[which] + (keys[inside] - windows.first[which]) // windows.width[which]
    return _counted(places, group[inside], windows.bins, groups).ravel()
