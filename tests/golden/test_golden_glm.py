"""Generalized linear models over sites against statsmodels 0.14 and R (`r_glm.R`) on the pooled rows, run to convergence.

Patients' visits are those of the RAND health insurance experiment as statsmodels ships it (20,190 person-years); heart
disease is UCI's in four hospitals; bilirubin is the Mayo Clinic's PBC trial.
"""

from __future__ import annotations

import functools
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pooled_cohorts import HEART, batch_of, dealt, heart, setting, uneven
from r_values import r_values

from shared_files import shared_data
from summand.errors import (
    CohortTooSmall,
    FormulaInvalid,
    OutcomeConstant,
    Separation,
    SingularInformation,
    SummandError,
    UsageError,
    ValueOutOfRange,
)
from summand.methods import GeneralizedLinearModel as Glm
from summand.methods import from_spec
from summand.tables import Column, Dictionary, Limits
from summand.testing.plain import run_counted, run_plain

VISITS = Dictionary(
    "hie",
    (
        Column("mdvis", "integer", minimum=0, maximum=200, step=1),
        Column("lncoins", "number", minimum=0, maximum=5),
        Column("fmde", "number", minimum=0, maximum=10),
        Column("physlm", "number", minimum=0, maximum=1),
        Column("disea", "number", minimum=0, maximum=60),
        Column("hlthp", "integer", minimum=0, maximum=1, step=1),
        Column("exposure", "number", minimum=0.1, maximum=2),
    ),
)
VISITS_FORMULA = "mdvis ~ lncoins + fmde + physlm + disea + hlthp"
PBC = Dictionary(
    "pbc",
    (
        Column("bili", "number", minimum=0, maximum=50),
        Column("age", "number", minimum=18, maximum=100),
        Column("sex", "category", levels=("1", "2")),
        Column("stage", "integer", minimum=1, maximum=4, step=1, levels=("1", "2", "3", "4")),
        Column("albumin", "number", minimum=1, maximum=6),
        Column("platelet", "number", minimum=0, maximum=1000),
    ),
)
HEART_GLM = "num > 0 ~ age + sex + C(cp) + thalach"


@functools.cache
def visits() -> pd.DataFrame:
    import statsmodels.api as sm

    table = sm.datasets.randhie.load_pandas().data[[c.name for c in VISITS if c.name != "exposure"]]
    # the data have no time at risk; one that goes with the outcome makes the offset matter
    return table.assign(exposure=np.round(0.5 + (np.arange(len(table)) * 7919 % 100) / 100, 2))


@functools.cache
def pbc() -> pd.DataFrame:
    table = pd.read_csv(shared_data("survival/pbc.csv"))
    table = table.dropna(subset=["bili", "age", "sex", "stage", "albumin"]).reset_index(drop=True)
    return table.assign(sex=np.where(table["sex"] == "m", 2, 1))[[column.name for column in PBC]]  # f is the reference


def pooled(y: np.ndarray, x: np.ndarray, family: Any, **more: Any) -> Any:
    """Statsmodels' fit of scaled columns, whose score is below 1e-10 of what one row adds; parameters unscaled."""
    import statsmodels.api as sm

    scale = np.abs(x).max(axis=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = sm.GLM(y, x / scale, family=family, **more).fit(tol=1e-15, maxiter=300, tol_criterion="params")
    size = np.abs(fit.model.score_obs(fit.params)).sum(axis=0)
    assert (np.abs(fit.model.score(fit.params)) < 1e-10 * (1.0 + size)).all()
    return fit, fit.params / scale, fit.bse / scale


def columns(result: dict, name: str) -> np.ndarray:
    return np.array([row[name] for row in result["terms"]], dtype=float)


def assert_fit(result: dict, found: Any, first: int | None = None) -> None:
    """Coefficients and standard errors to 1e-8, the figures of the fit to 1e-10."""
    fit, estimates, errors = found
    np.testing.assert_allclose(columns(result, "estimate"), estimates[:first], rtol=1e-8)
    np.testing.assert_allclose(columns(result, "std_error"), errors[:first], rtol=1e-8)
    np.testing.assert_allclose(result["deviance"], fit.deviance, rtol=1e-10)
    np.testing.assert_allclose(result["dispersion"], fit.pearson_chi2 / fit.df_resid, rtol=1e-10)
    assert result["degrees_of_freedom"] == fit.df_resid
    if result["log_likelihood"] is not None:
        expected = [fit.llf, fit.aic, fit.bic_llf]
        np.testing.assert_allclose([result[k] for k in ("log_likelihood", "aic", "bic")], expected, rtol=1e-10)
    if first is None:
        np.testing.assert_allclose(result["null_deviance"], fit.null_deviance, rtol=1e-10)


def heart_design(table: pd.DataFrame) -> np.ndarray:
    pain = [(table["cp"] == k).to_numpy(float) for k in (2, 3, 4)]
    return np.column_stack([table["age"], table["sex"], *pain, table["thalach"]]).astype(float)


@pytest.mark.parametrize("sites", [3, 4, 18])
@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_binomial_links(link: str, sites: int) -> None:
    """Three links of a binomial outcome, one of them with prior weights, at uneven sites, one of one row, one empty."""
    import statsmodels.api as sm

    table = heart()
    links = {
        "logit": sm.families.links.Logit(),
        "probit": sm.families.links.Probit(),
        "cloglog": sm.families.links.CLogLog(),
    }
    weights = {"var_weights": table["thalach"].to_numpy(float)} if link == "probit" else {}
    x = np.column_stack([np.ones(len(table)), heart_design(table)])
    expected = pooled((table["num"] > 0).to_numpy(float), x, sm.families.Binomial(links[link]), **weights)
    method = Glm(HEART_GLM, family="binomial", link=link, weights="thalach" if weights else "")
    result = run_plain(method, dealt(table, uneven(len(table), sites), HEART), setting(HEART, sites + 1)).values
    assert_fit(result, expected)
    assert ("odds_ratio" in result["terms"][0]) is (link == "logit")
    assert result["events"].people == (table["num"] > 0).sum()


@pytest.mark.parametrize("sites", [3, 4, 18])
def test_poisson_rates(sites: int) -> None:
    """Visits per time at risk: the null deviance is that of the overall rate; rate ratios are exponentials."""
    import statsmodels.api as sm

    table = visits()
    x = np.column_stack([np.ones(len(table)), table.drop(columns=["mdvis", "exposure"])]).astype(float)
    expected = pooled(table["mdvis"].to_numpy(float), x, sm.families.Poisson(), offset=np.log(table["exposure"]))
    method = Glm(VISITS_FORMULA, family="poisson", offset="log(exposure)")
    result, rounds = run_counted(method, dealt(table, uneven(len(table), sites), VISITS), setting(VISITS, sites + 1))
    assert_fit(result.values, expected)
    np.testing.assert_allclose(columns(result.values, "rate_ratio"), np.exp(expected[1]), rtol=1e-8)
    assert rounds <= 9


def test_poisson_with_one_intercept_for_each_site_equals_dummy_variables() -> None:
    """Sites whose visits are all 0 add nothing, and are told; weights and time at risk enter as with dummies."""
    import statsmodels.api as sm

    table = visits().iloc[::7].reset_index(drop=True)
    site = np.arange(len(table)) % 5
    site[(table["mdvis"] == 0).to_numpy() & (np.arange(len(table)) % 11 == 0)] = 9
    weights, some = table["exposure"].to_numpy(float), site != 9
    dummies = [(site == k).astype(float) for k in range(5)]
    x = np.column_stack([table[["lncoins", "disea"]], *dummies]).astype(float)
    expected = pooled(
        table["mdvis"].to_numpy(float)[some], x[some], sm.families.Poisson(),
        offset=np.log(weights[some]), var_weights=weights[some],
    )  # fmt: skip
    method = Glm("mdvis ~ lncoins + disea", "fixed", family="poisson", offset="log(exposure)", weights="exposure")
    result = run_plain(method, dealt(table, site, VISITS), setting(VISITS, 7))
    np.testing.assert_allclose(columns(result.values, "estimate"), expected[1][:2], rtol=1e-9)
    np.testing.assert_allclose(columns(result.values, "std_error"), expected[2][:2], rtol=1e-9)
    assert result.values["log_likelihood"] == pytest.approx(expected[0].llf, rel=1e-11)
    assert result.warnings == ("1 site had an outcome that does not vary and added nothing.",)


@pytest.mark.parametrize("family", ["gaussian", "gamma", "negative_binomial", "binomial"])
def test_other_families_with_one_intercept_for_each_site(family: str) -> None:
    """Intercepts eliminated at four sites give the coefficients, errors and likelihood of dummy variables."""
    import statsmodels.api as sm

    families = sm.families
    table, site = pbc(), np.arange(len(pbc())) % 4
    known = {
        "gaussian": ("albumin ~ age + sex", families.Gaussian(), {}),
        "gamma": ("bili ~ age + sex", families.Gamma(families.links.Log()), {}),
        "negative_binomial": ("stage ~ age + sex", families.NegativeBinomial(alpha=0.4), {"overdispersion": 0.4}),
        "binomial": ("stage > 2 ~ age + sex", families.Binomial(families.links.Probit()), {"link": "probit"}),
    }
    formula, expected_family, more = known[family]
    y = (table["stage"] > 2) if family == "binomial" else table[formula.split()[0]]
    dummies = [(site == k).astype(float) for k in range(4)]
    x = np.column_stack([table["age"], table["sex"] == 2, *dummies]).astype(float)
    expected = pooled(y.to_numpy(float), x, expected_family)
    method = Glm(formula, "fixed", family=family, **more)
    result = run_plain(method, dealt(table, site, PBC), setting(PBC, 5)).values
    assert_fit(result, expected, first=2)


def test_negative_binomial_equals_glm_nb_and_statsmodels() -> None:
    """Overdispersion by maximum likelihood: R's glm.nb for the coefficients, statsmodels for the error of the rest.

    glm.nb takes its overdispersion as known when it gives standard errors of coefficients, and so does Summand.
    """
    import statsmodels.api as sm

    table, r = visits(), r_values("glm")
    sites = dealt(table, uneven(len(table), 4), VISITS)
    result = run_plain(Glm(VISITS_FORMULA, family="negative_binomial"), sites, setting(VISITS, 5)).values
    np.testing.assert_allclose(columns(result, "estimate"), r["nb.estimates"], rtol=1e-8)
    np.testing.assert_allclose(columns(result, "std_error"), r["nb.errors"], rtol=1e-8)
    np.testing.assert_allclose(result["overdispersion"], r["nb.overdispersion"], rtol=1e-8)
    np.testing.assert_allclose(result["log_likelihood"], r["nb.log_likelihood"], rtol=1e-10)
    np.testing.assert_allclose([result["deviance"], result["null_deviance"]], r["nb.deviances"], rtol=1e-8)
    x = np.column_stack([np.ones(len(table)), table.drop(columns=["mdvis", "exposure"])]).astype(float)
    joint = sm.NegativeBinomial(table["mdvis"].to_numpy(float), x)
    start = np.append(columns(result, "estimate"), result["overdispersion"])
    fit = joint.fit(start_params=start, method="newton", tol=1e-14, disp=0)
    assert result["overdispersion_std_error"] == pytest.approx(fit.bse[-1], rel=1e-8)
    assert result["aic"] == pytest.approx(fit.aic, rel=1e-10)


def test_gamma_equals_r() -> None:
    """Dispersion by Pearson's statistic, Student's t and the F test of nested formulas are R's."""
    table, r = pbc(), r_values("glm")
    method = Glm("bili ~ age + sex + C(stage) + albumin", family="gamma", link="log", null="~ age + sex")
    result = run_plain(method, dealt(table, uneven(len(table), 18), PBC), setting(PBC, 19)).values
    order = [0, 1, 2, 3, 4, 5, 6]
    np.testing.assert_allclose(columns(result, "estimate")[order], r["gamma.estimates"], rtol=1e-8)
    np.testing.assert_allclose(columns(result, "std_error")[order], r["gamma.errors"], rtol=1e-8)
    np.testing.assert_allclose(columns(result, "p_value")[order], r["gamma.p_values"], atol=1e-10)
    fit = [result[name] for name in ("dispersion", "deviance", "null_deviance", "degrees_of_freedom")]
    # with the null formula given, an intercept alone is still what the null deviance is of
    np.testing.assert_allclose(fit, r["gamma.fit"], rtol=1e-9)
    test = next(row for row in result["tests"] if row["test"] == "likelihood ratio")
    np.testing.assert_allclose(
        [test["statistic"], test["degrees_of_freedom"], test["p_value"]], r["gamma.f"], rtol=1e-8
    )
    assert [row["test"] for row in result["tests"]] == ["likelihood ratio", "wald"]


@pytest.mark.parametrize(("link", "weights"), [("inverse", ""), ("inverse", "age"), ("log", "age")])
def test_gamma_links_and_weights(link: str, weights: str) -> None:
    """Both links equal statsmodels; with weights there is no log-likelihood, since it is no sum at a known dispersion."""
    import statsmodels.api as sm

    table = pbc()
    links = {"inverse": sm.families.links.InversePower(), "log": sm.families.links.Log()}
    stage = [(table["stage"] == k).to_numpy(float) for k in (2, 3, 4)]
    x = np.column_stack([np.ones(len(table)), *stage]).astype(float)
    more = {"var_weights": table["age"].to_numpy(float)} if weights else {}
    expected = pooled(table["bili"].to_numpy(float), x, sm.families.Gamma(links[link]), **more)
    method = Glm("bili ~ C(stage)", family="gamma", link=link, weights=weights)
    result = run_plain(method, dealt(table, uneven(len(table), 4), PBC), setting(PBC, 5)).values
    assert_fit(result, expected)
    assert (result["log_likelihood"] is None) is bool(weights)


def test_weighted_least_squares_equals_r() -> None:
    """A gaussian family with prior weights is weighted least squares with t statistics, as R's glm gives it."""
    table, r = pbc().dropna(subset=["platelet"]).reset_index(drop=True), r_values("glm")
    method = Glm("albumin ~ age + sex", weights="platelet")
    result = run_plain(method, dealt(table, uneven(len(table), 4), PBC), setting(PBC, 5)).values
    for name, key in (("estimate", "estimates"), ("std_error", "errors"), ("p_value", "p_values")):
        np.testing.assert_allclose(columns(result, name), r[f"gaussian.{key}"], rtol=1e-8)
    found = [result[name] for name in ("dispersion", "log_likelihood", "null_deviance")]
    np.testing.assert_allclose(found, r["gaussian.fit"], rtol=1e-10)
    weights = table["platelet"].to_numpy(float)
    assert result["n_effective"] == pytest.approx(weights.sum() ** 2 / (weights**2).sum(), rel=1e-12)


def test_tests_of_terms_and_of_a_null_formula() -> None:
    """Wald, likelihood-ratio and score tests are statsmodels'; the score test is at the null model's own maximum."""
    import statsmodels.api as sm

    table = visits().iloc[::5].reset_index(drop=True)
    x = np.column_stack([np.ones(len(table)), table[["lncoins", "disea", "hlthp"]]]).astype(float)
    y = table["mdvis"].to_numpy(float)
    full, null = (pooled(y, x[:, keep], sm.families.Poisson()) for keep in ([0, 1, 2, 3], [0, 1]))
    method = Glm("mdvis ~ lncoins + disea + C(hlthp)", family="poisson", null="~ lncoins")
    result = run_plain(method, dealt(table, uneven(len(table), 4), VISITS), setting(VISITS, 5)).values
    found = {row["test"]: row for row in result["tests"]}
    scale = np.abs(x).max(axis=0)
    wald = full[0].wald_test(np.eye(4)[2:], scalar=True)
    at_null = np.append(null[1] * scale[:2], [0.0, 0.0])
    score, information = full[0].model.score(at_null), full[0].model.information(at_null)
    expected = {
        "likelihood ratio": 2 * (full[0].llf - null[0].llf),
        "wald": float(wald.statistic),
        "score": float(score @ np.linalg.solve(-information, score)),
    }
    for name, statistic in expected.items():
        assert found[name]["statistic"] == pytest.approx(statistic, rel=1e-8)
        assert found[name]["degrees_of_freedom"] == 2
    assert found["wald"]["p_value"] == pytest.approx(float(wald.pvalue), abs=1e-12)
    by_term = {row["term"]: row["statistic"] for row in result["term_tests"]}
    z = full[0].params / full[0].bse
    assert list(by_term) == ["lncoins", "disea", "C(hlthp)"]
    np.testing.assert_allclose(list(by_term.values()), z[1:] ** 2, rtol=1e-8)
    np.testing.assert_allclose(result["null_deviance"], full[0].null_deviance, rtol=1e-10)


def test_offsets_of_every_link_have_their_null_deviance() -> None:
    """Where an intercept alone has no closed form its fit is a part of the study."""
    import statsmodels.api as sm

    table = pbc()
    x = np.column_stack([np.ones(len(table)), table["age"]]).astype(float)
    families = sm.families
    cases = {
        ("bili", "gamma", "log"): (table["bili"], families.Gamma(families.links.Log())),
        ("stage > 2", "binomial", "cloglog"): (table["stage"] > 2, families.Binomial(families.links.CLogLog())),
        ("stage", "poisson", ""): (table["stage"], families.Poisson()),
        ("bili", "gaussian", ""): (table["bili"], families.Gaussian()),
    }
    for (outcome, family, link), (y, expected_family) in cases.items():
        expected = pooled(y.to_numpy(float), x, expected_family, offset=np.log(table["albumin"].to_numpy(float)))
        method = Glm(f"{outcome} ~ age", family=family, link=link, offset="log(albumin)")
        result = run_plain(method, dealt(table, uneven(len(table), 3), PBC), setting(PBC, 4)).values
        assert_fit(result, expected, first=2)
        alone = pooled(y.to_numpy(float), x[:, :1], expected_family, offset=np.log(table["albumin"].to_numpy(float)))
        assert result["null_deviance"] == pytest.approx(alone[0].deviance, rel=1e-10)


@pytest.mark.parametrize("null", ["", "~ age"])
def test_estimated_overdispersion_with_one_intercept_for_each_site(null: str) -> None:
    """Eliminated intercepts give what the pooled fit with dummy variables gives, which is glm.nb's and statsmodels'."""
    table = pbc().assign(count=lambda t: np.round(t["bili"]), site=np.arange(len(pbc())) % 4)
    place = Column("site", "integer", 0, 3, 1, levels=("0", "1", "2", "3"))
    dictionary = Dictionary("pbc", (*PBC, Column("count", "integer", 0, 60, 1), place))
    sites = dealt(table, table["site"].to_numpy(), dictionary)
    eliminated, dummies = (
        run_plain(
            Glm(f"count ~ age + sex{more}", site, family="negative_binomial", null=null and null + more),
            sites, setting(dictionary, 5),
        ).values
        for site, more in (("fixed", ""), ("pooled", " + C(site)"))
    )  # fmt: skip
    for name in ("estimate", "std_error"):
        expected = [row[name] for row in dummies["terms"] if row["term"] in ("age", "sex[T.2]")]
        np.testing.assert_allclose(columns(eliminated, name), expected, rtol=1e-8)
    for name in ("overdispersion", "overdispersion_std_error", "log_likelihood", "aic", "deviance"):
        assert eliminated[name] == pytest.approx(dummies[name], rel=1e-8)
    for one, other in zip(eliminated.get("tests", []), dummies.get("tests", []), strict=True):
        assert one["statistic"] == pytest.approx(other["statistic"], rel=1e-8)


@pytest.mark.parametrize("case", ["gamma", "probit", "poisson", "gaussian"])
def test_nested_formulas_with_one_intercept_for_each_site(case: str) -> None:
    """Null models are fitted with the sites' own intercepts too; the null deviance is of these alone."""
    import statsmodels.api as sm

    families = sm.families
    known = {
        "gamma": ("bili ~ sex + age", "gamma", "log", families.Gamma(families.links.Log()), "log(albumin)"),
        "probit": ("stage > 2 ~ sex + age", "binomial", "probit", families.Binomial(families.links.Probit()), ""),
        "poisson": ("stage ~ sex + age", "poisson", "", families.Poisson(), "log(albumin)"),
        "gaussian": ("albumin ~ sex + age", "gaussian", "", families.Gaussian(), ""),
    }
    formula, family, link, expected_family, offset = known[case]
    table, site = pbc(), np.arange(len(pbc())) % 4
    y = (table["stage"] > 2 if case == "probit" else table[formula.split()[0]]).to_numpy(float)
    more = {"offset": np.log(table["albumin"].to_numpy(float))} if offset else {}
    dummies = np.column_stack([(site == k).astype(float) for k in range(4)])
    x = np.column_stack([table["age"], dummies, table["sex"] == 2]).astype(float)
    full, null, alone = (
        pooled(y, x[:, some], expected_family, **more)[0] for some in (slice(0, 6), slice(0, 5), slice(1, 5))
    )
    method = Glm(formula, "fixed", family=family, link=link, offset=offset, null="~ age")
    result = run_plain(method, dealt(table, site, PBC), setting(PBC, 5)).values
    ratio = next(test for test in result["tests"] if test["test"] == "likelihood ratio")
    scale = full.pearson_chi2 / full.df_resid if family in ("gamma", "gaussian") else 1.0
    assert ratio["statistic"] == pytest.approx((null.deviance - full.deviance) / scale, rel=1e-8)
    if case in ("probit", "poisson", "gaussian"):
        assert result["null_deviance"] == pytest.approx(alone.deviance, rel=1e-10)
    else:  # with an offset and a null formula nobody has fitted it
        assert result["null_deviance"] is None


# ── what is refused, and the words ───────────────────────────────────────────────────────────────────────────────────
SMALL = Dictionary(
    "small",
    (
        Column("x", "number", minimum=-1, maximum=1),
        Column("group", "category", levels=("1", "2")),
        Column("count", "integer", minimum=0, maximum=50, step=1),
        Column("amount", "number", minimum=0, maximum=100),
        Column("days", "number", minimum=0, maximum=100),
        Column("signed", "number", minimum=-1, maximum=1),
        Column("weight", "number", minimum=0, maximum=1000),
    ),
)


def small(**columns_: Any) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    table = pd.DataFrame(
        {
            "x": rng.uniform(-1, 1, 200), "group": rng.integers(1, 3, 200), "count": rng.poisson(3.0, 200),
            "amount": rng.gamma(2.0, 3.0, 200), "days": 1.0, "signed": rng.uniform(-1, 1, 200), "weight": 1.0,
        }
    )  # fmt: skip
    return table.assign(**columns_)


def refuse(
    kind: type[SummandError], words: str, method: Glm, table: pd.DataFrame, limits: Limits | None = None
) -> None:
    place = setting(SMALL, 4) if limits is None else setting(SMALL, 4, limits)
    with pytest.raises(kind, match=words):
        run_plain(method, dealt(table, np.arange(len(table)) % 3, SMALL), place)


def test_a_level_without_counts_is_separation() -> None:
    """A coefficient that would go to minus infinity is named."""
    table = small()
    table["count"] = np.where(table["group"] == 2, 0, table["count"])
    words = r"'group\[T.2\]' names people who all have an outcome of 0, and its coefficient"
    refuse(Separation, words, Glm("count ~ x + group", family="poisson"), table)
    refuse(Separation, words, Glm("count ~ group", family="negative_binomial", overdispersion=1.0), table)


def test_separation_of_other_binomial_links() -> None:
    """Perfect separation is told under probit and complementary log-log as under logit."""
    table = small(amount=lambda t: np.where(t["x"] > 0, 60.0, 10.0))
    for link in ("logit", "probit", "cloglog"):
        refuse(Separation, "'x'", Glm("amount > 50 ~ x", family="binomial", link=link), table)


def test_counts_without_overdispersion_are_told() -> None:
    """At the edge of the parameter there is no overdispersion to report."""
    table = small(count=np.tile([2, 3], 100))
    words = "vary no more about their means than Poisson counts"
    refuse(SingularInformation, words, Glm("count ~ x", family="negative_binomial"), table)
    # overdispersed without the covariate, and not with it
    table = small(count=lambda t: np.where(t["group"] == 2, 30, 2) + np.tile([0, 1], 100))
    refuse(SingularInformation, words, Glm("count ~ group", family="negative_binomial"), table)


def test_outcomes_that_a_family_does_not_have() -> None:
    """Zero amounts, negative counts, constants and texts are refused in words."""
    zero = small(amount=lambda t: np.where(t.index == 7, 0.0, t["amount"]))
    refuse(ValueOutOfRange, "is 0 for some people", Glm("amount ~ x", family="gamma"), zero)
    refuse(FormulaInvalid, "may be negative in the dictionary", Glm("signed ~ x", family="poisson"), small())
    refuse(FormulaInvalid, "may be negative in the dictionary", Glm("signed ~ x", family="gamma"), small())
    refuse(FormulaInvalid, "is not numeric", Glm("group ~ x", family="gamma"), small())
    refuse(OutcomeConstant, "Everybody has 0 of 'count'", Glm("count ~ x", family="poisson"), small(count=0))
    refuse(OutcomeConstant, "has one value only", Glm("amount ~ x", family="gamma"), small(amount=4.0))
    refuse(OutcomeConstant, "has one value only", Glm("signed ~ x"), small(signed=0.3))
    refuse(SingularInformation, "as many coefficients as people", Glm("signed ~ x + group"), small().iloc[:3])


def test_settings_that_do_not_fit() -> None:
    """Time at risk that may be 0, weights that may be negative, a wider null formula, and what no family has."""
    refuse(
        FormulaInvalid,
        r"log\(days\) has no value where 'days' is 0",
        Glm("count ~ x", family="poisson", offset="log(days)"),
        small(),
    )
    refuse(
        FormulaInvalid,
        "'days' may be 100 in the dictionary",
        Glm("count ~ x", family="poisson", offset="days"),
        small(),
    )
    refuse(
        FormulaInvalid,
        "'signed' are not numbers of at least 0",
        Glm("count ~ x", family="poisson", weights="signed"),
        small(),
    )
    refuse(FormulaInvalid, "'days' is not in the formula", Glm("count ~ x", family="poisson", null="~ days"), small())
    refuse(FormulaInvalid, "not a part of the formula", Glm("count ~ x", family="poisson", null="~ x"), small())
    refuse(
        FormulaInvalid, "Only the negative binomial", Glm("count ~ x", family="poisson", overdispersion=2.0), small()
    )
    refuse(FormulaInvalid, "inverse link takes", Glm("amount ~ x", "fixed", family="gamma", link="inverse"), small())
    for spec, words in (
        ({"family": "beta"}, "family"), ({"family": "gamma", "link": "logit"}, "link"),
        ({"overdispersion": -1.0}, "overdispersion"), ({"offset": "a\nb"}, "offset"), ({"trials": 3}, "no setting 'trials'"),
    ):  # fmt: skip
        with pytest.raises(UsageError, match=words):
            from_spec({"name": "glm", "formula": "count ~ x", **spec})


def test_weights_that_single_people_out_are_refused() -> None:
    """Under limits, weights must leave enough people in effect, in all and in each level."""
    few = small(weight=lambda t: np.where(t.index < 5, 1000.0, 0.01))
    method = Glm("signed ~ x + group", weights="weight")
    refuse(CohortTooSmall, "weights leave fewer than 10 people in effect", method, few, Limits())
    level = small(group=1, weight=1.0)
    level.loc[:20, "group"] = 2
    level.loc[:3, "weight"] = 40.0
    refuse(CohortTooSmall, "people have group = 2", method, level, Limits())
    run_plain(
        method, dealt(few, np.arange(200) % 3, SMALL), setting(SMALL, 4)
    )  # without limits that is the owner's choice
    refuse(CohortTooSmall, "Fewer than 10 people have the event", Glm("count ~ x", family="poisson"),
           small(count=lambda t: (t.index < 6) * 4), Limits())  # fmt: skip


def test_rows_of_weight_zero_are_not_in_the_model() -> None:
    """They are not counted, and the rest gives the same numbers to the last digits."""
    table = small(weight=lambda t: np.where(t.index % 4 == 0, 0.0, 1.0))
    method = Glm("count ~ x + group", family="poisson", weights="weight")
    with_all = run_plain(method, dealt(table, np.arange(200) % 3, SMALL), setting(SMALL, 4)).values
    some = table[table["weight"] > 0].reset_index(drop=True)
    without = run_plain(method, [[batch_of(some, SMALL)]], setting(SMALL, 4)).values
    assert with_all["n"].people == without["n"].people == 150
    np.testing.assert_allclose(columns(with_all, "estimate"), columns(without, "estimate"), rtol=1e-11)
    np.testing.assert_allclose(with_all["log_likelihood"], without["log_likelihood"], rtol=1e-12)
