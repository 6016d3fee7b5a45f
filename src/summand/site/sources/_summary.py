"""What is in a table, as far as a guessed dictionary needs it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
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

_COLUMNS_PER_QUERY = 8  # planning a statement takes longer than its columns' share: 100 of them took 40 s
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
    relation.verify_unchanged()
    table = relation.session.make_table(f"SELECT * FROM {relation.from_sql}", relation.parameters)  # noqa: S608
    relation.verify_unchanged()
    relation = replace(relation, source=table, parameters={})  # asked a few columns at a time: parsed once only
    rows = int(relation.session.rows(f"SELECT count(*) FROM {relation.from_sql}", relation.parameters)[0][0])  # noqa: S608
    found: list[ColumnSummary] = []
    for start in range(0, len(relation.names), _COLUMNS_PER_QUERY):
        positions = range(start, min(start + _COLUMNS_PER_QUERY, len(relation.names)))
        found.extend(_summaries(relation, positions))
    return TableSummary(tuple(found), rows)


def _table(relation: Relation, positions: Iterable[int], parameters: Parameters) -> str:
    """SQL: per column its cell (t, NULL where it says nothing), number (n) and missing code (k, a bit each), to select from."""
    codes = parameters.add(list(COMMON_MISSING_CODES))
    read = ", ".join(f"c{i}, {number_sql(i, relation.types[i])} AS x{i}" for i in positions)
    told = ", ".join(_cell(relation.types[i], i, codes) for i in positions)
    return f"(SELECT {told} FROM (SELECT {read} FROM {relation.from_sql}))"  # noqa: S608


def _cell(type_: Type, i: int, codes: str) -> str:
    number = f"CASE WHEN isfinite(x{i}) THEN x{i} END AS n{i}"
    if type_ == "boolean":
        return f"CAST(c{i} AS VARCHAR) AS t{i}, x{i} AS n{i}, NULL::INTEGER AS k{i}"
    if type_ in ("integer", "float"):
        return f"CASE WHEN NOT {is_nan_sql(f'x{i}')} THEN x{i} END AS t{i}, {number}, NULL::INTEGER AS k{i}"
    text, cell = text_sql(i, type_), f"CAST(c{i} AS VARCHAR)"  # numbers need no trimming
    known = f"list_contains({codes}::VARCHAR[], {text})"
    bit = f"1 << CAST(list_position({codes}::VARCHAR[], {text}) - 1 AS INTEGER)"
    return (
        f"CASE WHEN isfinite(x{i}) THEN {cell} WHEN {known} THEN NULL ELSE nullif({text}, '') END AS t{i}, "
        f"{number}, CASE WHEN isfinite(x{i}) THEN NULL WHEN {known} THEN {bit} END AS k{i}"
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
        "codes": f"bit_or(k{position})",
    }


def _summaries(relation: Relation, positions: range) -> list[ColumnSummary]:
    counted = dict(zip(positions, _count(relation, positions), strict=True))
    whole = [i for i, counts in counted.items() if counts["cells"] == counts["numbers"] and not counts["ragged"]]
    decimals = _decimals(relation, [i for i in whole if counted[i]["cells"]])
    few = [i for i, counts in counted.items() if counts["distinct"] <= LEVELS_MAX * _APPROXIMATELY]
    levels = _levels(relation, few)
    return [
        ColumnSummary(
            name=relation.names[i],
            cells=int(counts["cells"]),
            numbers=int(counts["numbers"]),
            minimum=counts["minimum"],
            maximum=counts["maximum"],
            decimals=decimals.get(i),
            distinct_count=int(counts["distinct"]),
            levels=levels.get(i),
            missing_codes=tuple(
                code for bit, code in enumerate(COMMON_MISSING_CODES) if (counts["codes"] or 0) >> bit & 1
            ),
            is_boolean=relation.types[i] == "boolean",
        )
        for i, counts in counted.items()
    ]


def _decimals(relation: Relation, positions: list[int]) -> dict[int, int]:
    """The fewest decimal places that write every number exactly, by their shortest text; absent where 6 are too few."""
    if not positions:
        return {}
    parameters = Parameters(relation.parameters)
    sql = f"SELECT {', '.join(map(_places, positions))} FROM {_table(relation, positions, parameters)}"  # noqa: S608
    found = relation.session.rows(sql, parameters.values)[0]
    return {i: int(places) for i, places in zip(positions, found, strict=True) if places <= _DECIMALS_MAX}


def _places(i: int) -> str:
    text = f"CAST(abs(n{i}) AS VARCHAR)"
    places = f"length(rtrim(split_part({text}, '.', 2), '0'))"
    exponent = f"CASE WHEN n{i} = trunc(n{i}) THEN 0 ELSE {_DECIMALS_MAX + 1} END"
    return f"max(CASE WHEN n{i} IS NULL THEN 0 WHEN contains({text}, 'e') THEN {exponent} ELSE {places} END)"


def _levels(relation: Relation, positions: list[int]) -> dict[int, tuple[str, ...]]:
    """The different cells, numbers in their shortest form; absent where there are too many."""
    if not positions:
        return {}
    parameters = Parameters(relation.parameters)
    lists = ", ".join(f"map_keys(histogram(t{i}))" for i in positions)
    sql = f"SELECT {lists} FROM {_table(relation, positions, parameters)}"  # noqa: S608
    rows = relation.session.rows(sql, parameters.values)[0]
    found = {
        i: {_canonical(str(cell).strip(" ")) for cell in cells or ()} for i, cells in zip(positions, rows, strict=True)
    }
    return {i: tuple(sorted(levels)) for i, levels in found.items() if len(levels) <= LEVELS_MAX}


def _canonical(text: str) -> str:
    number = as_number(text)
    return text if number is None else number_text(number)
