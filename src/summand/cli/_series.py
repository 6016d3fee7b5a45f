"""A series over time in a CSV file: ``period,value`` or ``period,count,size``."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

from summand.errors import SeriesInvalid, UsageError

if TYPE_CHECKING:
    from summand.outcomes import Observation, Rebase

SINGLE, COUNTED = ["period", "value"], ["period", "count", "size"]


def read_series(path: Path) -> list[Observation]:
    """The observations of a file, in its order.

    Raises:
        SeriesInvalid: if its columns are others, or a cell that should be a number is none.
        UsageError: if it cannot be read.
    """
    from summand.outcomes import Observation

    rows = list(csv.reader(io.StringIO(_text(path))))
    header = [name.strip().lower() for name in rows[0]] if rows else []
    if header not in (SINGLE, COUNTED):
        raise SeriesInvalid(
            f"{path.name} has other columns than a series has.",
            remedy="Write 'period,value', or for counts 'period,count,size'.",
        )
    found = []
    for number, row in enumerate((row for row in rows[1:] if row), 2):
        if len(row) != len(header):
            raise _line(path, number, f"has {len(row)} cells instead of {len(header)}")
        values = [_number(path, number, cell) for cell in row[1:]]
        if header == SINGLE:
            found.append(Observation(row[0].strip(), values[0]))
        elif values[1] <= 0:
            raise _line(path, number, "has a size that is not above zero")
        else:
            found.append(Observation(row[0].strip(), values[0] / values[1], values[1]))
    return found


def read_rebases(given: list[str]) -> list[Rebase]:
    """Changes of base written ``PERIOD=REASON``.

    Raises:
        UsageError: if one is not.
    """
    from summand.outcomes import Rebase

    found = []
    for text in given:
        period, equals, reason = text.partition("=")
        if not equals:
            raise UsageError(
                f"'{text[:80]}' is not PERIOD=REASON.", remedy="Write --rebase '2024-04=New clinic opened'."
            )
        found.append(Rebase(period.strip(), reason.strip()))
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", remedy="Check the path.") from None
    except UnicodeDecodeError:
        raise SeriesInvalid(f"{path.name} is not UTF-8 text.", remedy="Save it as CSV in UTF-8.") from None


def _number(path: Path, line: int, cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        raise _line(path, line, "has a cell that is not a number") from None


def _line(path: Path, line: int, why: str) -> SeriesInvalid:
    return SeriesInvalid(f"Line {line} of {path.name} {why}.", remedy="Correct the line, or leave the period out.")
