"""Late entry, intervals, weighted tests, cumulative hazards and restricted means against R survival 3.5-3.

The script is r_survival_curves.R, its output r_survival_curves.txt; lifelines 0.30 where R's survival has no equal.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from r_numbers import r_numbers

from shared_files import shared_data
from summand.errors import CohortTooSmall, MethodError, ValueOutOfRange
from summand.methods import KaplanMeier, LogRank, Method, NelsonAalen, RestrictedMean
from summand.tables import NO_LIMITS, Column, Count, Dictionary, Limits
from summand.testing.plain import run_plain
from survival_cohorts import colon, dealt, nwtco, retinopathy, setting_of, uneven, veteran

R = r_numbers("r_survival_curves.txt")
SITES = pytest.mark.parametrize("sites", [3, 4, 18])


def run(method: Method, table: pd.DataFrame, labels: np.ndarray, limits: Limits = NO_LIMITS):
    """A method over sites of a table, and one more site without any row."""
    rows = [*dealt(table, labels), []]
    return run_plain(method, rows, setting_of(table, len(rows), limits))


def cgd_rows() -> tuple[pd.DataFrame, np.ndarray]:
    """Chronic granulomatous disease as rows between infections, and the hospital of each."""
    table = pd.read_csv(shared_data("survival/cgd.csv"))
    out = table[["tstart", "tstop", "status"]].astype(int)
    return out.assign(treated=(table["treat"] == "rIFN-g").astype(int)), table["center"].astype("category").cat.codes


def late_colon() -> pd.DataFrame:
    """The colon trial with those who stay long coming under observation after a third of their time."""
    table = colon()
    return table.assign(entry=np.where(table["time"] > 600, table["time"] // 3, 0))


def lung() -> pd.DataFrame:
    """The lung trial, all 228 patients."""
    from lifelines.datasets import load_lung

    return load_lung()[["time", "status", "sex"]].astype(int)


def steps(row: dict) -> dict[str, np.ndarray]:
    """A curve at the times with events."""
    curve = {name: np.array(values) for name, values in row["curve"].items()}
    return {name: values[curve["events"] > 0] for name, values in curve.items()}


@pytest.mark.parametrize("sites", [3, 4, 13, 18])
def test_start_stop_curves_equal_r(sites: int) -> None:
    """Rows between recurrent infections: survival, interval, and cumulative hazard with its error are R's."""
    table, hospital = cgd_rows()
    labels = hospital.to_numpy() if sites == 13 else uneven(len(table), sites)
    curves = run(KaplanMeier("Surv(tstart, tstop, status) ~ treated"), table, labels).values["groups"]
    hazards = run(NelsonAalen("Surv(tstart, tstop, status) ~ treated"), table, labels).values["groups"]
    for group, (survival, hazard) in enumerate(zip(curves, hazards, strict=True)):
        found = {**steps(hazard), **steps(survival), "std.chaz": steps(hazard)["std_error"]}
        names = {"time": "time", "n.risk": "at_risk", "n.event": "events", "surv": "survival", "lower": "conf_low",
                 "upper": "conf_high", "cumhaz": "cumulative_hazard", "std.chaz": "std.chaz"}  # fmt: skip
        for theirs, ours in names.items():
            np.testing.assert_allclose(found[ours], R[f"cgd {group} {theirs}"], rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("site", ["pooled", "strata"])
def test_start_stop_logrank_equals_r(site: str) -> None:
    """The test on rows between infections is the score test of R's Cox model with exact ties, also by hospital."""
    table, hospital = cgd_rows()
    found = run(LogRank("Surv(tstart, tstop, status) ~ treated", site=site), table, hospital.to_numpy()).values
    expected = R["cgd logrank" if site == "pooled" else "cgd logrank by hospital"]
    assert found["statistic"] == pytest.approx(expected[0], rel=1e-9)


@SITES
def test_late_entry_equals_r(sites: int) -> None:
    """Left truncation: median and survival of those who come under observation late are R's."""
    table = late_colon()
    method = KaplanMeier("Surv(entry, time, status) ~ arm", times=(500.0, 1000.0, 1500.0))
    found = run(method, table, uneven(len(table), sites)).values
    assert [row["median"] for row in found["groups"]] == R["colon late medians"].tolist()
    np.testing.assert_allclose([row["survival"] for row in found["survival_at"]], R["colon late survival"], rtol=1e-10)
    at_risk = [row["curve"]["at_risk"][np.searchsorted(row["curve"]["time"], 1000)] for row in found["groups"]]
    assert at_risk == R["colon late n.risk"].tolist()


@pytest.mark.parametrize("conf_type", ["log-log", "log", "plain"])
def test_intervals_and_medians_equal_r(conf_type: str) -> None:
    """Survival at chosen times with each kind of interval, and the median with its interval, are R's."""
    table = lung()
    method = KaplanMeier("Surv(time, status) ~ sex", conf_type=conf_type, times=(100.0, 310.0, 500.0))
    found = run(method, table, uneven(len(table), 4)).values
    names = {"surv": "survival", "std.err": "std_error", "lower": "conf_low", "upper": "conf_high"}
    for theirs, ours in names.items():
        expected = R[f"lung {conf_type} {theirs}"]
        np.testing.assert_allclose([row[ours] for row in found["survival_at"]], expected, rtol=1e-10)
    for theirs, ours in {"quantile": "median", "lower": "median_low", "upper": "median_high"}.items():
        assert [row[ours] for row in found["groups"]] == R[f"lung {conf_type} median {theirs}"].tolist()


def test_a_time_beyond_the_last_has_no_survival() -> None:
    """After the last time of a group nothing is claimed."""
    table = lung()
    found = run(KaplanMeier("Surv(time, status) ~ 1", times=(1022.0, 1023.0)), table, uneven(len(table), 3)).values
    assert [row["survival"] is None for row in found["survival_at"]] == [False, True]


@SITES
@pytest.mark.parametrize("rho", [1.0, 0.5])
@pytest.mark.parametrize(
    ("load", "name", "group", "stratum"),
    [
        (colon, "colon", "arm", None),
        (colon, "colon by obstruct", "arm", "obstruct"),
        (nwtco, "nwtco", "stage", None),
        (nwtco, "nwtco by histol", "stage", "histol"),
    ],
)
def test_weighted_stratified_tests_and_trends_equal_r(
    sites: int, rho: float, load, name: str, group: str, stratum: str | None
) -> None:
    """Fleming and Harrington's rho family, stratified by a column, and the test of a trend, are those of survdiff."""
    table = load()
    labels = uneven(len(table), sites)
    formula = f"Surv(time, status) ~ {group}"
    weighted = LogRank(formula, weights="fleming-harrington", rho=rho, trend=True, strata=stratum)
    for method, power in ((weighted, rho), (LogRank(formula, trend=True, strata=stratum), 0)):
        found = run(method, table, labels).values
        assert found["statistic"] == pytest.approx(R[f"{name} rho {power:g}"][0], rel=1e-9)
        assert found["trend"][0]["statistic"] == pytest.approx(R[f"{name} rho {power:g} trend"][0], rel=1e-9)


@pytest.mark.parametrize("stratum", [None, "histol"])
def test_sites_as_strata_equal_one_site_each(stratum: str | None) -> None:
    """With each site a stratum, whole sites as levels of a column give the same test over a shared grid."""
    table = nwtco()
    labels = uneven(len(table), 5)
    method = LogRank("Surv(time, status) ~ stage", site="strata", weights="peto-peto", strata=stratum, trend=True)
    found = run(method, table, labels).values
    crossed = labels * 2 + (table["histol"] - 1 if stratum else 0)
    shared = LogRank("Surv(time, status) ~ stage", weights="peto-peto", strata="crossed", trend=True)
    columns = setting_of(table.assign(crossed=crossed), 4)
    levels = tuple(map(str, sorted(set(crossed))))
    known = tuple(c for c in columns.dictionary if c.name != "crossed")
    dictionary = Dictionary("d", (*known, Column("crossed", "integer", 0, 20, 1, levels)))
    rows = dealt(table.assign(crossed=crossed), uneven(len(table), 3))
    setting = type(columns)(dictionary, NO_LIMITS, 1_000_000, 4)
    other = run_plain(shared, rows, setting).values
    assert found["statistic"] == pytest.approx(other["statistic"], rel=1e-10)
    assert found["trend"][0]["p_value"] == pytest.approx(other["trend"][0]["p_value"], rel=1e-8)


@pytest.mark.parametrize(
    ("weights", "theirs"),
    [("gehan-breslow", "wilcoxon"), ("tarone-ware", "tarone-ware"), ("peto-peto", "peto")],
)
@pytest.mark.parametrize(("load", "column"), [(veteran, "cell"), (retinopathy, "trt"), (nwtco, "stage")])
def test_weights_equal_lifelines(weights: str, theirs: str, load, column: str) -> None:
    """Gehan and Breslow's, Tarone and Ware's, and Peto and Peto's weights give lifelines' statistics."""
    from lifelines.statistics import multivariate_logrank_test

    table = load()
    found = run(LogRank(f"Surv(time, status) ~ {column}", weights=weights), table, uneven(len(table), 4)).values
    expected = multivariate_logrank_test(table["time"], table[column], table["status"], weightings=theirs)
    assert found["statistic"] == pytest.approx(expected.test_statistic, rel=1e-9)


def test_late_differences_equal_lifelines() -> None:
    """Fleming and Harrington's weights with gamma give lifelines' statistic."""
    from lifelines.statistics import logrank_test

    table = retinopathy()
    method = LogRank("Surv(time, status) ~ trt", weights="fleming-harrington", rho=0.5, gamma=1.0)
    found = run(method, table, uneven(len(table), 4)).values
    one, two = (table[table["trt"] == arm] for arm in (0, 1))
    expected = logrank_test(
        one["time"], two["time"], one["status"], two["status"], weightings="fleming-harrington", p=0.5, q=1.0
    )
    assert found["statistic"] == pytest.approx(expected.test_statistic, rel=1e-9)


@pytest.mark.parametrize("load", [veteran, nwtco])
def test_cumulative_hazard_equals_lifelines(load) -> None:
    """One cumulative hazard for all equals lifelines' without smoothing of ties."""
    from lifelines import NelsonAalenFitter

    table = load()
    (row,) = run(NelsonAalen("Surv(time, status) ~ 1"), table, uneven(len(table), 4)).values["groups"]
    fit = NelsonAalenFitter(nelson_aalen_smoothing=False).fit(table["time"], table["status"])
    assert row["curve"]["time"] == fit.cumulative_hazard_.index.tolist()
    np.testing.assert_allclose(row["curve"]["cumulative_hazard"], fit.cumulative_hazard_.iloc[:, 0], rtol=1e-10)
    plain = run(NelsonAalen("Surv(time, status) ~ 1", conf_type="plain"), table, uneven(len(table), 4))
    curve = plain.values["groups"][0]["curve"]
    centre, error = np.array(curve["cumulative_hazard"]), np.array(curve["std_error"])
    np.testing.assert_allclose(curve["conf_high"], centre + 1.959963984540054 * error, rtol=1e-12)
    log_low = np.array(row["curve"]["conf_low"])[centre > 0]
    np.testing.assert_allclose(
        log_low, (centre * np.exp(-1.959963984540054 * error / np.maximum(centre, 1e-300)))[centre > 0], rtol=1e-12
    )


@SITES
def test_restricted_means_equal_r(sites: int) -> None:
    """Means up to a horizon and their errors are those of summary(survfit, rmean = tau)."""
    for load, name, column, tau in (
        (lung, "lung", "sex", 365),
        (lung, "lung", "sex", 700),
        (colon, "colon", "arm", 2000),
    ):
        table = load()
        method = RestrictedMean(f"Surv(time, status) ~ {column}", tau=float(tau))
        found = run(method, table, uneven(len(table), sites)).values
        np.testing.assert_allclose([row["rmst"] for row in found["groups"]], R[f"{name} rmst {tau}"], rtol=1e-10)
        errors = R[f"{name} rmst error {tau}"]
        np.testing.assert_allclose([row["std_error"] for row in found["groups"]], errors, rtol=1e-10)


def test_contrasts_of_restricted_means() -> None:
    """Difference and ratio follow from R's means and errors, independent between groups."""
    from scipy.stats import norm

    table = lung()
    found = run(RestrictedMean("Surv(time, status) ~ sex", tau=365.0), table, uneven(len(table), 4)).values
    (men, women), (error_men, error_women) = R["lung rmst 365"], R["lung rmst error 365"]
    (row,) = found["contrasts"]
    error = np.hypot(error_men, error_women)
    assert row["contrast"] == "2 - 1"
    assert row["estimate"] == pytest.approx(women - men, rel=1e-9)
    assert row["std_error"] == pytest.approx(error, rel=1e-9)
    assert row["p_value"] == pytest.approx(2 * norm.sf((women - men) / error), rel=1e-7)
    log_error = np.hypot(error_men / men, error_women / women)
    assert row["ratio"] == pytest.approx(women / men, rel=1e-10)
    assert row["ratio_low"] == pytest.approx(women / men * np.exp(-norm.isf(0.025) * log_error), rel=1e-9)


def test_the_longest_horizon_is_the_default_and_told() -> None:
    """Without tau the horizon is the last time of the group that ends first; beyond it there is a diagnosis."""
    table = lung()
    found = run(RestrictedMean("Surv(time, status) ~ sex"), table, uneven(len(table), 3)).values
    assert found["tau"] == table.groupby("sex")["time"].max().min()
    with pytest.raises(MethodError, match="Not every group is followed until 99999"):
        run(RestrictedMean("Surv(time, status) ~ sex", tau=99999.0), table, uneven(len(table), 3))


def test_coarse_late_entry_is_that_of_rounded_times() -> None:
    """Under the institutional limits ends count as the ends of their steps, starts as beginnings, and it is said."""
    table = late_colon()
    limits = Limits()
    result = run(KaplanMeier("Surv(entry, time, status) ~ 1"), table, uneven(len(table), 4), limits)
    assert "at risk from its beginning" in result.warnings[1]
    (row,) = result.values["groups"]
    ends = np.array(row["curve"]["time"][1:])
    assert ends[0] > 0
    stop = ends[np.searchsorted(ends, table["time"].to_numpy(float) - 1e-9)]
    passed = np.searchsorted(ends, table["entry"].to_numpy(float) + 1e-9, side="right")
    start = np.concatenate([[0.0], ends])[passed]
    entering = np.bincount(passed, minlength=len(ends))
    assert ((entering == 0) | (entering >= limits.minimum_cell)).all()
    at_risk = np.array([((start < t) & (t <= stop)).sum() for t in ends])
    events = np.array([((stop == t) & (table["status"] == 1)).sum() for t in ends])
    assert row["curve"]["at_risk"][1:] == at_risk.tolist()
    np.testing.assert_allclose(row["curve"]["survival"][1:], np.cumprod(1 - events / at_risk), rtol=1e-12)


def test_a_small_group_of_a_stratum_is_refused() -> None:
    """Under limits a stratum in which a group has too few people is refused by name, not by size."""
    table = colon()
    few = table[(table["arm"] != 2) | (table["obstruct"] == 0) | (np.arange(len(table)) < 60)]
    method = LogRank("Surv(time, status) ~ arm", strata="obstruct")
    with pytest.raises(CohortTooSmall, match="A group of 'arm' within a level of 'obstruct'"):
        run(method, few, uneven(len(few), 4), Limits())
    assert run(method, table, uneven(len(table), 4), Limits()).values["groups"][0]["n"] == Count(
        int((table["arm"] == 0).sum())
    )


def test_a_row_that_starts_when_it_ends_is_refused() -> None:
    """Start must lie before stop; the words hold no value."""
    table = late_colon()
    wrong = table.assign(entry=np.where(np.arange(len(table)) == 5, table["time"], table["entry"]))
    with pytest.raises(ValueOutOfRange, match="start \\('entry'\\) at or after"):
        run(KaplanMeier("Surv(entry, time, status) ~ 1"), wrong, uneven(len(wrong), 3))
