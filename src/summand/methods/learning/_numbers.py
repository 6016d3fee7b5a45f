"""What methods of several numeric columns share: which columns, their scaled values, and whom they would tell apart."""

from __future__ import annotations

import numpy as np

from summand.errors import FormulaInvalid
from summand.methods._groups import check_classes
from summand.methods._protocol import Block
from summand.methods.formulas._terms import TEXT_REMEDY
from summand.tables import Array, Batch, Column, Dictionary, Limits

# Rows whose scaled columns and temporaries stay in a core's second-level cache.
CHUNK_ROWS = 4096
COLUMNS_MAX = 200
# A scaled entry may exceed 1 by rounding; bounds are proved with this much to spare.
SLACK = 1.0 + 2.0**-40


def numeric_columns(dictionary: Dictionary, names: tuple[str, ...], least: int = 1) -> tuple[Column, ...]:
    """The columns named, or all numeric ones but the person's identifier if none is.

    Raises:
        FormulaInvalid: if one is no number, or there are too few or too many.
        ColumnMissing: if the dictionary lacks one, or its range.
    """
    chosen = [dictionary[name] for name in dict.fromkeys(names)] or [
        column for column in dictionary if column.is_numeric and column.name != dictionary.person_id
    ]
    for column in chosen:
        if column.kind == "text":
            raise FormulaInvalid(f"Column '{column.name}' is text and is never analysed.", remedy=TEXT_REMEDY)
        if not column.is_numeric:
            raise FormulaInvalid(
                f"Column '{column.name}' is a category, and this method adds numbers.",
                remedy="Leave it out, or code it as 0 and 1.",
            )
        column.range  # noqa: B018 — says now which column lacks one
    if not least <= len(chosen) <= COLUMNS_MAX:
        raise FormulaInvalid(
            f"This method needs {least} to {COLUMNS_MAX} numeric columns, not {len(chosen)}.",
            remedy="Name the columns it shall use.",
        )
    return tuple(chosen)


def scaled(batch: Batch, columns: tuple[Column, ...], rows: slice) -> Array:
    """Some rows of some columns in [-1, 1] by the dictionary's ranges, shape (columns, rows)."""
    out = np.empty((len(columns), len(range(*rows.indices(batch.rows)))))
    for row, column in zip(out, columns, strict=True):
        np.subtract(batch.columns[column.name][rows], column.centre, out=row)
        row /= column.half_width
    return out


def chunks(rows: int, size: int = CHUNK_ROWS) -> list[slice]:
    """Consecutive slices of at most ``size`` rows."""
    return [slice(first, min(first + size, rows)) for first in range(0, rows, size)]


def two_valued(columns: tuple[Column, ...]) -> tuple[int, ...]:
    """The places of columns that can only take two values, whose mean therefore counts people."""
    return tuple(
        place
        for place, column in enumerate(columns)
        if len(column.levels) == 2
        or (column.kind == "integer" and column.range[1] - column.range[0] == 1.0)
        or (column.step is not None and column.range[1] - column.range[0] <= column.step)
    )


def values_of(column: Column) -> tuple[float, float]:
    """The two values of a column that `two_valued` names, lower first."""
    values = [float(level) for level in column.levels] if len(column.levels) == 2 else list(column.range)
    return min(values), max(values)


def moment_blocks(columns: tuple[Column, ...]) -> tuple[Block, ...]:
    """The blocks of `moments`."""
    names = ", ".join(column.name for column in columns)
    return (
        Block("rows", "1", 1, 1.0, "how many people there are"),
        Block("sums", "1", len(columns), SLACK, f"the means of {names}"),
    )


def moments(batch: Batch, columns: tuple[Column, ...]) -> Array:
    """Rows, and the sum of every scaled column: shape (1 + columns,)."""
    total = np.zeros(1 + len(columns))
    total[0] = batch.rows
    for rows in chunks(batch.rows):
        total[1:] += scaled(batch, columns, rows).sum(axis=1)
    return total


def check_two_valued(total: Array, columns: tuple[Column, ...], limits: Limits) -> None:
    """Under limits, each value of a column with two has enough people, for its mean tells how many.

    Args:
        total: Of `moments`.

    Raises:
        CohortTooSmall: naming the column and not the count.
    """
    if limits.minimum_cell <= 1:
        return
    n = round(total[0])
    for place in two_valued(columns):
        column = columns[place]
        check_values(column, n, n * column.centre + column.half_width * float(total[1 + place]), limits)


def check_values(column: Column, n: int, summed: float, limits: Limits) -> None:
    """Under limits, each value of a column with two has enough people; columns with more are not judged.

    Args:
        column: Whose mean is told, or follows from what is told.
        n: People who have it.
        summed: Sum of its values.

    Raises:
        CohortTooSmall: naming the column and not the count.
    """
    if limits.minimum_cell <= 1 or not two_valued((column,)):
        return
    low, high = values_of(column)
    check_classes(n, round((summed - n * low) / (high - low)), f"{column.name} = {high:g}", limits)
