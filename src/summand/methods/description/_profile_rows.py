"""The rows of a table by group: one for each variable, before counts are judged."""

from __future__ import annotations

from typing import Any

import numpy as np

from summand.errors import CohortTooSmall
from summand.methods.description._contingency import expected, independence
from summand.methods.description._crosstab_result import EXPECTED_MIN
from summand.methods.description._factor import Factor
from summand.methods.description._group_tests import mean_tests, rank_tests, standardised_levels, standardised_number
from summand.methods.description._profile_figures import Figures
from summand.methods.description._profile_state import PARTS
from summand.methods.description._profile_sums import Variable
from summand.tables import Array, Count, CountTable


def group_rows(factor: Factor, figures: Figures) -> list[dict[str, Any]]:
    """The groups with their sizes.

    Raises:
        CohortTooSmall: if one has fewer people than the limits ask for.
    """
    sizes = figures.group_sizes()
    small = np.flatnonzero(sizes < figures.limits.minimum_cell)
    if figures.is_limited and len(small):
        raise CohortTooSmall(
            f"Fewer than {figures.limits.minimum_cell} people have {factor.named(int(small[0]))} over all sites.",
            remedy="Merge levels, or group by another column.",
            clause="D.min_cell",
        )
    return [{"group": factor.named(k), "n": Count(round(n))} for k, n in enumerate(sizes.tolist())]


def number_row(variable: Variable, factor: Factor, figures: Figures, *, by_ranks: bool) -> dict[str, Any]:
    """A number: people, mean and deviation, quartiles, standardised difference, and one test."""
    present, missing = figures.people(variable)
    known = counts_of(("known", "missing"), factor, np.array([present, missing]))
    if figures.is_limited:  # nobody lacks a value: such rows are left out before
        known = counts_of(("known",), factor, present[None, :])
    told = figures.means_and_deviations(variable)
    row: dict[str, Any] = {
        "variable": variable.column.name,
        "kind": "number",
        "unit": variable.column.unit,
        "summary": "median" if by_ranks else "mean",
        "counts": known,
        "mean": [mean for mean, _ in told],
        "sd": [sd for _, sd in told],
        **{part: [figures.quantile(variable, place, part) for place in range(len(factor) + 1)] for part in PARTS},
    }
    tests = figures.told_tests(rank_tests_of(variable, figures) if by_ranks else mean_tests_of(variable, figures))
    n, means, squares = inhabited(variable, figures)
    row["smd"] = figures.told(standardised_number(n, means, squares)) if len(n) > 1 else None
    return {**row, **told_test(tests)}


def told_test(tests: list[dict[str, Any]]) -> dict[str, Any]:
    """The first of some tests, as a row of a table tells it."""
    chosen = next((row for row in tests if row["p_value"] is not None), None)
    return {"p_value": None, "test": None} if chosen is None else {"p_value": chosen["p_value"], "test": chosen["test"]}


def inhabited(variable: Variable, figures: Figures) -> tuple[Array, Array, Array]:
    """People, mean and squares of the groups with anybody: shape (groups,)."""
    n, means, squares = (part[1:] for part in figures.moments(variable))
    some = n > 0
    return n[some], means[some], squares[some]


def mean_tests_of(variable: Variable, figures: Figures) -> list[dict[str, Any]]:
    """Tests of means over the groups with anybody."""
    n, means, squares = inhabited(variable, figures)
    return mean_tests(n, means, squares) if len(n) > 1 else []


def rank_tests_of(variable: Variable, figures: Figures) -> list[dict[str, Any]]:
    """Tests by ranks over the groups with anybody."""
    n = figures.people(variable)[0]
    sums, ties, _ = figures.ranks(variable)
    some = n > 0
    return rank_tests(n[some], sums[some], ties) if int(some.sum()) > 1 else []


def level_row(variable: Variable, factor: Factor, figures: Figures) -> dict[str, Any]:
    """A category: people by level, shares, standardised difference, and one test; nothing but people if one is hidden."""
    whole = figures.tables[variable.column.name]
    table, missing = whole[:-1], whole[-1:]
    with_missing = not figures.is_limited  # under limits nobody lacks a value: such rows are left out before
    labels = (*variable.levels, "missing") if with_missing else variable.levels
    row: dict[str, Any] = {
        "variable": variable.column.name,
        "kind": "category",
        "levels": list(variable.levels),
        "counts": counts_of(labels, factor, np.vstack([table, missing]) if with_missing else table),
        "share": None, "smd": None, "p_value": None, "test": None,
    }  # fmt: skip
    if figures.is_limited and bool((table < figures.limits.minimum_cell).any()):
        return row
    together = np.column_stack([table.sum(axis=1), table])
    people = together.sum(axis=0)
    shares = together / np.maximum(people, 1.0)
    row["share"] = [[float(s) if n else None for s, n in zip(line, people, strict=True)] for line in shares]
    kept = table[np.ix_(table.sum(axis=1) > 0, table.sum(axis=0) > 0)]
    if kept.shape[1] > 1:
        row["smd"] = figures.told(standardised_levels(table[:, table.sum(axis=0) > 0]))
    if min(kept.shape) > 1:
        row.update(told_test(figures.told_tests(_level_tests(kept))))
    return row


def _level_tests(table: Array) -> list[dict[str, Any]]:
    """Chi-square, or the exact test first where a cell is expected to hold few (Cochran 1954, Biometrics 10(4))."""
    tests = {row["test"]: row for row in independence(table)}
    pearson, exact = tests["Pearson chi-square"], tests["Fisher's exact"]
    return [exact, pearson] if float(expected(table).min()) < EXPECTED_MIN else [pearson]


def counts_of(labels: tuple[str, ...], factor: Factor, table: Array) -> CountTable:
    """People by label and group."""
    cells = tuple(tuple(round(count) for count in line) for line in table.tolist())
    return CountTable(labels, tuple(factor.named(k) for k in range(len(factor))), cells)


def warnings_of(figures: Figures, factor: Factor, *, with_ranks: bool) -> tuple[str, ...]:
    """What a reader must know beside the table."""
    found = []
    if figures.lacking and not figures.is_limited:
        found.append(f"People without {factor.column.name}, who are left out: {figures.lacking}.")
    if figures.is_limited:
        found.append(
            "People with a missing value are left out, and figures are rounded, so that no hidden count is told."
        )
    numbers = [variable for variable in figures.variables if variable.keys is not None]
    grouped = [variable.column.name for variable in numbers if with_ranks and figures.ranks(variable)[2]]
    if grouped:
        found.append(f"The ranks of {', '.join(grouped)} are those of values grouped into bins.")
    return tuple(found)
