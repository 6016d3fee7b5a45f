"""Interrupted time series against statsmodels' OLS, GLS and GLM of the pooled table's totals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pooled_cohorts import uneven

from panel_cohorts import clinics, dealt, setting_of
from summand.errors import CohortTooSmall, FormulaInvalid, SingularInformation, UsageError
from summand.methods import InterruptedTimeSeries
from summand.methods._registry import from_spec
from summand.tables import Limits
from summand.testing.plain import run_plain


def nile() -> pd.DataFrame:
    """The Nile's yearly flow, 1871 to 1970, that fell when 1899 began."""
    from statsmodels.datasets import nile as source

    return source.load_pandas().data.astype(float)


def carbon() -> pd.DataFrame:
    """Weekly carbon dioxide at Mauna Loa from 1965 to 1984, months numbered from 0."""
    from statsmodels.datasets import co2

    table = co2.load_pandas().data.dropna()
    table = table[(table.index.year >= 1965) & (table.index.year < 1985)]
    month = (table.index.year - 1965) * 12 + table.index.month - 1
    return pd.DataFrame({"month": month, "co2": table["co2"].to_numpy()}).astype(float)


def weeks(rows: int = 4000) -> pd.DataFrame:
    """Patients over 30 weeks, two hospitals' groups of which one changes its practice in week 15."""
    table = clinics(rows, clusters=6).drop(columns=["month"])
    rng = np.random.default_rng(8)
    table["week"] = rng.integers(1, 31, rows).astype(float)
    table["changed"] = (table["clinic"] % 2).astype(float)
    after = (table["week"] >= 15) & (table["changed"] == 1)
    table["back"] = (rng.uniform(size=rows) < 0.3 + 0.004 * table["week"] - 0.1 * after).astype(float)
    table["visits"] = rng.poisson(2 + 0.02 * table["week"] - 0.5 * after).astype(float)
    return table


def design(periods: int, change: int, season: int = 0, harmonics: int = 1) -> np.ndarray:
    t = np.arange(periods, dtype=float)
    after = (t >= change).astype(float)
    waves = [f(2 * np.pi * k * t / season) for k in range(1, harmonics + 1) for f in (np.sin, np.cos)] if season else []
    return np.column_stack([np.ones(periods), t, after, after * (t - change), *waves])


def both(periods: int, change: int) -> np.ndarray:
    own = design(periods, change)
    return np.vstack([np.hstack([own, 0 * own]), np.hstack([own, own])])


def overdispersed(glm: Any, events: np.ndarray, people: np.ndarray) -> Any:
    """Statsmodels' fit with Pearson's dispersion of numbers of events; its own "X2" takes that of shares."""
    fit = glm.fit(tol=1e-14, tol_criterion="params", maxiter=100)
    expected = people * fit.fittedvalues
    pearson = ((events - expected) ** 2 / (expected * (1 - fit.fittedvalues))).sum() / fit.df_resid
    return glm.fit(tol=1e-14, tol_criterion="params", maxiter=100, scale=pearson)


def run(table: pd.DataFrame, method: InterruptedTimeSeries, sites: int = 4) -> dict[str, Any]:
    return dict(run_plain(method, dealt(table, uneven(len(table), sites)), setting_of(table, sites + 1)).values)


def check(values: dict[str, Any], fit: Any, change: int, link: str = "identity") -> None:
    """Terms, and the effect of the first, a middle and the last period."""
    rows = values["terms"]
    covariance = np.asarray(fit.cov_params())
    np.testing.assert_allclose([row["estimate"] for row in rows], fit.params, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose([row["std_error"] for row in rows], fit.bse, rtol=1e-8)
    np.testing.assert_allclose([row["p_value"] for row in rows], fit.pvalues, atol=1e-8)
    interval = np.asarray(fit.conf_int())
    np.testing.assert_allclose([row["conf_low"] for row in rows], interval[:, 0], rtol=1e-7, atol=1e-9)
    places = [row["term"].removeprefix("treated: ") for row in rows]
    level, slope = (len(places) - 1 - places[::-1].index(name) for name in ("level change", "slope change"))
    for k in (0, 3, len(values["period_effects"]) - 1):
        row, gradient = values["period_effects"][k], np.zeros(len(rows))
        gradient[level], gradient[slope] = 1.0, float(k)
        value, error = float(gradient @ fit.params), float(np.sqrt(gradient @ covariance @ gradient))
        assert row["estimate"] == pytest.approx(value if link == "identity" else np.exp(value), rel=1e-7)
        assert row["std_error"] == pytest.approx(error, rel=1e-7)
    assert len(values["period_effects"]) == len({row["period"] for row in values["series"]}) - change


@pytest.mark.parametrize("sites", [3, 4, 18])
@pytest.mark.parametrize("lags", [-1, 0, 6])
def test_the_nile_with_newey_west_errors(lags: int, sites: int) -> None:
    """A real series with one observation a year: OLS with statsmodels' HAC errors and Student's t."""
    from statsmodels.regression.linear_model import OLS

    table = nile()
    used = 4 if lags < 0 else lags  # floor(4 × 1^(2/9))
    model = OLS(table["volume"].to_numpy(), design(100, 28))
    fit = model.fit(cov_type="HAC", cov_kwds={"maxlags": used, "use_correction": True}, use_t=True)
    values = run(table, InterruptedTimeSeries("volume", "year", "1899", lags=lags), sites)
    check(values, fit, 28)
    assert values["lags"] == used
    fitted = [row["fitted"] for row in values["series"]]
    np.testing.assert_allclose(fitted, fit.fittedvalues, rtol=1e-9)
    without = fit.params * [1, 1, 0, 0]
    later = [row["counterfactual"] for row in values["series"][28:]]
    np.testing.assert_allclose(later, design(100, 28)[28:] @ without, rtol=1e-9)


def test_the_nile_with_autoregressive_errors() -> None:
    """Prais–Winsten equals generalised least squares with the dense covariance of an AR(1), iterated to its end."""
    from statsmodels.regression.linear_model import GLS

    table = nile()
    x, y, rho = design(100, 28), table["volume"].to_numpy(), 0.0
    for _ in range(200):
        sigma = rho ** np.abs(np.subtract.outer(np.arange(100), np.arange(100)))
        fit = GLS(y, x, sigma=sigma).fit()
        e = y - x @ fit.params
        before, rho = rho, float(e[1:] @ e[:-1] / (e[:-1] @ e[:-1]))
        if abs(rho - before) < 1e-14:
            break
    # the dense covariance leaves the process's variance 1 / (1 − ρ²) in the scale; the errors are the same
    values = run(table, InterruptedTimeSeries("volume", "year", "1899", errors="prais_winsten"))
    check(values, fit, 28)
    assert values["rho"] == pytest.approx(rho, rel=1e-8)
    plain = run(table, InterruptedTimeSeries("volume", "year", "1899", errors="independent"))
    from statsmodels.regression.linear_model import OLS

    check(plain, OLS(y, x).fit(), 28)


def test_seasons_of_a_real_monthly_series() -> None:
    """Monthly means of weekly values at 18 sites with two harmonics of twelve months."""
    from statsmodels.regression.linear_model import OLS

    table = carbon()
    y = table.groupby("month")["co2"].mean().to_numpy()
    fit = OLS(y, design(240, 120, 12, 2)).fit(
        cov_type="HAC", cov_kwds={"maxlags": 4, "use_correction": True}, use_t=True
    )
    values = run(table, InterruptedTimeSeries("co2", "month", "120", season=12, harmonics=2), 18)
    check(values, fit, 120)
    assert values["autocorrelation"] > 0.5
    assert [row["n"].people for row in values["series"]] == table.groupby("month").size().tolist()


@pytest.mark.parametrize("errors", ["newey_west", "independent"])
@pytest.mark.parametrize(("outcome", "model", "measure"), [
    ("back", "poisson", "mean"), ("visits", "poisson", "mean"), ("visits", "poisson", "total"),
    ("back", "logistic", "mean"), ("", "poisson", "count"),
])  # fmt: skip
def test_rates_and_shares(outcome: str, model: str, measure: str, errors: str) -> None:
    """Poisson and logistic regression of the totals, errors overdispersed (X2) or HAC, are statsmodels' GLM."""
    from statsmodels.genmod.families import Binomial, Poisson
    from statsmodels.genmod.generalized_linear_model import GLM

    table = weeks()
    people = table.groupby("week").size().to_numpy(float)
    total = table.groupby("week")[outcome].sum().to_numpy() if outcome else people
    x = design(30, 14)
    if model == "logistic":
        glm = GLM(np.column_stack([total, people - total]), x, family=Binomial())
    else:
        glm = GLM(total, x, family=Poisson(), offset=np.log(people) if measure == "mean" else None)
    kinds: dict[str, Any] = {"scale": "X2"}
    if errors == "newey_west":
        kinds = {"cov_type": "HAC", "cov_kwds": {"maxlags": 3, "use_correction": True}}
    fit = glm.fit(tol=1e-14, tol_criterion="params", maxiter=100, **kinds)
    if model == "logistic" and errors == "independent":
        fit = overdispersed(glm, total, people)
    method = InterruptedTimeSeries(outcome, "week", "15", measure, model, errors)
    check(run(table, method), fit, 14, link="log")


def test_control_series_with_scores_summed_over_both() -> None:
    """Two series: statsmodels' Driscoll–Kraay errors ("hac-groupsum") on the stacked totals."""
    from statsmodels.regression.linear_model import OLS

    table = weeks()
    y = table.groupby(["changed", "week"])["days"].mean().to_numpy()
    time = np.tile(np.arange(30), 2)
    order = np.argsort(time, kind="stable")
    model = OLS(y[order], both(30, 14)[order])
    kinds = {"time": time[order], "maxlags": 3, "use_correction": "hac"}
    fit = model.fit(cov_type="hac-groupsum", cov_kwds=kinds, use_t=True, df_resid=52)
    values = run(table, InterruptedTimeSeries("days", "week", "15", control="changed"))
    np.testing.assert_allclose([row["estimate"] for row in values["terms"]], fit.params, rtol=1e-8)
    np.testing.assert_allclose([row["std_error"] for row in values["terms"]], fit.bse, rtol=1e-8)
    assert [row["term"] for row in values["terms"]][6:] == ["treated: level change", "treated: slope change"]
    assert {row["series"] for row in values["series"]} == {"changed = 0", "changed = 1"}
    assert sum(row["counterfactual"] is not None for row in values["series"]) == 16


def test_control_series_autoregressive_and_logistic() -> None:
    """Two series with one memory, or of shares, against the block-diagonal GLS and the stacked GLM."""
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM
    from statsmodels.regression.linear_model import GLS

    table = weeks()
    cells = table.groupby(["changed", "week"])
    y, x, rho = cells["days"].mean().to_numpy(), both(30, 14), 0.0
    for _ in range(300):
        block = rho ** np.abs(np.subtract.outer(np.arange(30), np.arange(30)))
        fit = GLS(y, x, sigma=np.kron(np.eye(2), block)).fit()
        e = (y - x @ fit.params).reshape(2, 30)
        before, rho = rho, float((e[:, 1:] * e[:, :-1]).sum() / (e[:, :-1] ** 2).sum())
        if abs(rho - before) < 1e-15:
            break
    values = run(table, InterruptedTimeSeries("days", "week", "15", errors="prais_winsten", control="changed"))
    check(values, fit, 14)
    events, people = cells["back"].sum().to_numpy(), cells.size().to_numpy(float)
    glm = GLM(np.column_stack([events, people - events]), x, family=Binomial())
    method = InterruptedTimeSeries("back", "week", "15", "mean", "logistic", "independent", control="changed")
    check(run(table, method), overdispersed(glm, events, people), 14, link="log")


def test_what_is_refused_and_what_is_hidden() -> None:
    """Small and empty periods, changes outside, and requests that mean nothing; few events are not told."""
    table = weeks()
    few = pd.concat([table[table["week"] != 9], table[table["week"] == 9].iloc[:9]])
    with pytest.raises(CohortTooSmall, match="Fewer than 10 people are in some period"):
        run_plain(
            InterruptedTimeSeries("days", "week", "15"), dealt(few, np.zeros(len(few))), setting_of(few, 2, Limits())
        )
    with pytest.raises(SingularInformation, match="Nobody is in period 9"):
        run(table[table["week"] != 9], InterruptedTimeSeries("days", "week", "15"))
    rare = table.assign(back=table["back"].where(table["week"] != 4, 0.0))
    method = InterruptedTimeSeries("back", "week", "15", model="poisson")
    values = run_plain(method, dealt(rare, np.zeros(len(rare))), setting_of(rare, 2, Limits())).values
    assert [row["observed"] for row in values["series"]] == [None] * len(values["series"])
    assert values["series"][4]["fitted"] is not None
    for change in ("1", "30", "June"):
        with pytest.raises(FormulaInvalid, match="is not a period of 'week' with periods before and after"):
            InterruptedTimeSeries("days", "week", change).under(setting_of(table))
    for unfit in (
        InterruptedTimeSeries("days", "week", "15", model="logistic"),
        InterruptedTimeSeries("days", "week", "15", control="clinic"),
    ):
        with pytest.raises(FormulaInvalid):
            unfit.under(setting_of(table))
    spec = InterruptedTimeSeries("days", "week", "15").to_spec()
    assert from_spec(spec) == InterruptedTimeSeries("days", "week", "15")
    for changed in (
        {"measure": "count"}, {"outcome": ""}, {"model": "poisson", "errors": "prais_winsten"}, {"season": 1},
        {"season": 4, "harmonics": 2}, {"model": "logistic", "measure": "total"}, {"lags": -2}, {"weights": 1},
    ):  # fmt: skip
        with pytest.raises(UsageError):
            from_spec({**spec, **changed})
    short = table[table["week"] <= 6]
    result = run_plain(
        InterruptedTimeSeries("days", "week", "4"), dealt(short, np.zeros(len(short))), setting_of(short, 2)
    )
    assert result.warnings == ("With 3 periods on one side of the change its level and slope are hardly known.",)
