"""Rates, their ratios and standardised rates over sites, against R's poisson.test, statsmodels, and published formulas.

``r_rates.R`` and its output are kept beside this file; R is not needed to run the tests. There is no reference package
for standardised rates among those at hand: Fay and Feuer's interval is checked in its chi-square form, eqs. 4-5 of
the paper, where the code under test uses the gamma form.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from summand.errors import CohortTooSmall, FormulaInvalid, UsageError
from summand.methods import from_spec
from summand.methods.survival._rates import Rates
from summand.tables import Count, Limits
from summand.testing.plain import run_plain
from survival_cohorts import colon, dealt, nwtco, setting_of, uneven

COHORTS = {"colon": (colon, "arm"), "nwtco": (nwtco, "stage")}
LINES = [line.split(",") for line in (Path(__file__).parent / "r_rates.txt").read_text("utf-8").splitlines()[1:]]
AGES = {"by": "age", "cuts": (50.0, 60.0, 70.0), "standard": (40.0, 30.0, 20.0, 10.0)}


def by_r(kind: str, name: str) -> dict[str, list[float]]:
    """What R found, by group."""
    return {line[2]: list(map(float, line[3:])) for line in LINES if line[:2] == [kind, name]}


@pytest.mark.parametrize("sites", [3, 4, 18])
@pytest.mark.parametrize("name", COHORTS)
def test_rates_and_ratios_equal_poisson_test(name: str, sites: int) -> None:
    """Rates with Garwood's limits, and ratios with the exact interval and p-value, are R's."""
    load, column = COHORTS[name]
    table = load()
    rows = [*dealt(table, uneven(len(table), sites)), []]
    values = run_plain(Rates(f"Surv(time, status) ~ {column}", 1000.0), rows, setting_of(table, sites + 1)).values
    rates = by_r("rate", name)
    assert [row["group"] for row in values["rates"]] == list(rates)
    for row in values["rates"]:
        found = [row["rate"], row["rate_low"], row["rate_high"]]
        np.testing.assert_allclose(found, rates[row["group"]], rtol=1e-10)
        own = table[table[column] == int(row["group"])]
        assert row["events"] == Count(int(own["status"].sum()))
        assert row["person_time"] == pytest.approx(own["time"].sum() / 1000.0, rel=1e-12)
    ratios = by_r("ratio", name)
    assert [row["group"] for row in values["ratios"]] == list(ratios)
    for row in values["ratios"]:
        found = [row["rate_ratio"], row["rate_ratio_low"], row["rate_ratio_high"]]
        np.testing.assert_allclose(found, ratios[row["group"]][:3], rtol=1e-9)
        assert row["p_value"] == pytest.approx(ratios[row["group"]][3], rel=1e-9)


def test_exact_and_byar_limits_beside_statsmodels() -> None:
    """Exact limits are those of statsmodels; Byar's are within one percent of them."""
    from statsmodels.stats.rates import confint_poisson

    table = colon()
    sites, setting = dealt(table, uneven(len(table), 4)), setting_of(table, 4)
    exact = run_plain(Rates("Surv(time, status) ~ sex"), sites, setting).values["rates"]
    byar = run_plain(Rates("Surv(time, status) ~ sex", interval="byar"), sites, setting).values["rates"]
    for one, other in zip(exact, byar, strict=True):
        expected = confint_poisson(one["events"].people, one["person_time"], method="exact-c")
        np.testing.assert_allclose([one["rate_low"], one["rate_high"]], expected, rtol=1e-10)
        np.testing.assert_allclose([other["rate_low"], other["rate_high"]], expected, rtol=1e-2)


@pytest.mark.parametrize("sites", [3, 18])
def test_standardised_rates(sites: int) -> None:
    """Standardised rates, Fay and Feuer's limits in their chi-square form, and ratios, from the pooled table."""
    import pandas as pd
    from scipy.stats import chi2

    table = colon()
    rows = [*dealt(table, uneven(len(table), sites)), []]
    values = run_plain(Rates("Surv(time, status) ~ sex", 365.25, **AGES), rows, setting_of(table, sites + 1)).values
    table["band"] = pd.cut(table["age"], [-np.inf, 50, 60, 70, np.inf], right=False).cat.codes
    bands = table.groupby(["sex", "band"])[["status", "time"]].sum()
    weights = np.array(AGES["standard"]) / sum(AGES["standard"])
    pooled = {}
    for row in values["rates"]:
        own = bands.loc[int(row["group"])]
        share = weights / (own["time"].to_numpy() / 365.25)
        y, v, largest = share @ own["status"], share**2 @ own["status"], share.max()
        low = v / (2 * y) * chi2.ppf(0.025, 2 * y**2 / v)
        high = (v + largest**2) / (2 * (y + largest)) * chi2.ppf(0.975, 2 * (y + largest) ** 2 / (v + largest**2))
        found = [row["standardised_rate"], row["standardised_rate_low"], row["standardised_rate_high"]]
        np.testing.assert_allclose(found, [y, low, high], rtol=1e-9)
        pooled[row["group"]] = (y, v)
    (ratio,) = values["ratios"]
    (y0, v0), (y1, v1) = pooled["0"], pooled["1"]
    width = 1.959963984540054 * np.sqrt(v0 / y0**2 + v1 / y1**2)
    found = [ratio["standardised_ratio"], ratio["standardised_ratio_low"], ratio["standardised_ratio_high"]]
    np.testing.assert_allclose(found, y1 / y0 * np.exp([0.0, -width, width]), rtol=1e-9)
    assert [row["band"] for row in values["bands"][:4]] == [
        "below 50",
        "50 to below 60",
        "60 to below 70",
        "70 and over",
    ]
    assert [row["events"].people for row in values["bands"]] == bands["status"].tolist()


def test_the_standard_of_the_data_themselves_gives_the_crude_rate() -> None:
    """Weighted by its own person-time, a standardised rate is the crude one, and Dobson's interval is Byar's."""
    table = colon()
    band = np.searchsorted([50, 60, 70], table["age"], side="right")
    own_time = tuple(np.bincount(band, weights=table["time"]).tolist())
    method = Rates("Surv(time, status) ~ 1", interval="byar", by="age", cuts=(50.0, 60.0, 70.0), standard=own_time)
    (row,) = run_plain(method, dealt(table, uneven(len(table), 3)), setting_of(table, 3)).values["rates"]
    for end in ("", "_low", "_high"):
        assert row[f"standardised_rate{end}"] == pytest.approx(row[f"rate{end}"], rel=1e-10)


def test_small_cells_are_left_out() -> None:
    """Under the limits a group with few events has no rate, and bands with few events are not shown at all."""
    table = colon()
    few = (table["sex"] == 1) & (np.arange(len(table)) > 16)
    table["status"] = np.where(few, 0, table["status"])
    sites, setting = dealt(table, uneven(len(table), 3)), setting_of(table, 3, Limits())
    result = run_plain(Rates("Surv(time, status) ~ sex", **{**AGES, "cuts": (30.0, 60.0, 70.0)}), sites, setting)
    shown, hidden = result.values["rates"]
    assert shown["rate"] > 0.0
    assert (hidden["rate"], hidden["rate_low"], hidden["rate_high"]) == (None, None, None)
    assert "standardised_rate" not in hidden
    assert result.values["ratios"] == []
    assert result.values["bands"] == []
    assert any("fewer than 10 people have" in warning for warning in result.warnings)
    assert any("bands of a group are left out" in warning for warning in result.warnings)
    table["sex"] = np.where(np.arange(len(table)) < 4, 1, 0)
    with pytest.raises(CohortTooSmall, match="fewer than 10 people"):
        run_plain(
            Rates("Surv(time, status) ~ sex"), dealt(table, uneven(len(table), 3)), setting_of(table, 3, Limits())
        )


def test_settings_that_do_not_fit_are_refused() -> None:
    """Bands without a column, a standard of another length, cuts that do not ascend, a column that is no number."""
    start = {"name": "rates", "formula": "Surv(time, status) ~ 1"}
    with pytest.raises(UsageError, match="bands but no column"):
        from_spec({**start, "cuts": [40], "standard": [1, 1]})
    with pytest.raises(UsageError, match="2 cuts make 3 bands, and the standard has 2"):
        from_spec({**start, "by": "age", "cuts": [40, 50], "standard": [1, 1]})
    with pytest.raises(UsageError, match="do not ascend"):
        from_spec({**start, "by": "age", "cuts": [50, 50], "standard": [1, 1, 1]})
    with pytest.raises(UsageError, match="negative or empty"):
        from_spec({**start, "by": "age", "cuts": [50], "standard": [0, 0]})
    with pytest.raises(UsageError, match="not a number from"):
        from_spec({**start, "per": 0})
    with pytest.raises(UsageError, match="holds something that is no number"):
        from_spec({**start, "by": "age", "cuts": ["x"], "standard": [0, 0]})
    with pytest.raises(FormulaInvalid, match="more than one group column"):
        Rates("Surv(time, status) ~ sex + arm").under(setting_of(colon(), 3))
