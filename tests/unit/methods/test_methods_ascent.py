"""The ascent that maximum-likelihood methods share: its steps, its end, and what it says where there is none."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest

from summand.errors import NotConverged, Separation, SingularInformation
from summand.methods._ascent import AscentState, Evaluation, Maximum, Parameters, ascend, moving
from summand.methods._own_intercept import OwnIntercept, eliminate

PARAMETERS = Parameters(("Intercept", "dose"), np.eye(2), "predict the outcome")


@dataclass(frozen=True)
class Named(AscentState):
    """A state with a field of its own."""

    name: str


def start(p: int = 2) -> Named:
    return Named(0, np.zeros(p), np.zeros(p), 1.0, 0.0, 0.0, 0, 100, "mine")


def quadratic(beta: np.ndarray) -> Evaluation:
    """A log-likelihood with its maximum at (1, -2)."""
    information = np.array([[4.0, 1.0], [1.0, 2.0]])
    away = np.array([1.0, -2.0]) - beta
    return Evaluation(-0.5 * float(away @ information @ away) - 7.0, information @ away, information)


def test_a_quadratic_is_solved_in_one_step_and_what_the_method_added_stays() -> None:
    """One step leads to the maximum, the next evaluation confirms it; other fields of the state survive."""
    one = ascend(quadratic(start().beta), start(), PARAMETERS)
    assert isinstance(one, Named)
    assert (one.round, one.name, one.log_likelihood) == (1, "mine", quadratic(np.zeros(2)).log_likelihood)
    end = ascend(quadratic(one.beta), one, PARAMETERS)
    assert isinstance(end, Maximum)
    np.testing.assert_allclose(end.state.beta, [1.0, -2.0], rtol=1e-15)
    np.testing.assert_allclose(end.solver.inverse, np.linalg.inv([[4.0, 1.0], [1.0, 2.0]]), rtol=1e-14)
    assert end.state.name == "mine"


def test_a_fall_halves_the_step_and_a_row_out_of_range_does_too() -> None:
    """The same step is tried at half its size; what was accepted stays."""
    state = replace(start(), round=3, step=np.array([8.0, 0.0]), log_likelihood=-50.0)
    for refused in (
        replace(quadratic(state.beta), log_likelihood=-51.0),
        replace(quadratic(state.beta), rows_cut_off=1.0),
    ):
        half = ascend(refused, state, PARAMETERS)
        assert isinstance(half, Named)
        assert (half.round, half.step_size, half.log_likelihood) == (4, 0.5, -50.0)
        np.testing.assert_array_equal(half.beta, [4.0, 0.0])
    lost = ascend(replace(quadratic(state.beta), log_likelihood=math.nan), state, PARAMETERS)
    assert isinstance(lost, Named)
    assert lost.step_size == 0.5


def test_there_is_no_start_out_of_range() -> None:
    """With rows out of range at the first point there is nothing to go back to."""
    with pytest.raises(NotConverged, match="cannot start"):
        ascend(replace(quadratic(np.zeros(2)), rows_cut_off=2.0), start(), PARAMETERS)


def test_steps_that_always_leave_the_range_are_told_by_their_term() -> None:
    """After some twenty halvings the term that moves is named."""
    state: AscentState = replace(start(), round=1, step=np.array([0.0, 90.0]), log_likelihood=-50.0)
    with pytest.raises(Separation, match="Along 'dose' the fit moves to means far beyond"):
        for _ in range(40):
            state = ascend(replace(quadratic(state.beta), rows_cut_off=1.0), state, PARAMETERS)  # type: ignore[assignment]
    assert state.round == 21


def test_steady_steps_of_vanishing_use_are_separation() -> None:
    """Steps that keep their length while nothing is gained have no end; the intercept is named only if it is alone."""
    flat = Evaluation(-1e-9, np.array([1e-9, 1e-9]), np.diag([1e-9, 1e-9]))
    state: AscentState = replace(start(), round=5, step=np.ones(2), log_likelihood=-1e-9)
    with pytest.raises(Separation, match="estimate: 'dose' predicts the outcome, and its"):
        for _ in range(3):
            state = ascend(flat, state, PARAMETERS)  # type: ignore[assignment]
    assert moving(np.array([3.0, 0.0]), ("Intercept", "dose")) == ("Intercept",)


def test_a_perfect_fit_is_separation_where_the_method_has_one() -> None:
    """Only a method that gives its highest log-likelihood is judged by it."""
    near = replace(quadratic(np.zeros(2)), log_likelihood=-1e-9)
    assert isinstance(ascend(near, start(), PARAMETERS), Named)
    with pytest.raises(Separation):
        ascend(near, start(), replace(PARAMETERS, highest=0.0))


def test_dependent_terms_are_named_at_the_start_and_separation_after_it() -> None:
    """A singular information is collinearity in the first evaluation, and vanished weights in a later one."""
    same = Evaluation(-50.0, np.ones(2), np.ones((2, 2)))
    with pytest.raises(SingularInformation, match="linear combination"):
        ascend(same, start(), PARAMETERS)
    with pytest.raises(SingularInformation, match="With one intercept for each site: "):
        ascend(same, start(), replace(PARAMETERS, own_intercepts=True))
    with pytest.raises(Separation, match="'dose'"):
        ascend(same, replace(start(), round=4, step=np.array([0.0, 1.0]), log_likelihood=-50.0), PARAMETERS)


def test_an_ascent_without_end_stops() -> None:
    """Fifty evaluations are enough for anything that has a maximum."""
    with pytest.raises(NotConverged, match="after 50 rounds"):
        ascend(quadratic(np.zeros(2)), replace(start(), round=49, log_likelihood=-1e9), PARAMETERS)


def test_an_eliminated_intercept_is_a_block_of_the_whole_solution() -> None:
    """Step and covariance of what is shared, and the intercept's own step, are those of the whole system."""
    rng = np.random.default_rng(3)
    root = rng.normal(size=(6, 4))
    information, score = root.T @ root, rng.normal(size=4)
    whole = np.linalg.solve(information, score)
    out = eliminate(score, information)
    step = np.linalg.solve(out.information, out.score)
    np.testing.assert_allclose(step, whole[1:], rtol=1e-10)
    np.testing.assert_allclose(np.linalg.inv(out.information), np.linalg.inv(information)[1:, 1:], rtol=1e-9)
    assert out.score @ step + out.decrement == pytest.approx(score @ whole, rel=1e-10)
    kept = OwnIntercept(0.0, 0.0).kept(0.25, score[0], information[0, 0], information[0, 1:])
    state = AscentState(1, np.zeros(3), step, 1.0, -1.0, 1.0, 0, 9)
    assert OwnIntercept.at(state, kept).value(1.0) == pytest.approx(0.25 + whole[0], rel=1e-10)
    begun = OwnIntercept.starting(-1.5, 3)
    assert OwnIntercept.at(state, begun).value(1.0) == -1.5
