"""The log-rank test over sites against lifelines 0.30, statsmodels 0.15 and published values."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from summand.methods.survival._logrank import LogRank
from summand.tables import Count, Limits
from summand.testing.plain import run_plain
from survival_cohorts import cgd, colon, dealt, lung, nwtco, retinopathy, setting_of, uneven, veteran

COHORTS = {
    "lung": (lung, "sex"),
    "veteran": (veteran, "cell"),
    "cgd": (cgd, "treated"),
    "colon": (colon, "arm"),
    "retinopathy": (retinopathy, "trt"),
    "nwtco": (nwtco, "stage"),
}


def event(table: pd.DataFrame) -> np.ndarray:
    return table["status"].to_numpy() == max(1, table["status"].max())


def run(table: pd.DataFrame, column: str, labels: np.ndarray, limits: Limits | None = None, **settings: str):
    rows = [*dealt(table, labels), []]
    setting = setting_of(table, len(rows), limits) if limits else setting_of(table, len(rows))
    return run_plain(LogRank(f"Surv(time, status) ~ {column}", **settings), rows, setting)


@pytest.mark.parametrize("name", sorted(COHORTS))
def test_pooled_test_equals_lifelines(name: str) -> None:
    """Statistic and p-value equal lifelines' multivariate log-rank test."""
    from lifelines.statistics import multivariate_logrank_test

    load, column = COHORTS[name]
    table = load()
    values = run(table, column, uneven(len(table), 4)).values
    reference = multivariate_logrank_test(table["time"], table[column], event(table))
    assert values["statistic"] == pytest.approx(reference.test_statistic, rel=1e-10)
    assert values["p_value"] == pytest.approx(reference.p_value, rel=1e-9)
    assert values["degrees_of_freedom"] == reference.degrees_of_freedom


@pytest.mark.parametrize("sites", [3, 18])
@pytest.mark.parametrize("name", sorted(COHORTS))
def test_stratified_test_equals_statsmodels(name: str, sites: int) -> None:
    """With each site a stratum, statistic and p-value equal statsmodels' stratified survdiff."""
    from statsmodels.duration.survfunc import survdiff

    load, column = COHORTS[name]
    table = load()
    labels = uneven(len(table), sites)
    values = run(table, column, labels, site="strata").values
    keep = pd.Series(labels).map(pd.Series(labels).value_counts()) > 1  # statsmodels fails on strata of one person
    table, labels = table[keep.to_numpy()], labels[keep.to_numpy()]
    statistic, p_value = survdiff(table["time"], event(table).astype(int), table[column], strata=labels)
    assert values["statistic"] == pytest.approx(statistic, rel=1e-9)
    assert values["p_value"] == pytest.approx(p_value, rel=1e-8)


def test_published_lung_table() -> None:
    """The lung table of survdiff in R survival 3.5-3 (r_survival.R and its output): observed, expected, chi-square."""
    from lifelines.datasets import load_lung

    table = load_lung()[["time", "status", "sex"]].astype(int)
    values = run(table, "sex", uneven(len(table), 4)).values
    men, women = values["groups"]
    assert (men["n"], men["observed"]) == (Count(138), Count(112))
    assert (women["n"], women["observed"]) == (Count(90), Count(53))
    assert round(men["expected"], 1) == 91.6
    assert round(women["expected"], 1) == 73.4
    assert round(values["statistic"], 1) == 10.3
    assert round(values["p_value"], 3) == 0.001


def test_coarse_test_is_that_of_times_rounded_up() -> None:
    """Under the institutional limits the pooled test uses the coarse grid, and says so."""
    from lifelines.statistics import multivariate_logrank_test

    from summand.methods.survival._kaplan_meier import KaplanMeier

    table = lung()
    labels = uneven(len(table), 4)
    result = run(table, "sex", labels, Limits())
    setting = setting_of(table, 4, Limits())
    curves = run_plain(KaplanMeier("Surv(time, status) ~ sex"), dealt(table, labels), setting)
    ends = np.array(curves.values["groups"][0]["curve"]["time"][1:])
    rounded = ends[np.searchsorted(ends, table["time"].to_numpy(float))]
    reference = multivariate_logrank_test(rounded, table["sex"], event(table))
    assert result.values["statistic"] == pytest.approx(reference.test_statistic, rel=1e-10)
    assert result.warnings == curves.warnings
