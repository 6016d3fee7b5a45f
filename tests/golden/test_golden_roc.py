"""Given models over sites against R's pROC, scikit-learn and statsmodels, on the heart patients of four hospitals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pooled_cohorts import HEART, batch_of, dealt, heart, setting, uneven
from r_values import r_values

from summand.disclosure import release
from summand.errors import FormulaInvalid, UsageError
from summand.methods import Evaluate, Roc, Thresholds
from summand.tables import Column, Dictionary, Limits
from summand.testing.plain import run_counted, run_plain

R = r_values("roc")
RISK = {
    "name": "risk", "formula": "~ age + sex + oldpeak",
    "terms": {"Intercept": -4.0, "age": 0.0517, "sex[T.1]": 1.213, "oldpeak": 0.7331},
}  # fmt: skip
PAIN = {"name": "pain", "formula": "~ exang + sex", "terms": {"Intercept": -1.5, "exang[T.1]": 2.0, "sex[T.1]": 0.5}}
PLACES = {"all": "all", "sex = 0": "women", "sex = 1": "men"}
FINE = {"rel": 1e-9, "abs": 0.0}


def risks(table: pd.DataFrame) -> dict[str, np.ndarray]:
    """What both models say of every patient, by hand."""
    risk = -4 + 0.0517 * table["age"] + 1.213 * table["sex"] + 0.7331 * table["oldpeak"]
    pain = -1.5 + 2 * table["exang"] + 0.5 * table["sex"]
    return {name: 1 / (1 + np.exp(-eta.to_numpy(float))) for name, eta in (("risk", risk), ("pain", pain))}


@pytest.mark.parametrize("sites", [3, 4, 18])
def test_areas_and_their_test_equal_proc(sites: int) -> None:
    """Area, DeLong's error and interval of both models over all and by sex, and their paired test."""
    table = heart()
    labels = uneven(len(table), sites)
    method = Roc((RISK, PAIN), "num > 0", "sex")
    result, rounds = run_counted(method, dealt(table, labels, HEART), setting(HEART, sites + 1))
    assert rounds <= 8
    assert not result.warnings
    for row in result.values["areas"]:
        expected = R[f"auc_{row['model']}_{PLACES[row['group']]}"]
        assert [row[key] for key in ("auc", "std_error", "conf_low", "conf_high")] == pytest.approx(expected, **FINE)
    for row in result.values["comparisons"]:
        statistic, p_value = R[f"test_{PLACES[row['group']]}"]
        assert [-row["statistic"], row["p_value"]] == pytest.approx([statistic, p_value], rel=1e-8, abs=0)
    gap = result.values["gaps"][0]
    women, men = R["auc_risk_women"], R["auc_risk_men"]
    assert (gap["first"], gap["second"]) == ("sex = 0", "sex = 1")
    assert gap["difference"] == pytest.approx(men[0] - women[0], rel=1e-9)
    assert gap["std_error"] == pytest.approx(np.hypot(women[1], men[1]), rel=1e-9)


def test_the_curve_is_scikit_learns() -> None:
    """Every point told lies on scikit-learn's curve, from corner to corner."""
    from sklearn.metrics import roc_curve

    table = heart()
    sites = dealt(table, table["site"].to_numpy(), HEART)
    points = run_plain(Roc((PAIN,), "num > 0"), sites, setting(HEART, 5)).values["curves"]["pain"]
    x, y, _ = roc_curve(table["num"] > 0, risks(table)["pain"], drop_intermediate=False)
    found = np.array([[p["false_positive_rate"], p["true_positive_rate"]] for p in points])
    assert found == pytest.approx(np.column_stack([x, y]), abs=1e-15)


def test_areas_of_full_precision_scores_are_exact() -> None:
    """A thousand scores with all digits, a tenth of them tied between the classes."""
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(3)
    y = rng.integers(0, 2, 1000)
    x = np.where(rng.uniform(size=1000) < 0.1, 0.25, rng.normal(size=1000) + 0.5 * y)
    table = pd.DataFrame({"x": np.clip(x, -8, 8), "y": y})
    dictionary = Dictionary("d", (Column("x", "number", -8, 8), Column("y", "category", levels=("0", "1"))))
    model = {"name": "x", "formula": "~ x", "terms": {"x": 1.0}}
    result = run_plain(Roc((model,), "y"), dealt(table, uneven(1000, 4), dictionary), setting(dictionary, 5))
    assert result.values["areas"][0]["auc"] == pytest.approx(roc_auc_score(y, x), abs=1e-14)


@pytest.mark.parametrize("sites", [3, 18])
def test_thresholds_equal_scikit_learn_and_statsmodels(sites: int) -> None:
    """Sensitivity, specificity, predictive values with Wilson's intervals, and the net benefit by its definition."""
    from sklearn.metrics import brier_score_loss, confusion_matrix
    from statsmodels.stats.proportion import proportion_confint

    table = heart()
    y = (table["num"] > 0).to_numpy()
    method = Thresholds((RISK, PAIN), "num > 0", "sex", (0.2, 0.5, 0.9))
    values = run_plain(method, dealt(table, uneven(len(table), sites), HEART), setting(HEART, sites + 1)).values
    assert len(values["decisions"]) == 18
    for row in values["decisions"]:
        own = np.ones(len(table), bool) if row["group"] == "all" else (table["sex"] == int(row["group"][-1])).to_numpy()
        t, risk = row["threshold"], risks(table)[row["model"]][own]
        tn, fp, fn, tp = confusion_matrix(y[own], risk >= t).ravel().tolist()
        for name, events, people in (
            ("sensitivity", tp, tp + fn), ("specificity", tn, tn + fp), ("ppv", tp, tp + fp), ("npv", tn, tn + fn)
        ):  # fmt: skip
            if people:
                interval = proportion_confint(events, people, method="wilson")
                expected = [events / people, *interval]
                assert [row[name], row[f"{name}_low"], row[f"{name}_high"]] == pytest.approx(
                    expected, rel=1e-9, abs=1e-15
                )
            else:
                assert row[name] is None
        share = y[own].mean()
        assert row["net_benefit"] == pytest.approx(tp / own.sum() - fp / own.sum() * t / (1 - t), rel=1e-12)
        assert row["treat_all"] == pytest.approx(share - (1 - share) * t / (1 - t), rel=1e-12, abs=1e-14)
    for row in values["performance"]:
        own = np.ones(len(table), bool) if row["group"] == "all" else (table["sex"] == int(row["group"][-1])).to_numpy()
        risk, share = risks(table)[row["model"]][own], y[own].mean()
        brier = brier_score_loss(y[own], risk)
        assert row["brier"] == pytest.approx(brier, rel=1e-10)
        assert row["brier_scaled"] == pytest.approx(1 - brier / (share * (1 - share)), rel=1e-9)
        assert row["difference"] == pytest.approx((y[own] - risk).mean(), rel=1e-9)
        assert row["conf_high"] - row["difference"] == pytest.approx(
            1.959963984540054 * (y[own] - risk).std() / np.sqrt(own.sum()), rel=1e-9
        )


def test_fairness_gaps_are_those_of_two_proportions() -> None:
    """The gap in sensitivity between the sexes has statsmodels' Wald interval."""
    from statsmodels.stats.proportion import confint_proportions_2indep

    table = heart()
    sites = dealt(table, table["site"].to_numpy(), HEART)
    values = run_plain(Thresholds((RISK,), "num > 0", "sex", (0.5,)), sites, setting(HEART, 5)).values
    y, high = (table["num"] > 0).to_numpy(), risks(table)["risk"] >= 0.5
    counts = [(int((y & high & (table["sex"] == s)).sum()), int((y & (table["sex"] == s)).sum())) for s in (1, 0)]
    low, top = confint_proportions_2indep(*counts[0], *counts[1], method="wald", compare="diff")
    (gap,) = (row for row in values["gaps"] if row["measure"] == "sensitivity")
    assert [gap["conf_low"], gap["conf_high"]] == pytest.approx([low, top], rel=1e-9)


def test_under_limits_every_step_holds_enough_people() -> None:
    """Curves and thresholds tell no step of fewer than ten of a class; a small group silences all groups."""
    table, limits = heart(), Limits()
    sites = dealt(table, table["site"].to_numpy(), HEART)
    y, risk = (table["num"] > 0).to_numpy(), risks(table)["risk"]
    result = run_plain(Roc((RISK,), "num > 0"), sites, setting(HEART, 5, limits))
    exact = R["auc_risk_all"]
    assert result.values["areas"][0]["auc"] == pytest.approx(exact[0], abs=0.005)
    points = np.array([[p["false_positive_rate"], p["true_positive_rate"]] for p in result.values["curves"]["risk"]])
    steps = np.diff(points, axis=0) * [(~y).sum(), y.sum()]
    assert np.rint(steps).min() >= 10
    assert result.warnings == ("Scores were grouped into bins: people in one count as tied.",)
    told = run_plain(Thresholds((RISK,), "num > 0"), sites, setting(HEART, 5, limits)).values["decisions"]
    cuts = [0.0, *(row["threshold"] for row in told), 1.0]
    assert 3 < len(cuts) < 20
    for kind in (False, True):
        assert np.histogram(risk[y == kind], cuts)[0].min() >= 10
    few = run_plain(Thresholds((RISK,), "num > 0", "age > 74"), sites, setting(HEART, 5, limits))
    assert {row["group"] for row in few.values["performance"]} == {"all"}
    assert "it would follow from the others" in few.warnings[1]
    assert release(few.values, limits)["crosstabs"][0]["counts"]["suppressed_cells"] >= 2


def test_what_cannot_be_judged_is_said() -> None:
    """A model without an intercept gives no risks; too few of a class give no area; a threshold lies between 0 and 1."""
    ranks = {"name": "ranks", "formula": "~ age", "terms": {"age": 1.0}}
    with pytest.raises(FormulaInvalid, match="has no intercept"):
        Thresholds((ranks,), "num > 0").under(setting(HEART, 4))
    with pytest.raises(UsageError, match="between 0 and 1"):
        Thresholds.from_spec({"name": "thresholds", "models": [RISK], "outcome": "num > 0", "thresholds": [1.5]})
    table = heart()
    swiss = table[table["site"] == 2]
    result = run_plain(Roc((RISK,), "num > 0"), [[batch_of(swiss, HEART)]], setting(HEART, 1))
    assert result.values["areas"][0]["auc"] is None
    assert result.warnings == ("Too few people have, or lack, the outcome among: all.",)


def test_evaluate_and_roc_agree() -> None:
    """Two ways to one area."""
    table: Any = heart()
    sites = dealt(table, uneven(len(table), 4), HEART)
    (one,) = run_plain(Evaluate((RISK,), "num > 0"), sites, setting(HEART, 5)).values["models"]
    other = run_plain(Roc((RISK,), "num > 0"), sites, setting(HEART, 5)).values["areas"][0]
    assert one["auc"] == pytest.approx(other["auc"], abs=1e-15)
