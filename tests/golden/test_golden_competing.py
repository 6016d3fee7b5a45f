"""Competing events over sites against R: survival's survfit with several states and cmprsk's cuminc.

``r_competing.R`` and its output are kept beside this file; R is not needed to run the tests.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from competing_cohorts import colon_causes, pbc_causes
from summand.errors import CohortTooSmall, FormulaInvalid, OutcomeConstant, Separation, StatusInvalid, UsageError
from summand.methods.survival._aalen_johansen import AalenJohansen
from summand.methods.survival._fine_gray import FineGray
from summand.tables import NO_LIMITS, Batch, Column, Count, Dictionary, Limits
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


def test_incidence_at_chosen_times_is_that_of_the_curve() -> None:
    """Between two times the incidence is that of the earlier one; after the last one nothing is known."""
    table = colon_causes()
    method = AalenJohansen("Surv(time, status) ~ arm", times=(36.0, 36.5, 500.0))
    values = run_plain(method, dealt(table, uneven(len(table), 4)), setting_of(table, 4)).values
    assert len(values["incidence_at"]) == 3 * len(values["groups"]) == 18
    for i, row in enumerate(values["groups"]):
        on, between, after = values["incidence_at"][3 * i : 3 * i + 3]
        place = max(j for j, time in enumerate(row["curve"]["time"]) if time <= 36.0)
        for key in ("cumulative_incidence", "std_error", "conf_low", "conf_high"):
            assert on[key] == between[key] == row["curve"][key][place]
            assert after[key] is None
        assert (on["group"], on["cause"], on["time"]) == (row["group"], row["cause"], 36.0)


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


MODELS = {
    "pbc": (pbc_causes, FineGray("Surv(time, status) ~ age + bili + albumin + trt", "2", site="pooled"), "female"),
    "colon": (colon_causes, FineGray("Surv(time, status) ~ age + sex + nodes", "1", site="pooled"), "arm"),
}


def check_terms(result, kind: str, name: str) -> None:
    """Coefficients and standard errors are R's to 1e-8, relatively."""
    expected = lines(kind, name)
    assert [term["term"] for term in result.values["terms"]] == [term for term, *_ in expected]
    for term, (_, estimate, std_error) in zip(result.values["terms"], expected, strict=True):
        assert term["estimate"] == pytest.approx(float(estimate), rel=1e-8)
        assert term["std_error"] == pytest.approx(float(std_error), rel=1e-8)


@pytest.mark.parametrize("sites", [3, 4, 18])
@pytest.mark.parametrize("name", MODELS)
def test_fine_gray_equals_crr(name: str, sites: int) -> None:
    """Over one shared baseline, coefficients, sandwich standard errors and likelihoods are those of cmprsk's crr."""
    load, method, _ = MODELS[name]
    table = load()
    result = run_plain(method, [*dealt(table, uneven(len(table), sites)), []], setting_of(table, sites + 1))
    check_terms(result, "crr", name)
    ((log_likelihood, null),) = lines("crr-likelihood", name)
    assert result.values["log_likelihood"] == pytest.approx(float(log_likelihood), rel=1e-10)
    assert result.values["log_likelihood_null"] == pytest.approx(float(null), rel=1e-10)
    assert result.values["robust"]


@pytest.mark.parametrize("name", MODELS)
def test_stratified_fine_gray_equals_coxph_on_weights_by_stratum(name: str) -> None:
    """With one stratum per site, coefficients are those of coxph on finegray's data, and standard errors those of the
    sandwich over the strata's own crr; a site without patients and one with a single one change nothing.
    """
    load, method, column = MODELS[name]
    table = load()
    sites = [*dealt(table, table[column].to_numpy()), [], dealt(table.iloc[:1], np.zeros(1))[0]]
    result = run_plain(replace(method, site="strata"), sites, setting_of(table, len(sites)))
    check_terms(result, "strata", name)
    ((log_likelihood, null),) = lines("strata-likelihood", name)
    assert result.values["log_likelihood"] == pytest.approx(float(log_likelihood), rel=1e-10)
    assert result.values["log_likelihood_null"] == pytest.approx(float(null), rel=1e-10)


def test_coarse_fine_gray_is_that_of_times_rounded_up() -> None:
    """Under the institutional limits the fit is that of the times rounded up to steps of ten events, with the robust
    standard errors of coxph on finegray's weights.
    """
    table = colon_causes()
    result = run_plain(MODELS["colon"][1], dealt(table, uneven(len(table), 4)), setting_of(table, 4, Limits()))
    check_terms(result, "coarse", "colon")
    ((*ends,),) = lines("coarse-ends", "colon")
    assert f"{len(ends)} steps of at least 10 events" in result.warnings[0]


def test_without_competing_events_it_is_cox_regression() -> None:
    """Where nobody has another event, the estimates are Cox's with Breslow's ties."""
    from summand.methods.survival._cox import CoxRegression

    table = pbc_causes()
    table["status"] = (table["status"] == 2).astype(int)
    sites, setting = dealt(table, uneven(len(table), 4)), setting_of(table, 4)
    ours = run_plain(FineGray("Surv(time, status) ~ age + bili", site="pooled"), sites, setting)
    cox = run_plain(CoxRegression("Surv(time, status) ~ age + bili", "breslow", "pooled"), sites, setting)
    for one, other in zip(ours.values["terms"], cox.values["terms"], strict=True):
        assert one["estimate"] == pytest.approx(other["estimate"], rel=1e-9)


def test_fine_gray_says_what_is_wrong() -> None:
    """An unknown cause, no covariates, nobody with the event, and separation are diagnoses."""
    table = pbc_causes()
    setting = setting_of(table, 3)
    with pytest.raises(UsageError, match="no cause '3'") as caught:
        FineGray("Surv(time, status) ~ age", "3").under(setting)
    assert "1, 2" in caught.value.remedy
    with pytest.raises(FormulaInvalid, match="at least one covariate"):
        FineGray("Surv(time, status) ~ 1").under(setting)
    nobody = table.assign(status=np.where(table["status"] == 1, 0, table["status"]))
    with pytest.raises(OutcomeConstant, match="Nobody at any site has the event"):
        run_plain(FineGray("Surv(time, status) ~ age"), dealt(nobody, uneven(len(table), 3)), setting)
    few = table.assign(status=np.where(np.arange(len(table)) > 60, 0, table["status"]))
    with pytest.raises(CohortTooSmall, match="have the event"):
        run_plain(
            FineGray("Surv(time, status) ~ age", site="pooled"), dealt(few, uneven(len(table), 3)),
            setting_of(table, 3, Limits()),
        )  # fmt: skip
    apart = table.assign(trt=np.where(table["status"] == 1, 2, 1))
    with pytest.raises(Separation, match="'trt' sets those with the event apart"):
        run_plain(FineGray("Surv(time, status) ~ trt + age"), dealt(apart, uneven(len(table), 3)), setting)
