"""Goals measured from released results."""

from datetime import date
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summand.agreement._purpose import Baseline, Goal
from summand.errors import IndicatorInvalid
from summand.outcomes import INDICATORS, Measurement, assess, measure, measure_goal, parse_indicator

KM = {
    "groups": [
        {"group": "1", "n": 138, "events": 112, "median": 270.0, "curve": {
            "time": [0.0, 180.0, 360.0, 540.0], "survival": [1.0, 0.7, 0.34, 0.1],
            "conf_low": [1.0, 0.6, 0.26, 0.05], "conf_high": [1.0, 0.8, 0.43, 0.2]}},
        {"group": "2", "n": 90, "events": 53, "median": 426.0, "curve": {
            "time": [0.0, 360.0, 700.0], "survival": [1.0, 0.53, 0.2], "conf_low": [1.0, None, None],
            "conf_high": [1.0, None, None]}},
    ]
}  # fmt: skip


def goal(**fields):
    """An agreement with one goal."""
    given = {
        "id": "year", "owner": "a", "aim": "quality", "text": "One year", "indicator_id": "survival(365)[1]",
        "unit": "1", "direction": "increase", "target": 0.25, "due": date(2026, 1, 1),
        "measurement_method": "interval", "data_source": "km", **fields,
    }  # fmt: skip
    return SimpleNamespace(purpose=SimpleNamespace(goals=(Goal(**given),)))


@pytest.mark.parametrize(
    ("direction", "interval", "verdict"),
    [
        ("increase", (0.5, 0.7), "met"), ("increase", (0.3, 0.49), "not_met"),
        ("increase", (0.4, 0.6), "not_distinguishable"), ("decrease", (0.3, 0.5), "met"),
        ("decrease", (0.51, 0.6), "not_met"), ("decrease", (0.4, 0.6), "not_distinguishable"),
        ("maintain", (0.45, 0.55), "met"), ("maintain", (0.61, 0.7), "not_met"),
        ("maintain", (0.45, 0.65), "not_distinguishable"),
    ],
)  # fmt: skip
def test_outcomes_verdict_needs_the_whole_interval(direction, interval, verdict):
    """Met or not met only where the whole interval says so, against the target 0.5 (kept within 0.1)."""
    assert assess(Measurement(sum(interval) / 2, *interval), direction, 0.5, 0.1) == verdict


@given(st.floats(-10, 10), st.floats(0, 10), st.floats(-10, 10))
def test_outcomes_better_data_never_flip_a_verdict(middle, half, target):
    """Met and not met exclude each other, and mirror each other when the scale is turned round."""
    up = assess(Measurement(middle, middle - half, middle + half), "increase", target)
    down = assess(Measurement(-middle, -(middle + half), -(middle - half)), "decrease", -target)
    assert up == down
    assert up in {"met", "not_met", "not_distinguishable"}


def test_outcomes_survival_is_read_as_a_step():
    """The curve's value at 365 days is the one of the last step before."""
    status = measure_goal(goal(), "year", KM, "s1", date(2025, 1, 1))
    assert (status.measurement.value, status.measurement.interval) == (0.34, (0.26, 0.43))
    assert (status.verdict, status.is_due, status.measurement.study_id) == ("met", False, "s1")


def test_outcomes_no_change_without_an_interval():
    """Where the curve has no interval there, the reason is given, no verdict is made and no change is shown."""
    status = measure_goal(
        goal(indicator_id="survival(365)[2]", baseline=Baseline(value=0.4, period="1990")), "year", KM
    )
    assert status.measurement.value == 0.53
    assert "no interval" in status.measurement.reason
    assert (status.verdict, status.change) == ("not_measured", None)


@pytest.mark.parametrize(
    ("baseline", "direction", "signal"),
    [(0.2, "increase", "better"), (0.2, "decrease", "worse"), (0.3, "increase", "none"), (0.5, "increase", "worse"),
     (0.5, "maintain", "worse")],
)  # fmt: skip
def test_outcomes_change_carries_its_interval_and_signal(baseline, direction, signal):
    """A change is a signal only if its interval leaves 0 out."""
    status = measure_goal(goal(direction=direction, baseline=Baseline(value=baseline, period="1990")), "year", KM)
    assert status.change is not None
    assert status.change.signal == signal
    assert status.change.conf_low == pytest.approx(0.26 - baseline)


RESULTS = [
    ("mean(age)", {"columns": [{"column": "age", "n": 4, "missing": 0, "mean": 60.0, "sd": 2.0}]}, 60.0),
    ("recorded(age)", {"columns": [{"column": "age", "n": 95, "missing": 5}]}, 0.95),
    ("complete_cases", {"n": 854, "n_dropped": 66}, 854 / 920),
    ("estimate(sex[T.2])", {"terms": [
        {"term": "sex[T.2]", "estimate": -0.5, "conf_low": -0.9, "conf_high": -0.1}]}, -0.5),
    ("auc(federated)[va]", {"by_site": {"va": {"models": [
        {"model": "own", "auc": 0.6, "auc_std_error": 0.05},
        {"model": "federated", "auc": 0.7, "auc_std_error": 0.04}]}}}, 0.7),
]  # fmt: skip


@pytest.mark.parametrize(("text", "result", "value"), RESULTS)
def test_outcomes_indicators_read_a_value_with_its_interval(text, result, value):
    """Every kind of indicator finds its number, between the bounds of its interval."""
    found = measure(parse_indicator(text), result)
    assert found.value == pytest.approx(value)
    assert found.conf_low < value < found.conf_high
    assert found.interval_method


@pytest.mark.parametrize("text", ["survival(365)[1]", *(text for text, _, _ in RESULTS)])
def test_outcomes_what_was_not_released_has_a_reason(text):
    """A suppressed count or an absent table gives a reason, never a zero or an error."""
    empty = {"n": "<10", "n_dropped": "<10", "columns": [{"column": "age", "n": "<10", "missing": "<10", "mean": None}]}
    found = measure(parse_indicator(text), empty)
    assert found.value is None
    assert found.reason


def test_outcomes_a_time_past_the_curve_is_not_extrapolated():
    """Survival after the last released step is not guessed."""
    assert "ends before" in measure(parse_indicator("survival(9999)[1]"), KM).reason


@pytest.mark.parametrize("text", ["", "__import__('os')", "survival", "survival(x)", "mean", "profit(2)", "mean(a"])
def test_outcomes_indicator_grammar_is_closed(text):
    """What is not in the list of indicators is a named error with the list."""
    with pytest.raises(IndicatorInvalid) as refused:
        parse_indicator(text)
    assert all(form in refused.value.remedy for form in INDICATORS.values())


def test_outcomes_unknown_goal_is_named():
    """A goal that the agreement does not have is an error that lists its goals."""
    with pytest.raises(IndicatorInvalid, match="year"):
        measure_goal(goal(), "other", KM)


def test_outcomes_a_curve_without_its_interval_has_no_interval():
    """What a curve does not hold is never read from its times."""
    groups = [{"group": "all", "curve": {"time": [0.0, 30.0], "survival": [1.0, 0.8]}}]
    found = measure(parse_indicator("survival(30)"), {"groups": groups})
    assert (found.value, found.interval) == (0.8, None)
    bare = measure(parse_indicator("survival(30)"), {"groups": [{"group": "all", "curve": {"time": [0.0, 30.0]}}]})
    assert bare.value is None and bare.reason
