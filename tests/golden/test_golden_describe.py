"""Description over sites against numpy and pandas on the pooled table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pooled_cohorts import HEART, HEART_COLUMNS, HOSPITALS, dealt, setting, uneven

from shared_files import shared_data
from summand.methods import Describe
from summand.tables import Column, Dictionary, Limits
from summand.testing.plain import run_counted, run_plain

PARTS = {"min": 0.0, "q25": 0.25, "median": 0.5, "q75": 0.75, "max": 1.0}


def heart_with_gaps() -> pd.DataFrame:
    """All rows of the four hospitals, missing values kept."""
    paths = [shared_data(f"heart/processed.{hospital}.data") for hospital in HOSPITALS]
    frames = [pd.read_csv(path, header=None, names=HEART_COLUMNS, na_values="?") for path in paths]
    return pd.concat([frame.assign(site=i) for i, frame in enumerate(frames)], ignore_index=True)


@pytest.mark.parametrize("sites", [3, 4, 18])
def test_heart_equals_numpy(sites: int) -> None:
    """Counts, mean, sd and exact quartiles of every column equal numpy's on the pooled values."""
    table = heart_with_gaps()
    labels = uneven(len(table), sites)
    result, rounds = run_counted(Describe(), dealt(table, labels, HEART), setting(HEART, sites + 1))
    assert rounds <= 6
    for row in result.values["columns"]:
        values = table[row["column"]].dropna().to_numpy(float)
        assert (row["n"].people, row["missing"].people) == (len(values), len(table) - len(values))
        if not HEART[row["column"]].is_numeric:
            assert [cell for (cell,) in row["levels"].cells] == [int((values == k).sum()) for k in (0, 1)]
            continue
        assert row["mean"] == pytest.approx(values.mean(), rel=1e-13)
        assert row["sd"] == pytest.approx(values.std(ddof=1), rel=1e-12)
        for name, part in PARTS.items():
            assert row[name] == pytest.approx(np.quantile(values, part), rel=1e-14, abs=1e-14)
        edges, counts = row["histogram"]["edges"], row["histogram"]["counts"].cells
        assert [count for (count,) in counts] == np.histogram(values, edges)[0].tolist()


def test_quantiles_of_full_precision_numbers() -> None:
    """Numbers with all digits of float64 and no declared step have numpy's quartiles, within six rounds."""
    rng = np.random.default_rng(3)
    for values in (rng.normal(size=1001) ** 3, 1e6 + 1e-6 * rng.uniform(size=77), np.full(9, 0.1), rng.uniform(size=2)):
        table = pd.DataFrame({"x": values})
        low, high = float(values.min()), float(values.max())
        dictionary = Dictionary("d", (Column("x", "number", low - 1.0, high + 1.0),))
        sites = dealt(table, np.arange(len(table)) % 3, dictionary)
        result, rounds = run_counted(Describe(("x",)), sites, setting(dictionary, 4))
        (row,) = result.values["columns"]
        assert rounds <= 6
        for name, part in PARTS.items():
            assert abs(row[name] - np.quantile(values, part)) <= 2.0**-51 * (high - low + 2.0)


def test_groups_and_crosstabs_equal_pandas() -> None:
    """Description by sex, and chest pain against sex, equal pandas' groups and crosstab."""
    table = heart_with_gaps()
    sites = dealt(table, table["site"].to_numpy(), HEART)
    method = Describe(("age", "thalach"), by="sex", crosstabs=(("cp", "sex"),))
    result = run_plain(method, sites, setting(HEART, 5)).values
    for group, (_, rows) in zip(result["groups"], table.groupby("sex"), strict=True):
        for row in group["columns"]:
            values = rows[row["column"]].dropna()
            assert row["n"].people == len(values)
            assert row["mean"] == pytest.approx(values.mean(), rel=1e-13)
            assert row["median"] == pytest.approx(values.median(), rel=1e-13)
    (table_of,) = result["crosstabs"]
    assert [list(row) for row in table_of["counts"].cells] == pd.crosstab(table["cp"], table["sex"]).to_numpy().tolist()


def test_bands_hold_enough_people() -> None:
    """Under limits each quartile is a band around numpy's value that holds at least ten people."""
    table = heart_with_gaps()
    limits = Limits()
    sites = dealt(table, table["site"].to_numpy(), HEART)
    result, rounds = run_counted(Describe(("age", "trestbps", "oldpeak")), sites, setting(HEART, 5, limits))
    assert rounds == 2
    for row in result.values["columns"]:
        values = table[row["column"]].dropna().to_numpy(float)
        width = (HEART[row["column"]].range[1] - HEART[row["column"]].range[0]) / 128
        for name, part in PARTS.items():
            low, high = row[name]
            assert low - width <= np.quantile(values, part) <= high + width
            assert ((values >= low - 1e-9) & (values <= high + 1e-9)).sum() >= limits.minimum_cell


@pytest.mark.parametrize("shape", ["biased", "unbiased"])
def test_shape_and_further_quantiles_equal_scipy(shape: str) -> None:
    """Skewness, excess kurtosis, coefficient of variation and any quantile equal scipy's and numpy's, at 18 sites."""
    from scipy import stats

    table = heart_with_gaps()
    method = Describe(("age", "trestbps", "oldpeak"), quantiles=(0.025, 0.1, 0.975), shape=shape)
    result = run_plain(method, dealt(table, uneven(len(table), 18), HEART), setting(HEART, 19)).values
    for row in result["columns"]:
        values = table[row["column"]].dropna().to_numpy(float)
        bias = shape == "biased"
        assert row["skewness"] == pytest.approx(stats.skew(values, bias=bias), rel=1e-10)
        assert row["kurtosis"] == pytest.approx(stats.kurtosis(values, bias=bias), rel=1e-10)
        assert row["cv"] == pytest.approx(stats.variation(values, ddof=1), rel=1e-12)
        for name, part in (("p2.5", 0.025), ("p10", 0.1), ("p97.5", 0.975)):
            assert row[name] == pytest.approx(np.quantile(values, part), rel=1e-14, abs=1e-14)


def test_under_limits_shape_has_two_digits_and_quantiles_are_bands() -> None:
    """Nothing of it tells a count more exactly than the rounded mean does."""
    table = heart_with_gaps()
    sites = dealt(table, table["site"].to_numpy(), HEART)
    method = Describe(("age",), quantiles=(0.1,), shape="unbiased")
    (row,) = run_plain(method, sites, setting(HEART, 5, Limits())).values["columns"]
    assert [row[name] for name in ("skewness", "kurtosis", "cv")] == [
        float(f"{row[name]:.2g}") for name in ("skewness", "kurtosis", "cv")
    ]
    low, high = row["p10"]
    assert low <= table["age"].quantile(0.1) <= high
