"""Time grids learned as sums: exact to the last bit, or coarse with enough exits in every step."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from summand.errors import OutcomeConstant, UsageError
from summand.methods.survival._time_steps import step_ends
from summand.methods.survival._times import SLOTS_MAX, TimeGrid, TimesState

seeds = st.integers(0, 2**32 - 1)


def learn(grid: TimeGrid, sites: list[np.ndarray]) -> tuple[TimesState, int]:
    state, rounds = grid.start(), 0
    while state.stage != "known":
        state = TimesState.from_json(grid.update(sum(grid.tally(times, state) for times in sites), state).to_json())
        rounds += 1
    return state, rounds


@pytest.mark.parametrize(
    ("values", "step", "rounds_max"),
    [
        ([5, 7, 7, 1022], 1.0, 1),
        ([0, 0.1, 0.3, 0.7], 0.1, 1),
        ([46.23, 0.3, 69.87, 46.23], None, 2),
        ([1, 2, 3], None, 2),
        ([np.pi, np.e, 1e-300, 0.0, 1e300], None, 16),
        ([1 / 3, 1 / 3 + 2**-54], None, 16),
        ([2.5], None, 2),
    ],
)
def test_exact_grid_is_the_set_of_times(values: list[float], step: float | None, rounds_max: int) -> None:
    """The grid is every distinct time of all sites, to the last bit, in few rounds."""
    times = np.array(values, dtype=float)
    grid = TimeGrid(float(times.min()), float(times.max()), step, 0)
    state, rounds = learn(grid, [times[:1], times[1:], times[:0]])
    assert state.times.tolist() == sorted(set(times.tolist()))
    assert rounds <= rounds_max
    assert (grid.place(times, state) == np.searchsorted(np.unique(times), times, side="right")).all()


@given(seed=seeds)
def test_exact_grid_of_any_floats(seed: int) -> None:
    """Times of any magnitude, some of them neighbours in float64, are all found and no other."""
    rng = np.random.default_rng(seed)
    times = np.abs(rng.normal(size=30)) * 10.0 ** rng.integers(-5, 6, 30)
    times = np.concatenate([times, np.nextafter(times[:5], np.inf), [0.0]])
    state, _ = learn(TimeGrid(0.0, float(times.max()), None, 0), [times[::2], times[1::2]])
    assert state.times.tolist() == sorted(set(times.tolist()))


@given(seed=seeds, minimum_cell=st.integers(1, 30), digits=st.integers(0, 3))
def test_coarse_grid_holds_enough_exits_and_no_own_time(seed: int, minimum_cell: int, digits: int) -> None:
    """Every step has at least the minimum of exits, times count as the next end, and ends are round numbers."""
    rng = np.random.default_rng(seed)
    times = np.round(rng.exponential(300, 200) + 1, digits)
    grid = TimeGrid(0.0, float(times.max()) + rng.uniform(0, 50), None if digits else 1.0, minimum_cell)
    state, rounds = learn(grid, [times[:90], times[90:]])
    place = grid.place(times, state) - 1
    assert rounds == 1
    assert (np.bincount(place, minlength=len(state.times)) >= minimum_cell).all()
    assert (times <= state.times[place] + 1e-6).all()
    assert (place == np.searchsorted(state.times, times - 1e-6)).all()
    np.testing.assert_allclose(state.times / state.step, np.rint(state.times / state.step), atol=1e-9)
    assert len(grid.tally(times, grid.start())) <= 256


def test_times_at_zero_count_in_the_first_step() -> None:
    """A death on day 0 belongs to the first coarse step."""
    grid = TimeGrid(0.0, 9.0, 1.0, 2)
    state, _ = learn(grid, [np.array([0.0, 0.0, 3.0, 9.0])])
    assert state.times.tolist() == [1.0, 9.0]
    assert grid.place(np.array([0.0, 1.0, 1.5, 9.0]), state).tolist() == [1, 1, 2, 2]


def test_steps_hold_enough_of_every_group() -> None:
    """Steps close only where every group has enough, and what is left joins the last one."""
    exits = np.array([[3.0, 0, 3, 3, 1, 0], [0, 0, 3, 9, 0, 1]])
    assert step_ends(exits, 3).tolist() == [2, 5]
    assert step_ends(exits, 0).tolist() == [0, 2, 3, 4, 5]
    assert step_ends(exits, 100).tolist() == [5]
    assert step_ends(np.zeros((2, 4)), 3).tolist() == []


def test_nobody_and_too_many_are_errors() -> None:
    """Without any time there is no grid; with too many distinct ones the remedy is told."""
    grid = TimeGrid(0.0, 100.0, 1.0, 0)
    with pytest.raises(OutcomeConstant):
        grid.update(np.zeros(101), grid.start())
    cells = TimesState("cells", 0.0, 1, np.arange(1.0, SLOTS_MAX + 1.0))
    with pytest.raises(UsageError, match="strata"):
        grid.update(np.ones(2 * SLOTS_MAX), cells)


def test_a_hostile_grid_does_not_crash_a_site() -> None:
    """Times that are not in a grid which a hub sent are left out of the sums."""
    grid = TimeGrid(0.0, 100.0, None, 0)
    sent = TimesState("cells", 0.0, 3, np.array([50.0]))
    assert grid.tally(np.array([1.0, 50.0, 99.0]), sent).sum() == 1.0
