"""Piecewise exponential regression over sites against statsmodels' Poisson regression of the split pooled table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from shared_files import shared_data
from summand.errors import CohortTooSmall, FormulaInvalid, OutcomeConstant, Separation, UsageError
from summand.methods import from_spec
from summand.methods.survival._piecewise import PiecewiseExponential
from summand.methods.survival._rates import Rates
from summand.tables import Count, Limits
from summand.testing.plain import run_counted, run_plain
from survival_cohorts import cgd, colon, dealt, lung, nwtco, setting_of, uneven

COHORTS = {
    "lung": (lung, ["age", "sex", "ecog"], (100.0, 300.0, 500.0), "site"),
    "colon": (colon, ["age", "sex", "nodes", "obstruct"], (365.0, 1000.0), "arm"),
    "nwtco": (nwtco, ["histol", "age"], (3.0, 6.0, 12.0, 24.0, 60.0), "stage"),
}


def split(table: pd.DataFrame, cuts: tuple[float, ...]) -> pd.DataFrame:
    """One row for each person and interval in which somebody is followed."""
    parts = []
    for k, (low, high) in enumerate(zip((0.0, *cuts), (*cuts, np.inf), strict=True)):
        part = table[table["time"] > low].copy()
        happened = (part["status"] == max(1, table["status"].max())) & (part["time"] <= high)
        parts.append(part.assign(k=k, followed=np.minimum(part["time"], high) - low, happened=happened.astype(float)))
    return pd.concat(parts, ignore_index=True)


def poisson(rows: pd.DataFrame, columns: list[str], sites: str | None = None):
    """Statsmodels' fit, run until nothing is left to go, and the design it used."""
    import statsmodels.api as sm

    parts = [pd.get_dummies(rows["k"], prefix="k"), rows[columns]]
    if sites:
        parts.append(pd.get_dummies(rows[sites], prefix="site", drop_first=True))
    design = pd.concat(parts, axis=1).astype(float)
    model = sm.GLM(rows["happened"], design, family=sm.families.Poisson(), exposure=rows["followed"])
    fit = model.fit(tol=1e-15, maxiter=200)
    return model.fit(
        start_params=fit.params, tol=1e-15, maxiter=200
    )  # its errors are those of the step before the last


def log_likelihood(fit, rows: pd.DataFrame) -> float:
    """Of the survival times, which that of the counts is but for a constant."""
    return float((rows["happened"] * np.log(fit.mu / rows["followed"]) - fit.mu).sum())


@pytest.mark.parametrize("sites", [3, 4, 18])
@pytest.mark.parametrize("name", COHORTS)
def test_pooled_fit_equals_poisson_regression(name: str, sites: int) -> None:
    """Coefficients, baseline rates and their standard errors are statsmodels'."""
    load, columns, cuts, _ = COHORTS[name]
    table = load()
    rows = split(table, cuts)
    fit = poisson(rows, columns)
    method = PiecewiseExponential(f"Surv(time, status) ~ {' + '.join(columns)}", cuts)
    result, rounds = run_counted(method, [*dealt(table, uneven(len(table), sites)), []], setting_of(table, sites + 1))
    values = result.values
    for term in values["terms"]:
        assert term["estimate"] == pytest.approx(fit.params[term["term"]], rel=1e-8)
        assert term["std_error"] == pytest.approx(fit.bse[term["term"]], rel=1e-8)
        assert term["hazard_ratio"] == pytest.approx(np.exp(fit.params[term["term"]]), rel=1e-8)
    for k, row in enumerate(values["baseline"]):
        assert row["log_rate"] == pytest.approx(fit.params[f"k_{k}"], rel=1e-8)
        assert row["std_error"] == pytest.approx(fit.bse[f"k_{k}"], rel=1e-8)
        assert row["rate"] == pytest.approx(np.exp(fit.params[f"k_{k}"]), rel=1e-7)
    assert values["log_likelihood"] == pytest.approx(log_likelihood(fit, rows), rel=1e-10)
    for (_, own), row in zip(rows.groupby("k"), values["intervals"], strict=True):
        assert row["events"] == Count(int(own["happened"].sum()))
        assert row["person_time"] == pytest.approx(own["followed"].sum(), rel=1e-10)
        assert row["rate"] == pytest.approx(own["happened"].sum() / own["followed"].sum(), rel=1e-10)
    assert rounds <= 10


@pytest.mark.parametrize("name", COHORTS)
def test_a_factor_for_each_site_equals_dummy_variables(name: str) -> None:
    """With a factor per site, eliminated there, coefficients are those with one dummy variable per site."""
    load, columns, cuts, column = COHORTS[name]
    table = load()
    with_events = table.groupby(column)["status"].transform("sum") > 0
    rows = split(table[with_events], cuts)
    fit = poisson(rows, columns, column)
    method = PiecewiseExponential(f"Surv(time, status) ~ {' + '.join(columns)}", cuts, site="fixed")
    sites = [*dealt(table, table[column].to_numpy()), []]
    result = run_plain(method, sites, setting_of(table, len(sites)))
    for term in result.values["terms"]:
        assert term["estimate"] == pytest.approx(fit.params[term["term"]], rel=1e-8)
        assert term["std_error"] == pytest.approx(fit.bse[term["term"]], rel=1e-8)
    assert result.values["log_likelihood"] == pytest.approx(log_likelihood(fit, rows), rel=1e-10)
    assert result.values["baseline"] == []
    assert len(result.warnings) == (not with_events.all())


def test_late_entry_equals_poisson_regression_from_the_start_on() -> None:
    """Rows that follow each other, with several events of one person: person-time begins at each row's start."""
    table = pd.read_csv(shared_data("survival/cgd.csv"))
    rows = table[["tstart", "tstop", "status", "age"]].astype(int)
    rows["treated"] = (table["treat"] == "rIFN-g").astype(int)
    parts = []
    for k, (low, high) in enumerate(((0, 120), (120, 240), (240, np.inf))):
        part = rows[(rows["tstop"] > low) & (rows["tstart"] < high)].copy()
        followed = np.minimum(part["tstop"], high) - np.maximum(part["tstart"], low)
        happened = (part["status"] == 1) & (part["tstop"] <= high)
        parts.append(part.assign(k=k, followed=followed, happened=happened.astype(float)))
    split_rows = pd.concat(parts, ignore_index=True)
    fit = poisson(split_rows, ["treated", "age"])
    method = PiecewiseExponential("Surv(tstart, tstop, status) ~ treated + age", (120.0, 240.0))
    values = run_plain(method, dealt(rows, uneven(len(rows), 4)), setting_of(rows, 4)).values
    for term in values["terms"]:
        assert term["estimate"] == pytest.approx(fit.params[term["term"]], rel=1e-8)
        assert term["std_error"] == pytest.approx(fit.bse[term["term"]], rel=1e-8)
    expected = split_rows.groupby("k")["followed"].sum()
    np.testing.assert_allclose([row["person_time"] for row in values["intervals"]], expected, rtol=1e-10)
    rates = run_plain(Rates("Surv(tstart, tstop, status) ~ 1"), dealt(rows, uneven(len(rows), 3)), setting_of(rows, 3))
    assert rates.values["rates"][0]["person_time"] == pytest.approx(float((rows["tstop"] - rows["tstart"]).sum()))


def test_rates_by_interval_and_group_are_those_of_the_split_table() -> None:
    """With one column of levels on the right, events and person-time are given by its levels too."""
    table = colon()
    method = PiecewiseExponential("Surv(time, status) ~ C(arm)", (365.0, 1000.0))
    values = run_plain(method, dealt(table, uneven(len(table), 4)), setting_of(table, 4)).values
    expected = split(table, (365.0, 1000.0)).groupby(["arm", "k"])[["happened", "followed"]].sum()
    assert [row["events"].people for row in values["interval_groups"]] == expected["happened"].astype(int).tolist()
    np.testing.assert_allclose(
        [row["person_time"] for row in values["interval_groups"]], expected["followed"], rtol=1e-10
    )
    assert [row["level"] for row in values["interval_groups"]] == [label for label in "012" for _ in range(3)]


def test_learned_cuts_are_round_and_hold_events_evenly() -> None:
    """Cut points are ends of slots of the histogram, so that each interval holds about its part of the events."""
    table = colon()
    method = PiecewiseExponential("Surv(time, status) ~ age", intervals=5)
    values = run_plain(method, dealt(table, uneven(len(table), 4)), setting_of(table, 4, Limits())).values
    events = [row["events"].people for row in values["intervals"]]
    total = int(table["status"].sum())
    assert len(events) == 5
    assert sum(events) == total
    assert max(abs(count - total / 5) for count in events) <= 12
    assert all(cut % 20 == 0 for cut in values["cuts"])
    given = PiecewiseExponential("Surv(time, status) ~ age", tuple(values["cuts"]))
    again = run_plain(given, dealt(table, uneven(len(table), 3)), setting_of(table, 3)).values
    assert again["terms"][0]["estimate"] == pytest.approx(values["terms"][0]["estimate"], rel=1e-9)


def test_an_interval_without_events_has_rate_zero() -> None:
    """Nobody has the event in it: it adds nothing, and the rest is the fit without its person-time."""
    table = cgd()
    last = float(table["time"][table["status"] == 1].max())
    values = run_plain(
        PiecewiseExponential("Surv(time, status) ~ treated", (100.0, last)), dealt(table, uneven(len(table), 3)),
        setting_of(table, 3),
    ).values  # fmt: skip
    rows = split(table, (100.0, last))
    fit = poisson(rows[rows["k"] < 2], ["treated"])
    assert values["terms"][0]["estimate"] == pytest.approx(fit.params["treated"], rel=1e-8)
    assert [row["rate"] for row in values["intervals"]][-1] == 0.0
    assert len(values["baseline"]) == 2


def test_what_is_wrong_is_said() -> None:
    """Settings that do not fit, nobody with the event, intervals with few, few without, and separation."""
    table = lung()
    setting = setting_of(table, 3)
    start = {"name": "piecewise_exponential", "formula": "Surv(time, status) ~ sex"}
    with pytest.raises(UsageError, match="do not ascend"):
        from_spec({**start, "cuts": [100, 100]})
    with pytest.raises(UsageError, match="not above 0"):
        from_spec({**start, "cuts": [0, 100]})
    with pytest.raises(UsageError, match="whole number from 1 to 50"):
        from_spec({**start, "intervals": 0})
    with pytest.raises(UsageError, match="not before the dictionary's largest"):
        PiecewiseExponential("Surv(time, status) ~ sex", (5000.0,)).under(setting)
    with pytest.raises(FormulaInvalid, match="place of the intercept"):
        PiecewiseExponential("Surv(time, status) ~ sex - 1").under(setting)

    def run(changed: pd.DataFrame, cuts: tuple[float, ...], limits: Limits | None = None):
        at = setting_of(changed, 3, limits) if limits else setting_of(changed, 3)
        method = PiecewiseExponential("Surv(time, status) ~ sex", cuts)
        return run_plain(method, dealt(changed, uneven(len(changed), 3)), at)

    with pytest.raises(OutcomeConstant, match="Nobody at any site has the event"):
        run(table.assign(status=0), ())
    with pytest.raises(CohortTooSmall, match="An interval has fewer than 10 events"):
        run(table, (20.0,), Limits())
    with pytest.raises(Separation, match="'sex' separate"):
        run(table.assign(status=np.where(table["sex"] == 1, 0, table["status"])), (300.0,))
    nearly_all = run(table.assign(status=(np.arange(len(table)) > 3).astype(int)), (300.0,), Limits())
    assert nearly_all.values["intervals"] == nearly_all.values["baseline"] == []
    assert "fewer than 10 people do not have the event" in nearly_all.warnings[0]
