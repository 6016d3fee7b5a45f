"""The laws that every method obeys; a method inherits them by a `Case`."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from law_case import Case, all_cases

from summand.methods import Local, Method, Result, State, bounds, length
from summand.methods._registry import from_spec
from summand.tables import Array, Batch, Count, CountTable
from summand.testing.plain import empty_batch, run_plain, site_summand

CASES = all_cases()
BOUNDED = [case for case in CASES if case.one_row_bounds]
every_method = pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
seeds = st.integers(0, 2**32 - 1)


def some_states(case: Case, seed: int, most: int = 4) -> list[tuple[State, Local]]:
    """The states and one site's memories of the first rounds of a run on data of its own."""
    method, batch = case.ready, case.draw(np.random.default_rng(seed), case.rows_min)
    state: Any = method.start()
    memory: Local = {}
    found = []
    for _ in range(most):
        found.append((state, memory))
        summand, memory = site_summand(method, [batch], state, memory)
        state = method.update(summand, state)
        if isinstance(state, Result):
            break
    return found


def rows_of(case: Case, seed: int, batch: Batch, memory: Local) -> Batch:
    """``batch``, or the rows that a site's memory is about: event times of other people's are no site's."""
    return case.draw(np.random.default_rng(seed), case.rows_min) if memory else batch


def summand(method: Method, batches: list[Batch], state: State, memory: Local) -> Array:
    return site_summand(method, batches, state, memory)[0]


def parts(batch: Batch, rng: np.random.Generator, count: int) -> list[Batch]:
    """The rows dealt to ``count`` batches, unevenly; some may be empty."""
    weights = rng.dirichlet(np.full(count, 0.5))
    where = rng.choice(count, size=batch.rows, p=weights)
    return [batch.where(where == i) for i in range(count)]


def close(a: Array, b: Array, magnitude: Array, tolerance: float = 1e-10) -> bool:
    return bool((np.abs(a - b) <= tolerance * (1.0 + magnitude)).all())


def numbers(value: Any) -> list[float]:
    """Every number of a result, in order; counts included."""
    if isinstance(value, Count):
        return [float(value.people)]
    if isinstance(value, CountTable):
        return [float(cell) for row in value.cells for cell in row]
    if isinstance(value, dict):
        return [number for key in value for number in numbers(value[key])]
    if isinstance(value, (list, tuple)):
        return [number for item in value for number in numbers(item)]
    if isinstance(value, np.ndarray):
        return [float(number) for number in value.ravel()]
    return [float(value)] if isinstance(value, (int, float)) and not isinstance(value, bool) else []


@every_method
@given(seed=seeds, cuts=st.integers(1, 5))
def test_adds_over_rows(case: Case, seed: int, cuts: int) -> None:
    """A site's summand does not depend on how its rows lie in batches."""
    rng = np.random.default_rng(seed)
    method, batch = case.ready, case.draw(rng, int(rng.integers(1, 80)))
    for state, memory in some_states(case, seed % 7):
        rows = rows_of(case, seed % 7, batch, memory)
        whole, cut = (summand(method, b, state, memory) for b in ([rows], parts(rows, rng, cuts)))
        assert close(whole, cut, rows.rows * bounds(method.layout(state)))


@every_method
@given(seed=seeds)
def test_ignores_row_order(case: Case, seed: int) -> None:
    """A site's summand does not depend on the order of its rows."""
    rng = np.random.default_rng(seed)
    method, batch = case.ready, case.draw(rng, int(rng.integers(1, 80)))
    for state, memory in some_states(case, seed % 7):
        rows = rows_of(case, seed % 7, batch, memory)
        order = rng.permutation(rows.rows)
        shuffled = Batch({name: values[order] for name, values in rows.columns.items()}, rows.rows)
        one, other = (summand(method, [b], state, memory) for b in (rows, shuffled))
        assert close(one, other, rows.rows * bounds(method.layout(state)))


@every_method
def test_empty_batch_is_neutral(case: Case) -> None:
    """An empty batch changes nothing, and a site without rows adds only zeros."""
    method, batch = case.ready, case.draw(np.random.default_rng(1), 25)
    empty = empty_batch(case.dictionary, method.columns)
    for state, memory in some_states(case, 1):
        with_empty = summand(method, [empty, batch, empty], state, memory)
        assert np.array_equal(with_empty, summand(method, [batch], state, memory))
    state: Any = method.start()
    memory: Local = {}
    full: Local = {}
    for _ in range(4):
        nothing, memory = site_summand(method, [empty], state, memory)
        assert not nothing.any()
        total, full = site_summand(method, [case.draw(np.random.default_rng(2), case.rows_min)], state, full)
        state = method.update(total, state)
        if isinstance(state, Result):
            break


@every_method
@given(seed=seeds)
def test_layout_depends_on_state_alone(case: Case, seed: int) -> None:
    """Every summand has the layout's length, finite, whatever the rows; blocks are named and bounded."""
    rng = np.random.default_rng(seed)
    method = case.ready
    for state, memory in some_states(case, seed % 7):
        layout = method.layout(state)
        assert all(block.size >= 1 and block.bound > 0.0 and np.isfinite(block.bound) for block in layout)
        assert len({block.name for block in layout}) == len(layout)
        for rows in (0, 1, 30):
            vector = summand(method, [case.draw(rng, rows)], state, memory)
            assert vector.shape == (length(layout),)
            assert np.isfinite(vector).all()


@pytest.mark.parametrize("case", BOUNDED, ids=[case.name for case in BOUNDED])
@given(seed=seeds, rows=st.integers(1, 12))
def test_rows_add_at_most_their_bound(case: Case, seed: int, rows: int) -> None:
    """No number of a site with n rows exceeds n times the bound that its layout declares."""
    method, batch = case.ready, case.draw(np.random.default_rng(seed), rows)
    for state, memory in some_states(case, seed % 7):
        size = np.abs(summand(method, [batch], state, memory))
        assert (size <= rows * bounds(method.layout(state)) * (1 + 1e-9)).all()


@every_method
@given(seed=seeds)
def test_numbers_are_multiples_of_their_grain(case: Case, seed: int) -> None:
    """Where a layout says that numbers are whole multiples of a power of two, a site contributes no others."""
    method, batch = case.ready, case.draw(np.random.default_rng(seed), 30)
    for state, memory in some_states(case, seed % 7):
        layout, vector = method.layout(state), summand(method, [batch], state, memory)
        for block, part in zip(layout, np.split(vector, np.cumsum([block.size for block in layout])[:-1]), strict=True):
            if block.grain is not None:
                whole = part * 2.0**block.grain
                assert np.array_equal(whole, np.rint(whole)), block.name


@every_method
def test_arguments_are_left_unchanged(case: Case) -> None:
    """Neither batch, state, local memory, partial nor total is written into."""
    method, batch = case.ready, case.draw(np.random.default_rng(3), case.rows_min)
    for values in batch.columns.values():
        values.setflags(write=False)
    for state, memory in some_states(case, 3):
        before = copy.deepcopy((state.to_json(), memory))
        partial = method.tally(batch, state, memory)
        kept = copy.deepcopy(partial)
        total, _ = method.condense(partial, state, memory)
        np.testing.assert_equal(kept, partial)
        total.setflags(write=False)
        method.update(total, state)
        assert json.dumps(before[0]) == json.dumps(state.to_json())
        np.testing.assert_equal(before[1], memory)


@every_method
def test_state_and_request_survive_json(case: Case) -> None:
    """A state read back from its JSON text gives the same summand; a request gives the same method."""
    method, batch = case.ready, case.draw(np.random.default_rng(4), 40)
    for state, memory in some_states(case, 4):
        again = type(state).from_json(json.loads(json.dumps(state.to_json(), allow_nan=False)))
        assert np.array_equal(summand(method, [batch], state, memory), summand(method, [batch], again, memory))
    assert from_spec(json.loads(json.dumps(case.method.to_spec()))) == case.method


@every_method
def test_update_is_deterministic(case: Case) -> None:
    """Two machines that read the same total find the same state, to the last bit on one machine."""
    method, batch = case.ready, case.draw(np.random.default_rng(5), case.rows_min)
    for state, memory in some_states(case, 5):
        total = summand(method, [batch], state, memory)
        first, second = (case.ready.update(total.copy(), state) for _ in range(2))
        if isinstance(first, State):
            assert json.dumps(first.to_json()) == json.dumps(second.to_json())


@every_method
@given(seed=seeds)
def test_any_split_of_the_rows_gives_the_pooled_result(case: Case, seed: int) -> None:
    """Sites of uneven size, an empty one and one of a single row among them, find what one site finds."""
    check_any_split(case, seed)


def test_a_mean_halfway_between_two_rounded_ones_is_told_alike_at_any_split() -> None:
    """With this seed a mean under limits is 59.525, whose last bit depends on how the rows are dealt."""
    check_any_split(next(case for case in CASES if case.name == "table one, limits"), 460265)


def check_any_split(case: Case, seed: int) -> None:
    rng = np.random.default_rng(seed)
    batch = case.draw(rng, case.rows_min)
    pooled = run_plain(case.method, [[batch]], case.setting)
    one, rest = batch.where(np.arange(batch.rows) == 0), batch.where(np.arange(batch.rows) != 0)
    if case.sites_matter:
        split = run_plain(case.method, [[one, *parts(rest, rng, 3)], []], case.setting)
    else:
        split = run_plain(case.method, [[one], [], *([part] for part in parts(rest, rng, 3))], case.setting)
    expected, found = np.array(numbers(pooled.values)), np.array(numbers(split.values))
    assert expected.shape == found.shape
    assert (np.abs(expected - found) <= case.tolerance * (1.0 + np.abs(expected))).all()
    assert pooled.warnings == split.warnings


@every_method
@given(seed=seeds)
def test_fixed_point_rounding_stays_within_the_stated_error(case: Case, seed: int) -> None:
    """Summands rounded to multiples of 2^-64 at each site move the total by at most 2^-65 per site and float64's own."""
    rng = np.random.default_rng(seed)
    method, batch = case.ready, case.draw(rng, 60)
    for state, memory in some_states(case, seed % 7):
        dealt = [rows_of(case, seed % 7, batch, memory)] * 3 if memory else parts(batch, rng, 3)
        shares = [summand(method, [part], state, memory) for part in dealt]
        filled = np.array(shares)[:, np.any(shares, axis=0)]  # zeros are exact, and most bins of a histogram are zero
        exact = np.array(
            [
                sum(int(x * 2**64) if abs(x) < 2**-12 else round(x * 2**64) for x in row)
                for row in filled.T.astype(object)
            ],
            dtype=object,
        )
        plain = filled.sum(axis=0)
        assert close(np.array([float(total) / 2**64 for total in exact]), plain, np.abs(plain), 1e-14)
