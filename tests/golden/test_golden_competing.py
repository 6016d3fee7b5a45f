"""Competing events over sites against R: survival's survfit with several states and cmprsk's cuminc.

``r_competing.R`` and its output are kept beside this file; R is not needed to run the tests.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from competing_cohorts import colon_causes, pbc_causes
from summand.errors import CohortTooSmall, StatusInvalid
from summand.methods.survival._aalen_johansen import AalenJohansen
from summand.tables import NO_LIMITS, Count, Limits
from summand.testing.plain import run_plain
from survival_cohorts import dealt, setting_of, uneven

COHORTS = {"pbc": (pbc_causes, "trt"), "colon": (colon_causes, "arm")}
LINES = [line.split(",") for line in (Path(__file__).parent / "r_competing.txt").read_text("utf-8").splitlines()]


def lines(kind: str, *start: str) -> list[list[str]]:
    """What R found, by the first words of its lines."""
    return [line[1 + len(start) :] for line in LINES if line[: 1 + len(start)] == [kind, *start]]


def run(name: str, sites: int, limits: Limits = NO_LIMITS):
    load, column = COHORTS[name]
    table = load()
    rows = [*dealt(table, uneven(len(table), sites)), []]
    return run_plain(AalenJohansen(f"Surv(time, status) ~ {column}"), rows, setting_of(table, len(rows), limits))


@pytest.mark.parametrize("sites", [3, 4, 18])
@pytest.mark.parametrize("name", COHORTS)
def test_incidence_equals_survfit(name: str, sites: int) -> None:
    """Estimate, standard error and log-log interval of every cause in every group are those of R's survfit."""
    result = run(name, sites)
    compared = 0
    for row in result.values["groups"]:
        curve = row["curve"]
        for time, *expected in lines("aj", name, row["group"], row["cause"]):
            at = curve["time"].index(float(time))
            found = [curve[key][at] for key in ("cumulative_incidence", "std_error", "conf_low", "conf_high")]
            values = [0.0 if text in ("NA", "NaN") else float(text) for text in expected]
            np.testing.assert_allclose(found, values, rtol=1e-10, atol=1e-14)
            compared += 1
    assert compared == len(lines("aj", name))


@pytest.mark.parametrize("sites", [3, 4, 18])
@pytest.mark.parametrize("name", COHORTS)
def test_gray_equals_cuminc(name: str, sites: int) -> None:
    """Gray's statistic of every cause is that of cmprsk's cuminc, with few ties and with many."""
    from scipy.stats import chi2

    tests = run(name, sites).values["tests"]
    expected = lines("gray", name)
    assert [test["cause"] for test in tests] == [cause for cause, *_ in expected] == ["1", "2"]
    for test, (_, statistic, degrees_of_freedom) in zip(tests, expected, strict=True):
        assert test["statistic"] == pytest.approx(float(statistic), rel=1e-9)
        assert test["degrees_of_freedom"] == int(degrees_of_freedom)
        assert test["p_value"] == pytest.approx(chi2.sf(float(statistic), int(degrees_of_freedom)), abs=1e-12)


def test_incidences_and_survival_add_up_to_one() -> None:
    """At each time the incidences of all causes and the Kaplan-Meier curve of all events together add up to 1."""
    from lifelines import KaplanMeierFitter

    table = pbc_causes()
    result = run("pbc", 4)
    for group in ("1", "2"):
        own = table[table["trt"] == int(group)]
        curves = [row["curve"] for row in result.values["groups"] if row["group"] == group]
        free = KaplanMeierFitter().fit(own["time"], own["status"] > 0).survival_function_.iloc[:, 0]
        total = np.sum([curve["cumulative_incidence"] for curve in curves], axis=0)
        np.testing.assert_allclose(total, 1.0 - free.loc[curves[0]["time"]], atol=1e-12)


def test_coarse_curves_are_those_of_times_rounded_up() -> None:
    """Under the institutional limits every step holds ten exits of each group, and the result is that of the times
    rounded up to the ends of the steps.
    """
    table = colon_causes()
    result = run("colon", 4, Limits())
    assert "at least 10 people of every group leave" in result.warnings[0]
    ends = np.array(result.values["groups"][0]["curve"]["time"][1:])
    place = np.searchsorted(ends, table["time"].to_numpy(float) - 1e-6)
    for arm in range(3):
        assert (np.bincount(place[table["arm"] == arm], minlength=len(ends)) >= 10).all()
    rounded = table.assign(time=ends[place])
    exact = run_plain(
        AalenJohansen("Surv(time, status) ~ arm"), dealt(rounded, uneven(len(rounded), 3)), setting_of(rounded, 3)
    )
    for coarse, fine in zip(result.values["groups"], exact.values["groups"], strict=True):
        for key, values in coarse["curve"].items():
            np.testing.assert_allclose(values, fine["curve"][key], rtol=1e-12)
    assert [test["statistic"] for test in result.values["tests"]] == pytest.approx(
        [test["statistic"] for test in exact.values["tests"]], rel=1e-12
    )


def test_rare_cause_hides_the_curves_of_its_group() -> None:
    """A curve would give the number of a rare cause's events away, so its group has none, and the reader is told."""
    table = pbc_causes()
    few = table["status"].to_numpy() == 1
    few &= np.cumsum(few) > 4
    result_of = table.assign(status=np.where(few, 0, table["status"]))
    method = AalenJohansen("Surv(time, status) ~ 1")
    result = run_plain(method, dealt(result_of, uneven(len(table), 3)), setting_of(result_of, 3, Limits()))
    assert [row["curve"] for row in result.values["groups"]] == [None, None]
    assert result.values["groups"][0]["events"] == Count(4)
    assert "merge rare causes" in result.warnings[-1]


def test_small_group_is_refused() -> None:
    """A group with fewer people than the minimum cell ends the study, without its number."""
    table = pbc_causes()
    table["trt"] = np.where(np.arange(len(table)) < 5, 2, 1)
    with pytest.raises(CohortTooSmall, match="fewer than 10 people"):
        run_plain(
            AalenJohansen("Surv(time, status) ~ trt"),
            dealt(table, uneven(len(table), 3)),
            setting_of(table, 3, Limits()),
        )


def test_a_status_without_the_censored_level_is_refused() -> None:
    """Where no level means censoring, the message names the levels and the setting."""
    table = pbc_causes()
    with pytest.raises(StatusInvalid, match="no level 'alive'") as caught:
        AalenJohansen("Surv(time, status) ~ 1", "alive").under(setting_of(table, 3))
    assert "0, 1, 2" in caught.value.remedy


def test_levels_by_name_give_the_same_curves() -> None:
    """A category of named levels, whichever its order, is read like the numbers 0, 1, 2."""
    from dataclasses import replace

    from summand.tables import Batch, Column, Dictionary

    table = pbc_causes()
    setting = setting_of(table, 1)
    order = ("transplanted", "alive", "died")
    codes = pd.Series([1, 0, 2])[table["status"]].to_numpy(np.int32)
    columns = tuple(Column("status", "category", levels=order) if c.name == "status" else c for c in setting.dictionary)
    named = replace(setting, dictionary=Dictionary("cohort", columns))
    batch = Batch({"time": table["time"].to_numpy(float), "status": codes}, len(table))
    found = run_plain(AalenJohansen("Surv(time, status) ~ 1", "alive"), [[batch]], named).values["groups"]
    numbers = run_plain(AalenJohansen("Surv(time, status) ~ 1"), dealt(table, np.zeros(len(table))), setting)
    by_cause = {"transplanted": "1", "died": "2"}
    expected = {row["cause"]: row for row in numbers.values["groups"]}
    assert {row["cause"] for row in found} == set(by_cause)
    for row in found:
        assert row["curve"] == expected[by_cause[row["cause"]]]["curve"]
