"""A model made to be a step between one person and all others is not judged; the one that a study released is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from summand.errors import ModelNotReleased
from summand.federation import Federation
from summand.testing.federations import Partnership

SITES = ("east", "north", "west")
FIT = {"name": "logistic", "formula": "died ~ age", "site": "pooled"}
WHAT = {
    "evaluate": {},
    "roc": {"by": None},
    "thresholds": {"by": None, "thresholds": [0.3]},
    "evaluate_survival": {"at": 5.0, "baseline": {}},
}


@pytest.fixture(scope="module")
def federation():
    """Three sites of sixty people each under the institutional profile."""
    rng, tables = np.random.default_rng(3), {}
    for site in SITES:
        age = rng.integers(30, 90, 60)
        died = (rng.random(60) < 1 / (1 + np.exp(-(age - 60) / 10))).astype(int)
        time = np.round(rng.uniform(1.0, 10.0, 60), 2)
        tables[site] = {"age": age.tolist(), "died": died.tolist(), "time": time.tolist()}
    columns = {"age": (20, 100), "died": (0, 1), "time": (0, 12)}
    with Partnership.of(tables, columns, profile="institutional").federation() as made:
        yield made


@pytest.fixture(scope="module")
def fitted(federation: Federation) -> tuple[str, dict[str, float]]:
    """A released model: its study and its coefficients, every digit."""
    result = federation.run(FIT)
    return result.study_id, {row["term"]: row["estimate"] for row in result.to_dict()["terms"]}


def judging(name: str, terms: dict[str, float], study: str | None) -> dict[str, Any]:
    """A request to judge one model of age."""
    model = {"name": "ours", "formula": "~ age", "terms": terms} | ({} if study is None else {"study": study})
    outcome = "Surv(time, died)" if name == "evaluate_survival" else "died"
    return {"name": name, "models": [model], "outcome": outcome, **WHAT[name]}


@pytest.mark.parametrize("name", WHAT)
def test_a_step_at_one_age_is_refused(name: str, federation: Federation, fitted: tuple[str, dict[str, float]]) -> None:
    """With or without the name of a real study, coefficients of the requester's choice are refused by every method."""
    step = {"Intercept": -60_000.0, "age": 1000.0}
    for study in (None, fitted[0], "0" * 32):
        with pytest.raises(ModelNotReleased):
            federation.run(judging(name, step, study))


def test_a_model_may_be_named_by_a_study_that_was_answered_from_the_record(
    federation: Federation, fitted: tuple[str, dict[str, float]]
) -> None:
    """The same fit asked again has another identifier and the same result, and either names the model."""
    again = federation.run(FIT).study_id
    assert again != fitted[0]
    assert federation.run(judging("evaluate", fitted[1], again)).to_dict()["n"] == 180


@pytest.mark.parametrize("name", ["evaluate", "roc", "thresholds"])
def test_a_released_model_is_judged(name: str, federation: Federation, fitted: tuple[str, dict[str, float]]) -> None:
    """The same numbers under the study's identifier are judged; without it, or with one digit changed, they are not."""
    study, terms = fitted
    assert federation.run(judging(name, terms, study)).to_dict()["n"] == 180
    for other in (judging(name, terms, None), judging(name, {**terms, "age": terms["age"] + 1e-6}, study)):
        with pytest.raises(ModelNotReleased):
            federation.run(other)
