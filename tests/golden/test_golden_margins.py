"""Margins over sites against statsmodels' get_margeff and get_prediction, and by their definition where it has none.

By definition: the model is fitted by statsmodels on patsy's columns, predictions are averaged over tables in which a
column is set, a slope is a central difference of fourth order over the column (to about 1e-10), and the gradient by the
coefficients is found by complex steps. Eight digits hold everywhere but for the negative binomial, seven, where
statsmodels' own fit of the overdispersion ends.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pooled_cohorts import HEART, dealt, heart, setting, uneven
from scipy.interpolate import CubicSpline
from scipy.stats import norm
from scipy.stats import t as student

from summand.errors import FormulaInvalid, UsageError
from summand.methods import from_spec
from summand.testing.plain import run_plain

Frame = pd.DataFrame


def margins(spec: dict[str, Any], sites: int = 4) -> dict[str, Any]:
    """Margins of the four hospitals' patients over so many uneven sites and an empty one."""
    table = heart()
    method = from_spec({"name": "margins", **spec})
    return dict(run_plain(method, dealt(table, uneven(len(table), sites), HEART), setting(HEART, sites + 1)).values)


def logit(y: np.ndarray, x: np.ndarray) -> Any:
    """Statsmodels' fit, run until its score is below 1e-10."""
    from statsmodels.discrete.discrete_model import Logit

    fit = Logit(y, x).fit(method="newton", tol=1e-13, maxiter=100, disp=0)
    assert np.abs(fit.model.score(fit.params)).max() < 1e-9
    return fit


def check(row: dict[str, Any], estimate: float, error: float, rtol: float = 1e-8) -> None:
    """An average and its standard error."""
    assert row["estimate"] == pytest.approx(estimate, rel=rtol)
    assert row["std_error"] == pytest.approx(error, rel=rtol)


@pytest.mark.parametrize("sites", [3, 4, 18])
def test_effects_are_get_margeffs(sites: int) -> None:
    """Mean slopes, mean differences of two-valued columns, errors, p-values and intervals are statsmodels'."""
    table = heart()
    columns = ["age", "thalach", "oldpeak", "sex", "exang"]
    scale = np.array([1, 50, 150, 1, 1, 1])
    x = np.column_stack([np.ones(len(table)), table[columns]]) / scale
    wanted = logit((table["num"] > 0).to_numpy(float), x).get_margeff(dummy=True)
    result = margins({"formula": "num > 0 ~ age + thalach + oldpeak + sex + exang"}, sites)
    assert [row["variable"] for row in result["margins"]] == columns
    assert [row["contrast"] for row in result["margins"]] == ["slope"] * 3 + ["1 - 0"] * 2
    for j, row in enumerate(result["margins"]):
        check(row, wanted.margeff[j] / scale[j + 1], wanted.margeff_se[j] / scale[j + 1])
        assert row["p_value"] == pytest.approx(wanted.pvalues[j], abs=1e-6)
        low, high = wanted.conf_int()[j] / scale[j + 1]
        assert (row["conf_low"], row["conf_high"]) == pytest.approx((low, high), rel=1e-8)


def average(
    change: Callable[[Frame], Frame], design: Callable[[Frame], np.ndarray], beta: np.ndarray, link: str = "logit"
) -> tuple[float, np.ndarray]:
    """The mean prediction over everybody after ``change``, and its gradient by complex steps."""
    x = design(change(heart()))
    mean = (lambda eta: 1 / (1 + np.exp(-eta))) if link == "logit" else (lambda eta: eta)
    steps = beta.astype(complex) + 1e-30j * np.eye(len(beta))
    return float(mean(x @ beta).mean()), np.array([mean(x @ b).mean().imag for b in steps]) / 1e-30


def slope(column: str, h: float, *rest: Any) -> tuple[float, np.ndarray]:
    """The mean slope by a column and its gradient: a central difference of fourth order."""
    moved = {k: average(lambda f, k=k: f.assign(**{column: f[column] + k * h}), *rest) for k in (-2, -1, 1, 2)}
    return tuple(  # type: ignore[return-value]
        (8 * (moved[1][i] - moved[-1][i]) - (moved[2][i] - moved[-2][i])) / (12 * h) for i in (0, 1)
    )


def indicators(f: Frame) -> list[np.ndarray]:
    return [(f["cp"] == k).to_numpy(float) for k in (2, 3, 4)]


def curved(f: Frame) -> np.ndarray:
    """A design with interaction, categories, powers and a natural spline with knots at the whole table's quantiles."""
    knots = np.quantile(heart()["thalach"], [0, 1 / 3, 2 / 3, 1])
    splines = []
    for j in (1, 2, 3):
        spline = CubicSpline(knots, np.eye(4)[j], bc_type="natural")
        v = f["thalach"].to_numpy(float)
        inside = spline(np.clip(v, knots[0], knots[-1]))
        ends = np.minimum(v - knots[0], 0) * spline(knots[0], 1) + np.maximum(v - knots[-1], 0) * spline(knots[-1], 1)
        splines.append(inside + ends)
    age, sex, old = f["age"] / 50, f["sex"], f["oldpeak"]
    return np.column_stack([np.ones(len(f)), age, sex, *indicators(f), age * sex, *splines, old, old**2])


def test_interactions_powers_and_splines() -> None:
    """Effects go through every term of a column, and predictions at profiles and levels are means over everybody."""
    table = heart()
    fit = logit((table["num"] > 0).to_numpy(float), curved(table))
    beta, v = np.asarray(fit.params), np.asarray(fit.cov_params())
    result = margins(
        {
            "formula": "num > 0 ~ age*sex + C(cp) + ns(thalach, 3) + oldpeak + I(oldpeak^2)",
            "at": [{"age": 50, "sex": "1"}, {"oldpeak": "2.5"}],
            "levels": ["cp"],
        }
    )
    rows = {(row["variable"], row["contrast"]): row for row in result["margins"]}
    for column, h in (("age", 0.2), ("thalach", 0.5), ("oldpeak", 0.02)):
        estimate, gradient = slope(column, h, curved, beta)
        # thalach: a natural spline's third derivative jumps at its knots, where a difference is of second order only
        check(
            rows[column, "slope"], estimate, math.sqrt(gradient @ v @ gradient), 1e-8 if column != "thalach" else 1e-4
        )
    for column, level, reference in (("sex", 1, 0), ("cp", 2, 1), ("cp", 3, 1), ("cp", 4, 1)):
        high, low = (average(lambda f, c=column, k=k: f.assign(**{c: k}), curved, beta) for k in (level, reference))
        gradient = high[1] - low[1]
        check(rows[column, f"{level} - {reference}"], high[0] - low[0], math.sqrt(gradient @ v @ gradient))
    assert len(rows) == 7
    profiles: dict[str, dict[str, float]] = {
        "everyone as observed": {}, "age = 50, sex = 1": {"age": 50, "sex": 1}, "oldpeak = 2.5": {"oldpeak": 2.5},
        **{f"cp = {k}": {"cp": k} for k in (1, 2, 3, 4)},
    }  # fmt: skip
    assert [row["at"] for row in result["predictions"]] == list(profiles)
    for row in result["predictions"]:
        estimate, gradient = average(lambda f, p=profiles[row["at"]]: f.assign(**p), curved, beta)
        error = math.sqrt(gradient @ v @ gradient)
        check(row, estimate, error)
        eta, width = math.log(estimate / (1 - estimate)), norm.ppf(0.975) * error / (estimate * (1 - estimate))
        ends = [1 / (1 + math.exp(-eta + sign * width)) for sign in (1, -1)]
        assert (row["conf_low"], row["conf_high"]) == pytest.approx(ends, rel=1e-8)


def test_slope_of_a_spline_is_its_analytic_derivative() -> None:
    """Scipy's derivative of the same spline gives the mean slope and its error to eight digits."""
    table = heart()
    knots = np.quantile(table["thalach"], [0, 1 / 3, 2 / 3, 1])
    splines = [CubicSpline(knots, np.eye(4)[j], bc_type="natural") for j in (1, 2, 3)]
    v = table["thalach"].to_numpy(float)
    x, dx = (np.column_stack([s(v, k) for s in splines]) for k in (0, 1))
    x, dx = np.column_stack([np.ones(len(v)), x]), np.column_stack([np.zeros(len(v)), dx])
    fit = logit((table["num"] > 0).to_numpy(float), x)
    mu, change = fit.predict(), dx @ fit.params
    weight = mu * (1 - mu)
    gradient = ((weight * (1 - 2 * mu) * change)[:, None] * x + weight[:, None] * dx).mean(axis=0)
    result = margins({"formula": "num > 0 ~ ns(thalach, 3)"})
    check(result["margins"][0], (weight * change).mean(), math.sqrt(gradient @ fit.cov_params() @ gradient))
    assert len(result["knots"]) == 4


def test_a_persons_prediction_is_get_predictions() -> None:
    """A profile that sets every column has statsmodels' prediction, and its interval through the link."""
    import statsmodels.api as sm

    table = heart()
    scale = np.array([1, 50, 1])
    x = np.column_stack([np.ones(len(table)), table[["age", "oldpeak"]]]) / scale
    fit = sm.GLM((table["num"] > 0).to_numpy(float), x, family=sm.families.Binomial()).fit(tol=1e-15, maxiter=100)
    wanted = fit.get_prediction(np.array([[1, 61, 1.4]]) / scale).summary_frame().iloc[0]
    row = margins({"formula": "num > 0 ~ age + oldpeak", "at": [{"age": 61, "oldpeak": 1.4}]})["predictions"][1]
    check(row, wanted["mean"], wanted["mean_se"])
    assert (row["conf_low"], row["conf_high"]) == pytest.approx(
        (wanted["mean_ci_lower"], wanted["mean_ci_upper"]), rel=1e-8
    )


@pytest.mark.parametrize("sites", [3, 18])
def test_linear_with_polynomial(sites: int) -> None:
    """Least squares: mean slopes through a polynomial by sex, with Student's t; a profile is OLS's prediction."""
    import statsmodels.api as sm

    table = heart()

    def design(f: Frame) -> np.ndarray:
        age, sex = f["age"] / 50 - 1, f["sex"]
        return np.column_stack([np.ones(len(f)), age, age**2, sex, age * sex, age**2 * sex])

    fit = sm.OLS(table["trestbps"].to_numpy(float), design(table)).fit()
    spec = {"formula": "trestbps ~ poly(age, 2)*sex", "model": "linear", "at": [{"age": 61, "sex": 1}]}
    result = margins(spec, sites)
    estimate, gradient = slope("age", 1.0, design, fit.params, "identity")
    row = result["margins"][0]
    error = math.sqrt(gradient @ fit.cov_params() @ gradient)
    check(row, estimate, error)
    assert row["conf_high"] == pytest.approx(estimate + student.ppf(0.975, fit.df_resid) * error, rel=1e-8)
    wanted = fit.get_prediction(design(pd.DataFrame({"age": [61.0], "sex": [1.0]}))).summary_frame().iloc[0]
    person = result["predictions"][1]
    check(person, wanted["mean"], wanted["mean_se"])
    assert (person["conf_low"], person["conf_high"]) == pytest.approx(
        (wanted["mean_ci_lower"], wanted["mean_ci_upper"]), rel=1e-8
    )
    assert len(result["polynomials"]) == 3


REFUSED: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "a column of no term": ({"variables": ["chol"]}, FormulaInvalid, "'chol' is not on the right side"),
    "a value out of range": ({"at": [{"age": 200}]}, FormulaInvalid, "'age' cannot be set to 200"),
    "a level of nobody": ({"at": [{"sex": "9"}]}, FormulaInvalid, "'sex' cannot be set to '9'"),
    "no profile": ({"at": [50]}, UsageError, "no list of profiles"),
    "a family of a logistic model": ({"family": "poisson"}, UsageError, "Only the model 'glm'"),
    "a model without margins": ({"model": "cox"}, UsageError, "none of its choices"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_asked(case: str) -> None:
    """Each mistake in a request is said in its own words before any data are read."""
    more, kind, words = REFUSED[case]
    with pytest.raises(kind, match=words):
        from_spec({"name": "margins", "formula": "num > 0 ~ age + sex", **more}).under(setting(HEART, 4))


def glm_effects(y: np.ndarray, x: np.ndarray, family: Any, second: Callable[[np.ndarray], np.ndarray]) -> Any:
    """Mean slopes of every column but the first, and their errors, from statsmodels' GLM."""
    import statsmodels.api as sm

    fit = sm.GLM(y, x, family=family).fit(tol=1e-15, tol_criterion="params", maxiter=300)
    eta = x @ fit.params
    first = family.link.inverse_deriv(eta)
    found = []
    for j in range(1, x.shape[1]):
        gradient = x.T @ (second(eta) * fit.params[j]) / len(y)
        gradient[j] += first.mean()
        found.append((first.mean() * fit.params[j], math.sqrt(gradient @ fit.cov_params() @ gradient)))
    return found, fit


@pytest.mark.parametrize("case", ["poisson", "gamma", "probit", "cloglog", "gaussian"])
def test_generalised_linear_models(case: str) -> None:
    """Every family and link: mean slopes and errors are those worked out from statsmodels' GLM."""
    import statsmodels.api as sm

    table = heart()
    scale = np.array([1, 50, 150])
    x = np.column_stack([np.ones(len(table)), table[["age", "thalach"]]]) / scale
    ill, age_like = (table["num"] > 0).to_numpy(float), table["trestbps"].to_numpy(float)
    f = sm.families
    outcome, y, family, second, more = {
        "poisson": ("num", table["num"].to_numpy(float), f.Poisson(), np.exp, {"family": "poisson"}),
        "gamma": ("trestbps", age_like, f.Gamma(f.links.Log()), np.exp, {"family": "gamma", "link": "log"}),
        "probit": ("num > 0", ill, f.Binomial(f.links.Probit()), lambda e: -e * norm.pdf(e),
                   {"family": "binomial", "link": "probit"}),
        "cloglog": ("num > 0", ill, f.Binomial(f.links.CLogLog()),
                    lambda e: np.exp(e - np.exp(e)) * (1 - np.exp(e)), {"family": "binomial", "link": "cloglog"}),
        "gaussian": ("trestbps", age_like, f.Gaussian(), np.zeros_like, {"family": "gaussian"}),
    }[case]  # fmt: skip
    if case == "gamma":
        table = table[table["trestbps"] > 0]
        x, y = x[age_like > 0], y[age_like > 0]
    expected, fit = glm_effects(y, x, family, second)
    spec = {"name": "margins", "formula": f"{outcome} ~ age + thalach", "model": "glm", **more}
    dictionary = HEART if case != "gamma" else positive()
    sites = dealt(table, uneven(len(table), 4), dictionary)
    result = dict(run_plain(from_spec({**spec, "at": [{"age": 61}]}), sites, setting(dictionary, 5)).values)
    for row, (estimate, error), unit in zip(result["margins"], expected, scale[1:], strict=True):
        check(row, estimate / unit, error / unit)
    at_61 = x.copy()
    at_61[:, 1] = 61 / 50
    eta = at_61 @ fit.params
    gradient = at_61.T @ family.link.inverse_deriv(eta) / len(y)
    error = math.sqrt(gradient @ fit.cov_params() @ gradient)
    check(result["predictions"][1], family.link.inverse(eta).mean(), error)


def positive() -> Any:
    """The dictionary with blood pressures above 0."""
    from summand.tables import Column, Dictionary

    columns = [Column("trestbps", "number", 1, 300) if c.name == "trestbps" else c for c in HEART]
    return Dictionary("heart", tuple(columns))


def test_negative_binomial() -> None:
    """With the overdispersion that the fit finds, mean slopes and errors are those of statsmodels' GLM."""
    import statsmodels.api as sm
    from statsmodels.discrete.discrete_model import NegativeBinomial

    table = heart()
    x, y = np.column_stack([np.ones(len(table)), table["age"] / 50]), table["num"].to_numpy(float)
    alpha = NegativeBinomial(y, x).fit(method="newton", tol=1e-14, maxiter=200, disp=0).params[-1]
    (expected,), _ = glm_effects(y, x, sm.families.NegativeBinomial(alpha=alpha), np.exp)
    result = margins({"formula": "num ~ age", "model": "glm", "family": "negative_binomial"})
    check(result["margins"][0], expected[0] / 50, expected[1] / 50, 1e-7)
