"""Start-stop rows, strata, weights, robust errors and tests of a Cox model against R survival 3.5-3.

The script is r_cox.R, its output r_cox.txt. R stops when the log-likelihood moves by less than 1e-14 relative.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from r_numbers import r_numbers

from shared_files import shared_data
from summand.methods import CoxRegression
from summand.methods.survival._times import TimeGrid
from summand.tables import PERSONS, Batch, Column, Count, Dictionary, Limits
from summand.testing.plain import run_plain
from survival_cohorts import colon, dealt, setting_of, uneven

R = r_numbers("r_cox.txt")
TIES = pytest.mark.parametrize("ties", ["efron", "breslow"])
START_STOP = "Surv(tstart, tstop, status) ~ treated + age + steroids"


def cgd() -> pd.DataFrame:
    """Chronic granulomatous disease as rows between infections: person, hospital, sex and a made-up weight."""
    table = pd.read_csv(shared_data("survival/cgd.csv"))
    out = table[["id", "tstart", "tstop", "status", "age", "steroids"]].astype(int)
    out["treated"] = (table["treat"] == "rIFN-g").astype(int)
    out["women"] = (table["sex"] == "female").astype(int)
    out["center"] = table["center"].astype("category").cat.codes.astype(int)
    out["weight"] = 1 + (table["age"] % 3) / 2
    return out


def nwtco() -> pd.DataFrame:
    """The Wilms tumour study by month, with its institutions and a made-up weight."""
    table = pd.read_csv(shared_data("survival/nwtco.csv"))
    out = table[["seqno", "instit", "histol", "stage", "age", "rel"]].astype(int)
    out["time"] = np.ceil(table["edrel"] / 30.4).astype(int)
    return out.assign(weight=1 + out["seqno"] % 2)


def fit(table: pd.DataFrame, labels: np.ndarray, formula: str, **settings: object) -> dict:
    """Our fit over the sites, and one more site without any row."""
    rows = [*dealt(table, labels), []]
    method = CoxRegression(formula, **settings)  # type: ignore[arg-type]
    return dict(run_plain(method, rows, setting_of(table, len(rows))).values)


def whole_people(table: pd.DataFrame, sites: int) -> np.ndarray:
    """Uneven sites that keep all rows of a person together."""
    people = sorted(set(table["id"]))
    return uneven(len(people), sites)[np.searchsorted(people, table["id"])]


def agree(found: dict, name: str, *, robust: bool = False) -> None:
    """Coefficients, errors, likelihoods and the three tests of R's model."""
    terms = found["terms"]
    np.testing.assert_allclose([row["estimate"] for row in terms], R[f"{name} coef"], rtol=1e-8)
    own = "std_error_model" if robust else "std_error"
    np.testing.assert_allclose([row[own] for row in terms], R[f"{name} se"], rtol=1e-8)
    if robust:
        np.testing.assert_allclose([row["std_error"] for row in terms], R[f"{name} robust"], rtol=1e-8)
    null, best = R[f"{name} loglik"]
    assert found["log_likelihood_null"] == pytest.approx(null, rel=1e-10)
    assert found["log_likelihood"] == pytest.approx(best, rel=1e-10)
    ratio, wald, score = (row["statistic"] for row in found["tests"])
    assert ratio == pytest.approx(2 * (best - null), rel=1e-7)
    assert wald == pytest.approx(R[f"{name} wald"][0], rel=1e-7)
    assert score == pytest.approx(R[f"{name} score"][0], rel=1e-7)


@TIES
@pytest.mark.parametrize("sites", [3, 4, 18])
def test_start_stop_over_a_shared_grid_equals_r(ties: str, sites: int) -> None:
    """Rows between infections, one baseline hazard for all sites."""
    table = cgd()
    agree(fit(table, uneven(len(table), sites), START_STOP, ties=ties, site="pooled"), f"cgd {ties}")


@TIES
def test_start_stop_by_hospital_equals_r(ties: str) -> None:
    """The thirteen hospitals, each with its own baseline hazard."""
    table = cgd()
    agree(fit(table, table["center"].to_numpy(), START_STOP, ties=ties), f"cgd by hospital {ties}")


@TIES
def test_strata_of_a_column_equal_r(ties: str) -> None:
    """A baseline hazard for each sex: over a shared grid, and within each hospital."""
    table = cgd()
    shared = fit(table, uneven(len(table), 4), START_STOP, ties=ties, site="pooled", strata="women")
    agree(shared, f"cgd by sex {ties}")
    within = fit(table, table["center"].to_numpy(), START_STOP, ties=ties, strata="women")
    agree(within, f"cgd by sex and hospital {ties}")


@TIES
def test_case_weights_equal_r(ties: str) -> None:
    """Weights enter Efron's and Breslow's likelihood as in coxph: shared grid, and stratified by a column."""
    table = cgd()
    settings = {"ties": ties, "site": "pooled", "weights": "weight", "errors": "HC0"}
    agree(fit(table, uneven(len(table), 4), START_STOP, **settings), f"cgd weighted {ties}", robust=True)
    trial = nwtco()
    formula = "Surv(time, rel) ~ histol + age"
    settings = {"ties": ties, "site": "pooled", "weights": "weight", "strata": "stage"}
    agree(fit(trial, uneven(len(trial), 4), formula, **settings), f"nwtco by stage {ties}")
    # each stage a site: the same strata
    settings = {"ties": ties, "weights": "weight"}
    agree(fit(trial, trial["stage"].to_numpy(), formula, **settings), f"nwtco by stage {ties}")


@TIES
@pytest.mark.parametrize("site", ["pooled", "strata"])
def test_robust_errors_equal_r(ties: str, site: str) -> None:
    """The sandwich of score residuals, by row and by person, shared grid and hospitals with their own baselines."""
    table = cgd()
    name = "cgd" if site == "pooled" else "cgd by hospital"
    labels = whole_people(table, 5) if site == "pooled" else table["center"].to_numpy()
    rows = fit(table, labels, START_STOP, ties=ties, site=site, errors="HC0")
    agree(rows, f"{name} rows {ties}", robust=True)
    assert rows["clusters"] == Count(len(table))
    people = fit(table, labels, START_STOP, ties=ties, site=site, errors="cluster-column", cluster="id")
    agree(people, f"{name} person {ties}", robust=True)
    assert people["clusters"] == Count(table["id"].nunique())
    agree(by_identifier(table, labels, ties, site), f"{name} person {ties}", robust=True)


def by_identifier(table: pd.DataFrame, labels: np.ndarray, ties: str, site: str) -> dict:
    """The fit clustered by the dictionary's person identifier, which reaches a method as numbers of no meaning."""
    setting = setting_of(table.drop(columns="id"), len(set(labels)))
    dictionary = Dictionary("d", (*setting.dictionary, Column("id", "text")), "id")
    numbers = np.random.default_rng(1).integers(-(2**63), 2**63 - 1, table["id"].max() + 1)
    rows = [
        [Batch({**batch.columns, PERSONS: numbers[batch.number("id").astype(int)]}, batch.rows) for batch in batches]
        for batches in dealt(table, labels)
    ]
    method = CoxRegression(START_STOP, ties=ties, site=site, errors="cluster-person")
    assert method.by_person
    return dict(run_plain(method, [*rows, []], replace(setting, dictionary=dictionary)).values)


@TIES
def test_errors_clustered_by_site_equal_r(ties: str) -> None:
    """Each hospital a cluster: its own sum of score residuals is squared before it leaves."""
    table = cgd()
    found = fit(table, table["center"].to_numpy(), START_STOP, ties=ties, site="pooled", errors="cluster-site")
    agree(found, f"cgd site {ties}", robust=True)
    assert found["clusters"] == 13


@TIES
def test_robust_errors_with_weights_and_strata_equal_r(ties: str) -> None:
    """All at once: start-stop, weights, strata of a column, clusters of rows."""
    table = cgd()
    found = fit(
        table, whole_people(table, 4), START_STOP, ties=ties, site="pooled", weights="weight", strata="women",
        errors="cluster-column", cluster="id",
    )  # fmt: skip
    agree(found, f"cgd by sex weighted person {ties}", robust=True)


@TIES
@pytest.mark.parametrize("sites", [3, 4, 18])
def test_robust_errors_under_heavy_ties_equal_r(ties: str, sites: int) -> None:
    """By month hundreds of events are tied: Efron's correction enters the residuals of those who have them."""
    table = nwtco()
    formula = "Surv(time, rel) ~ histol + age"
    found = fit(table, uneven(len(table), sites), formula, ties=ties, site="pooled", errors="HC0")
    agree(found, f"nwtco {ties}", robust=True)


def check_zph(found: dict, name: str, transform: str) -> None:
    """The test of each term and of all together is cox.zph's."""
    rows = found["proportionality"]
    assert rows[-1]["term"] == "global"
    assert found["transform"] == transform
    np.testing.assert_allclose([row["statistic"] for row in rows], R[f"{name} zph {transform}"], rtol=1e-7)
    assert [row["degrees_of_freedom"] for row in rows] == R[f"{name} zph df {transform}"].tolist()
    np.testing.assert_allclose([row["p_value"] for row in rows], R[f"{name} zph p {transform}"], rtol=0, atol=1e-6)


@pytest.mark.parametrize("transform", ["km", "rank", "identity", "log"])
def test_proportionality_equals_cox_zph(transform: str) -> None:
    """Every transform of time, with late rows, strata, a category of three levels, and both ties."""
    table, trial = cgd(), colon()
    settings = {"site": "pooled", "also": ("proportionality",), "transform": transform}
    labels = uneven(len(table), 4)
    check_zph(fit(table, labels, START_STOP, **settings), "cgd", transform)
    check_zph(fit(table, labels, START_STOP, strata="women", **settings), "cgd by sex", transform)
    formula = "Surv(time, status) ~ C(arm) + age + nodes"
    for ties in ("efron", "breslow"):
        check_zph(fit(trial, uneven(len(trial), 18), formula, ties=ties, **settings), f"colon {ties}", transform)
    if transform != "km":
        weighted = trial.assign(weight=1 + trial["age"] % 4)
        found = fit(weighted, uneven(len(trial), 3), formula, weights="weight", **settings)
        check_zph(found, "colon weighted", transform)


@pytest.mark.parametrize("transform", ["identity", "log"])
def test_proportionality_by_site_equals_cox_zph(transform: str) -> None:
    """Each hospital or institution a stratum that keeps its times."""
    settings = {"also": ("proportionality",), "transform": transform}
    table, trial = cgd(), nwtco()
    check_zph(fit(table, table["center"].to_numpy(), START_STOP, **settings), "cgd by hospital", transform)
    found = fit(trial, trial["instit"].to_numpy(), "Surv(time, rel) ~ histol + age", **settings)
    check_zph(found, "nwtco by institution", transform)


def test_concordance_equals_r() -> None:
    """Harrell's concordance within hospitals and institutions, with its error: late rows, ties, weights."""
    table, trial = cgd(), nwtco()
    cases = [
        (fit(table, table["center"].to_numpy(), START_STOP, also=("concordance",)), "cgd by hospital"),
        (
            fit(trial, trial["instit"].to_numpy(), "Surv(time, rel) ~ histol + age", also=("concordance",)),
            "nwtco by institution",
        ),
        (
            fit(
                trial, trial["instit"].to_numpy(), "Surv(time, rel) ~ histol + age", also=("concordance",),
                weights="weight",
            ),
            "nwtco weighted",
        ),
    ]  # fmt: skip
    for found, name in cases:
        (row,) = found["concordance"]
        share, error = R[f"{name} concordance"]
        assert row["concordance"] == pytest.approx(share, rel=1e-9)
        assert row["std_error"] == pytest.approx(error, rel=1e-8)


def test_concordance_over_a_shared_grid() -> None:
    """Of all pairs, by 101 classes: lifelines' concordance of the classes themselves, and near that of the predictor.

    Two of a class count as tied; with 101 classes that moves the share by less than 0.001 here.
    """
    from lifelines.utils import concordance_index
    from scipy.stats import norm

    table = colon()
    for sites in (3, 18):
        formula = "Surv(time, status) ~ age + nodes + obstruct"
        found = fit(table, uneven(len(table), sites), formula, site="pooled", also=("concordance",))
        (row,) = found["concordance"]
        assert (row["pairs"], row["classes"]) == ("of all sites", 101)
        beta = np.array([term["estimate"] for term in found["terms"]])
        columns = table[["age", "nodes", "obstruct"]].to_numpy(float)
        # rounded: a matrix product may give equal rows predictors that differ in the last bit
        predictor = np.round((columns - columns.mean(axis=0)) @ beta, 12)
        whole = concordance_index(table["time"], -predictor, table["status"])
        assert row["concordance"] == pytest.approx(whole, abs=1e-3)
        share, error = R["colon concordance"]
        assert share == pytest.approx(whole, rel=1e-9)
        assert row["std_error"] == pytest.approx(error, rel=0.01)
        # the classes: quantiles of a normal variable with the variance that the information without covariates gives
        spread = np.sqrt(beta @ null_variance(table, columns) @ beta)
        classes = np.searchsorted(spread * norm.ppf(np.arange(1, 101) / 101), predictor)
        by_class = concordance_index(table["time"], -classes, table["status"])
        assert row["concordance"] == pytest.approx(by_class, rel=1e-10)


def null_variance(table: pd.DataFrame, x: np.ndarray) -> np.ndarray:
    """The mean over events of the covariates' variance among those at risk, by Efron's ties: statsmodels' information."""
    from statsmodels.duration.hazard_regression import PHReg

    model = PHReg(table["time"], x, status=table["status"], ties="efron")
    return -model.hessian(np.zeros(x.shape[1])) / table["status"].sum()


@TIES
def test_baseline_hazard_equals_basehaz(ties: str) -> None:
    """The cumulative baseline hazard at the means is R's at 0 times the hazard ratio of the means."""
    table = colon()
    formula = "Surv(time, status) ~ C(arm) + age + nodes"
    found = fit(table, uneven(len(table), 4), formula, ties=ties, site="pooled", also=("baseline",))
    beta = np.array([row["estimate"] for row in found["terms"]])
    means = np.array(
        [(table["arm"] == 1).mean(), (table["arm"] == 2).mean(), table["age"].mean(), table["nodes"].mean()]
    )
    (row,) = found["baseline"]["curves"]
    at = np.searchsorted(row["time"], [100, 1000, 2500], side="right") - 1
    hazard = np.array(row["cumulative_hazard"])[at] / np.exp(beta @ means)
    np.testing.assert_allclose(hazard, R[f"colon {ties} baseline"], rtol=1e-8)
    np.testing.assert_allclose(np.array(row["survival"]), np.exp(-np.array(row["cumulative_hazard"])), rtol=1e-12)
    arm = found["term_tests"][0]
    assert (arm["term"], arm["degrees_of_freedom"]) == ("C(arm)", 2)
    assert arm["statistic"] == pytest.approx(R[f"colon {ties} arm wald"][0], rel=1e-7)


@TIES
def test_coarse_late_entry_is_that_of_rounded_times(ties: str) -> None:
    """Under the institutional limits ends count as the ends of their steps and starts as beginnings: statsmodels' fit."""
    from statsmodels.duration.hazard_regression import PHReg

    table = colon()
    table["entry"] = np.where(table["time"] > 600, table["time"] // 3, 0)
    formula, names = "Surv(entry, time, status) ~ age + nodes + obstruct", ["age", "nodes", "obstruct"]
    labels = uneven(len(table), 4)
    setting = setting_of(table, 4, Limits())
    result = run_plain(CoxRegression(formula, ties=ties, site="pooled"), dealt(table, labels), setting)
    assert "at least 10 events" in result.warnings[0]
    grid = TimeGrid.of(setting.dictionary["time"], Limits())
    times, events = table["time"].to_numpy(float), table["status"].to_numpy() == 1
    state = grid.update(grid.tally(times[events], grid.start()), grid.start())
    stop, start = grid.place(times, state), grid.entered(table["entry"].to_numpy(float), state)
    assert (stop[events] > start[events]).all()
    seen = stop > start  # the others leave before the first event, or enter after the last one
    # statsmodels counts who enters at a time as at risk at it: half a step later is after it
    model = PHReg(
        stop[seen], table.loc[seen, names], status=events[seen].astype(int), entry=start[seen] + 0.5, ties=ties
    )
    beta = np.asarray(model.fit().params)
    for _ in range(3):  # statsmodels stops early; Newton from there
        beta = beta - np.linalg.solve(model.hessian(beta), model.score(beta))
    np.testing.assert_allclose([row["estimate"] for row in result.values["terms"]], beta, rtol=1e-8)
    errors = np.sqrt(np.diag(np.linalg.inv(-model.hessian(beta))))
    np.testing.assert_allclose([row["std_error"] for row in result.values["terms"]], errors, rtol=1e-8)
