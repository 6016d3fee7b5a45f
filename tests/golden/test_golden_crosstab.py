"""Crosstabs over sites against R's stats and metafor, and statsmodels, on the heart patients of four hospitals.

P-values are compared relative to their size: they come from the same tail functions, down to 1e-88.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pooled_cohorts import HEART, batch_of, dealt, heart, setting, uneven
from r_values import r_values

from summand.methods import Crosstab, Result
from summand.methods.description._fisher import exact_p_value
from summand.tables import Column, Count, Dictionary, Limits
from summand.testing.plain import run_counted, run_plain

R = r_values("crosstab")
FINE = {"rel": 1e-9, "abs": 0.0}


def by_test(result: Result) -> dict[str, dict[str, Any]]:
    """The result's tests by name."""
    return {row["test"]: row for row in result.values["tests"]}


def by_measure(result: Result) -> dict[str, dict[str, Any]]:
    """The result's measures by name."""
    return {row["measure"]: row for row in result.values["measures"]}


def of_heart(method: Crosstab, labels: np.ndarray | None = None, limits: Limits | None = None) -> Result:
    """The method over the four hospitals, or over sites by label."""
    table = heart()
    own = table["site"].to_numpy() if labels is None else labels
    sites = dealt(table, own, HEART)
    return run_plain(method, sites, setting(HEART, len(sites), **({} if limits is None else {"limits": limits})))


@pytest.mark.parametrize("sites", [3, 4, 18])
def test_two_by_two_equals_r_and_statsmodels(sites: int) -> None:
    """Chi-square with and without correction, the exact test, and the ratios with their intervals."""
    from scipy.stats import chi2_contingency
    from statsmodels.stats.contingency_tables import Table2x2
    from statsmodels.stats.proportion import confint_proportions_2indep

    table = heart()
    result = of_heart(Crosstab("sex", "num > 0"), uneven(len(table), sites))
    found, measures = by_test(result), by_measure(result)
    counts = pd.crosstab(table["sex"], table["num"] > 0).to_numpy()
    assert [list(row) for row in result.values["crosstabs"][0]["counts"].cells] == counts.tolist()
    for name, key in (("Pearson chi-square", "pearson"), ("Pearson chi-square, Yates", "yates")):
        assert [found[name]["statistic"], found[name]["p_value"]] == pytest.approx(R[key], **FINE)
    ratio = chi2_contingency(counts, correction=False, lambda_="log-likelihood")
    assert found["Likelihood ratio"]["statistic"] == pytest.approx(ratio.statistic, **FINE)
    assert found["Fisher's exact"]["p_value"] == pytest.approx(R["fisher"][0], **FINE)
    reference = Table2x2(counts[::-1, ::-1])
    for name, estimate, interval, error in (
        ("odds ratio", reference.oddsratio, reference.oddsratio_confint(), reference.log_oddsratio_se),
        ("risk ratio", reference.riskratio, reference.riskratio_confint(), reference.log_riskratio_se),
    ):
        row = measures[name]
        expected = [estimate, error, *interval]
        assert [row[key] for key in ("estimate", "std_error", "conf_low", "conf_high")] == pytest.approx(
            expected, **FINE
        )
    (_, c), (_, a) = counts
    others, exposed = counts.sum(axis=1)
    for name, method in (("risk difference", "wald"), ("risk difference, Newcombe", "newcomb")):
        interval = confint_proportions_2indep(a, exposed, c, others, method=method, compare="diff")
        assert [measures[name]["conf_low"], measures[name]["conf_high"]] == pytest.approx(interval, **FINE)


@pytest.mark.parametrize("sites", [3, 18])
def test_larger_table_equals_r(sites: int) -> None:
    """Chest pain against disease: chi-square, trend, exact test by the network, and adjusted residuals."""
    table = heart()
    result = of_heart(Crosstab("cp", "num > 0"), uneven(len(table), sites))
    found = by_test(result)
    pearson = found["Pearson chi-square"]
    assert [pearson[key] for key in ("statistic", "degrees_of_freedom", "p_value")] == pytest.approx(
        R["pearson_cp"], **FINE
    )
    trend = found["Cochran–Armitage trend"]
    assert [trend["statistic"], trend["p_value"]] == pytest.approx(R["trend_cp"], **FINE)
    assert found["Fisher's exact"]["p_value"] == pytest.approx(R["fisher_cp"][0], rel=1e-6)
    assert [cell["residual"] for cell in result.values["cells"]] == pytest.approx(R["residuals"], **FINE)
    shares = pd.crosstab(table["cp"], table["num"] > 0, normalize="index").to_numpy().ravel()
    assert [cell["row_percent"] for cell in result.values["cells"]] == pytest.approx((100 * shares).tolist(), **FINE)


def test_exact_test_of_a_sparse_table_equals_r() -> None:
    """Four levels of pain by five of disease at one hospital; levels that nobody has are left out, and said."""
    table = heart()
    swiss = table[table["site"] == 2]
    dictionary = Dictionary("heart", tuple(c if c.name != "num" else Column(
        "num", "integer", 0, 4, 1, ("0", "1", "2", "3", "4")) for c in HEART))  # fmt: skip
    sites = dealt(swiss, uneven(len(swiss), 3), dictionary)
    result = run_plain(Crosstab("cp", "num"), sites, setting(dictionary, len(sites)))
    assert by_test(result)["Fisher's exact"]["p_value"] == pytest.approx(R["fisher_swiss"][0], rel=1e-7)


def test_a_table_too_large_for_the_exact_test_says_so() -> None:
    """Nine by nine levels with many people have no exact p-value within the work allowed, and no wrong one."""
    assert exact_p_value(np.full((9, 9), 12.0)) is None
    assert exact_p_value(np.full((2, 3), 2000.0)) is None


@pytest.mark.parametrize("by", ["site", "cp"])
def test_strata_equal_r_and_metafor(by: str) -> None:
    """Hospitals as strata, each condensed at home, and pain as a column: tests, common ratios, homogeneity."""
    table = heart()
    if by == "site":
        result = of_heart(Crosstab("sex", "num > 0", site="strata"))
    else:
        result = of_heart(Crosstab("sex", "num > 0", "cp"), uneven(len(table), 18))
    found, measures = by_test(result), by_measure(result)
    cmh, corrected = found["Cochran–Mantel–Haenszel"], found["Cochran–Mantel–Haenszel, corrected"]
    odds = measures["common odds ratio"]
    numbers = [cmh["statistic"], cmh["p_value"], odds["estimate"], odds["conf_low"], odds["conf_high"]]
    assert numbers == pytest.approx(R[f"cmh_{by}"], **FINE)
    assert [corrected["statistic"], corrected["p_value"]] == pytest.approx(R[f"cmh_corrected_{by}"], **FINE)
    for name, key in (("odds ratio", "OR"), ("risk ratio", "RR")):
        row = measures[f"common {name}"]
        assert [np.log(row["estimate"]), row["std_error"]] == pytest.approx(R[f"mh_{key}_{by}"], **FINE)
    row = measures["common risk difference"]
    assert row["estimate"] == pytest.approx(R[f"mh_RD_{by}"][0], **FINE)
    day, tarone = found["Breslow–Day homogeneity"], found["Breslow–Day homogeneity, Tarone"]
    assert [day["statistic"], day["p_value"], tarone["statistic"], tarone["p_value"]] == pytest.approx(
        R[f"tarone_{by}"], **FINE
    )
    if by == "cp":
        assert [row["people"].people for row in result.values["by_stratum"]] == table[
            "cp"
        ].value_counts().sort_index().tolist()


def test_risk_difference_has_the_variance_of_greenland_and_robins() -> None:
    """Written out by hand: R's metafor offers Sato's variance, this is the older one."""
    table = heart()
    row = by_measure(of_heart(Crosstab("sex", "num > 0", site="strata")))["common risk difference"]
    spread = weight = 0.0
    for _, rows in table.groupby("site"):
        (d, c), (b, a) = pd.crosstab(rows["sex"], rows["num"] > 0).to_numpy().astype(float)
        one, other, n = a + b, c + d, a + b + c + d
        spread += (a * b * other**3 + c * d * one**3) / (one * other * n * n)
        weight += one * other / n
    assert row["std_error"] == pytest.approx(np.sqrt(spread) / weight, **FINE)


def test_sites_and_a_column_as_strata_equal_statsmodels() -> None:
    """Each kind of pain at each hospital is a stratum, some of them empty; what a site adds is condensed there."""
    from statsmodels.stats.contingency_tables import StratifiedTable

    table = heart()
    result = of_heart(Crosstab("sex", "num > 0", "cp", site="strata"))
    tables = []
    for _, rows in table.groupby(["site", "cp"]):
        counts = pd.crosstab(rows["sex"], rows["num"] > 0).reindex(index=[0, 1], columns=[False, True], fill_value=0)
        counts = counts.to_numpy().astype(float)
        if min(*counts.sum(axis=0), *counts.sum(axis=1)) > 0:
            tables.append(counts)
    reference = StratifiedTable(tables)
    found, measures = by_test(result), by_measure(result)
    assert result.values["informative_strata"] == len(tables)
    assert found["Cochran–Mantel–Haenszel"]["statistic"] == pytest.approx(reference.test_null_odds().statistic, **FINE)
    odds = measures["common odds ratio"]
    assert [odds["estimate"], odds["std_error"]] == pytest.approx(
        [reference.oddsratio_pooled, reference.logodds_pooled_se], **FINE
    )
    assert found["Breslow–Day homogeneity, Tarone"]["statistic"] == pytest.approx(
        reference.test_equal_odds(adjust=True).statistic, **FINE
    )


def test_larger_strata_equal_r() -> None:
    """The generalised test of a 4 x 5 table over two strata, and of a 4 x 2 table over hospitals."""
    dictionary = Dictionary("heart", tuple(c if c.name != "num" else Column(
        "num", "integer", 0, 4, 1, ("0", "1", "2", "3", "4")) for c in HEART))  # fmt: skip
    table = heart()
    sites = dealt(table, uneven(len(table), 18), dictionary)
    one = run_plain(Crosstab("cp", "num", "sex"), sites, setting(dictionary, 20))
    for result, key in ((one, "cmh_general"), (of_heart(Crosstab("cp", "num > 0", site="strata")), "cmh_general_site")):
        row = by_test(result)["Cochran–Mantel–Haenszel"]
        assert [row["statistic"], row["degrees_of_freedom"], row["p_value"]] == pytest.approx(R[key], **FINE)


def test_pairs_equal_r_and_statsmodels() -> None:
    """McNemar with and without correction and exact, kappa; Bowker of three levels."""
    from statsmodels.stats.contingency_tables import SquareTable
    from statsmodels.stats.inter_rater import cohens_kappa

    table = heart()
    result = of_heart(Crosstab("sex", "exang", paired=True))
    found = by_test(result)
    for name, key in (("McNemar", "mcnemar"), ("McNemar, corrected", "mcnemar_corrected")):
        assert [found[name]["statistic"], found[name]["p_value"]] == pytest.approx(R[key], **FINE)
    assert found["McNemar, exact"]["p_value"] == pytest.approx(R["mcnemar_exact"][0], **FINE)
    kappa, reference = by_measure(result)["kappa"], cohens_kappa(pd.crosstab(table["sex"], table["exang"]).to_numpy())
    expected = [reference.kappa, np.sqrt(reference.var_kappa), reference.kappa_low, reference.kappa_upp]
    assert [kappa[key] for key in ("estimate", "std_error", "conf_low", "conf_high")] == pytest.approx(
        expected, rel=1e-9
    )
    levels = ("0", "1", "2")
    dictionary = Dictionary(
        "raters", (Column("one", "category", levels=levels), Column("two", "category", levels=levels))
    )
    rng = np.random.default_rng(4)
    pairs = pd.DataFrame({"one": rng.integers(0, 3, 90), "two": rng.integers(0, 3, 90)})
    result = run_plain(Crosstab("one", "two", paired=True), [[batch_of(pairs, dictionary)]], setting(dictionary, 1))
    counts = pd.crosstab(pairs["one"], pairs["two"]).to_numpy()
    bowker, symmetry = by_test(result)["Bowker symmetry"], SquareTable(counts, shift_zeros=False).symmetry()
    assert [bowker["statistic"], bowker["p_value"]] == pytest.approx([symmetry.statistic, symmetry.pvalue], **FINE)


def test_a_hidden_cell_leaves_the_table_alone() -> None:
    """Under limits a table with a small cell has no test, no ratio, no percentage and no margin; a full one has all."""
    hidden = of_heart(Crosstab("sex", "exang", "cp", site="strata"), limits=Limits(minimum_cell=200))
    assert all(hidden.values[name] == [] for name in ("tests", "measures", "cells", "margins", "by_stratum"))
    assert "fewer than 200 people" in hidden.warnings[0]
    in_stratum = of_heart(Crosstab("sex", "num > 0", "cp"), limits=Limits())
    assert {row["test"] for row in in_stratum.values["tests"]} == {
        "Pearson chi-square", "Pearson chi-square, Yates", "Likelihood ratio", "Fisher's exact"
    }  # fmt: skip
    assert in_stratum.values["by_stratum"] == []
    assert in_stratum.warnings[0].startswith("In a stratum:")
    full = of_heart(Crosstab("sex", "num > 0"), limits=Limits())
    assert len(full.values["tests"]) == 4
    assert not full.warnings


def test_a_level_that_nobody_has_is_left_out_of_the_tests() -> None:
    """An empty row is named in a warning, and the degrees of freedom are those of the rest."""
    table = heart()
    sites = dealt(table[table["cp"] != 1], uneven(int((table["cp"] != 1).sum()), 3), HEART)
    result, rounds = run_counted(Crosstab("cp", "exang"), sites, setting(HEART, 4))
    assert rounds == 1
    assert by_test(result)["Pearson chi-square"]["degrees_of_freedom"] == 2
    assert result.warnings == ("Nobody has cp = 1: the tests leave that out.",)
    assert result.values["margins"][0]["people"] == Count(0)
