"""The file against the dictionary: one pass, and a second over the columns where something was found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from summand.site.sources._expressions import BAD, MISSING, Cells, Parameters, table_sql, text_sql
from summand.site.sources._relation import Relation
from summand.site.sources._report import SAYS, CheckReport, Finding, Severity
from summand.tables import Dictionary, as_number

EXAMPLES_MAX = 5
_COLUMNS_PER_QUERY = 32
_STEP_TOLERANCE = 1e-6

Tallied = tuple[int, list[dict[str, Any]]]
"""The rows, and per column the counts and extremes that say whether anything is amiss."""


def check_relation(
    relation: Relation,
    dictionary: Dictionary,
    cells: Mapping[str, Cells],
    keep: str,
    allow_extra: bool,
    tallied: Tallied | None = None,
    sound: Mapping[str, dict[str, Any]] | None = None,
) -> CheckReport:
    """Check every column of the dictionary, over the rows where ``keep`` (SQL) is true.

    Args:
        relation, dictionary, cells, keep, allow_extra: As `Source` holds them.
        tallied: What `tally_by_site` counted in these rows; None to count now.
        sound: What `sound_counts` gave of columns that were read already: they are not read again.

    Raises:
        SourceUnreadable: if the file cannot be read to its end.
    """
    findings = [*_header_findings(relation, dictionary, allow_extra)]
    missing: dict[str, int] = {}
    present = list(cells.values())
    known = dict(sound or {})
    unknown = [cell for cell in present if cell.column.name not in known]
    rows, counted = tallied or _tally(relation, unknown, keep, known)
    known |= {cell.column.name: counts for cell, counts in zip(unknown, counted, strict=True)}
    for cell in present:
        counts = known[cell.column.name]
        missing[cell.column.name] = counts["missing"]
        findings.extend(_findings(relation, cell, counts, rows, keep, dictionary.person_id))
    people = rows
    person = cells.get(dictionary.person_id or "")
    if person is not None:
        people, repeated = _people(relation, person, keep)
        findings.extend(repeated)
    opted_out = 0 if keep == "true" else _count_rows(relation, "true") - rows
    findings.sort(key=lambda finding: finding.severity != "error")
    return CheckReport(rows, people, missing, tuple(findings), opted_out)


def tally_by_site(relation: Relation, cells: Sequence[Cells]) -> dict[int, Tallied]:
    """What `check_relation` counts first, for every value of the column ``site`` at once."""
    found: dict[int, Tallied] = {}
    for part in _parts(cells):
        for row in _count(relation, part, "true", "site"):
            rows, counted = found.get(int(row[0]), (row[1], []))
            found[int(row[0])] = (rows, [*counted, *_named(part, row[2:])])
    return found


def sound_counts(cell: Cells, values: NDArray[Any]) -> dict[str, Any] | None:
    """What `check_relation` would count in a numeric column that has a fitting value in every row; else None.

    Args:
        cell: The column's cells.
        values: All of its decoded values, NaN where a cell has none; shape (rows,).
    """
    column = cell.column
    if not len(values) or column.levels:
        return None
    low, high = float(values.min()), float(values.max())
    if not column.range[0] <= low <= high <= column.range[1]:  # also where one is NaN
        return None
    if _has_steps(cell) and not _on_steps(values, column.range[0], column.step or 1.0):
        return None
    return {"missing": 0, "good": len(values), "low": low, "high": high}


def _on_steps(values: NDArray[Any], low: float, step: float) -> bool:
    steps = (values - low) / step
    return bool((np.abs(steps - np.rint(steps)) <= _STEP_TOLERANCE).all())


def _has_steps(cell: Cells) -> bool:
    """Whether values may lie between steps: not where the file itself holds whole numbers and a step is one."""
    column = cell.column
    if not column.step:
        return False
    return not (cell.type == "integer" and float(column.range[0]).is_integer() and column.step == 1)


def _tally(relation: Relation, cells: Sequence[Cells], keep: str, known: Mapping[str, Mapping[str, Any]]) -> Tallied:
    """Counts of every column; the rows come with them, or from columns that are known."""
    counted: list[dict[str, Any]] = []
    if not cells:
        return next((int(counts["good"]) for counts in known.values()), None) or _count_rows(relation, keep), counted
    rows = 0
    for part in _parts(cells):
        (row,) = _count(relation, part, keep)
        rows = int(row[0])
        counted.extend(_named(part, row[1:]))
    return rows, counted


def _parts(cells: Sequence[Cells]) -> Iterator[Sequence[Cells]]:
    for start in range(0, len(cells), _COLUMNS_PER_QUERY):
        yield cells[start : start + _COLUMNS_PER_QUERY]


def _header_findings(relation: Relation, dictionary: Dictionary, allow_extra: bool) -> Iterator[Finding]:
    names = set(relation.names)
    for column in dictionary:
        if column.name not in names:
            yield Finding("data.column_missing", column.name)
    for name in relation.names:
        if name not in dictionary and not allow_extra:
            yield Finding("data.column_unknown", name)


def _count_rows(relation: Relation, keep: str) -> int:
    sql = f"SELECT count(*) FROM {relation.from_sql} WHERE {keep}"  # noqa: S608
    return int(relation.session.rows(sql, relation.parameters)[0][0])


def _count(relation: Relation, cells: Sequence[Cells], keep: str, group: str = "") -> list[tuple[Any, ...]]:
    """Rows and aggregates of every column, in one row or one per group."""
    parameters = Parameters(relation.parameters)
    columns = [_columns(cell, i, parameters) for i, cell in enumerate(cells)]
    wanted = [sql for i, cell in enumerate(cells) for sql in _aggregates(cell, i, parameters).values()]
    first = [group] if group else []
    inner, outer = ", ".join([*first, *columns]), ", ".join([*first, "count(*)", *wanted])
    by = f"GROUP BY {group}" if group else ""
    sql = f"SELECT {outer} FROM (SELECT {inner} FROM {table_sql(relation, cells, keep, group)}) {by}"  # noqa: S608
    return relation.session.rows(sql, parameters.values)


def _named(cells: Sequence[Cells], values: Sequence[Any]) -> list[dict[str, Any]]:
    each = iter(values)
    return [{name: next(each) for name in _aggregates(cell, 0, Parameters({}))} for cell in cells]


def _columns(cell: Cells, i: int, parameters: Parameters) -> str:
    """SQL: whether the i-th cell is missing (m) and its value or code (v)."""
    if cell.column.kind == "text":
        return f"{cell.missing(parameters)} AS m{i}"
    if cell.column.kind == "category":
        code = cell.code(parameters)
        return f"{code} AS v{i}, v{i} = {MISSING} AS m{i}"
    return f"{cell.missing(parameters)} AS m{i}, {cell.value(parameters)} AS v{i}"


def _aggregates(cell: Cells, i: int, parameters: Parameters) -> dict[str, str]:
    aggregates = {"missing": f"count(*) FILTER (m{i})"}
    if cell.column.is_numeric:
        aggregates |= {"good": f"count(v{i})", "low": f"min(v{i})", "high": f"max(v{i})"}
    for code, sql in _suspicions(cell, i, parameters).items():
        if code not in _FOLLOWING:
            aggregates[code] = f"count(*) FILTER ({sql})"
    return aggregates


_FOLLOWING = ("data.value_not_numeric", "data.value_out_of_range", "data.value_missing")
"""Findings that follow from the other counts and the extremes."""


def _suspicions(cell: Cells, i: int, parameters: Parameters) -> dict[str, str]:
    """Per code of a finding, the SQL that is true for its rows."""
    column = cell.column
    found = {"data.value_missing": f"m{i}"}
    if column.kind == "category":
        found["data.category_unknown"] = f"v{i} = {BAD}"
    if not column.is_numeric:
        return found
    low, high = (parameters.add(bound) for bound in column.range)
    found["data.value_not_numeric"] = f"NOT m{i} AND v{i} IS NULL"
    found["data.value_out_of_range"] = f"v{i} < {low} OR v{i} > {high}"
    if column.levels:
        codes = parameters.add([as_number(level) for level in column.levels])
        found["data.category_unknown"] = f"v{i} IS NOT NULL AND NOT list_contains({codes}::DOUBLE[], v{i})"
    if _has_steps(cell):
        steps = f"((v{i} - {low}) / {parameters.add(column.step)})"
        found["data.value_off_step"] = f"abs({steps} - round({steps})) > {_STEP_TOLERANCE}"
    return found


def _findings(
    relation: Relation, cell: Cells, counts: Mapping[str, Any], rows: int, keep: str, person_id: str | None
) -> Iterator[Finding]:
    column = cell.column
    found = {code for code in SAYS if counts.get(code)}
    if column.is_numeric and rows > counts["missing"] + counts["good"]:
        found.add("data.value_not_numeric")
    if (
        column.is_numeric
        and counts["good"]
        and not column.range[0] <= counts["low"] <= counts["high"] <= column.range[1]
    ):
        found.add("data.value_out_of_range")
    if counts["missing"] and (column.required or column.name == person_id):
        found.add("data.value_missing")
    for code in sorted(found):
        exact, examples = _locate(relation, cell, code, keep)
        severity: Severity = "warning" if code == "data.value_off_step" and column.kind == "number" else "error"
        yield Finding(code, column.name, exact, examples, severity)


def _locate(relation: Relation, cell: Cells, code: str, keep: str) -> tuple[int, tuple[int, ...]]:
    """In how many rows, and the numbers of the first of them."""
    parameters = Parameters(relation.parameters)
    numbered = table_sql(relation, [cell], first=f"row_number() OVER () AS r, {keep} AS keep")
    inner = f"r, keep, {_columns(cell, 0, parameters)}"
    suspicious = _suspicions(cell, 0, parameters)[code]
    sql = (
        f"SELECT count(*), list_slice(list(r ORDER BY r), 1, {EXAMPLES_MAX}) "  # noqa: S608
        f"FROM (SELECT {inner} FROM {numbered}) WHERE keep AND ({suspicious})"
    )
    count, examples = relation.session.rows(sql, parameters.values)[0]
    return int(count), tuple(int(row) for row in examples or ())


def _people(relation: Relation, cell: Cells, keep: str) -> tuple[int, list[Finding]]:
    parameters = Parameters(relation.parameters)
    person = text_sql(cell.position, cell.type)
    sql = (
        f"SELECT count(*), count(DISTINCT {person}) FROM {table_sql(relation, [cell], keep)} "  # noqa: S608
        f"WHERE NOT {cell.missing(parameters)}"
    )
    known, people = relation.session.rows(sql, parameters.values)[0]
    repeats = int(known) - int(people)
    if not repeats:
        return int(people), []
    return int(people), [Finding("data.person_repeated", cell.column.name, repeats, (), "warning")]
