"""Concordance of given scores over sites against R's survival and lifelines, and calibration against lifelines' curves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from r_values import r_values

from summand.errors import CohortTooSmall, FormulaInvalid, UsageError
from summand.methods import EvaluateSurvival
from summand.tables import Limits
from summand.testing.plain import run_counted, run_plain
from survival_cohorts import colon, dealt, setting_of, uneven, veteran

R = r_values("concordance")
SURV = "Surv(time, status)"
SCORES: dict[str, dict[str, Any]] = {
    "karno": {"formula": "~ karno + diagtime", "terms": {"karno": -0.0331, "diagtime": 0.0123}},
    "trt": {"formula": "~ trt", "terms": {"trt": 0.25}},
    "nodes": {"formula": "~ nodes + age", "terms": {"nodes": 0.0877, "age": 0.0071}},
    "sex": {"formula": "~ sex", "terms": {"sex": -0.5}},
}


def model(name: str) -> dict[str, Any]:
    """One of the scores as a request holds it."""
    return {"name": name, **SCORES[name]}


@pytest.mark.parametrize("sites", [3, 4, 18])
@pytest.mark.parametrize("cohort", ["veteran", "colon"])
def test_concordance_equals_r(cohort: str, sites: int) -> None:
    """C and its error of a fine and of a coarse score, with tied times, tied scores and censoring at event times."""
    table, names = (veteran(), ("karno", "trt")) if cohort == "veteran" else (colon(), ("nodes", "sex"))
    method = EvaluateSurvival(tuple(map(model, names)), SURV)
    result, rounds = run_counted(method, dealt(table, uneven(len(table), sites)), setting_of(table, sites))
    assert rounds <= 8
    assert not result.warnings
    for row in result.values["concordance"]:
        expected = R[f"{cohort}_{row['model']}"]
        assert [row["c_index"], row["std_error"]] == pytest.approx(expected, rel=1e-9)
    (row,) = result.values["comparisons"]
    assert [row["difference"], row["std_error"]] == pytest.approx(R[f"{cohort}_difference"], rel=1e-8)


def test_concordance_equals_lifelines_with_an_empty_site() -> None:
    """Lifelines counts the same pairs; a site without anybody changes nothing."""
    from lifelines.utils import concordance_index

    table = colon()
    sites = [*dealt(table, uneven(len(table), 4)), []]
    row = run_plain(EvaluateSurvival((model("nodes"),), SURV), sites, setting_of(table, 5)).values["concordance"][0]
    score = 0.0877 * table["nodes"] + 0.0071 * table["age"]
    assert row["c_index"] == pytest.approx(concordance_index(table["time"], -score, table["status"]), abs=1e-9)


def test_calibration_at_a_time_equals_lifelines() -> None:
    """Five-year risks of colon cancer patients: everybody and each group of risk beside Kaplan and Meier's curve."""
    from lifelines import KaplanMeierFitter

    table = colon()
    method = EvaluateSurvival((model("nodes"),), SURV, 1826.0, {"nodes": 0.78})
    values = run_plain(method, dealt(table, uneven(len(table), 18)), setting_of(table, 18)).values
    score = (0.0877 * table["nodes"] + 0.0071 * table["age"]).to_numpy()
    risk = 1 - 0.78 ** np.exp(score)
    order = np.argsort(score, kind="stable")
    groups, start = [], 0
    for row in values["risk_groups"]:
        groups.append(order[start : start + row["people"].people])
        start += row["people"].people
    assert start == len(table)
    assert len(groups) == 10
    for row, own in zip([values["calibration"][0], *values["risk_groups"]], [order, *groups], strict=True):
        fit = KaplanMeierFitter().fit(table["time"].iloc[own], table["status"].iloc[own])
        observed = 1 - fit.predict(1826)
        assert row["predicted"] == pytest.approx(risk[own].mean(), rel=1e-10)
        assert row["observed"] == pytest.approx(observed, rel=1e-10)
        interval = 1 - fit.confidence_interval_.loc[:1826].iloc[-1].to_numpy()[::-1]
        assert [row["conf_low"], row["conf_high"]] == pytest.approx(interval, rel=1e-8)
        assert row["observed_over_expected"] == pytest.approx(observed / risk[own].mean(), rel=1e-9)


def test_under_limits_it_is_near_and_says_that_it_is_grouped() -> None:
    """Twenty steps of time and score: C within a hundredth, three digits, groups of at least ten people and events."""
    table, limits = colon(), Limits()
    sites = dealt(table, uneven(len(table), 4))
    method = EvaluateSurvival((model("nodes"),), SURV, 1826.0, {"nodes": 0.78})
    result = run_plain(method, sites, setting_of(table, 4, limits))
    row = result.values["concordance"][0]
    assert row["c_index"] == pytest.approx(R["colon_nodes"][0], abs=0.01)
    assert row["c_index"] == float(f"{row['c_index']:.3g}")
    assert result.warnings == ("Times and scores were grouped: people of one step count as tied.",)
    assert min(row["people"].people for row in result.values["risk_groups"]) >= 20
    layouts = EvaluateSurvival((model("nodes"),), SURV).under(setting_of(table, 4, limits))
    with pytest.raises(CohortTooSmall, match="have the event"):
        run_plain(
            method, dealt(table[table["status"] == 0], np.zeros(int((table["status"] == 0).sum()))), layouts.placed
        )


def test_more_people_than_a_round_may_count_are_grouped() -> None:
    """Ten thousand full-precision times and scores: grouped, said, and within a thousandth of lifelines' C."""
    from lifelines.utils import concordance_index

    rng = np.random.default_rng(9)
    x = rng.normal(size=10_000)
    time = rng.exponential(np.exp(-0.5 * x))
    table = pd.DataFrame({"x": x, "time": time, "status": rng.integers(0, 2, len(x))})
    score = {"name": "x", "formula": "~ x", "terms": {"x": 1.0}}
    result = run_plain(EvaluateSurvival((score,), SURV), dealt(table, uneven(len(table), 3)), setting_of(table, 3))
    expected = concordance_index(table["time"], -table["x"], table["status"])
    assert result.values["concordance"][0]["c_index"] == pytest.approx(expected, abs=1e-3)
    assert "grouped" in result.warnings[0]


def test_what_cannot_be_judged_is_said() -> None:
    """A baseline needs a time and a model; late entry is not judged."""
    with pytest.raises(UsageError, match="no survival between 0 and 1"):
        EvaluateSurvival((model("trt"),), SURV, baseline={"trt": 0.5})
    with pytest.raises(UsageError, match="of one of the models"):
        EvaluateSurvival((model("trt"),), SURV, 100.0, {"another": 0.5})
    table = veteran()
    with pytest.raises(FormulaInvalid, match="Late entry"):
        EvaluateSurvival((model("trt"),), "Surv(diagtime, time, status)").under(setting_of(table, 3))
