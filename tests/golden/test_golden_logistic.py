"""Logistic regression over sites against statsmodels fitted to the pooled table, run to convergence."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from pooled_cohorts import HEART, HEART_FORMULA, batch_of, dealt, heart, lung, setting, uneven

from summand.methods import LogisticRegression
from summand.tables import Column, Dictionary
from summand.testing.plain import run_counted, run_plain

LUNG = Dictionary(
    "lung",
    (
        Column("age", "integer", minimum=0, maximum=110, step=1),
        Column("sex", "category", levels=("1", "2")),
        Column("ph.ecog", "integer", minimum=0, maximum=4, step=1, levels=("0", "1", "2", "3")),
        Column("wt.loss", "number", minimum=-50, maximum=100),
        Column("status", "integer", minimum=0, maximum=1, step=1),
    ),
)


def heart_design(table: pd.DataFrame) -> np.ndarray:
    """The columns of `HEART_FORMULA` after the intercept."""
    pain = [(table["cp"] == k).to_numpy(float) for k in (2, 3, 4)]
    before, after = (table[n].to_numpy(float).T for n in (["age", "sex"], ["trestbps", "thalach", "exang", "oldpeak"]))
    return np.column_stack([*before, *pain, *after])


def by_statsmodels(y: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Coefficients, standard errors and log-likelihood of the pooled fit; its score is below 1e-10."""
    from statsmodels.discrete.discrete_model import Logit

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scale = np.abs(x).max(axis=0)
        fit = Logit(y, x / scale).fit(method="newton", tol=1e-14, maxiter=100, disp=0)
    assert np.abs(fit.model.score(fit.params)).max() < 1e-10
    return fit.params / scale, fit.bse / scale, float(fit.llf)


def wald_of_pain(table: pd.DataFrame) -> float:
    """Statsmodels' Wald statistic of the three kinds of chest pain together."""
    from statsmodels.discrete.discrete_model import Logit

    x = np.column_stack([np.ones(len(table)), heart_design(table)])
    scale = np.abs(x).max(axis=0)
    fit = Logit((table["num"] > 0).to_numpy(float), x / scale).fit(method="newton", tol=1e-14, maxiter=100, disp=0)
    return float(fit.wald_test(np.eye(x.shape[1])[3:6], scalar=True).statistic)


def columns(result: dict, name: str) -> np.ndarray:
    return np.array([row[name] for row in result["terms"]])


@pytest.mark.parametrize("sites", [3, 4, 18])
def test_heart_pooled(sites: int) -> None:
    """Uneven sites, one of a single row and an empty one, give the pooled fit to 1e-8."""
    table = heart()
    estimates, errors, log_likelihood = by_statsmodels(
        (table["num"] > 0).to_numpy(float), np.column_stack([np.ones(len(table)), heart_design(table)])
    )
    labels = uneven(len(table), sites)
    result = run_plain(LogisticRegression(HEART_FORMULA), dealt(table, labels, HEART), setting(HEART, sites + 1)).values
    np.testing.assert_allclose(columns(result, "estimate"), estimates, rtol=1e-8)
    np.testing.assert_allclose(columns(result, "std_error"), errors, rtol=1e-8)
    assert result["log_likelihood"] == pytest.approx(log_likelihood, rel=1e-12)
    assert [row["term"] for row in result["terms"]][:4] == ["Intercept", "age", "sex[T.1]", "cp[T.2]"]
    assert result["n"].people == len(table) == 854
    (pain,) = result["term_tests"]
    assert (pain["term"], pain["degrees_of_freedom"], pain["distribution"]) == ("C(cp)", 3, "chi-square")
    assert pain["statistic"] == pytest.approx(wald_of_pain(table), rel=1e-8)


def test_heart_with_one_intercept_per_hospital_equals_dummy_variables() -> None:
    """Intercepts eliminated at the hospitals give the coefficients and errors of the fit with dummy variables."""
    table = heart()
    dummies = [(table["site"] == k).to_numpy(float) for k in range(4)]
    estimates, errors, log_likelihood = by_statsmodels(
        (table["num"] > 0).to_numpy(float), np.column_stack([heart_design(table), *dummies])
    )
    sites = dealt(table, table["site"].to_numpy(), HEART)
    result, rounds = run_counted(LogisticRegression(HEART_FORMULA, "fixed"), sites, setting(HEART, 5))
    np.testing.assert_allclose(columns(result.values, "estimate"), estimates[:9], rtol=1e-10)
    np.testing.assert_allclose(columns(result.values, "std_error"), errors[:9], rtol=1e-10)
    assert result.values["log_likelihood"] == pytest.approx(log_likelihood, rel=1e-12)
    assert rounds <= 9
    assert result.warnings == ()


def test_a_hospital_with_one_class_adds_nothing() -> None:
    """Patients of one class only leave the fixed-effects fit of the others as it is, with a warning."""
    table = heart()
    sites = dealt(table, table["site"].to_numpy(), HEART)
    one_class = table[(table["site"] == 0) & (table["num"] == 0)].iloc[:30]
    with_it = [*sites, [batch_of(one_class, HEART)]]
    alone = run_plain(LogisticRegression(HEART_FORMULA, "fixed"), sites, setting(HEART, 6))
    result = run_plain(LogisticRegression(HEART_FORMULA, "fixed"), with_it, setting(HEART, 6))
    np.testing.assert_allclose(columns(result.values, "estimate"), columns(alone.values, "estimate"), rtol=1e-12)
    np.testing.assert_allclose(columns(result.values, "std_error"), columns(alone.values, "std_error"), rtol=1e-12)
    assert result.warnings == ("1 site had only one outcome class and added nothing.",)


@pytest.mark.parametrize("kind", ["pooled", "fixed"])
def test_lung_institutions(kind: str) -> None:
    """Eighteen institutions, some with a few patients, one class or without a level, give statsmodels' fit."""
    table = lung()
    y = table["status"].to_numpy(float)
    level = [(table["ph.ecog"] == k).to_numpy(float) for k in (1, 2)]
    x = np.column_stack([table["age"], table["sex"] == 2, *level, table["wt.loss"]]).astype(float)
    few = table["ph.ecog"] <= 2  # nobody but one patient has level 3
    dictionary = Dictionary("lung", tuple(c if c.name != "ph.ecog" else _three_levels() for c in LUNG))
    keep = few.to_numpy()
    if kind == "fixed":  # an institution of one class has its maximum at infinity: statsmodels cannot be given it
        classes = table[few].groupby("site")["status"].nunique()
        varied = keep & table["site"].isin(classes[classes == 2].index).to_numpy()
        constants = [(table["site"] == k).to_numpy(float) for k in np.unique(table["site"][varied])]
    else:
        varied, constants = keep, [np.ones(len(table))]
    estimates, errors, _ = by_statsmodels(y[varied], np.column_stack([*constants, x])[varied])
    labels = table["site"].to_numpy()[keep]
    sites = dealt(table[keep], labels, dictionary)
    formula = "status ~ age + sex + C(ph.ecog) + wt.loss"
    result = run_plain(LogisticRegression(formula, kind), sites, setting(dictionary, 19))
    offset = 0 if kind == "pooled" else len(constants)
    np.testing.assert_allclose(columns(result.values, "estimate"), estimates[offset:], rtol=1e-8)
    np.testing.assert_allclose(columns(result.values, "std_error"), errors[offset:], rtol=1e-8)
    assert len(result.warnings) == (kind == "fixed")


def _three_levels() -> Column:
    return Column("ph.ecog", "integer", minimum=0, maximum=2, step=1, levels=("0", "1", "2"))


def test_interactions_and_powers() -> None:
    """Interactions, powers and a comparison of categories are the same model as statsmodels' columns."""
    table = heart()
    age, sex = table["age"].to_numpy(float), table["sex"].to_numpy(float)
    x = np.column_stack([np.ones(len(table)), age, sex, age**2, age * sex])
    estimates, errors, _ = by_statsmodels((table["num"] == 0).to_numpy(float), x)
    sites = dealt(table, table["site"].to_numpy(), HEART)
    formula = "num == 0 ~ age*sex + I(age^2)"
    result = run_plain(LogisticRegression(formula), sites, setting(HEART, 5)).values
    order = [row["term"] for row in result["terms"]]
    assert order == ["Intercept", "age", "sex[T.1]", "I(age^2)", "age:sex[T.1]"]
    np.testing.assert_allclose(columns(result, "estimate"), estimates, rtol=1e-8)
    np.testing.assert_allclose(columns(result, "std_error"), errors, rtol=1e-8)


def test_small_tail_probabilities_keep_their_digits() -> None:
    """p-values of large statistics are neither zero nor NaN, and equal the normal tail."""
    from scipy.stats import norm

    rng = np.random.default_rng(0)
    x = rng.normal(size=8_000)
    table = pd.DataFrame(
        {"x": np.clip(x, -5, 5), "num": (rng.uniform(size=8_000) < 1 / (1 + np.exp(-x))).astype(float)}
    )
    dictionary = Dictionary("d", (Column("x", "number", -5, 5), Column("num", "integer", 0, 1, 1)))
    sites = dealt(table, np.arange(8_000) % 3, dictionary)
    row = run_plain(LogisticRegression("num ~ x"), sites, setting(dictionary, 4)).values["terms"][1]
    assert 30.0 < row["statistic"] < 37.0
    assert row["p_value"] == pytest.approx(2 * norm.sf(row["statistic"]), rel=1e-10, abs=0.0)
