"""The reference process: independent, converged, and given the records only for results in the ledger."""

import os

import numpy as np
import pytest

from shared_files import shared_data
from summand.demo._compare import compare, curve_difference, relative_difference
from summand.demo._heart import heart_case
from summand.demo._lung import lung_case
from summand.demo._reference import Reference, pooled_table
from summand.errors import NotConverged, OwnProtocolError


@pytest.fixture(scope="module")
def lung():
    """The reference process on the lung data."""
    with Reference(lung_case()) as process:
        yield process


@pytest.fixture(scope="module")
def heart():
    """The reference process on the heart data."""
    with Reference(heart_case(shared_data("heart"))) as process:
        yield process


def test_demo_reference_is_another_process(lung):
    """The fits run under another process id than the demonstration's."""
    assert lung.process_id != os.getpid()


def test_demo_reference_gets_no_records_before_the_ledger_has_the_result(lung):
    """Without a place in the ledger no job is sent, so nothing can be compared early."""
    with pytest.raises(OwnProtocolError, match="not in the ledger"):
        lung.fit("km", leaf_index=-1)


@pytest.mark.parametrize("fit", ["cox_strata", "cox_pooled"])
def test_demo_reference_cox_is_a_root_of_the_score(lung, fit):
    """The score at lifelines' estimate, computed apart from it, is below 1e-10; 226 complete cases."""
    found = lung.fit(fit, leaf_index=1)
    assert 0 < found["score_max"] < 1e-10
    assert found["n"] == 226


def test_demo_reference_cox_agrees_with_statsmodels(lung):
    """The pooled coefficients of lifelines are those of statsmodels, a second library, at its own tolerance."""
    from statsmodels.duration.hazard_regression import PHReg

    table = pooled_table(lung_case())
    names = ("time", "status", "age", "sex", "ph.ecog")
    rows = np.array([[np.nan if v is None else v for v in table["columns"][name]] for name in names]).T
    rows = rows[~np.isnan(rows).any(axis=1)]
    other = PHReg(rows[:, 0], rows[:, 2:], rows[:, 1], ties="efron").fit(disp=False, tol=1e-12)
    mine = [term["estimate"] for term in lung.fit("cox_pooled", leaf_index=1)["terms"]]
    assert mine == pytest.approx(other.params, rel=1e-6)


def test_demo_reference_km_has_the_medians_of_the_trial(lung):
    """The curves hold all 227 patients and cross one half at the medians."""
    groups = lung.fit("km", leaf_index=1)["groups"]
    assert [group["n"] for group in groups] == [137, 90]
    for group in groups:
        curve = group["curve"]
        position = curve["time"].index(group["median"])
        assert curve["survival"][position] <= 0.5 < curve["survival"][position - 1]


def test_demo_reference_unknown_fit_is_a_named_error(lung):
    """A job that the process does not know is our error, not a hang."""
    with pytest.raises(NotConverged, match="failed"):
        lung.fit("horoscope", leaf_index=1)


def test_demo_reference_heart_fits_converge(heart):
    """The model with dummies and each hospital's own model reach a score below 1e-10; Switzerland has too few."""
    pooled = heart.fit("logistic", leaf_index=1)
    assert pooled["n"] == 854
    assert pooled["score_max"] < 1e-10
    models = {model["site"]: model for model in heart.fit("own_models", leaf_index=1)["models"]}
    assert {site: model["n"] for site, model in models.items()} == {
        "cleveland": 303, "budapest": 293, "zurich-basel": 117, "long-beach": 141,
    }  # fmt: skip
    small = {site for site, model in models.items() if min(model["positive"], model["negative"]) < 10}
    assert {site for site, model in models.items() if "terms" not in model} == small


def test_demo_reference_heart_agrees_with_scikit_learn(heart):
    """A fit by scikit-learn without penalty gives statsmodels' coefficients, and its area under the curve is ours."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    table = pooled_table(heart_case(shared_data("heart")))
    columns = {name: np.array([np.nan if v is None else v for v in cells]) for name, cells in table["columns"].items()}
    pain = [np.where(np.isnan(columns["cp"]), np.nan, columns["cp"] == level) for level in (2, 3, 4)]
    numeric = (
        [columns[name] for name in ("age", "sex")],
        [columns[n] for n in ("trestbps", "thalach", "exang", "oldpeak")],
    )
    x = np.column_stack([*numeric[0], *pain, *numeric[1]])
    keep = ~np.isnan(x).any(axis=1) & (np.array(table["site"]) == "budapest")
    x, y = x[keep], columns["num"][keep] > 0
    mean, sd = x.mean(axis=0), x.std(axis=0)
    other = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000).fit((x - mean) / sd, y)
    model = next(m for m in heart.fit("own_models", leaf_index=1)["models"] if m["site"] == "budapest")
    assert [term["estimate"] for term in model["terms"][1:]] == pytest.approx(other.coef_[0] / sd, rel=1e-4)
    assert model["auc"]["budapest"] == pytest.approx(
        roc_auc_score(y, other.decision_function((x - mean) / sd)), abs=1e-9
    )


def test_demo_reference_that_dies_is_a_named_error():
    """If the other process ends, the demonstration hears of it."""
    process = Reference(lung_case())
    process.close()
    with pytest.raises((OwnProtocolError, ValueError)):
        process.fit("km", leaf_index=1)


STEP = {"time": [1.0, 3.0], "survival": [0.8, 0.4]}


def test_demo_compare_sees_curves_as_step_functions():
    """Times without an event change nothing; a shifted step is a difference of its height."""
    finer = {"time": [0.0, 1.0, 2.0, 3.0, 5.0], "survival": [1.0, 0.8, 0.8, 0.4, 0.4]}
    assert curve_difference(STEP, finer) == 0.0
    assert curve_difference(STEP, {"time": [1.0, 4.0], "survival": [0.8, 0.4]}) == pytest.approx(0.4)
    assert curve_difference(STEP, {"time": [], "survival": []}) == pytest.approx(0.6)


def test_demo_compare_finds_the_largest_difference():
    """One standard error off by 2e-8 is not the same; off by 5e-9 it is."""

    def terms(error):
        return {"terms": [{"term": "age", "estimate": 0.5, "std_error": error}], "library": "x 1"}

    assert not compare("cox", "cox_pooled", terms(0.1 * (1 + 2e-8)), terms(0.1), 3).is_same
    close = compare("cox", "cox_pooled", terms(0.1 * (1 + 5e-9)), terms(0.1), 3)
    assert close.is_same
    assert close.difference_max == pytest.approx(5e-9, rel=1e-3)
    assert relative_difference(0.0, 0.0) == 0.0


def test_demo_compare_of_nothing_is_not_the_same():
    """A comparison without a single number does not pass."""
    assert not compare("own", "own_models", {"by_site": {}}, {"models": [], "library": "x 1"}, 1).is_same
