"""Numbers of people, typed, so that no count leaves without passing disclosure.

A method puts `Count` and `CountTable` where its result counts people. Neither has a JSON form: only what
`disclosure.release` made of them has. A count that slipped past disclosure therefore cannot be sent.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Count:
    """How many people (or rows) something is about.

    Attributes:
        people: The count, at least 0.
    """

    people: int


@dataclass(frozen=True)
class CountTable:
    """Counts that share margins, so that one suppressed cell could be found by subtraction.

    Attributes:
        rows: The row labels, such as levels of a category.
        columns: The column labels; one column for a frequency table.
        cells: ``cells[i][j]`` people with row i and column j.
        margins_released: Whether row, column or grand totals are released elsewhere, as n always is.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[int, ...], ...]
    margins_released: bool = True
