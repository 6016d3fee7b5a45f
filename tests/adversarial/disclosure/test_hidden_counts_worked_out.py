"""A reader of one release tries to work out a count that was left out of it, from the figures that stand beside it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2

from summand.errors import CohortTooSmall, FormulaInvalid
from summand.methods import DifferenceInDifferences, InterruptedTimeSeries, KMeans, Rates, Setting, from_spec
from summand.tables import Batch, Column, Dictionary, Limits
from summand.testing.plain import run_plain

FEW = 3
SITES = 3


def released(method: object, dictionary: Dictionary, columns: dict[str, np.ndarray]) -> dict:
    """The result of a method under institutional limits, rows dealt to three sites."""
    site = np.arange(len(next(iter(columns.values())))) % SITES
    sites = [
        [Batch({name: values[site == k] for name, values in columns.items()}, int((site == k).sum()))]
        for k in range(SITES)
    ]
    return dict(run_plain(method, sites, Setting(dictionary, Limits(), 10_000, SITES)).values)


def events(*wanted: tuple[int, int]) -> np.ndarray:
    """Zeros and ones: for each (people, events) so many rows with so many ones."""
    return np.concatenate([np.arange(n) < d for n, d in wanted]).astype(np.float64)


def test_one_period_of_a_series_does_not_follow_from_the_others() -> None:
    """Fitted shares are combinations of observed ones: with a single one left out, one subtraction gives it."""
    counts = [(50, 15)] * 12
    counts[4] = (50, FEW)
    dictionary = Dictionary(
        "series",
        (Column("died", "integer", 0, 1), Column("month", "integer", 1, 12)),
    )
    columns = {"died": events(*counts), "month": np.repeat(np.arange(1.0, 13.0), 50)}
    method = InterruptedTimeSeries("died", "month", "7")
    series = released(method, dictionary, columns)["series"]
    told = [row["observed"] for row in series]
    unknown = [k for k, share in enumerate(told) if share is None]
    if len(unknown) == 1:
        worked_out = sum(row["fitted"] for row in series) - sum(share for share in told if share is not None)
        pytest.fail(f"{worked_out * 50:.6f} people in period {unknown[0] + 1}")
    assert unknown


def test_one_cell_of_four_does_not_follow_from_the_effect() -> None:
    """With no mean told at all, the digits of an effect and the sizes of its four cells leave one set of counts."""
    dictionary = Dictionary(
        "quarters",
        (Column("died", "integer", 0, 1), Column("quarter", "integer", 1, 2), Column("since", "integer", 1, 2)),
    )
    sizes, counts = np.array([61, 53, 59, 67]), (20, FEW, 22, 24)
    columns = {
        "died": events(*zip(sizes.tolist(), counts, strict=True)),
        "quarter": np.repeat([1.0, 2.0, 1.0, 2.0], sizes),
        "since": np.repeat([2.0, 2.0, np.nan, np.nan], sizes),
    }
    with pytest.raises(CohortTooSmall, match="people of some group have, or do not have, the outcome"):
        values = released(DifferenceInDifferences("died", "quarter", "since"), dictionary, columns)
        shares = [np.arange(n + 1) / n for n in sizes]
        before_and_after = (shares[1][:, None] - shares[0]).ravel()
        control = np.sort((shares[3][:, None] - shares[2]).ravel())
        wanted = before_and_after - values["effects"][0]["estimate"]
        place = np.clip(np.searchsorted(control, wanted - 1e-12), 0, len(control) - 1)
        found = np.flatnonzero(np.abs(control[place] - wanted) < 1e-12) // (sizes[0] + 1)
        pytest.fail(f"{np.unique(found).tolist()} people of {sizes[1]}")


def rate_columns() -> tuple[Dictionary, dict[str, np.ndarray]]:
    """Two bands of age of 200 people each, the younger with few events."""
    rng = np.random.default_rng(5)
    dictionary = Dictionary(
        "rates",
        (
            Column("time", "number", 0, 10, 0.01),
            Column("died", "integer", 0, 1),
            Column("age", "number", 20, 90),
        ),
    )
    columns = {
        "time": np.round(rng.uniform(1.0, 9.0, 400), 2),
        "died": events((200, FEW), (200, 60)),
        "age": np.repeat([30.0, 70.0], 200),
    }
    return dictionary, columns


def solved(row: dict, weights: tuple[float, float]) -> list[int]:
    """Every number of events in the first of two bands that goes with a standardised rate and its lower limit."""
    total, time, rate = row["events"].people, row["person_time"], row["standardised_rate"]
    found = []
    for d in range(total + 1):
        a, b = weights[0] * d, weights[1] * (total - d)
        for t in np.roots([rate, b - a - rate * time, a * time]):  # a/t + b/(time - t) = rate
            if abs(t.imag) > 1e-12 or not 0.0 < t.real < time:
                continue
            own, other = t.real, time - t.real
            variance = weights[0] * a / own**2 + weights[1] * b / other**2
            low = variance / (2.0 * rate) * chi2.ppf(0.025, 2.0 * rate**2 / variance)
            if abs(low - row["standardised_rate_low"]) < 1e-9 * low:
                found.append(d)
    return found


def test_events_of_a_band_do_not_follow_from_a_standardised_rate() -> None:
    """A rate and its interval are two equations, and two bands have two unknowns beside the group's sums."""
    dictionary, columns = rate_columns()
    method = Rates("Surv(time, died) ~ 1", by="age", cuts=(50.0,), standard=(1.0, 1.0))
    values = released(method, dictionary, columns)
    assert values["bands"] == []
    (row,) = values["rates"]
    assert "standardised_rate" not in row or FEW not in solved(row, (0.5, 0.5))
    assert "standardised_rate" not in row


def test_a_standard_of_one_band_does_not_tell_the_other() -> None:
    """With all weight on the older, its rate and interval tell its events, and the group's sum those of the younger."""
    dictionary, columns = rate_columns()
    method = Rates("Surv(time, died) ~ 1", by="age", cuts=(50.0,), standard=(0.0, 1.0))
    assert "standardised_rate" not in released(method, dictionary, columns)["rates"][0]


def test_a_cluster_does_not_count_the_rare_value_of_a_column() -> None:
    """Of a column with two values a cluster's centre is a share, and the share times its people is a count."""
    rng = np.random.default_rng(2)
    dictionary = Dictionary(
        "people",
        (Column("age", "number", 0, 100), Column("ill", "integer", 0, 1)),
    )
    columns = {
        "age": np.concatenate([rng.normal(30.0, 2.0, 100), rng.normal(70.0, 2.0, 100)]),
        "ill": events((100, FEW), (100, 60)),
    }
    method = KMeans(("age", "ill"), clusters=2, scale="none", initial=((30.0, 0.0), (70.0, 1.0)))
    with pytest.raises(CohortTooSmall, match="Fewer than 10 people of a cluster have one of the two values of 'ill'"):
        released(method, dictionary, columns)
    often = {**columns, "ill": events((100, 40), (100, 60))}
    assert len(released(method, dictionary, often)["clusters"]) == 2


def test_values_of_a_column_are_not_counted_by_its_polynomials() -> None:
    """Of three values, the people, the mean and the variance that a polynomial tells are three equations."""
    rng = np.random.default_rng(3)
    dictionary = Dictionary(
        "grades",
        (Column("y", "number", -10, 10), Column("grade", "integer", 0, 2), Column("age", "integer", 20, 90)),
    )
    grade = np.repeat([0.0, 1.0, 2.0], [200, 97, FEW])
    columns = {"y": rng.uniform(-5.0, 5.0, 300), "grade": grade, "age": np.round(rng.uniform(20.0, 90.0, 300))}
    asked = from_spec({"name": "linear", "formula": "y ~ poly(grade, 1)"})
    with pytest.raises(FormulaInvalid, match="would tell how many people have each of the few values of 'grade'"):
        values = released(asked, dictionary, columns)
        first, second = values["polynomials"]
        n, mean = first["squared_norm"], first["centre"]
        moments = [n, n * mean, second["squared_norm"] + n * mean**2]
        pytest.fail(f"{np.linalg.solve([[1, 1, 1], [0, 1, 2], [0, 1, 4]], moments)} people")
    assert released(from_spec({"name": "linear", "formula": "y ~ poly(age, 3)"}), dictionary, columns)["polynomials"]
