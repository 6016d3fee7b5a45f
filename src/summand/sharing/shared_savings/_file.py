"""The publisher's file: "Performance Year Financial and Quality Results", one row for each ACO."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from summand.errors import ColumnMissing, SourceEmpty, SourceUnreadable, ValueMissing, ValueNotNumeric
from summand.sharing.shared_savings._formula import PerformanceYear
from summand.sharing.shared_savings._tracks import FIXED_RATES

COLUMNS = (
    "ACO_ID", "ACO_Name", "Current_Track", "N_AB", "MinSavPerc", "BnchmkMinExp", "DisAdj", "EarnSaveLoss", "Met_QPS",
    "QualScore", "ABtotBnchmk", "ABtotExp",
)  # fmt: skip
"""Columns that must be there; ``Met_AltQPS``, ``Rev_Exp_Cat`` and ``Current_Start_Date`` are used where they are."""

_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?")
_EMPTY = ("", "-", "*", ".")
_CAN_BE_EXCEPTED_FROM = 2024


@dataclass(frozen=True)
class PublishedYear:
    """One row of the file: what goes into the formula, and what the publisher says came out.

    Attributes:
        aco_id, name: Who it is.
        year: What goes into the formula.
        minimum_rate: Minimum rate as published, rounded to a hundredth of a per cent.
        payment_cents: Earned (positive) or owed (negative) as published.
    """

    aco_id: str
    name: str
    year: PerformanceYear
    minimum_rate: Fraction
    payment_cents: int


def read_published(text: str) -> tuple[PublishedYear, ...]:
    """Every ACO of the publisher's CSV; cells may carry ``$``, ``%``, ``,``, or ``-``, ``*`` and blanks for nothing.

    Raises:
        SourceEmpty, SourceUnreadable, ColumnMissing, ValueNotNumeric, ValueMissing: with the row and column.

    Source: data.cms.gov, "Performance Year Financial and Quality Results", public use file and its data dictionary.
    """
    try:
        rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True))
    except csv.Error:
        raise SourceUnreadable("The file is not CSV.", remedy="Give the publisher's CSV file as it is.") from None
    if not rows:
        raise SourceEmpty("The file has no rows.", remedy="Give the publisher's CSV file, with its header.")
    absent = [name for name in COLUMNS if name not in rows[0]]
    if absent:
        raise ColumnMissing(
            f"The file lacks {', '.join(absent)}.", remedy="Give the file of financial and quality results."
        )
    return tuple(_row(_Cells(number, row)) for number, row in enumerate(rows, start=2))


@dataclass(frozen=True)
class _Cells:
    """The cells of one row; ``line`` is its row in the file, from 1 for the header."""

    line: int
    row: Mapping[str, str | None]

    def text(self, name: str) -> str:
        return (self.row.get(name) or "").strip()

    def number(self, name: str, empty: int | None = None) -> Fraction:
        """A number; per cent become fractions of 1."""
        text = self.text(name)
        if text in _EMPTY:
            if empty is None:
                raise ValueMissing(f"Row {self.line} has no {name}.", remedy="Use the publisher's file as it is.")
            return Fraction(empty)
        plain = text.replace("$", "").replace(",", "").removesuffix("%")
        if not _NUMBER.fullmatch(plain):
            raise ValueNotNumeric(
                f"Row {self.line}: {name} is not a number.", remedy="Use the publisher's file as it is."
            )
        value = Fraction(plain)
        return value / 100 if text.endswith("%") else value

    def cents(self, name: str, empty: int | None = None) -> int:
        return round(self.number(name, empty) * 100)


def _row(cells: _Cells) -> PublishedYear:
    minimum = cells.number("MinSavPerc")
    met, alternative = cells.number("Met_QPS", 0) == 1, cells.number("Met_AltQPS", 0) == 1
    year = PerformanceYear(
        track=cells.text("Current_Track"),
        beneficiary_count=int(cells.number("N_AB")),
        benchmark_cents=cells.cents("ABtotBnchmk"),
        spending_cents=cells.cents("ABtotExp"),
        quality="met" if met else "alternative" if alternative else "failed",
        quality_score=cells.number("QualScore", 0),
        elected_rate=minimum if minimum in FIXED_RATES else None,
        disaster_cents=-cells.cents("DisAdj", 0),
        may_have_low_revenue_exception=_may_be_excepted(cells),
        savings_cents=cells.cents("BnchmkMinExp"),
    )
    return PublishedYear(
        cells.text("ACO_ID"), cells.text("ACO_Name"), year, minimum, cells.cents("EarnSaveLoss", 0)
    )  # fmt: skip


def _may_be_excepted(cells: _Cells) -> bool:
    if cells.text("Rev_Exp_Cat").lower() != "low revenue":
        return False
    try:
        began = datetime.strptime(cells.text("Current_Start_Date"), "%m/%d/%Y")
    except ValueError:
        return False
    return began.year >= _CAN_BE_EXCEPTED_FROM
