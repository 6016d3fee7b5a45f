"""Cox regression over sites against lifelines 0.30 and statsmodels 0.15 fitted to the pooled table."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from summand.methods.survival._cox import CoxRegression
from summand.tables import Batch, Limits
from summand.testing.plain import run_plain
from survival_cohorts import cgd, colon, dealt, lung, nwtco, pbc, retinopathy, setting_of, uneven, veteran

COHORTS: dict[str, tuple[Callable[[], pd.DataFrame], list[str]]] = {
    "lung": (lung, ["age", "sex", "ecog"]),
    "veteran": (veteran, ["trt", "karno", "age", "prior"]),
    "cgd": (cgd, ["age", "steroids", "treated"]),
    "colon": (colon, ["age", "sex", "nodes", "obstruct"]),
    "pbc": (pbc, ["age", "bili", "albumin", "edema"]),
    "retinopathy": (retinopathy, ["trt", "age", "risk"]),
    "nwtco": (nwtco, ["histol", "stage", "age"]),
}


def ours(table: pd.DataFrame, covariates: list[str], labels: np.ndarray, **settings: str) -> dict:
    """Our fit over the sites, and one more site without any row."""
    sites: list[list[Batch]] = [*dealt(table, labels), []]
    formula = f"Surv(time, status) ~ {' + '.join(covariates)}"
    return dict(run_plain(CoxRegression(formula, **settings), sites, setting_of(table, len(sites))).values)


def by_lifelines(table: pd.DataFrame, covariates: list[str], strata: bool) -> tuple[np.ndarray, np.ndarray, float]:
    """Coefficients, standard errors and log-likelihood, run until the score is below 1e-10."""
    from lifelines import CoxPHFitter

    data = table[[*covariates, "time"]].assign(event=_event(table), stratum=table["stratum"])
    if not strata:
        data = data.drop(columns="stratum")
    options = {"precision": 1e-24, "r_precision": 1e-24}  # of half the decrement: the score is below 1e-10
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = CoxPHFitter().fit(data, "time", "event", strata=["stratum"] if strata else None, fit_options=options)
    return fit.params_[covariates].to_numpy(), fit.standard_errors_[covariates].to_numpy(), fit.log_likelihood_


def by_statsmodels(
    table: pd.DataFrame, covariates: list[str], strata: bool, ties: str
) -> tuple[np.ndarray, np.ndarray, float]:
    """Coefficients, standard errors and log-likelihood of PHReg."""
    from statsmodels.duration.hazard_regression import PHReg

    stratum = table["stratum"].to_numpy() if strata else None
    model = PHReg(table["time"], table[covariates], status=_event(table), strata=stratum, ties=ties)
    fit = model.fit()
    beta = np.asarray(fit.params)
    for _ in range(3):  # statsmodels stops early; Newton from there
        beta = beta - np.linalg.solve(model.hessian(beta), model.score(beta))
    return beta, np.sqrt(np.diag(np.linalg.inv(-model.hessian(beta)))), model.loglike(beta)


def _event(table: pd.DataFrame) -> np.ndarray:
    return (table["status"] == max(1, table["status"].max())).astype(int).to_numpy()


def agree(values: dict, reference: tuple[np.ndarray, np.ndarray, float]) -> None:
    """Coefficients, standard errors and log-likelihood to 1e-8."""
    beta, errors, log_likelihood = reference
    np.testing.assert_allclose([row["estimate"] for row in values["terms"]], beta, rtol=1e-8, atol=1e-13)
    np.testing.assert_allclose([row["std_error"] for row in values["terms"]], errors, rtol=1e-8)
    assert values["log_likelihood"] == pytest.approx(log_likelihood, rel=1e-10)


@pytest.mark.parametrize("sites", [3, 18])
@pytest.mark.parametrize("name", sorted(COHORTS))
def test_efron_with_site_strata_equals_lifelines(name: str, sites: int) -> None:
    """Stratified by site, with Efron ties, coefficients and errors equal lifelines' pooled stratified fit."""
    load, covariates = COHORTS[name]
    table = load()
    table["stratum"] = uneven(len(table), sites)
    values = ours(table.drop(columns="stratum"), covariates, table["stratum"].to_numpy())
    agree(values, by_lifelines(table, covariates, strata=True))


@pytest.mark.parametrize("name", sorted(COHORTS))
def test_efron_over_a_shared_grid_equals_lifelines(name: str) -> None:
    """With one baseline hazard, over the exact grid, coefficients and errors equal lifelines' pooled fit."""
    load, covariates = COHORTS[name]
    table = load()
    table["stratum"] = 0
    values = ours(table.drop(columns="stratum"), covariates, uneven(len(table), 4), site="pooled")
    agree(values, by_lifelines(table, covariates, strata=False))


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("site", ["strata", "pooled"])
@pytest.mark.parametrize("name", ["lung", "veteran", "retinopathy", "nwtco"])
def test_both_ties_equal_statsmodels(name: str, site: str, ties: str) -> None:
    """Efron's and Breslow's ties, stratified and pooled, equal statsmodels' PHReg."""
    load, covariates = COHORTS[name]
    table = load()
    table["stratum"] = uneven(len(table), 4)
    values = ours(table.drop(columns="stratum"), covariates, table["stratum"].to_numpy(), site=site, ties=ties)
    agree(values, by_statsmodels(table, covariates, site == "strata", ties))


@pytest.mark.parametrize("site", ["strata", "pooled"])
def test_lung_by_its_own_18_institutions(site: str) -> None:
    """The demo's own case: lung by institution, ten of which have fewer than ten patients."""
    table = lung()
    table["stratum"] = table["site"]
    values = ours(table, ["age", "sex", "ecog"], table["site"].to_numpy(), site=site)
    agree(values, by_lifelines(table, ["age", "sex", "ecog"], strata=site == "strata"))


def test_published_veteran_fit() -> None:
    """The veteran model of Kalbfleisch & Prentice (2002), to four digits of R survival 3.5-3 (r_survival.R and its output)."""
    table = veteran()
    for level, name in enumerate(("adeno", "large", "smallcell")):  # squamous is the reference
        table[name] = (table["cell"] == level).astype(int)
    published = {
        "trt": (0.2946, 0.2075),
        "smallcell": (0.8616, 0.2753),
        "adeno": (1.196, 0.3009),
        "large": (0.4013, 0.2827),
        "karno": (-0.03282, 0.005508),
        "diagtime": (8.132e-05, 0.009136),
        "age": (-0.008706, 0.009300),
        "prior": (0.007159, 0.02323),
    }
    values = ours(table, list(published), uneven(len(table), 3), site="pooled")
    for row in values["terms"]:
        estimate, error = published[row["term"]]
        assert float(f"{row['estimate']:.3e}") == pytest.approx(estimate, rel=1e-12)
        assert float(f"{row['std_error']:.3e}") == pytest.approx(error, rel=1e-12)


def test_coarse_grid_equals_the_fit_to_times_rounded_up() -> None:
    """Under the institutional limits a pooled fit is the fit to times rounded up to the steps' ends, and says so."""
    from summand.methods.survival._times import TimeGrid, TimesState

    table = lung().drop(columns="site")
    site = uneven(len(table), 4)
    setting = setting_of(table, 4, Limits())
    method = CoxRegression("Surv(time, status) ~ age + sex + ecog", site="pooled").under(setting)
    result = run_plain(method, dealt(table, site), setting)
    grid = TimeGrid.of(setting.dictionary["time"], Limits())
    times, events = table["time"].to_numpy(float), table["status"].to_numpy() == 1
    state = grid.update(grid.tally(times[events], grid.start()), grid.start())
    assert isinstance(state, TimesState)
    rounded = table.assign(time=grid.place(times, state), stratum=0)
    agree(dict(result.values), by_lifelines(rounded, ["age", "sex", "ecog"], strata=False))
    assert "at least 10 events" in result.warnings[0]
    assert (np.bincount(grid.place(times[events], state), minlength=len(state.times) + 1)[1:] >= 10).all()
