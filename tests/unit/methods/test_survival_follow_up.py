"""Reading Surv(time, status): codings decided by the dictionary, and everything else refused."""

from __future__ import annotations

import numpy as np
import pytest

from summand.errors import FormulaInvalid, StatusInvalid, SummandError, ValueOutOfRange
from summand.methods import METHODS, Setting, survival
from summand.methods.formulas._formula import parse
from summand.methods.survival._follow_up import FollowUp, TimeTable
from summand.tables import NO_LIMITS, Batch, Column, Dictionary

DAYS = Column("days", "integer", minimum=0, maximum=100, step=1)


def follow_up(status: Column, time: Column = DAYS, formula: str = "Surv(days, status) ~ 1") -> FollowUp:
    return FollowUp.of(parse(formula), Dictionary("d", (time, status)))


def events(status: Column, values: list[float], kind: type = float) -> list[bool]:
    batch = Batch({"days": np.arange(len(values), dtype=float), "status": np.array(values, dtype=kind)}, len(values))
    return follow_up(status).read(batch)[1].tolist()


@pytest.mark.parametrize(
    ("column", "no_event", "event"),
    [
        (Column("status", "integer", minimum=0, maximum=1, step=1), 0, 1),
        (Column("status", "integer", minimum=1, maximum=2, step=1), 1, 2),
        (Column("status", "number", minimum=0, maximum=1), 0, 1),
        (Column("status", "integer", minimum=0, maximum=2, step=1, levels=("1", "2")), 1, 2),
        (Column("status", "integer", minimum=1, maximum=1, step=1), 0, 1),
        (Column("status", "integer", minimum=2, maximum=2, step=1), 1, 2),
        (Column("status", "integer", minimum=0, maximum=0, step=1), 0, 1),
        (Column("status", "category", levels=("0", "1")), 0, 1),
        (Column("status", "category", levels=("1", "2")), 0, 1),
    ],
)
def test_coding_is_the_dictionarys(column: Column, no_event: float, event: float) -> None:
    """0/1 and 1/2 are told apart by range or levels; 1 alone counts as 0/1; a category by its levels' order."""
    assert events(column, [event, no_event, event]) == [True, False, True]


def test_a_site_with_one_status_reads_it_as_the_others_do() -> None:
    """A site whose patients all have status 1 has no events under 1/2 and only events under 0/1."""
    assert events(Column("status", "integer", minimum=1, maximum=2, step=1), [1, 1]) == [False, False]
    assert events(Column("status", "integer", minimum=0, maximum=1, step=1), [1, 1]) == [True, True]


@pytest.mark.parametrize(
    "column",
    [
        Column("status", "integer", minimum=0, maximum=2, step=1),
        Column("status", "integer", minimum=0, maximum=1, step=1, levels=("0", "1", "2")),
        Column("status", "integer", minimum=-1, maximum=1, step=1),
        Column("status", "category", levels=("alive", "dead")),
        Column("status", "text"),
    ],
)
def test_another_coding_is_refused(column: Column) -> None:
    """Anything but 0/1 or 1/2 in the dictionary is an error with the column's name."""
    with pytest.raises(StatusInvalid, match="status"):
        follow_up(column)


def test_a_value_between_the_two_is_refused() -> None:
    """A status of 0.5 in the data is an error, and the error does not hold it."""
    with pytest.raises(StatusInvalid) as refused:
        events(Column("status", "number", minimum=0, maximum=1), [0.0, 0.5])
    assert "0.5" not in str(refused.value)


STATUS = Column("status", "integer", minimum=0, maximum=1, step=1)


@pytest.mark.parametrize(
    ("time", "formula", "error"),
    [
        (Column("days", "integer", minimum=-1, maximum=9, step=1), "Surv(days, status) ~ 1", ValueOutOfRange),
        (Column("days", "category", levels=("1", "2")), "Surv(days, status) ~ 1", FormulaInvalid),
        (DAYS, "days ~ 1", FormulaInvalid),
        (DAYS, "Surv(days, days, status) ~ 1", FormulaInvalid),
        (DAYS, "Surv(nights, status) ~ 1", SummandError),
    ],
)
def test_other_outcomes_are_refused(time: Column, formula: str, error: type[Exception]) -> None:
    """Negative ranges, times that are no numbers, other outcomes and entry times are refused before any data."""
    with pytest.raises(error):
        follow_up(STATUS, time, formula)


@pytest.mark.parametrize("value", [-1.0, 101.0])
def test_times_out_of_range_are_refused(value: float) -> None:
    """A time below 0 or beyond the dictionary's maximum is an error, without the value."""
    batch = Batch({"days": np.array([1.0, value]), "status": np.ones(2)}, 2)
    with pytest.raises(ValueOutOfRange) as refused:
        follow_up(STATUS).read(batch)
    assert f"{value:g}" not in str(refused.value)


@pytest.mark.parametrize("name", sorted(method.name for method in survival.METHODS))
def test_a_method_takes_late_entry_or_refuses_it(name: str) -> None:
    """No method on follow-up passes over the column of starts in silence."""
    columns = (DAYS, Column("start", "integer", 0, 100, 1), STATUS, Column("x", "integer", 0, 1, 1))
    settings = {"cause": "1"} if name == "fine_gray" else {}
    method = METHODS[name].from_spec({"name": name, "formula": "Surv(start, days, status) ~ x", **settings})
    setting = Setting(Dictionary("d", columns), NO_LIMITS, 1000, 1)
    if name in ("km", "logrank", "nelson_aalen", "rmst", "cox", "rates", "piecewise_exponential"):
        assert "start" in method.under(setting).columns
    else:
        with pytest.raises(FormulaInvalid, match=r"[Ee]ntry after time 0"):
            method.under(setting)


def test_time_tables_add_as_unions() -> None:
    """The table of two batches is the table of their rows."""
    rng = np.random.default_rng(0)
    times, weights = rng.integers(0, 9, 40).astype(float), rng.normal(size=40)
    whole = TimeTable.of(times, (weights, weights**2))
    parts = TimeTable.of(times[:13], (weights[:13], weights[:13] ** 2)) + TimeTable.of(
        times[13:], (weights[13:], weights[13:] ** 2)
    )
    assert np.array_equal(whole.times, parts.times)
    np.testing.assert_allclose(whole.sums, parts.sums, atol=1e-12)
