"""Linear regression over sites against statsmodels fitted to the pooled table."""

from __future__ import annotations

import numpy as np
import pytest
from pooled_cohorts import HEART, dealt, heart, setting, uneven

from summand.methods import LinearRegression
from summand.testing.plain import run_plain

NAMES = ("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high")


def by_statsmodels(y: np.ndarray, x: np.ndarray, keep: int) -> tuple[dict[str, np.ndarray], object]:
    """The first ``keep`` rows of the table of an ordinary least squares fit by QR, and the fit."""
    from statsmodels.regression.linear_model import OLS

    fit = OLS(y, x).fit(method="qr")
    low, high = fit.conf_int().T
    table = dict(zip(NAMES, (fit.params, fit.bse, fit.tvalues, fit.pvalues, low, high), strict=True))
    return {name: column[:keep] for name, column in table.items()}, fit


@pytest.mark.parametrize("sites", [3, 4, 18])
def test_heart_pooled(sites: int) -> None:
    """Uneven sites, one of a single row and an empty one, give every figure of the pooled fit."""
    table = heart()
    x = np.column_stack([np.ones(len(table)), table["age"], table["sex"], *[table["cp"] == k for k in (2, 3, 4)]])
    expected, fit = by_statsmodels(table["thalach"].to_numpy(), x.astype(float), 6)
    labels = uneven(len(table), sites)
    method = LinearRegression("thalach ~ age + sex + C(cp)")
    result = run_plain(method, dealt(table, labels, HEART), setting(HEART, sites + 1)).values
    for name, column in expected.items():
        np.testing.assert_allclose([row[name] for row in result["terms"]], column, rtol=1e-9)
    for name, value in (("r_squared", fit.rsquared), ("r_squared_adjusted", fit.rsquared_adj)):
        assert result[name] == pytest.approx(value, rel=1e-10)
    assert result["log_likelihood"] == pytest.approx(fit.llf, rel=1e-12)
    assert result["residual_sd"] == pytest.approx(np.sqrt(fit.mse_resid), rel=1e-12)


def test_heart_with_one_intercept_per_hospital_equals_dummy_variables() -> None:
    """The within transformation at the hospitals gives the fit with dummy variables, degrees of freedom included."""
    table = heart()
    dummies = [table["site"] == k for k in range(4)]
    x = np.column_stack([table["age"], table["sex"], table["age"] * table["sex"], *dummies]).astype(float)
    expected, fit = by_statsmodels(table["thalach"].to_numpy(), x, 3)
    sites = dealt(table, table["site"].to_numpy(), HEART)
    result = run_plain(LinearRegression("thalach ~ age*sex", "fixed"), sites, setting(HEART, 5)).values
    for name, column in expected.items():
        np.testing.assert_allclose([row[name] for row in result["terms"]], column, rtol=1e-9)
    assert result["degrees_of_freedom"] == fit.df_resid
    assert result["r_squared"] == pytest.approx(fit.rsquared, rel=1e-10)
    assert result["r_squared_adjusted"] == pytest.approx(fit.rsquared_adj, rel=1e-10)


def test_without_intercept() -> None:
    """A model through the origin has statsmodels' coefficients and its r squared about zero."""
    table = heart()
    expected, fit = by_statsmodels(table["thalach"].to_numpy(), table[["age", "trestbps"]].to_numpy(float), 2)
    sites = dealt(table, table["site"].to_numpy(), HEART)
    result = run_plain(LinearRegression("thalach ~ age + trestbps - 1"), sites, setting(HEART, 5)).values
    for name, column in expected.items():
        np.testing.assert_allclose([row[name] for row in result["terms"]], column, rtol=1e-9, atol=1e-300)
    assert result["r_squared"] == pytest.approx(fit.rsquared, rel=1e-12)
