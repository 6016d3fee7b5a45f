"""Kaplan-Meier curves over sites against lifelines 0.30 fitted to the pooled table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from summand.methods.survival._kaplan_meier import KaplanMeier
from summand.methods.survival._times import TimeGrid
from summand.tables import Count, Limits
from summand.testing.plain import run_counted, run_plain
from survival_cohorts import cgd, colon, dealt, lung, nwtco, pbc, retinopathy, setting_of, uneven, veteran

COHORTS = {
    "lung": (lung, "sex"),
    "veteran": (veteran, "cell"),
    "cgd": (cgd, "treated"),
    "colon": (colon, "arm"),
    "retinopathy": (retinopathy, "trt"),
    "nwtco": (nwtco, "histol"),
}


def event(table: pd.DataFrame) -> np.ndarray:
    return table["status"].to_numpy() == max(1, table["status"].max())


def check_group(row: dict, times: np.ndarray, happened: np.ndarray) -> None:
    """One group's curve is lifelines' curve at every one of its times."""
    from lifelines import KaplanMeierFitter

    fitter = KaplanMeierFitter().fit(times, happened)
    curve = row["curve"]
    assert curve["time"] == fitter.survival_function_.index.tolist()
    np.testing.assert_allclose(curve["survival"], fitter.survival_function_.iloc[:, 0], rtol=0, atol=1e-10)
    np.testing.assert_allclose(curve["conf_low"], fitter.confidence_interval_.iloc[:, 0], rtol=0, atol=1e-10)
    np.testing.assert_allclose(curve["conf_high"], fitter.confidence_interval_.iloc[:, 1], rtol=0, atol=1e-10)
    assert curve["at_risk"] == fitter.event_table["at_risk"].tolist()
    assert curve["events"] == fitter.event_table["observed"].tolist()
    assert row["n"] == Count(len(times))
    assert row["events"] == Count(int(happened.sum()))
    assert (np.inf if row["median"] is None else row["median"]) == fitter.median_survival_time_


@pytest.mark.parametrize("sites", [1, 3, 18])
@pytest.mark.parametrize("name", sorted(COHORTS))
def test_curves_by_group_equal_lifelines(name: str, sites: int) -> None:
    """Curve, interval, numbers at risk, events and median equal lifelines' in every group."""
    load, column = COHORTS[name]
    table = load()
    labels = uneven(len(table), sites) if sites > 1 else np.zeros(len(table))
    rows = [*dealt(table, labels), []]
    result = run_plain(KaplanMeier(f"Surv(time, status) ~ {column}"), rows, setting_of(table, len(rows)))
    assert [row["group"] for row in result.values["groups"]] == [str(g) for g in sorted(set(table[column]))]
    for row in result.values["groups"]:
        group = table[table[column] == int(row["group"])]
        check_group(row, group["time"].to_numpy(float), event(group))


@pytest.mark.parametrize("load", [lung, pbc, retinopathy])
def test_one_curve_for_all_equals_lifelines(load) -> None:
    """Without groups there is one, named "all"."""
    table = load()
    rows = dealt(table, uneven(len(table), 4))
    result = run_plain(KaplanMeier("Surv(time, status) ~ 1"), rows, setting_of(table, 4))
    (row,) = result.values["groups"]
    assert row["group"] == "all"
    check_group(row, table["time"].to_numpy(float), event(table))


def test_times_without_a_step_are_found_exactly() -> None:
    """Times that are no short decimals are found to the last bit, by refinement in a few rounds."""
    table = lung().drop(columns="site")
    table["time"] = table["time"] * np.pi + np.sqrt(np.arange(len(table)) % 5)
    rows = dealt(table, uneven(len(table), 4))
    result, rounds = run_counted(KaplanMeier("Surv(time, status) ~ sex"), rows, setting_of(table, 4))
    for row in result.values["groups"]:
        group = table[table["sex"] == int(row["group"])]
        check_group(row, group["time"].to_numpy(float), event(group))
    assert rounds <= 12


def test_published_medians_of_the_lung_trial() -> None:
    """Median survival of men 270 days, of women 426, as R's survfit prints them for the 228 patients."""
    from lifelines.datasets import load_lung

    table = load_lung()[["time", "status", "sex"]].astype(int)
    result = run_plain(
        KaplanMeier("Surv(time, status) ~ sex"), dealt(table, uneven(len(table), 3)), setting_of(table, 3)
    )
    assert [row["median"] for row in result.values["groups"]] == [270.0, 426.0]


@pytest.mark.parametrize(("load", "column"), [(lung, "sex"), (colon, "arm"), (retinopathy, "trt")])
def test_coarse_curve_is_that_of_times_rounded_up(load, column: str) -> None:
    """Under the institutional limits every step holds ten exits of each group, and the curve is lifelines' of the
    times rounded up to the steps' ends.
    """
    table = load()
    setting = setting_of(table, 4, Limits())
    result = run_plain(KaplanMeier(f"Surv(time, status) ~ {column}"), dealt(table, uneven(len(table), 4)), setting)
    assert "at least 10 people of every group leave" in result.warnings[0]
    ends = np.array(result.values["groups"][0]["curve"]["time"][1:])
    own = TimeGrid.of(setting.dictionary["time"], Limits())
    assert not set(ends) - set(own._value(np.arange(1000), own.start().step))
    for row in result.values["groups"]:
        group = table[table[column] == int(row["group"])]
        place = np.searchsorted(ends, group["time"].to_numpy(float) - 1e-6)
        assert (np.bincount(place, minlength=len(ends)) >= 10).all()
        check_group(row, ends[place], event(group))
