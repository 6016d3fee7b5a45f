"""Parametric survival regression over sites against R's survreg.

``r_parametric.R`` and its output are kept beside this file; R is not needed to run the tests.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from summand.errors import CohortTooSmall, FormulaInvalid, OutcomeConstant, Separation, UsageError, ValueOutOfRange
from summand.methods.survival._parametric import ParametricSurvival
from summand.tables import Limits
from summand.testing.plain import run_counted, run_plain
from survival_cohorts import colon, dealt, lung, setting_of, uneven, veteran

COHORTS = {
    "lung": (lung, "age + sex + ecog", "site"),
    "veteran": (veteran, "karno + age + C(cell)", "prior"),
    "colon": (colon, "age + sex + nodes", "arm"),
}
DISTRIBUTIONS = ("weibull", "exponential", "lognormal", "loglogistic")
LINES = [line.split(",") for line in (Path(__file__).parent / "r_parametric.txt").read_text("utf-8").splitlines()[1:]]
NAMES = {"(Intercept)": "Intercept", "Log(scale)": "log(scale)", **{f"cell{i}": f"cell[T.{i}]" for i in range(4)}}


def found_by_r(*start: str) -> dict[str, tuple[float, float]]:
    """Estimate and standard error of each term, by our names."""
    return {NAMES.get(line[3], line[3]): (float(line[4]), float(line[5])) for line in LINES if line[:3] == [*start]}


def check(result, expected: dict[str, tuple[float, float]]) -> None:
    """Coefficients, standard errors, scale and log-likelihood are R's."""
    log_likelihood, scale = expected.pop("loglik")
    assert [term["term"] for term in result.values["terms"]] == list(expected)
    for term in result.values["terms"]:
        estimate, std_error = expected[term["term"]]
        assert term["estimate"] == pytest.approx(estimate, rel=1e-8)
        assert term["std_error"] == pytest.approx(std_error, rel=1e-8)
    assert result.values["log_likelihood"] == pytest.approx(log_likelihood, rel=1e-10)
    assert result.values["scale"] == pytest.approx(scale, rel=1e-8)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
@pytest.mark.parametrize("name", COHORTS)
@pytest.mark.parametrize("sites", [3, 4, 18])
def test_pooled_fit_equals_survreg(name: str, distribution: str, sites: int) -> None:
    """With one intercept, coefficients, standard errors, scale and log-likelihood are survreg's, in few rounds."""
    load, right, _ = COHORTS[name]
    table = load()
    method = ParametricSurvival(f"Surv(time, status) ~ {right}", distribution)
    rows = [*dealt(table, uneven(len(table), sites)), []]
    result, rounds = run_counted(method, rows, setting_of(table, len(rows)))
    check(result, found_by_r(name, distribution, "pooled"))
    assert rounds <= 12


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
@pytest.mark.parametrize("name", COHORTS)
def test_an_intercept_for_each_site_equals_dummy_variables(name: str, distribution: str) -> None:
    """With one intercept per site, eliminated there, the rest is that of survreg with one dummy variable per site."""
    load, right, column = COHORTS[name]
    table = load()
    sites = [*dealt(table, table[column].to_numpy()), []]
    method = ParametricSurvival(f"Surv(time, status) ~ {right}", distribution, "fixed")
    result = run_plain(method, sites, setting_of(table, len(sites)))
    check(result, found_by_r(name, distribution, "fixed"))
    status = table["status"] == table["status"].max()
    silent = int((~status.groupby(table[column]).any()).sum())
    assert len(result.warnings) == (silent > 0)


@pytest.mark.parametrize("name", COHORTS)
def test_weibull_hazard_ratios(name: str) -> None:
    """A Weibull hazard ratio is exp(-coefficient / sigma), its interval by the delta method on the logarithm."""
    load, right, _ = COHORTS[name]
    table = load()
    result = run_plain(
        ParametricSurvival(f"Surv(time, status) ~ {right}"), dealt(table, uneven(len(table), 4)), setting_of(table, 4)
    )
    terms = {term["term"]: term for term in result.values["terms"]}
    expected = found_by_r(name, "weibull", "hazard")
    assert list(terms) == ["Intercept", *expected, "log(scale)"]
    for term, (log_ratio, std_error) in expected.items():
        found = terms[term]
        assert np.log(found["hazard_ratio"]) == pytest.approx(log_ratio, rel=1e-8)
        width = np.log(found["hazard_ratio_high"] / found["hazard_ratio_low"]) / (2 * 1.959963984540054)
        assert width == pytest.approx(std_error, rel=1e-8)
        assert found["time_ratio"] == pytest.approx(np.exp(found["estimate"]), rel=1e-12)
    assert "hazard_ratio" not in terms["Intercept"]


def test_without_covariates_the_exponential_rate_is_events_by_time() -> None:
    """The intercept of an exponential model without covariates is the logarithm of time by events."""
    table = lung()
    result = run_plain(
        ParametricSurvival("Surv(time, status) ~ 1", "exponential"), dealt(table, uneven(len(table), 3)),
        setting_of(table, 3, Limits()),
    )  # fmt: skip
    (term,) = result.values["terms"]
    events = table["status"].sum()
    assert term["estimate"] == pytest.approx(np.log(table["time"].sum() / events), rel=1e-12)
    assert term["std_error"] == pytest.approx(events**-0.5, rel=1e-9)


def test_what_is_wrong_is_said() -> None:
    """A time of 0, no intercept, an unknown distribution, nobody or few with the event, and separation are diagnoses."""
    table = lung()
    setting = setting_of(table, 3)
    with pytest.raises(FormulaInvalid, match="unit of time"):
        ParametricSurvival("Surv(time, status) ~ age - 1").under(setting)
    with pytest.raises(FormulaInvalid, match="does not fit this method"):
        ParametricSurvival("Surv(age, time, status) ~ sex").under(setting)
    with pytest.raises(UsageError, match="none of its choices"):
        ParametricSurvival("Surv(time, status) ~ age", "gamma").under(setting)

    def run(changed, limits=None) -> None:
        at = setting_of(changed, 3, limits) if limits else setting_of(changed, 3)
        run_plain(ParametricSurvival("Surv(time, status) ~ sex"), dealt(changed, uneven(len(changed), 3)), at)

    with pytest.raises(ValueOutOfRange, match="are 0, or next to it"):
        run(table.assign(time=np.where(np.arange(len(table)) == 7, 0, table["time"])))
    with pytest.raises(OutcomeConstant, match="Nobody at any site has the event"):
        run(table.assign(status=0))
    with pytest.raises(OutcomeConstant, match="All follow-up times are equal"):
        run(table.assign(time=100))
    with pytest.raises(CohortTooSmall, match="have the event"):
        run(table.assign(status=(np.arange(len(table)) < 5).astype(int)), Limits())
    with pytest.raises(Separation, match="'sex' separate"):
        run(table.assign(status=np.where(table["sex"] == 1, 0, table["status"])))
