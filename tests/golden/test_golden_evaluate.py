"""Evaluation of given models over sites against scikit-learn and statsmodels on the pooled table."""

from __future__ import annotations

import numpy as np
import pytest
from pooled_cohorts import HEART, HEART_FORMULA, dealt, heart, setting, uneven
from sklearn.metrics import brier_score_loss, roc_auc_score

from summand.methods import Evaluate, LogisticRegression
from summand.tables import Limits
from summand.testing.plain import run_counted, run_plain


def fitted() -> dict[str, float]:
    """The coefficients of a fit to the first hospital alone."""
    table = heart()
    sites = dealt(table[table["site"] == 0], np.zeros(int((table["site"] == 0).sum())), HEART)
    terms = run_plain(LogisticRegression(HEART_FORMULA), sites, setting(HEART, 2)).values["terms"]
    return {row["term"]: row["estimate"] for row in terms}


def predictors(terms: dict[str, float]) -> np.ndarray:
    """The linear predictor of every patient, by hand."""
    table = heart()
    eta = np.full(len(table), terms["Intercept"])
    for name in ("age", "trestbps", "thalach", "oldpeak"):
        eta = eta + terms[name] * table[name].to_numpy(float)
    for name, level in (("sex", 1), ("exang", 1), ("cp", 2), ("cp", 3), ("cp", 4)):
        eta = eta + terms[f"{name}[T.{level}]"] * (table[name] == level).to_numpy(float)
    return eta


@pytest.mark.parametrize("sites", [3, 18])
def test_heart_equals_scikit_learn(sites: int) -> None:
    """Area under the curve, Brier score, slope and calibration in the large equal the pooled ones."""
    from statsmodels.discrete.discrete_model import Logit
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    table, terms = heart(), fitted()
    y, eta = (table["num"] > 0).to_numpy(float), predictors(terms)
    model = {"name": "Cleveland", "formula": HEART_FORMULA, "terms": terms}
    labels = uneven(len(table), sites)
    result, rounds = run_counted(Evaluate((model,), "num > 0"), dealt(table, labels, HEART), setting(HEART, sites + 1))
    (row,) = result.values["models"]
    ones = np.ones(len(table))
    slope = Logit(y, np.column_stack([ones, eta])).fit(tol=1e-14, disp=0).params[1]
    offset = GLM(y, ones, family=Binomial(), offset=eta).fit(tol=1e-14).params[0]
    assert row["auc"] == pytest.approx(roc_auc_score(y, eta), abs=1e-14)
    assert row["auc_least"] == row["auc_most"] or row["auc_most"] - row["auc_least"] < 1e-14
    assert row["brier"] == pytest.approx(brier_score_loss(y, 1 / (1 + np.exp(-eta))), rel=1e-12)
    assert row["calibration_slope"] == pytest.approx(slope, rel=1e-9)
    assert row["calibration_in_the_large"] == pytest.approx(offset, rel=1e-9)
    assert sum(point["n"].people for point in row["calibration"]) == len(table)
    assert rounds <= 10
    mu, share = 1 / (1 + np.exp(-eta)), y.mean()
    bins = np.minimum((mu * 20).astype(int), 19)
    parts = [(np.sum(bins == k), mu[bins == k].mean(), y[bins == k].mean()) for k in np.unique(bins)]
    assert row["reliability"] == pytest.approx(sum(n * (m - o) ** 2 for n, m, o in parts) / len(y), rel=1e-10)
    assert row["resolution"] == pytest.approx(sum(n * (o - share) ** 2 for n, _, o in parts) / len(y), rel=1e-10)
    assert row["brier_scaled"] == pytest.approx(1 - row["brier"] / row["uncertainty"], rel=1e-12)
    assert row["uncertainty"] == pytest.approx(share * (1 - share), rel=1e-12)


def test_ties_count_half() -> None:
    """A score with three values has scikit-learn's area, ties between a case and a control counting half."""
    table = heart()
    model = {"name": "pain", "formula": "~ exang + sex", "terms": {"exang[T.1]": 1.0, "sex[T.1]": 1.0}}
    sites = dealt(table, table["site"].to_numpy(), HEART)
    (row,) = run_plain(Evaluate((model,), "num > 0"), sites, setting(HEART, 5)).values["models"]
    score = (table["exang"] + table["sex"]).to_numpy(float)
    assert row["auc"] == pytest.approx(roc_auc_score(table["num"] > 0, score), abs=1e-14)
    assert row["brier"] is None
    assert row["note"] == "without an intercept the model gives no probabilities"


def test_under_limits_the_area_lies_within_its_bounds() -> None:
    """Without fine bins the area is told with bounds that hold the exact one."""
    table, terms = heart(), fitted()
    model = {"name": "Cleveland", "formula": HEART_FORMULA, "terms": terms}
    sites = dealt(table, table["site"].to_numpy(), HEART)
    (row,) = run_plain(Evaluate((model,), "num > 0"), sites, setting(HEART, 5, Limits())).values["models"]
    exact = roc_auc_score(table["num"] > 0, predictors(terms))
    assert row["auc_least"] <= exact <= row["auc_most"]
    assert row["auc_most"] - row["auc_least"] < 0.05
    assert all(point["n"].people >= 20 for point in row["calibration"])


def test_too_few_of_a_class_is_no_number() -> None:
    """A hospital with fewer than ten patients without the disease gets "too few" and no figure."""
    table, terms = heart(), fitted()
    model = {"name": "Cleveland", "formula": HEART_FORMULA, "terms": terms}
    swiss = table[table["site"] == 2]
    assert (swiss["num"] == 0).sum() < 10
    sites = dealt(swiss, np.zeros(len(swiss)), HEART)
    (row,) = run_plain(Evaluate((model,), "num > 0"), sites, setting(HEART, 2)).values["models"]
    assert row["note"] == "too few"
    assert row["auc"] is None
    assert row["brier"] is None
