"""One site's data, as the dictionary describes them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from summand.errors import ColumnMissing, UsageError, ValueNotNumeric
from summand.site.sources._cache import ColumnCache, Columns
from summand.site.sources._check import Tallied, check_relation, sound_counts
from summand.site.sources._expressions import Cells, Parameters, PersonCells, table_sql, text_sql
from summand.site.sources._opt_out import opt_out_filter
from summand.site.sources._relation import Relation, Tabular, open_relation
from summand.site.sources._report import CheckReport
from summand.tables import PERSONS, Batch, Dictionary

MEMORY_LIMIT_BYTES = 1 << 30
BATCH_ROWS = 262_144
DECODED_TOGETHER = 2_500_000


class PeopleCount(NamedTuple):
    """How many complete cases there are.

    Attributes:
        rows: Rows with a value in every column asked for.
        people: Different people among them; ``rows`` where the dictionary names no person identifier.
        rows_dropped: Rows left out because a value is missing.
    """

    rows: int
    people: int
    rows_dropped: int


class Source:
    """One site's data under one dictionary: rows come out as batches, and nowhere else.

    People who opted out are left out before anything else is seen. Every reading first makes sure that the file is the
    one that was opened, and that it has passed `check`.
    """

    def __init__(
        self,
        relation: Relation,
        dictionary: Dictionary,
        *,
        opt_out: str | os.PathLike[str] | None = None,
        memory_limit_bytes: int = MEMORY_LIMIT_BYTES,
        allow_extra: bool = False,
        where: str = "true",
        tallied: Tallied | None = None,
    ) -> None:
        self.dictionary = dictionary
        self._allow_extra = allow_extra
        self._keep = where
        self._tallied = tallied
        if opt_out is not None:
            opted_in, stamp = opt_out_filter(relation, dictionary, opt_out)
            self._keep = f"({where}) AND {opted_in}"
            relation = replace(relation, stamps=(*relation.stamps, stamp))
        self._relation = relation
        present = [column for column in dictionary if column.name in relation.names]
        self._cells = {column.name: Cells.of(column, relation) for column in present}
        self._cache = ColumnCache(memory_limit_bytes)
        self._report: CheckReport | None = None
        self._counts: dict[tuple[str, ...], PeopleCount] = {}

    def __repr__(self) -> str:
        return f"Source({self.dictionary.name!r}, {len(self._relation.names)} columns)"

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, as the file has them."""
        return self._relation.names

    def fingerprint(self) -> bytes:
        """SHA-256 of the data's bytes: shape (32,). Salt it before it leaves: whoever has a copy could recognise it.

        Raises:
            SourceChanged: if the file is not the one that was opened.
        """
        self._relation.verify_unchanged()
        found = self._relation.fingerprint()
        self._relation.verify_unchanged()
        return found

    def check(self, reading: Sequence[str] = ()) -> CheckReport:
        """Check the file against the dictionary, once.

        Args:
            reading: Columns that a study reads next: they are decoded now if they fit, so that a column whose every
                cell is a fitting number is read once and not twice.

        Raises:
            SourceUnreadable: if it cannot be read to its end.
            SourceChanged: if it is not the file that was opened.
        """
        self._relation.verify_unchanged()
        if self._report is None:
            found = check_relation(
                self._relation, self.dictionary, self._cells, self._keep, self._allow_extra, self._tallied,
                self._read_ahead(reading),
            )  # fmt: skip
            self._relation.verify_unchanged()
            self._report = found
        return self._report

    def _read_ahead(self, names: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Decode the numbers among these columns and keep them; what the check would count of those without fault."""
        cells = [self._cells[name] for name in names if name in self._cells and self._cells[name].column.is_numeric]
        if self._tallied is not None or not cells or not self._fits(cells, most := self._relation.rows_most()):
            return {}
        decoded = self._decode(cells, most)
        self._cache.add(decoded)
        counts = {cell.column.name: sound_counts(cell, decoded[cell.column.name]) for cell in cells}
        return {name: found for name, found in counts.items() if found is not None}

    def batches(
        self,
        columns: Sequence[str],
        complete_cases: Iterable[str] | None = None,
        batch_rows: int = BATCH_ROWS,
        *,
        persons: bool = False,
    ) -> Iterator[Batch]:
        """The rows of ``columns``, batch by batch in the file's order; always at least one batch, if need be an empty one.

        Columns that fit ``memory_limit_bytes`` are decoded once and kept; others are read anew each time, one batch in
        memory at a time.

        Args:
            columns: Numeric columns and categories of the dictionary.
            complete_cases: Leave out rows without a value in one of these; None keeps every row.
            batch_rows: The most rows of a batch, at least 1.
            persons: Whether to say whose row each is, as the column `PERSONS`.

        Raises:
            ColumnMissing, ValueNotNumeric: if a column is not there, or is text.
            DataError: if the data do not pass `check`.
            SourceChanged: if the file is not the one that was opened.
        """
        if batch_rows < 1:
            raise UsageError("A batch has at least one row.", remedy="Ask for batch_rows of 1 or more.")
        names = tuple(dict.fromkeys(columns))
        complete = tuple(dict.fromkeys(complete_cases or ()))
        every = tuple(dict.fromkeys((*names, *complete)))
        cells = [self._analysable(name) for name in every]
        if persons:
            cells.append(self._person_cells())
            names = (*names, PERSONS)
        report = self.check()
        report.raise_if_failed()
        if self._fits(cells, report.rows):
            self._fill(cells)
            return iter(self._cache.batches(names, complete, report.rows, batch_rows))
        return self._streamed(names, complete, cells, batch_rows)

    def count_people(self, columns: Sequence[str], complete_cases: Iterable[str] | None = None) -> PeopleCount:
        """How many rows and people a study of ``columns`` is about.

        Args:
            columns: As for `batches`.
            complete_cases: As for `batches`: None counts every row.

        Raises:
            As `batches`.
        """
        for name in columns:
            self._analysable(name)
        key = tuple(sorted(set(complete_cases or ())))
        report = self.check()
        report.raise_if_failed()
        if key not in self._counts:
            self._counts[key] = self._count_people([self._analysable(name) for name in key], report)
        return self._counts[key]

    def _count_people(self, cells: list[Cells], report: CheckReport) -> PeopleCount:
        if not cells:
            return PeopleCount(report.rows, report.people, 0)
        person_id = self.dictionary.person_id
        if person_id is None and self._fits(cells, report.rows):
            names = tuple(cell.column.name for cell in cells)
            self._fill(cells)
            rows = self._cache.batch(names, names, report.rows).rows
            return PeopleCount(rows, rows, report.rows - rows)
        parameters = Parameters(self._relation.parameters)
        present = " AND ".join(cell.present(parameters) for cell in cells)
        counted = "*"
        if person_id is not None:
            person = self._cells[person_id]
            counted = f"DISTINCT {text_sql(person.position, person.type)}"
            cells = [*cells, person]
        table = table_sql(self._relation, cells, self._keep)
        found = self._relation.session.rows(
            f"SELECT count(*), count({counted}) FROM {table} WHERE {present}",  # noqa: S608
            parameters.values,
        )
        rows, people = (int(count) for count in found[0])
        self._relation.verify_unchanged()
        return PeopleCount(rows, people, report.rows - rows)

    def _analysable(self, name: str) -> Cells:
        column = self.dictionary[name]
        if name not in self._cells:
            raise ColumnMissing(f"Column '{name[:80]}' is not in the file.", remedy="Export it too.")
        if column.kind == "text":
            raise ValueNotNumeric(
                f"Column '{name[:80]}' is text, which is never analysed.",
                remedy="Give it levels in the dictionary, or leave it out.",
            )
        return self._cells[name]

    def _person_cells(self) -> PersonCells:
        person_id = self.dictionary.person_id
        if person_id is None or person_id not in self._cells:
            raise ColumnMissing(
                "The file has no column that identifies a person.",
                remedy="Name the column in the dictionary as 'x-person-id', and keep it in the file.",
            )
        return PersonCells.of_identifier(self._cells[person_id])

    def _fits(self, cells: list[Cells], rows: int) -> bool:
        return self._cache.admits({cell.column.name: np.dtype(cell.decoded_type).itemsize for cell in cells}, rows)

    def _fill(self, cells: list[Cells]) -> None:
        lacking = set(self._cache.lacking(cell.column.name for cell in cells))
        if lacking:
            self._cache.add(self._decode([cell for cell in cells if cell.column.name in lacking], self.check().rows))

    def _decode(self, cells: list[Cells], rows_most: int) -> Columns:
        found: Columns = {}
        for part in self._parts(cells, rows_most):
            sql, parameters = self._selection(part)
            arrays = self._relation.session.arrays(sql, parameters, [cell.decoded_type for cell in part], rows_most)
            found |= {cell.column.name: cell.finish(values) for cell, values in zip(part, arrays, strict=True)}
        self._relation.verify_unchanged()
        return found

    def _parts(self, cells: list[Cells], rows: int) -> Iterator[list[Cells]]:
        """Columns that are decoded together: DuckDB holds a result whole, beside where it is written to.

        A few columns of a Parquet file or a table are read alone; each reading of a CSV file reads all of it.
        """
        width = max(1, DECODED_TOGETHER // max(rows, 1)) if self._relation.is_columnar else len(cells)
        for first in range(0, len(cells), max(width, 1)):
            yield cells[first : first + width]

    def _streamed(
        self, names: tuple[str, ...], complete: tuple[str, ...], cells: list[Cells], batch_rows: int
    ) -> Iterator[Batch]:
        sql, parameters = self._selection(cells)
        for record_batch in self._relation.session.stream(sql, parameters, batch_rows):
            columns = {
                cell.column.name: cell.finish(record_batch.column(i).to_numpy(zero_copy_only=False))
                for i, cell in enumerate(cells)
            }
            batch = Batch(columns, record_batch.num_rows)
            kept = batch.where(batch.complete(complete))
            yield Batch({name: kept.columns[name] for name in names}, kept.rows)
        self._relation.verify_unchanged()

    def _selection(self, cells: list[Cells]) -> tuple[str, dict[str, Any]]:
        parameters = Parameters(self._relation.parameters)
        decoded = ", ".join(f"{cell.decoded(parameters)} AS v{i}" for i, cell in enumerate(cells)) or "1 AS v0"
        sql = f"SELECT {decoded} FROM {table_sql(self._relation, cells, self._keep)}"  # noqa: S608
        return sql, parameters.values


def open_source(
    data: str | os.PathLike[str] | Tabular,
    dictionary: Dictionary,
    *,
    opt_out: str | os.PathLike[str] | None = None,
    memory_limit_bytes: int = MEMORY_LIMIT_BYTES,
    columns: Sequence[str] | None = None,
    allow_extra: bool = False,
) -> Source:
    """Open a site's data; nothing but the file's form is judged yet.

    Args:
        data: The path of a CSV or Parquet file, a pandas data frame, an Arrow table or reader, or a dict of columns.
        dictionary: What the columns mean.
        opt_out: A file of person identifiers, one a line, whose rows nobody ever sees.
        memory_limit_bytes: How much decoded data to keep between rounds.
        columns: The names of the columns, for a CSV file without a header.
        allow_extra: Whether columns that the dictionary does not know are ignored instead of refused: only for
            dictionaries that were inferred.

    Raises:
        SourceEmpty: if the file has no bytes or no header.
        SourceUnreadable: if it is neither CSV nor Parquet.
        ColumnMissing: if there is an opt-out list but no person identifier.
    """
    expected = tuple(column.name for column in dictionary)
    relation = open_relation(data, columns, expected)
    path = None if opt_out is None else Path(opt_out)
    return Source(relation, dictionary, opt_out=path, memory_limit_bytes=memory_limit_bytes, allow_extra=allow_extra)
