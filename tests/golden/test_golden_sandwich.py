"""Sandwich errors by row, by person and by site against statsmodels 0.14 and R's sandwich (`r_glm.R`), on pooled rows.

The children have several intervals each, in 13 hospitals. statsmodels gives GLM no small-sample correction with ``HC1``,
so those are compared with R's, which does; its clustered errors have both corrections.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pooled_cohorts import setting, uneven
from r_values import r_values
from sandwich_cohort import CGD, cgd, dealt, design

from summand.errors import CohortTooSmall, SingularInformation, UsageError
from summand.methods import GeneralizedLinearModel as Glm
from summand.methods import LinearRegression as Linear
from summand.methods import LogisticRegression as Logistic
from summand.methods import bounds, from_spec
from summand.methods.models._glm_state import END
from summand.tables import Column, Dictionary, Limits
from summand.testing.plain import run_plain, site_summand

pytestmark = pytest.mark.slow

CASES = {
    "poisson": ("status ~ treated + age", "", "log(days)"),
    "logit": ("status ~ treated + age", "logit", ""),
    "probit": ("old ~ treated + weight", "probit", ""),
    "gamma": ("weight ~ treated + age", "log", ""),
    "gaussian": ("weight ~ treated + age", "", ""),
    "negative_binomial": ("status ~ treated + age", "", "log(days)"),
}


def columns(result: dict, name: str) -> np.ndarray:
    return np.array([row[name] for row in result["terms"]], dtype=float)


def family_of(name: str) -> tuple[str, Any, dict[str, Any]]:
    import statsmodels.api as sm

    families = sm.families
    known = {
        "logit": ("binomial", families.Binomial(), {}),
        "probit": ("binomial", families.Binomial(families.links.Probit()), {}),
        "poisson": ("poisson", families.Poisson(), {}),
        "gamma": ("gamma", families.Gamma(families.links.Log()), {}),
        "gaussian": ("gaussian", families.Gaussian(), {}),
        "negative_binomial": ("negative_binomial", families.NegativeBinomial(alpha=0.4), {"overdispersion": 0.4}),
    }
    return known[name]


def varied(table: pd.DataFrame, outcome: str, family: str) -> np.ndarray:
    """The rows of sites whose outcome varies: the others have no dummy variable with a finite coefficient."""
    if family not in ("binomial", "poisson", "negative_binomial"):
        return np.ones(len(table), dtype=bool)
    by_site = table.groupby("site")[outcome]
    good = by_site.nunique() == 2 if family == "binomial" else by_site.sum() > 0
    return table["site"].isin(good[good].index).to_numpy()


@pytest.mark.parametrize("errors", ["HC0", "cluster-site", "cluster-person"])
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("weights", ["", "days"])
@pytest.mark.parametrize("site", ["pooled", "fixed"])
def test_sandwiches_equal_statsmodels(name: str, errors: str, weights: str, site: str) -> None:
    """Every family, with and without prior weights, with one intercept for all or dummy variables of 13 hospitals."""
    import statsmodels.api as sm

    formula, link, offset = CASES[name]
    family, expected_family, more = family_of(name)
    table, outcome = cgd(), formula.split()[0]
    table = table[varied(table, outcome, family)] if site == "fixed" else table
    x = design(table)
    if "weight" in formula.split("~")[1]:
        x[:, 2] = table["weight"]
    if site == "fixed":
        x = np.column_stack([x[:, 1:], *((table["site"] == k).to_numpy(float) for k in np.unique(table["site"]))])
    scale = np.abs(x).max(axis=0)
    known = {"offset": np.log(table["days"].to_numpy())} if offset else {}
    known |= {"var_weights": table[weights].to_numpy()} if weights else {}
    groups = table["site" if errors == "cluster-site" else "child"].to_numpy()
    kind = {"cov_type": "cluster", "cov_kwds": {"groups": groups}} if errors != "HC0" else {"cov_type": "HC0"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = sm.GLM(table[outcome].to_numpy(float), x / scale, family=expected_family, **known)
        fit = model.fit(tol=1e-15, maxiter=300, tol_criterion="params", **kind)
    by_hospital = site == "fixed" or errors == "cluster-site"
    labels = table["site"].to_numpy() if by_hospital else table["child"].to_numpy() % 3
    method = Glm(formula, site, family=family, link=link, offset=offset, weights=weights, errors=errors, **more)
    result = run_plain(method, dealt(table, labels), setting(CGD, 14)).values
    p = len(result["terms"])
    np.testing.assert_allclose(columns(result, "estimate"), (fit.params / scale)[:p], rtol=1e-9)
    np.testing.assert_allclose(columns(result, "std_error"), (fit.bse / scale)[:p], rtol=1e-9)
    if errors != "HC0":
        assert result["clusters"].people == len(np.unique(groups))


def test_sandwiches_equal_r() -> None:
    """Corrections for small samples are those of R's sandwich; the Wald test uses the sandwich; few clusters are told."""
    table, r = cgd(), r_values("glm")
    found = {}
    for errors in ("HC0", "HC1", "cluster-person", "cluster-site"):
        method = Glm("status ~ treated + age", family="poisson", offset="log(days)", errors=errors, null="~ age")
        found[errors] = run_plain(method, dealt(table, table["site"].to_numpy()), setting(CGD, 14))
        name = errors.removeprefix("cluster-")
        np.testing.assert_allclose(columns(found[errors].values, "std_error"), r[f"sandwich.{name}"], rtol=1e-8)
    (test,) = found["cluster-site"].values["tests"]
    row = found["cluster-site"].values["terms"][1]
    assert (test["test"], test["degrees_of_freedom"]) == ("wald", 1)
    assert test["statistic"] == pytest.approx(row["statistic"] ** 2, rel=1e-10)
    assert test["p_value"] == pytest.approx(row["p_value"], abs=1e-12)
    few = "Errors clustered by 13 sites rest on few clusters, and tend to be too small."
    assert found["cluster-site"].warnings == (few,)
    assert found["cluster-person"].warnings == ()


@pytest.mark.parametrize("sites", [3, 4, 13])
def test_least_squares_with_sandwiches_and_weights_equal_r(sites: int) -> None:
    """Linear regression: HC0, HC1 and HC3, clusters, and weights, are those of R's lm and sandwich, also HC3 with both."""
    table, r = cgd(), r_values("glm")
    labels = table["site"].to_numpy() if sites == 13 else uneven(len(table), sites)
    for errors in ("HC0", "HC1", "HC3", "cluster-person", "cluster-site"):
        if errors.startswith("cluster") and sites < 13:
            continue
        found = run_plain(
            Linear("weight ~ treated + age", errors=errors), dealt(table, labels), setting(CGD, 19)
        ).values
        np.testing.assert_allclose(columns(found, "std_error"), r[f"ols.{errors.removeprefix('cluster-')}"], rtol=1e-9)
        assert found["errors"] == errors
    for errors in ("model", "HC1", "HC3"):
        method = Linear("weight ~ treated + age", weights="days", errors=errors)
        found = run_plain(method, dealt(table, labels), setting(CGD, 19)).values
        if errors != "model":
            np.testing.assert_allclose(columns(found, "std_error"), r[f"wls.{errors}"], rtol=1e-9)
            continue
        np.testing.assert_allclose(
            [*columns(found, "estimate"), *columns(found, "std_error")], r["wls.fit"][:6], rtol=1e-9
        )
        fit = [found[name] for name in ("residual_sd", "r_squared", "r_squared_adjusted", "log_likelihood")]
        np.testing.assert_allclose(fit, r["wls.fit"][6:], rtol=1e-10)


@pytest.mark.parametrize("errors", ["HC0", "HC1", "HC3", "cluster-site", "cluster-person"])
@pytest.mark.parametrize("weights", ["", "days"])
def test_least_squares_with_one_intercept_for_each_site_equals_dummy_variables(errors: str, weights: str) -> None:
    """Sandwiches about 13 hospitals' own means are statsmodels' with dummy variables; t has the clusters' freedom."""
    import statsmodels.api as sm

    table = cgd()
    x = np.column_stack([design(table)[:, 1:], *((table["site"] == k).to_numpy(float) for k in range(13))])
    weight = table["days"].to_numpy() if weights else np.ones(len(table))
    model = sm.WLS(table["weight"].to_numpy(float), x, weights=weight)
    groups = table["site" if errors == "cluster-site" else "child"].to_numpy()
    fit = (
        model.fit().get_robustcov_results("cluster", groups=groups)
        if errors.startswith("cluster")
        else model.fit().get_robustcov_results(errors)
    )
    method = Linear("weight ~ treated + age", "fixed", weights=weights, errors=errors)
    result = run_plain(method, dealt(table, table["site"].to_numpy()), setting(CGD, 14)).values
    np.testing.assert_allclose(columns(result, "estimate"), fit.params[:2], rtol=1e-9)
    np.testing.assert_allclose(columns(result, "std_error"), fit.bse[:2], rtol=1e-9)
    np.testing.assert_allclose(columns(result, "p_value"), fit.pvalues[:2], atol=1e-10)
    assert result["log_likelihood"] == pytest.approx(fit.llf, rel=1e-10)


@pytest.mark.parametrize("errors", ["model", "HC3", "cluster-person"])
def test_terms_of_several_coefficients_are_tested_together(errors: str) -> None:
    """An F statistic from whichever covariance was asked for, as statsmodels has it; other terms have their own row."""
    import statsmodels.api as sm

    table = cgd()
    stage = table["stage"].to_numpy()
    x = np.column_stack([np.ones(len(table)), table["treated"], stage == 1, stage == 2]).astype(float)
    fit = sm.OLS(table["weight"].to_numpy(float), x).fit()
    if errors != "model":
        name, more = ("cluster", {"groups": table["child"].to_numpy()}) if "cluster" in errors else (errors, {})
        fit = fit.get_robustcov_results(name, **more)
    method = Linear("weight ~ treated + C(stage)", errors=errors)
    result = run_plain(method, dealt(table, table["site"].to_numpy()), setting(CGD, 14)).values
    expected = fit.f_test(np.eye(4)[2:])
    (test,) = result["term_tests"]
    assert (test["term"], test["degrees_of_freedom"]) == ("C(stage)", 2)
    assert test["statistic"] == pytest.approx(float(np.squeeze(expected.fvalue)), rel=1e-8)
    assert test["p_value"] == pytest.approx(float(expected.pvalue), abs=1e-10)


@pytest.mark.parametrize("errors", ["HC0", "HC1", "cluster-site", "cluster-person"])
@pytest.mark.parametrize("site", ["pooled", "fixed"])
def test_logistic_regression_with_sandwiches(site: str, errors: str) -> None:
    """Logistic regression's sandwiches are those of the binomial family, which statsmodels gives; sites of one class too."""
    import statsmodels.api as sm

    table = cgd()
    if site == "fixed":
        table = table[varied(table, "status", "binomial")]
    x = design(table)
    if site == "fixed":
        x = np.column_stack([x[:, 1:], *((table["site"] == k).to_numpy(float) for k in np.unique(table["site"]))])
    groups = table["site" if errors == "cluster-site" else "child"].to_numpy()
    kind = {"cov_type": "cluster", "cov_kwds": {"groups": groups}} if "cluster" in errors else {"cov_type": "HC0"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = sm.Logit(table["status"].to_numpy(float), x).fit(method="newton", tol=1e-14, disp=0, maxiter=100, **kind)
    correction = np.sqrt(len(x) / (len(x) - x.shape[1])) if errors == "HC1" else 1.0
    method = Logistic("status ~ treated + age", site, errors=errors)
    result = run_plain(method, dealt(table, table["site"].to_numpy()), setting(CGD, 14))
    p = len(result.values["terms"])
    np.testing.assert_allclose(columns(result.values, "estimate"), fit.params[:p], rtol=1e-9)
    np.testing.assert_allclose(columns(result.values, "std_error"), correction * fit.bse[:p], rtol=1e-9)
    assert result.values["log_likelihood"] == pytest.approx(fit.llf, rel=1e-11)
    assert from_spec(method.to_spec()) == method
    assert Logistic("status ~ age").to_spec() == {"name": "logistic", "formula": "status ~ age", "site": "pooled"}
    if site == "fixed" and errors == "HC0":  # sites of one class change nothing
        every = run_plain(method, dealt(cgd(), cgd()["site"].to_numpy()), setting(CGD, 14))
        np.testing.assert_allclose(columns(every.values, "std_error"), fit.bse[:p], rtol=1e-9)
        assert every.warnings == ("2 sites had only one outcome class and added nothing.",)


def test_a_leverage_of_one_has_no_hc3() -> None:
    """A coefficient that one row decides leaves it no residual; HC1 is advised, and has a value."""
    table = cgd()
    table["old"] = (np.arange(len(table)) == 17).astype(int)
    sites = dealt(table, table["site"].to_numpy())
    with pytest.raises(SingularInformation, match=r"decides a coefficient alone.*HC1"):
        run_plain(Linear("weight ~ age + old", errors="HC3"), sites, setting(CGD, 14))
    run_plain(Linear("weight ~ age + old", errors="HC1"), sites, setting(CGD, 14))


def test_weights_of_least_squares_are_judged_under_limits() -> None:
    """Too few people in effect, in all or with one of two values, and requests that say nothing new stay as they were."""
    table = cgd()
    table["days"] = np.where(table.index < 6, 500.0, 0.5)
    sites = dealt(table, table["site"].to_numpy())
    with pytest.raises(CohortTooSmall, match="weights leave fewer than 10 people in effect"):
        run_plain(Linear("weight ~ age", weights="days"), sites, setting(CGD, 14, Limits()))
    table = cgd().assign(old=(np.arange(203) < 5).astype(int))
    with pytest.raises(CohortTooSmall, match="Fewer than 10 people have, or do not have, the outcome 'old = 1'"):
        run_plain(Linear("old ~ age", weights="days"), dealt(table, np.arange(203) % 3), setting(CGD, 4, Limits()))
    assert Linear("weight ~ age").to_spec() == {"name": "linear", "formula": "weight ~ age", "site": "pooled"}
    both = Linear("weight ~ age", "fixed", weights="days", errors="HC3")
    assert from_spec(both.to_spec()) == both


def test_negative_binomial_sandwich_takes_the_overdispersion_as_it_is() -> None:
    """With the overdispersion estimated, the sandwich of the coefficients is that of the model at its estimate."""
    table = cgd()
    sites = dealt(table, table["site"].to_numpy())
    for site in ("pooled", "fixed"):
        free = Glm("weight ~ treated + age", site, family="negative_binomial", errors="cluster-person")
        result = run_plain(free, sites, setting(CGD, 14)).values
        given = Glm("weight ~ treated + age", site, family="negative_binomial", errors="cluster-person",
                    overdispersion=result["overdispersion"])  # fmt: skip
        again = run_plain(given, sites, setting(CGD, 14)).values
        np.testing.assert_allclose(columns(result, "std_error"), columns(again, "std_error"), rtol=1e-8)


def test_tests_of_more_coefficients_than_clusters_bear_are_left_out() -> None:
    """Three sites give a covariance of rank two: a test of three coefficients has no value, and nothing is invented."""
    table = cgd()
    method = Glm("weight ~ treated*age + I(age^2) + old", errors="cluster-site", null="~ treated")
    result = run_plain(method, dealt(table, table["site"].to_numpy() % 3), setting(CGD, 4)).values
    assert result["clusters"].people == 3
    assert result["tests"] == []
    assert all(row["p_value"] is not None for row in result["terms"])


def test_who_has_no_weight_is_no_cluster() -> None:
    """Children whose every weight is 0 are not counted among the clusters."""
    table = cgd()
    table["days"] = np.where(table["child"] <= 20, 0.0, table["days"])
    dictionary = Dictionary(
        "cgd", tuple(c if c.name != "days" else Column("days", "number", 0, 500) for c in CGD), "child"
    )
    method = Glm("weight ~ treated + age", weights="days", errors="cluster-person")
    kept = table[table["child"] > 20]
    found = [
        run_plain(method, dealt(rows, rows["site"].to_numpy()), setting(dictionary, 14)).values
        for rows in (table, kept)
    ]
    assert found[0]["clusters"].people == found[1]["clusters"].people == kept["child"].nunique()
    np.testing.assert_allclose(columns(found[0], "std_error"), columns(found[1], "std_error"), rtol=1e-12)


@pytest.mark.parametrize("errors", ["HC1", "cluster-site", "cluster-person"])
def test_squared_scores_are_within_their_bounds(errors: str) -> None:
    """Also where sums of many rows are squared, and at a million rows' scale."""
    table = cgd()
    for rows_max in (203, 10**9):
        place = setting(CGD, 14)
        place = type(place)(place.dictionary, place.limits, rows_max, 14)
        for site in ("pooled", "fixed"):
            method = Glm("status ~ treated + age", site, family="poisson", offset="log(days)", errors=errors).under(
                place
            )
            state, memories = method.start(), [{} for _ in range(4)]
            sites = dealt(table, table["child"].to_numpy() % 3)
            while state.phase != END:
                totals = [
                    site_summand(method, batches, state, memory)
                    for batches, memory in zip(sites, memories, strict=True)
                ]
                memories = [memory for _, memory in totals]
                state = method.update(sum(total for total, _ in totals), state)
            most = bounds(method.layout(state))
            assert most.max() * rows_max * 14 < 2.0**62
            for batches, memory in zip(sites, memories, strict=True):
                summand, _ = site_summand(method, batches, state, memory)
                assert (np.abs(summand) <= max(sum(batch.rows for batch in batches), 1) * most).all()


def test_what_is_refused() -> None:
    """No person identifier, one site, and under limits fewer sites than people may be told of."""
    table = cgd()
    nobody = Dictionary("nobody", tuple(column for column in CGD if column.name != "child"))
    method = Glm("weight ~ treated + age", errors="cluster-person")
    with pytest.raises(UsageError, match="names no person identifier"):
        method.under(setting(nobody, 3))
    by_site = Glm("weight ~ treated + age", errors="cluster-site")
    with pytest.raises(SingularInformation, match="need at least two of them"):
        run_plain(by_site, dealt(table, np.zeros(len(table))), setting(CGD, 2))
    with pytest.raises(CohortTooSmall, match="clustered by sites need at least 10 of them"):
        by_site.under(setting(CGD, 5, Limits()))  # before the squares of five sites' scores are opened
    with pytest.raises(CohortTooSmall, match="clustered by sites need at least 10 of them"):
        run_plain(by_site, dealt(table, table["site"].to_numpy() % 4), setting(CGD, 14, Limits()))
    run_plain(by_site, dealt(table, table["site"].to_numpy()), setting(CGD, 14, Limits()))
