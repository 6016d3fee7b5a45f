"""A site's memory of its rows while trees grow is only ever what rows and state give anew."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from summand.methods import Boosting, Result, Setting
from summand.methods.learning._row_hash import row_hash, uniforms
from summand.tables import NO_LIMITS, Batch, Column, Dictionary

DICTIONARY = Dictionary(
    "memory",
    (
        Column("a", "number", -5, 5), Column("b", "integer", 0, 9, 1),
        Column("c", "category", levels=("x", "y", "z")), Column("ill", "integer", 0, 1, 1),
    ),
)  # fmt: skip


def drawn(rows: int, seed: int) -> Batch:
    """Rows with gaps in every column but the outcome."""
    rng = np.random.default_rng(seed)
    a, b = np.clip(rng.normal(size=rows), -5, 5), rng.integers(0, 10, rows).astype(float)
    ill = (rng.uniform(size=rows) < 1 / (1 + np.exp(-a - 0.2 * b + 1))).astype(float)
    a[rng.uniform(size=rows) < 0.1] = np.nan
    return Batch({"a": a, "b": b, "c": rng.integers(-1, 3, rows).astype(np.int32), "ill": ill}, rows)


def test_a_site_that_was_killed_adds_the_same() -> None:
    """At every state of a run, a site that starts anew contributes bit for bit what one contributes that went along."""
    setting = Setting(DICTIONARY, NO_LIMITS, 10_000, 1)
    asked = Boosting("ill ~ a + b + c", trees=4, depth=4, bins=16, rows_min=5)
    method, batch = asked.under(setting), drawn(700, 1)
    state: Any = method.start()
    for _ in range(100):
        along = method.tally(batch, state, {})
        again = type(state).from_json(json.loads(json.dumps(state.to_json())))
        anew = asked.under(setting).tally(batch, again, {})
        assert np.array_equal(along, anew)
        assert np.array_equal(along, method.tally(batch, state, {}))
        state = method.update(along, state)
        if isinstance(state, Result):
            break
    assert isinstance(state, Result)
    assert state.values["trees"] >= 1


def test_memory_ends_with_the_batch() -> None:
    """Nothing of a batch is kept once the batch is gone."""
    method = Boosting("ill ~ a", trees=2, depth=2, held_out=0).under(Setting(DICTIONARY, NO_LIMITS, 10_000, 1))
    batch = drawn(300, 2)
    state: Any = method.start()
    while state.phase == "bins":
        state = method.update(method.tally(batch, state, {}), state)
    method.tally(batch, state, {})
    assert len(method._memory) == 1
    del batch
    assert len(method._memory) == 0


def test_a_rows_number_depends_on_its_values_alone() -> None:
    """The same values give the same number in any batch; other values and seeds another; they spread evenly."""
    batch = drawn(5000, 3)
    names = ("a", "b", "c")
    one = row_hash(batch, names, 7)
    order = np.random.default_rng(1).permutation(5000)
    shuffled = Batch({name: values[order] for name, values in batch.columns.items()}, 5000)
    assert np.array_equal(row_hash(shuffled, names, 7), one[order])
    assert not (row_hash(batch, names, 8) == one).any()
    assert len(np.unique(one)) > 4400  # the others lack a, and share b and c with somebody
    values = uniforms(one)
    assert 0.0 < values.min() < values.max() < 1.0
    assert np.abs(np.bincount((values * 10).astype(int), minlength=10) - 500).max() < 100


def test_zero_has_one_sign() -> None:
    """A row with -0.0 is the same row as one with 0.0."""
    one, other = (Batch({"a": np.array([zero])}, 1) for zero in (0.0, -0.0))
    assert row_hash(one, ("a",), 1) == row_hash(other, ("a",), 1)
