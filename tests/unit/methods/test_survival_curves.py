"""Kaplan-Meier curves and log-rank tests: small groups, odd groups, and the edges of the estimate."""

from __future__ import annotations

import json

import numpy as np
import pytest

from summand.disclosure import limits_for, release
from summand.errors import CategoryUnknown, CohortTooSmall, FormulaInvalid, OutcomeConstant, UsageError
from summand.methods import Result, Setting
from summand.methods.survival._kaplan_meier import KaplanMeier
from summand.methods.survival._logrank import LogRank
from summand.methods.survival._product_limit import product_limit
from summand.methods.survival._time_steps import grouped_times
from summand.tables import NO_LIMITS, Batch, Column, Count, Dictionary, Limits
from summand.testing.plain import run_plain

DICTIONARY = Dictionary(
    "d",
    (
        Column("days", "integer", minimum=0, maximum=500, step=1),
        Column("died", "integer", minimum=0, maximum=1, step=1),
        Column("arm", "category", levels=("a", "b", "c")),
        Column("stage", "integer", minimum=1, maximum=4, step=1, levels=("1", "2", "3", "4")),
        Column("two", "integer", minimum=1, maximum=2, step=1),
        Column("age", "integer", minimum=0, maximum=110, step=1),
        Column("note", "text"),
    ),
)
INSTITUTIONAL = limits_for("institutional")


def rows(days: list[float], died: list[int], arm: list[int] | None = None) -> Batch:
    count = len(days)
    codes = np.zeros(count, dtype=np.int32) if arm is None else np.array(arm, dtype=np.int32)
    numbers = {"days": days, "died": died, "stage": codes + 1, "two": codes + 1}
    return Batch({**{k: np.array(v, dtype=float) for k, v in numbers.items()}, "arm": codes}, count)


def many(sizes: dict[int, int], event_share: float = 0.8) -> Batch:
    rng = np.random.default_rng(4)
    arm = [code for code, size in sizes.items() for _ in range(size)]
    days = rng.integers(1, 90, len(arm)).astype(float)
    return rows(days.tolist(), (rng.uniform(size=len(arm)) < event_share).astype(int).tolist(), arm)


def curves(batch: Batch, right: str = "1", limits: Limits = NO_LIMITS) -> Result:
    setting = Setting(DICTIONARY, limits, 10_000, 2)
    return run_plain(KaplanMeier(f"Surv(days, died) ~ {right}"), [[batch], []], setting)


def test_six_patients_by_hand() -> None:
    """Times 1, 2, 2+, 3, 5+, 6 give 5/6, 4/6, 4/9, 4/9, 0, and the median 3."""
    (row,) = curves(rows([1, 2, 2, 3, 5, 6], [1, 1, 0, 1, 0, 1])).values["groups"]
    curve = row["curve"]
    assert curve["time"] == [0, 1, 2, 3, 5, 6]
    np.testing.assert_allclose(curve["survival"], [1, 5 / 6, 4 / 6, 4 / 9, 4 / 9, 0], atol=1e-15)
    assert curve["at_risk"] == [6, 6, 5, 3, 2, 1]
    assert curve["events"] == [0, 1, 1, 1, 0, 1]
    assert row["median"] == 3.0


def test_a_curve_that_reaches_one_half_has_its_median_there() -> None:
    """Rounding in the product does not move the median past a time at which exactly half survive."""
    for n in range(2, 60, 2):
        curve = product_limit(np.arange(1.0, n + 1), np.ones(n), np.ones(n))
        assert curve.median == n / 2


def test_no_events_and_death_on_day_0() -> None:
    """Without events the curve stays at 1 and has no median; a death on day 0 steps at 0."""
    (row,) = curves(rows([3, 4], [0, 0])).values["groups"]
    assert (row["median"], row["curve"]["survival"], row["curve"]["conf_low"]) == (None, [1, 1, 1], [1, 1, 1])
    (row,) = curves(rows([0, 4], [1, 0])).values["groups"]
    assert (row["curve"]["time"], row["curve"]["survival"]) == ([0, 4], [0.5, 0.5])


def test_everything_has_a_json_form() -> None:
    """A released result is JSON: no number is infinite, where all die as well."""
    batch = rows([1, 2, 3, 1, 2, 2], [1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1])
    text = json.dumps(release(curves(batch, "arm").values, NO_LIMITS), allow_nan=False)
    assert [row["group"] for row in json.loads(text)["groups"]] == ["a", "b"]


@pytest.mark.parametrize("column", ["arm", "C(stage)", "stage"])
def test_groups_are_levels_with_people(column: str) -> None:
    """Groups are named by their levels, whether the column is a category or a number; an empty level has no curve."""
    labels = [row["group"] for row in curves(many({0: 30, 2: 30}), column).values["groups"]]
    assert labels == (["a", "c"] if column == "arm" else ["1", "3"])


@pytest.mark.parametrize("right", ["age", "note", "arm + stage", "arm:stage", "I(stage^2)", "height"])
def test_what_is_no_grouping_is_refused(right: str) -> None:
    """Numbers without levels, texts, several columns and unknown ones are refused before any data."""
    from summand.errors import SummandError

    for method in (KaplanMeier, LogRank):
        with pytest.raises(SummandError) as refused:
            method(f"Surv(days, died) ~ {right}").under(Setting(DICTIONARY, NO_LIMITS, 100, 1))
        assert isinstance(refused.value, FormulaInvalid) or refused.value.code == "data.column_missing"


def test_a_value_outside_the_levels_is_an_error() -> None:
    """A number that is none of the group column's levels is an error of the data."""
    batch = rows([1, 2], [1, 1], [0, 6])
    with pytest.raises(CategoryUnknown, match="stage"):
        curves(batch, "stage")


@pytest.mark.parametrize("size", [0, 9])
def test_a_small_group_is_refused_as_an_empty_one(size: int) -> None:
    """Under the limits a group below ten people refuses the whole table, and nobody can tell nine from none."""
    batch = many({0: 50, 1: 50, 2: size})
    texts = []
    for method in (KaplanMeier("Surv(days, died) ~ arm"), LogRank("Surv(days, died) ~ arm", site="strata")):
        with pytest.raises(CohortTooSmall) as refused:
            run_plain(method, [[batch]], Setting(DICTIONARY, INSTITUTIONAL, 1000, 1))
        texts.append(str(refused.value))
    assert set(texts) == {
        "A group of 'arm' has fewer than 10 people over all sites. (clause D.min_cell) "
        "Merge levels of the column, widen the cohort, or leave the grouping out."
    }


def test_a_group_with_few_events_gets_no_curve() -> None:
    """Where the events of a group may not be shown, neither may the curve that tells them."""
    batch = many({0: 60, 1: 60})
    died = batch.number("died").copy()
    died[60:] = 0
    died[60:64] = 1
    batch = Batch({**batch.columns, "two": batch.codes("arm") + 1.0, "died": died}, batch.rows)
    shown, withheld = release(curves(batch, "two", INSTITUTIONAL).values, INSTITUTIONAL)["groups"]
    assert shown["curve"]["time"][0] == 0
    assert withheld == {"group": "2", "n": 60, "events": {"suppressed": True}, "median": None, "curve": None}
    test = run_plain(LogRank("Surv(days, died) ~ two"), [[batch]], Setting(DICTIONARY, INSTITUTIONAL, 1000, 1))
    assert test.values["groups"][1]["observed"] == Count(4)
    assert all(row["expected"] is None for row in test.values["groups"])


def test_few_without_the_event_hide_what_a_comparison_observed() -> None:
    """Sixty people and fifty-six events tell that four had none: hidden, and so are the expected events."""
    batch = many({0: 60, 1: 60})
    died = np.ones(120)
    died[:30], died[60:64] = 0, 0
    batch = Batch({**batch.columns, "two": batch.codes("arm") + 1.0, "died": died}, batch.rows)
    test = run_plain(LogRank("Surv(days, died) ~ two"), [[batch]], Setting(DICTIONARY, INSTITUTIONAL, 1000, 1))
    shown, hidden = release(test.values, INSTITUTIONAL)["groups"]
    assert (shown["observed"], shown["expected"]) == (30, None)
    assert (hidden["observed"], hidden["expected"]) == ({"suppressed": True}, None)
    exact = run_plain(LogRank("Surv(days, died) ~ two"), [[batch]], Setting(DICTIONARY, NO_LIMITS, 1000, 1))
    assert sum(row["expected"] for row in exact.values["groups"]) == pytest.approx(86)


def test_logrank_of_groups_that_never_meet() -> None:
    """A test needs two groups at risk together at an event; else it says so."""
    apart = rows([1, 2, 3, 9, 9, 9], [1, 1, 1, 1, 1, 1], [0, 0, 0, 0, 0, 0])
    with pytest.raises(FormulaInvalid, match="Fewer than two groups"):
        run_plain(LogRank("Surv(days, died) ~ arm"), [[apart]], Setting(DICTIONARY, NO_LIMITS, 100, 1))
    with pytest.raises(FormulaInvalid, match="compares groups"):
        LogRank("Surv(days, died) ~ 1").under(Setting(DICTIONARY, NO_LIMITS, 100, 1))


def test_nobody_at_all() -> None:
    """An empty cohort is an error, not an empty curve."""
    with pytest.raises(OutcomeConstant):
        curves(rows([], []))


@pytest.mark.parametrize(
    "spec",
    [
        {"name": "km", "formula": "Surv(days, died) ~ 1", "site": "pooled"},
        {"name": "km"},
        {"name": "logrank", "formula": "Surv(days, died) ~ arm", "site": "fixed"},
        {"name": "logrank", "formula": "Surv(days, died) ~ arm", "rho": -1},
        {"name": "logrank", "formula": "Surv(days, died) ~ arm", "rho": 1},
        {"name": "logrank", "formula": "Surv(days, died) ~ arm", "weights": "peto-peto", "gamma": 0.5},
    ],
)
def test_requests_are_read_strictly(spec: dict) -> None:
    """Unknown fields and other choices are refused."""
    method = KaplanMeier if spec["name"] == "km" else LogRank
    with pytest.raises(UsageError):
        method.from_spec(spec)


def test_one_step_is_not_steps() -> None:
    """The warning about times that were grouped counts its steps in words that agree."""
    assert grouped_times(1, 10).startswith("Times are grouped into 1 step in which")
    assert grouped_times(3, 10).startswith("Times are grouped into 3 steps in which")
