"""Correlations over sites against scipy on the pooled table, and partial ones against residuals by numpy."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pooled_cohorts import HEART, dealt, heart, setting, uneven
from scipy import stats

from summand.errors import SingularInformation
from summand.methods import Correlation
from summand.tables import Column, Dictionary, Limits
from summand.testing.plain import run_counted, run_plain

NAMES = ("age", "trestbps", "thalach", "oldpeak")


@pytest.mark.parametrize("sites", [3, 4, 18])
@pytest.mark.parametrize("kind", ["pearson", "spearman"])
def test_every_pair_equals_scipy(kind: str, sites: int) -> None:
    """Estimate, p-value and interval of each pair of the heart patients' numbers."""
    table = heart()
    result, rounds = run_counted(
        Correlation(NAMES, kind), dealt(table, uneven(len(table), sites), HEART), setting(HEART, sites + 1)
    )
    assert rounds <= (2 if kind == "pearson" else 7)
    assert len(result.values["correlations"]) == 6
    assert not result.warnings
    for row in result.values["correlations"]:
        x, y = table[row["first"]].to_numpy(float), table[row["second"]].to_numpy(float)
        expected = (stats.pearsonr if kind == "pearson" else stats.spearmanr)(x, y)
        assert row["estimate"] == pytest.approx(expected.statistic, rel=1e-10)
        assert row["p_value"] == pytest.approx(expected.pvalue, rel=1e-8, abs=0)
        if kind == "pearson":
            interval = expected.confidence_interval(0.95)
            assert [row["conf_low"], row["conf_high"]] == pytest.approx([interval.low, interval.high], rel=1e-9)
        else:
            width = stats.norm.ppf(0.975) * np.sqrt((1 + expected.statistic**2 / 2) / (len(x) - 3))
            assert row["conf_high"] == pytest.approx(np.tanh(np.arctanh(expected.statistic) + width), rel=1e-9)


@pytest.mark.parametrize("kind", ["pearson", "spearman"])
def test_partial_correlation_is_that_of_residuals(kind: str) -> None:
    """Age and blood pressure held fixed: the correlation of what they leave, with one degree of freedom less for each."""
    table = heart()
    sites = dealt(table, uneven(len(table), 4), HEART)
    result = run_plain(Correlation(("thalach", "oldpeak"), kind, ("age", "trestbps")), sites, setting(HEART, 5))
    (row,) = result.values["correlations"]
    values = table[["thalach", "oldpeak", "age", "trestbps"]]
    values = (values.rank() if kind == "spearman" else values).to_numpy(float)
    design = np.column_stack([np.ones(len(values)), values[:, 2:]])
    residuals = values[:, :2] - design @ np.linalg.lstsq(design, values[:, :2], rcond=None)[0]
    r = np.corrcoef(residuals.T)[0, 1]
    degrees = len(values) - 4
    t = r * np.sqrt(degrees / (1 - r**2))
    assert row["estimate"] == pytest.approx(r, rel=1e-9)
    assert row["p_value"] == pytest.approx(2 * stats.t.sf(abs(t), degrees), rel=1e-7, abs=0)


def test_ranks_of_full_precision_numbers_with_ties_are_exact() -> None:
    """Numbers with all digits and no step, a hundred of them equal."""
    rng = np.random.default_rng(8)
    x = np.concatenate([rng.normal(size=700), np.full(100, 0.1)])
    table = pd.DataFrame({"x": x, "y": x**3 / 5 + rng.normal(size=800)})
    dictionary = Dictionary("d", tuple(Column(name, "number", -40.0, 40.0) for name in ("x", "y")))
    result = run_plain(
        Correlation(("x", "y"), "spearman"), dealt(table, uneven(800, 18), dictionary), setting(dictionary, 19)
    )
    (row,) = result.values["correlations"]
    assert row["estimate"] == pytest.approx(stats.spearmanr(table["x"], table["y"]).statistic, rel=1e-11)


def test_under_limits_ranks_are_grouped_and_small_pairs_kept_back() -> None:
    """Grouped ranks are near the exact ones and say so; a pair of rare values has none; the rest has three digits."""
    table = heart()
    sites = dealt(table, table["site"].to_numpy(), HEART)
    result = run_plain(
        Correlation(("oldpeak", "trestbps", "num", "cp"), "spearman"), sites, setting(HEART, 5, Limits())
    )
    rows = {(row["first"], row["second"]): row for row in result.values["correlations"]}
    assert (pd.crosstab(table["num"], table["cp"]) < 10).any().any()
    assert rows["num", "cp"]["estimate"] is None
    exact = stats.spearmanr(table["oldpeak"], table["trestbps"]).statistic
    assert rows["oldpeak", "trestbps"]["estimate"] == pytest.approx(exact, abs=0.01)
    assert "there is no correlation" in result.warnings[0]
    assert "grouped into bins" in result.warnings[1]
    pearson = run_plain(Correlation(("age", "num")), sites, setting(HEART, 5, Limits())).values["correlations"][0]
    assert pearson["estimate"] == float(f"{stats.pearsonr(table['age'], table['num']).statistic:.3g}")


def test_a_given_column_that_others_make_is_named() -> None:
    """Holding a column and its double fixed is a diagnosis that names it."""
    table = heart().assign(double=lambda rows: 2 * rows["age"])
    dictionary = Dictionary("heart", (*HEART, Column("double", "integer", 0, 220, 1)))
    sites = dealt(table, uneven(len(table), 3), dictionary)
    with pytest.raises(SingularInformation, match="double"):
        run_plain(Correlation(("thalach", "oldpeak"), given=("age", "double")), sites, setting(dictionary, 4))


def test_cronbachs_alpha_is_that_of_the_pooled_items() -> None:
    """By its definition, on items whose units differ as little as a scale's do."""
    rng = np.random.default_rng(5)
    trait = rng.normal(size=400)
    items = {f"q{k}": np.clip(np.rint(3 + trait + rng.normal(size=400)), 0, 6) for k in range(5)}
    table = pd.DataFrame(items)
    dictionary = Dictionary("scale", tuple(Column(name, "integer", 0, 6 + k, 1) for k, name in enumerate(table)))
    sites = dealt(table, uneven(400, 18), dictionary)
    found = run_plain(Correlation(tuple(table)), sites, setting(dictionary, 19)).values["cronbach_alpha"]
    expected = 5 / 4 * (1 - table.var(ddof=1).sum() / table.sum(axis=1).var(ddof=1))
    assert found == pytest.approx(expected, rel=1e-12)


def test_so_many_figures_need_people() -> None:
    """Under limits a matrix of variances and covariances is judged as so many parameters, before any sum is opened."""
    from summand.errors import TooManyParameters
    from summand.testing.federations import Partnership

    rng = np.random.default_rng(1)
    tables = {site: {name: rng.uniform(0, 1, 12).tolist() for name in "abcde"} for site in ("north", "south", "west")}
    partnership = Partnership.of(tables, dict.fromkeys("abcde", (0, 1)), profile="institutional")
    with partnership.federation() as federation:
        few = federation.run({"name": "correlation", "columns": ["a", "b", "c"]}).to_dict()
        with pytest.raises(TooManyParameters):
            federation.run({"name": "correlation", "columns": list("abcde")})

    assert few["n"] == 36
