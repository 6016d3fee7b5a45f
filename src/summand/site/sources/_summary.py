"""What is in a table, as far as a guessed dictionary needs it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from summand.site.sources._expressions import Parameters, is_nan_sql, number_sql, text_sql
from summand.site.sources._relation import Relation, Tabular, Type, open_relation
from summand.tables import (
    COMMON_MISSING_CODES,
    LEVELS_MAX,
    ColumnSummary,
    Dictionary,
    TableSummary,
    as_number,
    infer_dictionary,
    number_text,
)

_COLUMNS_PER_QUERY = 100
_DECIMALS_MAX = 6
_APPROXIMATELY = 1.3


def summarise(data: str | os.PathLike[str] | Tabular, columns: Sequence[str] | None = None) -> TableSummary:
    """Types, ranges and levels of every column of a file or table. For trials by the data's owner only.

    Raises:
        SourceEmpty, SourceUnreadable: as `open_source`.
    """
    return summarise_relation(open_relation(data, columns))


def infer_from(
    name: str, tables: Sequence[str | os.PathLike[str] | Tabular], columns: Sequence[str] | None = None
) -> tuple[Dictionary, tuple[str, ...]]:
    """One dictionary for several files or tables, and what was assumed; see `summand.tables.infer_dictionary`."""
    return infer_dictionary(name, [summarise(table, columns) for table in tables])


def summarise_relation(relation: Relation) -> TableSummary:
    """The summary of an open relation."""
    rows = int(relation.session.rows(f"SELECT count(*) FROM {relation.from_sql}", relation.parameters)[0][0])  # noqa: S608
    found: list[ColumnSummary] = []
    for start in range(0, len(relation.names), _COLUMNS_PER_QUERY):
        positions = range(start, min(start + _COLUMNS_PER_QUERY, len(relation.names)))
        for position, counts in zip(positions, _count(relation, positions), strict=True):
            found.append(_summary(relation, position, counts))
    relation.verify_unchanged()
    return TableSummary(tuple(found), rows)


def _table(relation: Relation, positions: Iterable[int], parameters: Parameters) -> str:
    """SQL: per column its cell (t, NULL where it says nothing), number (n) and missing code (k), to select from."""
    codes = parameters.add(list(COMMON_MISSING_CODES))
    read = ", ".join(f"c{i}, {number_sql(i, relation.types[i])} AS x{i}" for i in positions)
    told = ", ".join(_cell(relation.types[i], i, codes) for i in positions)
    return f"(SELECT {told} FROM (SELECT {read} FROM {relation.from_sql}))"  # noqa: S608


def _cell(type_: Type, i: int, codes: str) -> str:
    number = f"CASE WHEN isfinite(x{i}) THEN x{i} END AS n{i}"
    if type_ == "boolean":
        return f"CAST(c{i} AS VARCHAR) AS t{i}, x{i} AS n{i}, NULL::VARCHAR AS k{i}"
    if type_ in ("integer", "float"):
        return f"CASE WHEN NOT {is_nan_sql(f'x{i}')} THEN x{i} END AS t{i}, {number}, NULL::VARCHAR AS k{i}"
    text = text_sql(i, type_)
    known = f"list_contains({codes}::VARCHAR[], {text})"
    return (
        f"CASE WHEN isfinite(x{i}) THEN {text} WHEN {known} THEN NULL ELSE nullif({text}, '') END AS t{i}, "
        f"{number}, CASE WHEN isfinite(x{i}) THEN NULL WHEN {known} THEN {text} END AS k{i}"
    )


def _count(relation: Relation, positions: range) -> list[dict[str, Any]]:
    parameters = Parameters(relation.parameters)
    wanted = [_aggregates(position) for position in positions]
    outer = ", ".join(sql for aggregates in wanted for sql in aggregates.values())
    sql = f"SELECT {outer} FROM {_table(relation, positions, parameters)}"  # noqa: S608
    row = iter(relation.session.rows(sql, parameters.values)[0])
    return [{name: next(row) for name in aggregates} for aggregates in wanted]


def _aggregates(position: int) -> dict[str, str]:
    scaled = f"n{position} * 1e{_DECIMALS_MAX}"
    return {
        "cells": f"count(t{position})",
        "numbers": f"count(n{position})",
        "minimum": f"min(n{position})",
        "maximum": f"max(n{position})",
        # far from a whole number of millionths: more decimals than we write as a step; the close ones are looked at as text
        "ragged": f"count(*) FILTER (abs({scaled} - round({scaled})) > 1e-3 * greatest(1, abs(n{position})))",
        "distinct": f"approx_count_distinct(t{position})",
        "codes": f"list(DISTINCT k{position}) FILTER (k{position} IS NOT NULL)",
    }


def _summary(relation: Relation, position: int, counts: Mapping[str, Any]) -> ColumnSummary:
    is_numeric = counts["cells"] == counts["numbers"]
    decimals = _decimals(relation, position) if is_numeric and counts["cells"] and not counts["ragged"] else None
    few = counts["distinct"] <= LEVELS_MAX * _APPROXIMATELY
    return ColumnSummary(
        name=relation.names[position],
        cells=int(counts["cells"]),
        numbers=int(counts["numbers"]),
        minimum=counts["minimum"],
        maximum=counts["maximum"],
        decimals=decimals,
        distinct_count=int(counts["distinct"]),
        levels=_levels(relation, position) if few else None,
        missing_codes=tuple(code for code in COMMON_MISSING_CODES if code in (counts["codes"] or ())),
        is_boolean=relation.types[position] == "boolean",
    )


def _decimals(relation: Relation, position: int) -> int | None:
    """The fewest decimal places that write every number exactly, by their shortest text."""
    if relation.types[position] == "integer":
        return 0
    parameters = Parameters(relation.parameters)
    text = f"CAST(abs(n{position}) AS VARCHAR)"
    places = f"length(rtrim(split_part({text}, '.', 2), '0'))"
    exponent = f"CASE WHEN n{position} = trunc(n{position}) THEN 0 ELSE {_DECIMALS_MAX + 1} END"
    sql = (
        f"SELECT max(CASE WHEN contains({text}, 'e') THEN {exponent} ELSE {places} END) "  # noqa: S608
        f"FROM {_table(relation, [position], parameters)}"
    )
    found = relation.session.rows(sql, parameters.values)[0][0]
    return int(found) if found is not None and found <= _DECIMALS_MAX else None


def _levels(relation: Relation, position: int) -> tuple[str, ...] | None:
    """The different texts, numbers in their shortest form; None if there are too many."""
    parameters = Parameters(relation.parameters)
    sql = (
        f"SELECT DISTINCT t{position} FROM {_table(relation, [position], parameters)} "  # noqa: S608
        f"WHERE t{position} IS NOT NULL"
    )
    found = {_canonical(str(row[0])) for row in relation.session.rows(sql, parameters.values)}
    return tuple(sorted(found)) if len(found) <= LEVELS_MAX else None


def _canonical(text: str) -> str:
    number = as_number(text)
    return text if number is None else number_text(number)
