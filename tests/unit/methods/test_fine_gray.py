"""The sums behind a subdistribution hazard regression, on a few made-up rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from summand.methods import Setting, bounds
from summand.methods.survival._fine_gray import FineGray
from summand.methods.survival._fine_gray_sums import Baseline, Rows, competing_sums, likelihood, partial_sums, residuals
from summand.methods.survival._fine_gray_sums import risk_sets as summed
from summand.methods.survival._fine_gray_times import ExitTimes
from summand.tables import NO_LIMITS, Batch, Column, Dictionary
from summand.testing.plain import site_summand


def made_up(rows: int, seed: int) -> tuple[Rows, ExitTimes]:
    rng = np.random.default_rng(seed)
    reached, kinds = rng.integers(1, 9, rows), rng.integers(0, 3, rows)
    exits = np.array([np.bincount(reached[kinds == k], minlength=9)[1:] for k in range(3)], dtype=float)
    x = rng.uniform(-1, 1, (rows, 2))
    return Rows.of(x, np.array([0.4, -0.7]), reached, kinds, 30.0), ExitTimes(exits)


def test_risk_sets_are_those_of_the_definition() -> None:
    """S0 at an event time is the sum of r over those still followed, and of r G(t-)/G(x-) over past competing events."""
    rows, times = made_up(60, 1)
    s0 = summed(partial_sums(rows, times), times, 2)[4 : 4 + len(times.event_counts)]
    g = times.uncensored_before
    for place, t in zip(np.flatnonzero(times.is_event_time), range(len(s0)), strict=True):
        followed = rows.reached - 1 >= place
        past = (rows.kinds == 2) & ~followed
        weights = rows.risk * np.where(followed, 1.0, np.where(past, g[place] / g[rows.reached - 1], 0.0))
        assert s0[t] == pytest.approx(weights.sum(), rel=1e-12)


def test_censoring_comes_after_events_of_the_same_time() -> None:
    """Two of four leave by an event and one is censored at the first time: half of the two left are censored."""
    times = ExitTimes(np.array([[1.0, 1.0], [1.0, 0.0], [1.0, 0.0]]))
    assert times.uncensored_before.tolist() == [1.0, 0.5]


def test_residuals_add_up_to_the_score() -> None:
    """The part of the event adds up to the score, that of the censoring to nothing."""
    rows, times = made_up(80, 2)
    sets = summed(partial_sums(rows, times), times, 2)
    baseline = Baseline.of(sets, competing_sums(rows, len(times.exits.T)), times, 2)
    score = likelihood(sets, times.event_counts, 2).score
    np.testing.assert_allclose(residuals(rows, times, baseline).sum(axis=1), score, atol=1e-12)
    assert abs(baseline.influence).max() > 0.0


@pytest.mark.parametrize("seed", range(5))
def test_a_stratum_stays_within_its_bounds(seed: int) -> None:
    """No number of a site that is its own stratum exceeds its rows times the bound of the layout."""
    rng = np.random.default_rng(seed)
    columns = (
        Column("time", "integer", 0, 30, 1), Column("status", "integer", 0, 2, 1), Column("x", "number", -5, 5),
    )  # fmt: skip
    rows = int(rng.integers(1, 40))
    values = {"time": rng.integers(0, 31, rows), "status": rng.integers(0, 3, rows), "x": rng.uniform(-5, 5, rows)}
    batch = Batch({name: column.astype(np.float64) for name, column in values.items()}, rows)
    method = FineGray("Surv(time, status) ~ x").under(Setting(Dictionary("d", columns), NO_LIMITS, 10_000, 3))
    state, memory = method.start(), {}
    for phase in ("survey", "ascent", "baseline", "residuals"):
        state = replace(state, phase=phase)
        found, memory = site_summand(method, [batch], state, memory)
        assert (abs(found) <= rows * bounds(method.layout(state)) * (1 + 1e-9)).all()
        state = replace(state, centre=np.array([batch.columns["x"].mean() / 5]), accepted=np.array([1.5]))
