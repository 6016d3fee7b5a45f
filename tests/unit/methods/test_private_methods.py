"""Private methods: no person moves a sum by more than is said, and with hardly any noise they find what the others find."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from summand.errors import MethodNotPermitted, OwnProtocolError
from summand.methods import METHODS, Method, Result, Setting, bounds, from_spec, length, private_method
from summand.methods.learning._boosting_predict import predict
from summand.methods.private import PrivateMethod
from summand.tables import NO_LIMITS, Batch, Column, Dictionary
from summand.testing.plain import run_plain

DICTIONARY = Dictionary(
    "people",
    (
        Column("age", "number", 20, 90),
        Column("bmi", "number", 10, 60),
        Column("sex", "category", levels=("f", "m")),
        Column("died", "integer", 0, 1),
        Column("score", "number", 0, 12),
        Column("visits", "integer", 0, 10),
    ),
)
SETTING = Setting(DICTIONARY, NO_LIMITS, 100_000, 4)
SPECS: dict[str, dict[str, Any]] = {
    "describe": {"name": "describe", "columns": ["age", "bmi", "sex"], "crosstabs": [["sex", "died"]]},
    "describe by": {"name": "describe", "columns": ["age", "died"], "by": "sex"},
    "linear": {"name": "linear", "formula": "score ~ age + C(sex)"},
    "linear, no constant": {"name": "linear", "formula": "score ~ age - 1"},
    "logistic": {"name": "logistic", "formula": "died ~ age + bmi + C(sex)"},
    "poisson": {"name": "glm", "formula": "visits ~ age", "family": "poisson"},
    "boosting": {"name": "boosting", "formula": "died ~ age + bmi + sex", "trees": 3, "depth": 2},
    "boosting, squared": {"name": "boosting", "formula": "score ~ age + sex", "trees": 3, "depth": 3},
}


def private(spec: dict[str, Any]) -> Any:
    """The private method of a request, in its setting."""
    return private_method(from_spec(spec)).under(SETTING)


def people(rng: np.random.Generator, rows: int, *, extreme: bool = False) -> Batch:
    """People with an effect of age; ``extreme`` ones sit at the ends of every range."""
    age = rng.choice([20.0, 90.0], rows) if extreme else np.round(rng.uniform(20, 90, rows), 1)
    bmi = rng.choice([10.0, 60.0], rows) if extreme else np.round(rng.uniform(15, 45, rows), 1)
    sex = rng.integers(0, 2, rows).astype(np.int32)
    died = (rng.random(rows) < 1 / (1 + np.exp(-(age - 55) / 15))).astype(float)
    score = np.clip(np.round(1 + 0.08 * age + sex + rng.normal(0, 1, rows), 2), 0, 12)
    visits = np.minimum(rng.poisson(np.exp(0.015 * age)), 10).astype(float)
    if extreme:
        score, visits = rng.choice([0.0, 12.0], rows), rng.choice([0.0, 10.0], rows)
    return Batch({"age": age, "bmi": bmi, "sex": sex, "died": died, "score": score, "visits": visits}, rows)


def states(method: Any, batch: Batch) -> list[Any]:
    """The states of a run with the noise of the batch's own sums."""
    rng, state, found = np.random.default_rng(1), method.start(), []
    while not isinstance(state, Result):
        found.append(state)
        total = method.tally(batch, state, {})
        state = method.update_noisy(total + rng.normal(0, 1.0, total.size), state, 1.0)
    return found


@pytest.mark.parametrize("name", SPECS)
@given(seed=st.integers(0, 2**32 - 1), extreme=st.booleans())
def test_one_person_moves_the_sums_by_at_most_the_sensitivity(name: str, seed: int, extreme: bool) -> None:
    """In every round, whoever comes: the norm of the change is within what noise is drawn for, and within the bounds."""
    rng = np.random.default_rng(seed)
    method = private(SPECS[name])
    batch = people(rng, 30)
    one = people(rng, 1, extreme=extreme)
    both = Batch({c: np.concatenate([batch.columns[c], one.columns[c]]) for c in batch.columns}, 31)
    for state in states(method, batch):
        change = method.tally(both, state, {}) - method.tally(batch, state, {})
        assert np.linalg.norm(change) <= method.sensitivity(state) * (1 + 1e-9)
        assert np.all(np.abs(change) <= bounds(method.layout(state)) * (1 + 1e-9))
        assert change.size == length(method.layout(state))


@pytest.mark.parametrize("name", SPECS)
def test_the_parts_of_the_loss_are_the_whole(name: str) -> None:
    """The rounds' shares add up to 1; a state survives JSON; condensing changes nothing."""
    method = private(SPECS[name])
    batch = people(np.random.default_rng(4), 400)
    visited = states(method, batch)
    assert sum(method.share(state) for state in visited) == pytest.approx(1.0, abs=1e-12)
    for state in visited:
        again = type(state).from_json(state.to_json())
        sums = method.tally(batch, state, {})
        assert np.array_equal(sums, method.tally(batch, again, {}))
        assert method.condense(sums, state, {})[0] is sums
        with pytest.raises(OwnProtocolError):
            method.update(sums, state)


def without_noise(spec: dict[str, Any], batch: Batch) -> dict[str, Any]:
    """The private method's values where the noise is a millionth of a person."""
    method, sigma = private(spec), 1e-6
    state: Any = method.start()
    while not isinstance(state, Result):
        state = method.update_noisy(method.tally(batch, state, {}), state, sigma)
    return dict(state.values)


@pytest.mark.parametrize("name", ["linear", "linear, no constant", "logistic", "poisson"])
def test_regressions_without_noise_are_the_pooled_fit(name: str) -> None:
    """Coefficients and errors beside the exact method: every digit for linear, Newton's own for the others."""
    batch = people(np.random.default_rng(7), 3000)
    found = without_noise(SPECS[name], batch)["terms"]
    exact = run_plain(from_spec(SPECS[name]), [[batch]], SETTING).values["terms"]
    tolerance = 1e-9 if name.startswith("linear") else 1e-5
    for mine, other in zip(found, exact, strict=True):
        assert mine["term"] == other["term"]
        assert mine["estimate"] == pytest.approx(other["estimate"], rel=tolerance, abs=tolerance)
        assert mine["std_error"] == pytest.approx(other["std_error"], rel=1e-3)


def test_a_description_without_noise_is_the_pooled_one() -> None:
    """Counts, mean, deviation, levels and the bin of the median."""
    batch = people(np.random.default_rng(9), 800)
    age, _, sex = without_noise(SPECS["describe"], batch)["columns"]
    assert age["n"].people == 800 and age["missing"].people == 0
    assert age["mean"] == pytest.approx(batch.number("age").mean(), rel=1e-9)
    assert age["sd"] == pytest.approx(batch.number("age").std(ddof=1), rel=1e-9)
    low, high = age["median"]
    assert low <= np.median(batch.number("age")) <= high
    assert [cell for (cell,) in sex["levels"].cells] == np.bincount(batch.codes("sex")).tolist()
    assert age["min"] is None and age["max"] is None


def test_private_trees_predict() -> None:
    """Random splits with learned leaves tell the old from the young; the model is read by `predict`."""
    rng = np.random.default_rng(2)
    batch, fresh = people(rng, 4000), people(rng, 2000)
    spec = {"name": "boosting", "formula": "died ~ age + bmi + sex", "trees": 60, "depth": 3, "learning_rate": 0.3}
    model = without_noise(spec, batch)["model"]
    columns = {
        "age": fresh.number("age"),
        "bmi": fresh.number("bmi"),
        "sex": [("f", "m")[i] for i in fresh.codes("sex")],
    }
    risk, died = predict(model, columns), fresh.number("died") > 0
    above = (risk[died][:, None] > risk[~died][None, :]).mean()
    truth = fresh.number("age")
    best = (truth[died][:, None] > truth[~died][None, :]).mean()
    assert 0.5 < best - 0.03 < above <= best + 0.02


def test_errors_count_the_noise() -> None:
    """Over many draws, the estimates spread as the standard errors say, noise and all."""
    rng = np.random.default_rng(11)
    for name in ("linear", "logistic"):
        method, batch, sigma = private(SPECS[name]), people(rng, 2000), 25.0
        estimates, told = [], []
        for _ in range(300):
            state: Any = method.start()
            while not isinstance(state, Result):
                total = method.tally(batch, state, {})
                state = method.update_noisy(total + rng.normal(0, sigma, total.size), state, sigma)
            row = next(row for row in state.values["terms"] if row["term"] == "age")
            estimates.append(row["estimate"])
            told.append(row["std_error"])
        exact = next(
            row for row in run_plain(from_spec(SPECS[name]), [[batch]], SETTING).values["terms"] if row["term"] == "age"
        )
        from_noise = np.sqrt(np.mean(np.square(told)) - exact["std_error"] ** 2)
        assert from_noise == pytest.approx(np.std(estimates), rel=0.25)


@pytest.mark.parametrize("name", sorted(set(METHODS) - {"describe", "linear", "logistic", "glm", "boosting"}))
def test_every_other_method_is_refused_by_name(name: str) -> None:
    """Whatever its settings: the refusal names the method, the reason and the clause."""

    class Named:
        pass

    other: Any = Named()
    other.name = name
    with pytest.raises(MethodNotPermitted, match=f"'{name}'") as refused:
        private_method(other)
    assert refused.value.clause == "E.budget"
    assert not isinstance(other, PrivateMethod)


@pytest.mark.parametrize(
    "spec",
    [
        {"name": "logistic", "formula": "died ~ age", "site": "fixed"},
        {"name": "linear", "formula": "score ~ age", "errors": "HC0"},
        {"name": "linear", "formula": "score ~ age", "weights": "bmi"},
        {"name": "glm", "formula": "score ~ age", "family": "gamma"},
        {"name": "linear", "formula": "score ~ ns(age, 3)"},
        {"name": "describe", "shape": "biased"},
        {"name": "boosting", "formula": "died ~ age", "monotone": {"age": 1}},
        {"name": "boosting", "formula": "died ~ age", "depth": 8},
    ],
)
def test_settings_without_a_bound_are_refused(spec: dict[str, Any]) -> None:
    """Condensed, weighted, learned or unbounded: no noise is said to protect what no bound is proved for."""
    with pytest.raises(MethodNotPermitted, match=spec["name"]):
        private_method(from_spec(spec))


def test_private_methods_are_methods() -> None:
    """They go every way that a method goes."""
    for spec in SPECS.values():
        method = private(spec)
        assert isinstance(method, Method) and isinstance(method, PrivateMethod)
        assert method.to_spec() == from_spec(spec).to_spec()
