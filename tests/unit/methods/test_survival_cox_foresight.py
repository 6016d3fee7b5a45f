"""Products of covariates weighted by foreseen hazards: exact where these are right, and how far off where they are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from summand.methods._newton import symmetric
from summand.methods.survival._cox_foresight import OFF_DONE, OFF_MAX, Foresight, at_start, foreseen, grid_sums
from summand.methods.survival._cox_rows import CoxRows
from summand.methods.survival._cox_state import CoxState
from summand.methods.survival._cox_step import ascend
from summand.methods.survival._cox_sums import exits_by_time, risk_sets, risk_sums
from summand.methods.survival._efron import EfronSums
from summand.methods.survival._partial_likelihood import Moments
from summand.methods.survival._risk_sets import RiskSets

TIMES, STRATA, P = 6, 2, 3
FURTHEST = 20.0


def some_rows(seed: int, count: int = 80) -> tuple[CoxRows, np.ndarray, np.ndarray]:
    """Rows with ties, late entry, weights and strata; and the counts and weights of events by time."""
    rng = np.random.default_rng(seed)
    reached = rng.integers(0, TIMES + 1, count)
    rows = CoxRows(
        rng.uniform(-1.5, 1.5, (count, P)), (rng.random(count) < 0.6) & (reached > 0), reached,
        np.minimum(rng.integers(0, 3, count), np.maximum(reached - 1, 0)), rng.uniform(0.2, 1.0, count),
        rng.integers(0, STRATA, count),
    )  # fmt: skip
    at = rows.at(TIMES)[rows.events]
    counts = np.bincount(at, minlength=STRATA * TIMES).astype(float)
    return rows, counts, np.bincount(at, weights=rows.weights[rows.events], minlength=STRATA * TIMES)


def by_foresight(
    rows: CoxRows, beta: np.ndarray, counts: np.ndarray, weights: np.ndarray, thought: Foresight, efron: bool
) -> tuple[np.ndarray, float, RiskSets]:
    """The information that a shared grid gives, how far its hazards are off, and the risk sets."""
    total = grid_sums(rows, beta, counts, thought, furthest=FURTHEST, efron=efron, strata=STRATA)
    sets = risk_sets(total, counts, P, efron=efron, weights=weights, strata=STRATA, products=False)
    judged, off = sets.judged_by(thought.s0, thought.share[sets.tied])
    products = total[len(total) - P * (P + 1) // 2 :] * weights.sum()
    return products - judged.mean_squares(np.ones(len(counts))), off, sets


def exact(rows: CoxRows, beta: np.ndarray, counts: np.ndarray, weights: np.ndarray, efron: bool) -> RiskSets:
    """The risk sets with products summed by time."""
    sums = risk_sums(rows, beta, counts, furthest=FURTHEST, efron=efron, strata=STRATA)
    return risk_sets(sums, counts, P, efron=efron, weights=weights, strata=STRATA)


@pytest.mark.parametrize("efron", [True, False])
@given(seed=st.integers(0, 10_000))
def test_what_is_known_at_the_start_gives_the_information(efron: bool, seed: int) -> None:
    """At beta = 0 the survey's exits are the risk sets, and one sum of products is the information of products by time."""
    rows, counts, weights = some_rows(seed)
    known = at_start(exits_by_time(rows, TIMES, STRATA), weights, counts, STRATA)
    thought = Foresight.of(*known, counts, weights, efron=efron)
    found, off, _ = by_foresight(rows, np.zeros(P), counts, weights, thought, efron)
    assert off < 1e-12
    expected = exact(rows, np.zeros(P), counts, weights, efron).information(np.ones(len(counts)))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("efron", [True, False])
@given(seed=st.integers(0, 10_000), size=st.floats(1e-4, 0.5))
def test_a_foreseen_information_is_off_by_no_more_than_its_hazards(efron: bool, seed: int, size: float) -> None:
    """In no direction does it differ from the information by more than the largest relative difference of a hazard."""
    rows, counts, weights = some_rows(seed)
    rng = np.random.default_rng(seed)
    beta, step = rng.normal(size=P) * 0.5, rng.normal(size=P) * size
    before = exact(rows, beta, counts, weights, efron)
    known = foreseen(before, step, before.information(np.ones(len(counts))))
    thought = Foresight.of(*known, counts, weights, efron=efron)
    found, off, sets = by_foresight(rows, beta + step, counts, weights, thought, efron)
    right = exact(rows, beta + step, counts, weights, efron)
    everywhere = np.ones(len(counts))
    np.testing.assert_allclose(sets.expected(everywhere), right.expected(everywhere), rtol=1e-9, atol=1e-12)
    information = symmetric(right.information(everywhere), P)
    difference = symmetric(found, P) - information
    rounding = 1e-10 * (1.0 + np.trace(information)) * np.eye(P)
    for sign in (1.0, -1.0):
        assert np.linalg.eigvalsh(off * information + sign * difference + rounding).min() >= 0.0


def test_foresight_errs_by_the_square_of_the_step() -> None:
    """A step ten times shorter is foreseen a hundred times better: Newton's method keeps its pace."""
    rows, counts, weights = some_rows(3, 2_000)
    found = []
    for size in (0.1, 0.01):
        step = np.full(P, size)
        before = exact(rows, np.zeros(P), counts, weights, True)
        known = foreseen(before, step, before.information(np.ones(len(counts))))
        found.append(
            by_foresight(rows, step, counts, weights, Foresight.of(*known, counts, weights, efron=True), True)[1]
        )
    assert found[0] < 0.02
    assert found[1] < found[0] / 50


def test_a_place_foreseen_badly_is_asked_at_again() -> None:
    """Neither a step nor the end is taken where hazards are too far off; an evaluation that can be trusted goes on."""
    zero, none = np.zeros(1), np.zeros(0)
    state = CoxState(
        "known", 1.0, 0, none, "ascent", 3, 50, 40, zero, np.ones(1), zero, -90.0, -100.0, 1e-3, 0, np.array([9.0]), none
    )  # fmt: skip
    design = _Design()
    away = Moments(-80.0, np.array([3.0]), np.array([9.0]))
    again = ascend(away, 0.0, state, design, OFF_MAX * 1.01)  # type: ignore[arg-type]
    assert isinstance(again, CoxState)
    assert (again.beta, again.accepted, again.iteration, again.log_likelihood) == (1.0, 1.0, 4, -80.0)
    onward = ascend(away, 0.0, state, design, OFF_MAX * 0.99)  # type: ignore[arg-type]
    assert isinstance(onward, CoxState)
    np.testing.assert_allclose(onward.beta, 1.0 + 3.0 / 9.0)
    there = Moments(-80.0, np.array([1e-12]), np.array([9.0]))
    unsure = ascend(there, 0.0, state, design, OFF_DONE * 1.01)  # type: ignore[arg-type]
    assert isinstance(unsure, CoxState)
    assert unsure.beta == 1.0
    assert not isinstance(ascend(there, 0.0, state, design, OFF_DONE * 0.99), CoxState)  # type: ignore[arg-type]
    first = replace(state, iteration=0)
    assert ascend(away, 0.0, first, design, OFF_DONE * 1.01) is first  # type: ignore[arg-type]


class _Design:
    """One covariate called x, as it is."""

    terms = ("x",)
    to_original = np.eye(1)

    def __len__(self) -> int:
        return 1


@given(seed=st.integers(0, 10_000))
def test_efron_sums_are_those_of_the_definition(seed: int) -> None:
    """Each sum over l, one term after the other."""
    rng = np.random.default_rng(seed)
    counts, weights, share = rng.integers(1, 6, 4).astype(float), rng.uniform(0.1, 3.0, 4), rng.uniform(0.0, 1.0, 4)
    found = EfronSums.of(share, counts, weights)
    expected = np.zeros((5, 4))
    log_u = 0.0
    for t in range(4):
        for rank in range(int(counts[t])):
            c = rank / counts[t]
            u = 1.0 / (1.0 - c * share[t])
            expected[:, t] += weights[t] / counts[t] * np.array([u, c * u, u * u, c * u * u, c * c * u * u])
            log_u += weights[t] / counts[t] * np.log(u)
    np.testing.assert_allclose([found.u, found.cu, found.uu, found.cuu, found.ccuu], expected, rtol=1e-12)
    np.testing.assert_allclose(found.log_u, log_u, rtol=1e-12)
