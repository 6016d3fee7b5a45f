"""A dictionary guessed from the data themselves: for one owner trying things out, never for an agreement between parties.

A guessed range is the data's own minimum and maximum, so it discloses them; an agreement's dictionary is written by
people who know what the columns may hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from summand.errors import ColumnMissing, UsageError
from summand.tables._dictionary import Column, Dictionary
from summand.tables._levels import sort_levels

COMMON_MISSING_CODES = ("?", ".", "NA", "N/A", "NaN", "nan", "NULL", "null")
"""Cell texts that commonly mean "not known"; taken as such only in a guessed dictionary."""

LEVELS_MAX = 50
"""The most levels that a guessed category may have."""

_FEW_LEVELS = 10
_NEARLY_UNIQUE = 0.5


@dataclass(frozen=True)
class ColumnSummary:
    """What a guess needs to know about one column of one table.

    Attributes:
        name: As in the header.
        cells: Cells that are neither empty nor one of `COMMON_MISSING_CODES`.
        numbers: How many of ``cells`` are finite numbers.
        minimum, maximum: Of the numbers; None if there are none.
        decimals: The fewest decimal places that write every number exactly, 0 to 6; None if 6 are not enough.
        distinct_count: About how many different cells there are.
        levels: The different cells in canonical text, if at most `LEVELS_MAX`; else None.
        missing_codes: Those of `COMMON_MISSING_CODES` that occur.
        is_boolean: Whether the table's own type says true or false.
    """

    name: str
    cells: int
    numbers: int
    minimum: float | None
    maximum: float | None
    decimals: int | None
    distinct_count: int
    levels: tuple[str, ...] | None
    missing_codes: tuple[str, ...] = ()
    is_boolean: bool = False


@dataclass(frozen=True)
class TableSummary:
    """What a guess needs to know about one table: its columns in order, and its number of rows."""

    columns: tuple[ColumnSummary, ...]
    rows: int


def infer_dictionary(name: str, tables: Sequence[TableSummary]) -> tuple[Dictionary, tuple[str, ...]]:
    """Guess one dictionary that every one of ``tables`` fits, and say what was assumed.

    Ranges and levels are united over the tables. Columns that some tables lack are left out.

    Args:
        name: What to call the dictionary.
        tables: At least one summary, as the site's sources give them.

    Returns:
        The dictionary, and sentences for the analyst: one for every assumption.

    Raises:
        UsageError: if there are no tables.
        ColumnMissing: if no column is in all of them.
    """
    if not tables:
        raise UsageError("There is no table to infer a dictionary from.", remedy="Give at least one table.")
    by_name = [{column.name: column for column in table.columns} for table in tables]
    shared = [column.name for column in tables[0].columns if all(column.name in names for names in by_name)]
    if not shared:
        raise ColumnMissing("The tables have no column in common.", remedy="Give tables with the same header.")
    notes: list[str] = ["Column types, levels and ranges were inferred from the data: each row is taken as one person."]
    partial = sorted({column for names in by_name for column in names} - set(shared))
    if partial:
        notes.append(f"Left out, because some tables lack them: {_listed(partial)}.")
    columns = []
    by_codes: dict[tuple[str, ...], list[str]] = {}
    for column_name in shared:
        column, assumed = _infer_column(column_name, [names[column_name] for names in by_name])
        columns.append(column)
        notes.extend(assumed)
        if column.missing_codes:
            by_codes.setdefault(column.missing_codes, []).append(column_name)
    notes += [
        f"{_listed(codes, quote=True)} taken as missing in {_listed(found, quote=True)}."
        for codes, found in by_codes.items()
    ]
    return Dictionary(name, tuple(columns)), tuple(notes)


def _infer_column(name: str, parts: Sequence[ColumnSummary]) -> tuple[Column, list[str]]:
    codes = tuple(code for code in COMMON_MISSING_CODES if any(code in part.missing_codes for part in parts))
    notes: list[str] = []
    cells = sum(part.cells for part in parts)
    levels = _united_levels(parts)
    if cells and any(part.is_boolean for part in parts) and set(levels or ("?",)) <= {"false", "true"}:
        return Column(name, "category", levels=("false", "true"), missing_codes=codes), notes
    if cells and all(part.numbers == part.cells for part in parts):
        return _numeric(name, parts, levels, codes), notes
    numbers = sum(part.numbers for part in parts)
    if 0 < numbers < cells:
        notes = [*notes, f"'{name}' holds {numbers} numbers and {cells - numbers} other cells: not taken as a number."]
    if levels and cells and _is_category(levels, cells):
        return Column(name, "category", levels=levels, missing_codes=codes), notes
    why = "has no values" if not cells else "holds many different texts"
    return Column(name, "text", missing_codes=codes), [*notes, f"'{name}' {why}: taken as text, not analysed."]


def _numeric(
    name: str, parts: Sequence[ColumnSummary], levels: tuple[str, ...] | None, codes: tuple[str, ...]
) -> Column:
    low = min(part.minimum for part in parts if part.minimum is not None)
    high = max(part.maximum for part in parts if part.maximum is not None)
    filled = [part.decimals for part in parts if part.cells]
    known = [places for places in filled if places is not None]
    decimals = max(known) if len(known) == len(filled) else None
    if decimals == 0:
        return Column(name, "integer", low, high, 1.0, levels or (), missing_codes=codes)
    step = None if decimals is None else float(f"1e-{decimals}")
    return Column(name, "number", low, high, step, levels or (), missing_codes=codes)


def _united_levels(parts: Sequence[ColumnSummary]) -> tuple[str, ...] | None:
    found: set[str] = set()
    for part in parts:
        if part.levels is None:
            return None
        found.update(part.levels)
    return sort_levels(found) if len(found) <= LEVELS_MAX else None


def _is_category(levels: tuple[str, ...], cells: int) -> bool:
    if len(levels) <= _FEW_LEVELS:
        return True
    return len(levels) <= _NEARLY_UNIQUE * cells


def _listed(names: Sequence[str], quote: bool = False) -> str:
    shown = [f"'{name}'" if quote else name[:80] for name in names[:10]]
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(shown) + more
