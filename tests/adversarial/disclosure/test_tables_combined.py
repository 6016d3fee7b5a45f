"""An attacker with linear programming and all tables of one study at once (SciPy's HiGHS, an independent implementation).

The unknowns are how many people have each combination of the columns, missing values included; every number of the
release is an equation. A hidden count of fewer than ten people must still be anything from 0 to ten, or what the margins
alone say: for a cell of a table those of its own rows and columns, which the rule takes for known; for a level the number of
people who have one.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from summand.disclosure import PROFILES, release
from summand.errors import FormulaInvalid, Refusal
from summand.methods import Setting, from_spec
from summand.tables import Batch, Column, Dictionary
from summand.testing.plain import run_plain

LIMITS = PROFILES["institutional"]
A, B, C = ("x", "y", "z"), ("p", "q"), ("u", "v", "w")
DICTIONARY = Dictionary(
    "tables",
    (Column("a", "category", levels=A), Column("b", "category", levels=B), Column("c", "category", levels=C)),
)
sizes = st.one_of(st.sampled_from([0, 0, 0, 1, 3]), st.integers(0, 12), st.integers(0, 45))


def cohort(counts: list[int], shape: tuple[int, ...]) -> Batch:
    """So many people with each combination; the last place of each column is "missing"."""
    columns: dict[str, list[int]] = {name: [] for name in ("a", "b", "c")}
    for people, place in zip(counts, itertools.product(*map(range, shape)), strict=True):
        for name, code, size in zip(columns, place, shape, strict=True):
            columns[name] += [-1 if code == size - 1 else code] * people
    return Batch({name: np.array(codes, dtype=np.int32) for name, codes in columns.items()}, sum(counts))


class Attacker:
    """The equations that a reader can write down.

    Args:
        shape: How many places each column has, missing ones included.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape
        self.cells = np.indices(shape).reshape(len(shape), -1)
        self.rows: list[np.ndarray] = []
        self.totals: list[float] = []

    def where(self, **places: int | None) -> np.ndarray:
        """1 for each combination with these places; None for anything but missing."""
        found = np.ones(self.cells.shape[1])
        for name, place in places.items():
            axis = "abc".index(name)
            found *= self.cells[axis] < self.shape[axis] - 1 if place is None else self.cells[axis] == place
        return found

    def learn(self, row: np.ndarray, total: Any) -> None:
        """One number of the release; a hidden one teaches nothing."""
        if isinstance(total, int):
            self.rows.append(row)
            self.totals.append(float(total))

    def interval(self, row: np.ndarray) -> tuple[int, int]:
        """Between what a count must lie, in whole people."""
        ends = []
        for sign in (1.0, -1.0):
            found = linprog(sign * row, A_eq=np.array(self.rows), b_eq=self.totals, bounds=(0, None), method="highs")
            ends.append(np.inf if found.status == 3 else sign * found.fun)
        return round(ends[0] - 1e-6 + 0.499999), int(min(ends[1] + 1e-6, 1e6))


def shown(spec: dict[str, Any], batch: Batch) -> dict[str, Any] | None:
    """What a study releases; None where it is refused."""
    site = np.arange(batch.rows) % 3
    dealt = [[batch.where(site == k)] for k in range(3)]
    try:
        return release(dict(run_plain(from_spec(spec), dealt, Setting(DICTIONARY, LIMITS, 100_000, 3)).values), LIMITS)
    except Refusal:
        return None


def check(attacker: Attacker, margins: Attacker, row: np.ndarray, truth: int, what: str) -> None:
    """A small count that was hidden is as open as to somebody who knows the margins and nothing else."""
    if 0 <= truth < LIMITS.minimum_cell:
        (low, high), (low_by_margins, high_by_margins) = attacker.interval(row), margins.interval(row)
        assert low <= max(0, low_by_margins), f"{what}: at least {low}"
        assert high >= min(LIMITS.minimum_cell, high_by_margins), f"{what}: at most {high}"


@given(st.lists(sizes, min_size=12, max_size=12))
def test_levels_and_crosstab_of_one_description(counts: list[int]) -> None:
    """Two frequency tables, their missing counts and the crosstab of both, all in one release."""
    shape = (4, 3, 1)
    batch = cohort(counts, shape)
    if batch.rows < 30:
        return
    found = shown({"name": "describe", "columns": ["a", "b"], "crosstabs": [["a", "b"]]}, batch)
    assert found is not None
    attacker = Attacker(shape)
    attacker.learn(np.ones(12), batch.rows)
    for row, levels in zip(found["columns"], (A, B), strict=True):
        name, last = row["column"], len(levels)
        attacker.learn(attacker.where(**{name: None}), row["n"])
        attacker.learn(attacker.where(**{name: last}), row["missing"])
        for code, (cell,) in enumerate(row["levels"]["cells"] if row["levels"] else ()):
            attacker.learn(attacker.where(**{name: code}), cell)
    cells = found["crosstabs"][0]["counts"]["cells"]
    for i, j in itertools.product(range(3), range(2)):
        attacker.learn(attacker.where(a=i, b=j), cells[i][j])
    people = np.array(counts).reshape(4, 3)
    margins = Attacker(shape)
    margins.learn(np.ones(12), batch.rows)
    for axis, name in enumerate("ab"):
        for code in range(shape[axis]):
            margins.learn(margins.where(**{name: code}), int(people.sum(axis=1 - axis)[code]))
            other = {"ab"[1 - axis]: None}
            margins.learn(margins.where(**{name: code}, **other), int(people.take(code, axis)[:-1].sum()))
    for i, j in itertools.product(range(3), range(2)):
        if cells[i][j] is None:
            check(attacker, margins, attacker.where(a=i, b=j), int(people[i, j]), f"a={A[i]}, b={B[j]}")
    for axis, row in enumerate(found["columns"]):
        sums, name = people.sum(axis=1 - axis), row["column"]
        known = Attacker(shape)
        known.learn(np.ones(12), batch.rows)
        known.learn(known.where(**{name: None}), int(sums[:-1].sum()))
        for code, (cell,) in enumerate(row["levels"]["cells"] if row["levels"] else ()):
            if cell is None:
                check(attacker, known, attacker.where(**{name: code}), int(sums[code]), f"{name} = {code}")


@given(st.lists(sizes, min_size=12, max_size=12))
def test_a_crosstab_and_its_strata(counts: list[int]) -> None:
    """A table of two columns over all people, and the same by stratum below it."""
    shape = (3, 3, 3)
    full = np.zeros(shape, dtype=int)
    full[:2, :2, :] = np.array(counts).reshape(2, 2, 3)
    batch = cohort(full.ravel().tolist(), shape)
    dictionary = Dictionary(
        "tables",
        tuple(Column(name, "category", levels=levels) for name, levels in (("a", A[:2]), ("b", B), ("c", C[:2]))),
    )
    if batch.rows < 30:
        return
    site = np.arange(batch.rows) % 3
    dealt = [[batch.where(site == k)] for k in range(3)]
    spec = {"name": "crosstab", "row": "a", "column": "b", "strata": "c"}
    try:
        values = run_plain(from_spec(spec), dealt, Setting(dictionary, LIMITS, 100_000, 3)).values
    except Refusal:
        return
    found = release(dict(values), LIMITS)
    people = full[:2, :2, :2]
    attacker, margins = Attacker(shape), Attacker(shape)
    pooled, *below = (table["counts"]["cells"] for table in found["crosstabs"])
    strata = below[0] if below else [[None] * 4] * 2
    known = attacker.where(a=None, b=None, c=None)
    for one in (attacker, margins):
        one.learn(1.0 - known, 0)  # the study is about those who have all three
        one.learn(known, int(people.sum()))
    for c in range(2):
        margins.learn(margins.where(c=c), int(people[:, :, c].sum()))
    for i, j in itertools.product(range(2), range(2)):
        attacker.learn(attacker.where(a=i, b=j), pooled[i][j])
        margins.learn(margins.where(a=i, b=j), int(people[i, j].sum()))
        for c in range(2):
            attacker.learn(attacker.where(a=i, b=j, c=c), strata[c][2 * i + j])
    for margin in found["margins"]:
        place = {"a": A[:2], "b": B}[margin["of"]].index(margin["level"])
        attacker.learn(attacker.where(**{margin["of"]: place}), margin["people"])
    for i, j, c in itertools.product(range(2), range(2), range(2)):
        if strata[c][2 * i + j] is None:
            check(attacker, margins, attacker.where(a=i, b=j, c=c), int(people[i, j, c]), f"{i} {j} {c}")
    alone = Attacker(shape)
    alone.learn(1.0 - known, 0)
    for axis, name in enumerate("ab"):
        for code in range(2):
            alone.learn(alone.where(**{name: code}), int(people.take(code, axis).sum()))
    for i, j in itertools.product(range(2), range(2)):
        if pooled[i][j] is None:
            check(attacker, alone, attacker.where(a=i, b=j), int(people[i, j].sum()), f"{i} {j}")


@pytest.mark.parametrize(
    "twice",
    [
        {"columns": ["a"], "crosstabs": [["a", "b"], ["b", "a"]]},
        {"columns": ["a"], "by": "b", "crosstabs": [["a", "b"]]},
    ],
)
def test_two_tables_of_the_same_columns_are_refused(twice: dict[str, Any]) -> None:
    """Each would hide its own cells: under a minimum cell one pair of columns has one table."""
    batch = cohort([20] * 12, (4, 3, 1))
    with pytest.raises(FormulaInvalid, match="two tables"):
        shown({"name": "describe", **twice}, batch)


def test_a_row_does_not_add_up_to_a_hidden_level() -> None:
    """The level y has nobody, so z is hidden with it; the row of z in the crosstab would give z, and then y, away."""
    batch = cohort([10, 11, 0, 0, 0, 0, 10, 10, 0, 0, 0, 0], (4, 3, 1))
    found = shown({"name": "describe", "columns": ["a", "b"], "crosstabs": [["a", "b"]]}, batch)
    assert found is not None
    assert found["columns"][0]["levels"]["cells"] == [[21], [None], [None]]
    assert found["crosstabs"][0]["counts"]["cells"][1:] == [[None, None], [None, None]]


def test_cells_that_nobody_is_in_are_not_given_away_by_the_one_that_all_are_in() -> None:
    """Twenty people in one cell of six: shown, it would say that the others are empty."""
    batch = cohort([0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10], (4, 3, 1))
    found = shown({"name": "describe", "columns": ["a", "b"], "crosstabs": [["a", "b"]]}, batch)
    assert found is not None
    assert found["crosstabs"][0]["counts"]["cells"] == [[None, None]] * 3
