"""What a reader sees of a crosstab: all of it, or the table alone where a cell must stay hidden."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from summand.methods._protocol import Result
from summand.methods.description._contingency import agreement, expected, independence, kappa, residuals, trend
from summand.methods.description._describe_table import crosstab
from summand.methods.description._factor import Factor
from summand.methods.description._mantel_haenszel import Strata, homogeneity
from summand.methods.description._two_by_two import measures
from summand.tables import Array, Count, CountTable, Limits

# Below this expected count chi-square is in doubt, and the lack of an exact test worth a word (Cochran 1954).
EXPECTED_MIN = 5.0


class Asked(Protocol):
    """What of the method is told."""

    @property
    def factors(self) -> tuple[Factor, ...]:
        """Rows, columns, and strata if there are any."""

    @property
    def site(self) -> str:
        """Whether sites are strata."""

    @property
    def paired(self) -> bool:
        """Whether the table is one of pairs."""

    @property
    def placed(self) -> Any:
        """The study's setting."""


def crosstab_result(asked: Asked, tables: Array, sums: Array | None, apart: Array | None) -> Result:
    """The result.

    Args:
        asked: The method.
        tables: Counts over all sites, shape (strata, r, c).
        sums: What `strata_sums` adds up to over all strata; None without any.
        apart: What `homogeneity_sums` adds up to; None where there is no common odds ratio.
    """
    rows, columns = asked.factors[:2]
    limits: Limits = asked.placed.limits
    values: dict[str, Any] = {"row": rows.text, "column": columns.text}
    if sums is not None:
        values["strata"] = " and ".join([*(factor.text for factor in asked.factors[2:]), *_site(asked)])
    pooled = tables.sum(axis=0)
    counts = crosstab(rows.levels, columns.levels, pooled.ravel())
    values["crosstabs"] = [{"rows": rows.text, "columns": columns.text, "counts": counts}]
    if _is_hidden(pooled, limits):
        nothing: dict[str, Any] = {"tests": [], "measures": [], "cells": [], "margins": [], "by_stratum": []}
        return Result("crosstab", {**values, **nothing}, (_withheld(limits),))
    if len(asked.factors) > 2:
        values["crosstabs"].append(_strata_table(asked.factors, tables))
    own = _unstratified(asked, pooled)
    warnings = _left_out(asked, pooled, own["tests"])
    by_stratum: list[dict[str, Any]] = []
    if sums is not None and _is_hidden(tables, limits):
        warnings = (*warnings, "In a stratum: " + _withheld(limits))
    elif sums is not None:
        found = Strata(sums, *pooled.shape)
        own["tests"] += found.tests() + ([] if apart is None else homogeneity(apart, found.informative))
        own["measures"] += found.measures()
        values["informative_strata"] = found.informative
        by_stratum = _by_stratum(asked.factors, tables)
    cells = {"cells": _cells(rows, columns, pooled), "margins": _margins(rows, columns, pooled)}
    return Result("crosstab", {**values, **own, **cells, "by_stratum": by_stratum}, warnings)


def _site(asked: Asked) -> tuple[str, ...]:
    return ("site",) if asked.site == "strata" else ()


def _is_hidden(tables: Array, limits: Limits) -> bool:
    return limits.minimum_cell > 1 and bool((tables < limits.minimum_cell).any())


def _withheld(limits: Limits) -> str:
    return (
        f"A cell has fewer than {limits.minimum_cell} people: tests and measures would give it away, and are left out. "
        "Merge levels, or ask for fewer."
    )


def _inhabited(table: Array) -> tuple[Array, NDArray[np.intp], NDArray[np.intp]]:
    """The table without its empty rows and columns, and which are left."""
    rows, columns = np.flatnonzero(table.sum(axis=1)), np.flatnonzero(table.sum(axis=0))
    return table[np.ix_(rows, columns)], rows, columns


def _left_out(asked: Asked, table: Array, tests: list[dict[str, Any]]) -> tuple[str, ...]:
    _, *kept = _inhabited(table)
    empty = [
        factor.named(place)
        for factor, places in zip(asked.factors[:2], kept, strict=True)
        for place in range(len(factor))
        if place not in places
    ]
    told: tuple[str, ...] = (f"Nobody has {', '.join(empty)}: the tests leave that out.",) if empty else ()
    lacks_exact = any(row["test"] == "Fisher's exact" and row["p_value"] is None for row in tests)
    if lacks_exact and float(expected(_inhabited(table)[0]).min()) < EXPECTED_MIN:
        told += ("The exact test of a table of this size takes too much work, and is left out.",)
    return told


def _unstratified(asked: Asked, pooled: Array) -> dict[str, Any]:
    """Tests and measures of the table over all strata."""
    table, rows, columns = _inhabited(pooled)
    tests: list[dict[str, Any]] = []
    found: list[dict[str, Any]] = []
    if min(table.shape) >= 2:
        tests = independence(table)
        if table.shape[1] == 2 < table.shape[0]:
            tests.append(trend(table, np.array(asked.factors[0].scores)[rows]))
        elif table.shape[0] == 2 < table.shape[1]:
            tests.append(trend(table.T, np.array(asked.factors[1].scores)[columns]))
        if pooled.shape == (2, 2):
            found = measures(table)
    if asked.paired:
        tests += agreement(pooled)
        agreed = kappa(pooled)
        found += [] if agreed is None else [agreed]
    return {"tests": tests, "measures": found}


def _margins(rows: Factor, columns: Factor, table: Array) -> list[dict[str, Any]]:
    n = float(table.sum())
    return [
        {"of": factor.text, "level": level, "people": Count(round(people)), "share": people / n if n else None}
        for factor, sums in ((rows, table.sum(axis=1)), (columns, table.sum(axis=0)))
        for level, people in zip(factor.levels, sums.tolist(), strict=True)
    ]


def _cells(rows: Factor, columns: Factor, table: Array) -> list[dict[str, Any]]:
    """Every cell with its percentages, what independence would give, and how far it is from that."""
    inhabited, some_rows, some_columns = _inhabited(table)
    fitted, away = np.full(table.shape, np.nan), np.full(table.shape, np.nan)
    if inhabited.size:
        fitted[np.ix_(some_rows, some_columns)] = expected(inhabited)
        if min(inhabited.shape) >= 2:
            away[np.ix_(some_rows, some_columns)] = residuals(inhabited)
    by_row, by_column, n = table.sum(axis=1), table.sum(axis=0), float(table.sum())
    return [
        {
            "row": rows.levels[i],
            "column": columns.levels[j],
            "people": Count(round(float(table[i, j]))),
            "row_percent": _percent(table[i, j], by_row[i]),
            "column_percent": _percent(table[i, j], by_column[j]),
            "percent": _percent(table[i, j], n),
            "expected": None if np.isnan(fitted[i, j]) else float(fitted[i, j]),
            "residual": None if np.isnan(away[i, j]) else float(away[i, j]),
        }
        for i in range(len(rows))
        for j in range(len(columns))
    ]


def _percent(part: float, whole: float) -> float | None:
    return 100.0 * float(part) / float(whole) if whole else None


def _strata_table(factors: tuple[Factor, ...], tables: Array) -> dict[str, Any]:
    """The strata one below the other; what is shown of them may not give a hidden cell away, the table over all known."""
    rows, columns, strata = factors
    labels = tuple(f"{rows.named(i)}, {columns.named(j)}" for i in range(len(rows)) for j in range(len(columns)))
    cells = tuple(tuple(round(count) for count in table.ravel().tolist()) for table in tables)
    title = f"{rows.text} and {columns.text}"
    return {"rows": strata.text, "columns": title, "counts": CountTable(strata.levels, labels, cells)}


def _by_stratum(factors: tuple[Factor, ...], tables: Array) -> list[dict[str, Any]]:
    """The odds ratio of each stratum of a column, of 2 x 2 tables."""
    if len(factors) < 3 or tables.shape[1:] != (2, 2):
        return []
    found = []
    for place, table in enumerate(tables):
        row: dict[str, Any] = {"stratum": factors[2].named(place), "people": Count(round(float(table.sum())))}
        odds = measures(table)[0] if min(table.sum(axis=0).min(), table.sum(axis=1).min()) > 0.0 else {}
        row["odds_ratio"] = odds.get("estimate")
        row["odds_ratio_low"], row["odds_ratio_high"] = odds.get("conf_low"), odds.get("conf_high")
        found.append(row)
    return found
