"""Table one and comparisons of groups over sites against scipy, pandas and numpy on the pooled table.

Welch's analysis of variance and Holm's adjustment against statsmodels. Sums over sites are rounded at 2^-64 of the
dictionary's range, so everything agrees to float64's own 1e-9 relative; p-values likewise, being the same functions.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pooled_cohorts import HEART, dealt, setting, uneven
from scipy import stats
from test_golden_describe import heart_with_gaps

from summand.disclosure import release
from summand.errors import CohortTooSmall, FormulaInvalid, UsageError
from summand.methods import CompareGroups, Crosstab, TableOne
from summand.tables import Column, Dictionary, Limits
from summand.testing.plain import run_counted, run_plain

NUMBERS = ("age", "trestbps", "thalach", "oldpeak")
FINE = {"rel": 1e-9, "abs": 0.0}


def by_test(rows: list[dict[str, Any]], variable: str) -> dict[str, dict[str, Any]]:
    """The tests of one variable by name."""
    return {row["test"]: row for row in rows if row["variable"] == variable}


def groups_of(table: pd.DataFrame, variable: str, by: str) -> list[np.ndarray]:
    """The values of a variable in each group, missing ones left out."""
    return [rows[variable].dropna().to_numpy(float) for _, rows in table.groupby(by)]


@pytest.mark.parametrize("sites", [3, 4, 18])
def test_two_groups_equal_scipy(sites: int) -> None:
    """Means, quartiles, both t tests, Mann and Whitney's and the standardised difference of patients by sex."""
    table = heart_with_gaps()
    labels = uneven(len(table), sites)
    method = CompareGroups(NUMBERS, "sex")
    result, rounds = run_counted(method, dealt(table, labels, HEART), setting(HEART, sites + 1))
    assert rounds <= 6
    for row in result.values["variables"]:
        name = row["variable"]
        first, second = groups_of(table, name, "sex")
        everyone = table[name].dropna().to_numpy(float)
        for place, values in enumerate((everyone, first, second)):
            assert row["mean"][place] == pytest.approx(values.mean(), rel=1e-12)
            assert row["sd"][place] == pytest.approx(values.std(ddof=1), rel=1e-11)
            for part, share in (("min", 0), ("q25", 0.25), ("median", 0.5), ("q75", 0.75), ("max", 1)):
                assert row[part][place] == pytest.approx(np.quantile(values, share), rel=1e-13, abs=1e-13)
        assert row["counts"].cells[0] == (len(first), len(second))
        smd = abs(first.mean() - second.mean()) / np.sqrt((first.var(ddof=1) + second.var(ddof=1)) / 2)
        assert row["smd"] == pytest.approx(smd, **FINE)
        found = by_test(result.values["tests"], name)
        for test, equal in (("Student's t", True), ("Welch's t", False)):
            expected = stats.ttest_ind(second, first, equal_var=equal)
            own = [found[test][key] for key in ("statistic", "degrees_of_freedom", "p_value")]
            assert own == pytest.approx([expected.statistic, expected.df, expected.pvalue], **FINE)
        ranks = stats.mannwhitneyu(second, first, method="asymptotic", use_continuity=True)
        assert found["Mann–Whitney, corrected"]["p_value"] == pytest.approx(ranks.pvalue, **FINE)
        expected = stats.kruskal(first, second)
        assert found["Kruskal–Wallis"]["statistic"] == pytest.approx(expected.statistic, **FINE)
        (difference,) = (line for line in result.values["differences"] if line["variable"] == name)
        interval = stats.ttest_ind(second, first, equal_var=False).confidence_interval(0.95)
        assert [difference["conf_low"], difference["conf_high"]] == pytest.approx([interval.low, interval.high], **FINE)
        assert difference["superiority"] == pytest.approx(ranks.statistic / len(first) / len(second), **FINE)


@pytest.mark.parametrize("sites", [3, 18])
def test_four_groups_equal_scipy_and_statsmodels(sites: int) -> None:
    """Both analyses of variance, Kruskal and Wallis, and pairs adjusted by Holm, of patients by chest pain."""
    from statsmodels.stats.multitest import multipletests
    from statsmodels.stats.oneway import anova_oneway

    table = heart_with_gaps()
    sizes = uneven(len(table), sites)
    result = run_plain(CompareGroups(("thalach", "age"), "cp"), dealt(table, sizes, HEART), setting(HEART, sites + 1))
    for name in ("thalach", "age"):
        groups, found = groups_of(table, name, "cp"), by_test(result.values["tests"], name)
        expected = stats.f_oneway(*groups)
        assert [found["ANOVA"]["statistic"], found["ANOVA"]["p_value"]] == pytest.approx([*expected], **FINE)
        welch = anova_oneway(groups, use_var="unequal", welch_correction=True)
        own = [found["Welch's ANOVA"][key] for key in ("statistic", "degrees_of_freedom_within", "p_value")]
        assert own == pytest.approx([welch.statistic, welch.df_denom, welch.pvalue], **FINE)
        ranks = stats.kruskal(*groups)
        own = [found["Kruskal–Wallis"][key] for key in ("statistic", "p_value")]
        assert own == pytest.approx([ranks.statistic, ranks.pvalue], **FINE)
        pairs = [line for line in result.values["differences"] if line["variable"] == name]
        assert len(pairs) == 6
        assert [line["p_adjusted"] for line in pairs] == pytest.approx(
            multipletests([line["p_value"] for line in pairs], method="holm")[1].tolist(), **FINE
        )


def test_ranks_of_full_precision_numbers_are_exact() -> None:
    """Numbers with all digits and no step: their ranks are found to the last pair, some of them tied."""
    rng = np.random.default_rng(5)
    x = np.concatenate([rng.normal(size=900) ** 3, np.full(40, 0.123456789)])
    table = pd.DataFrame({"x": x, "arm": rng.integers(0, 2, len(x))})
    dictionary = Dictionary("d", (Column("x", "number", -60.0, 60.0), Column("arm", "category", levels=("0", "1"))))
    sites = dealt(table, uneven(len(table), 4), dictionary)
    result, rounds = run_counted(CompareGroups(("x",), "arm"), sites, setting(dictionary, 5))
    assert rounds <= 8
    first, second = groups_of(table, "x", "arm")
    found = by_test(result.values["tests"], "x")
    ranks = stats.mannwhitneyu(second, first, method="asymptotic")
    assert found["Mann–Whitney, corrected"]["p_value"] == pytest.approx(ranks.pvalue, **FINE)
    assert not result.warnings


def test_ranks_that_are_too_many_are_grouped_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a round may not count enough bins, ranks are those of grouped values, with a warning; quartiles stay exact."""
    from summand.methods.description import _profile_state

    monkeypatch.setattr(_profile_state, "NUMBERS_MAX", 300)
    rng = np.random.default_rng(6)
    table = pd.DataFrame({"x": rng.uniform(size=1500), "arm": rng.integers(0, 2, 1500)})
    dictionary = Dictionary("d", (Column("x", "number", 0.0, 1.0), Column("arm", "category", levels=("0", "1"))))
    sites = dealt(table, uneven(len(table), 3), dictionary)
    result = run_plain(CompareGroups(("x",), "arm"), sites, setting(dictionary, 4))
    assert result.warnings == ("The ranks of x are those of values grouped into bins.",)
    row = result.values["variables"][0]
    assert row["median"][0] == pytest.approx(np.median(table["x"]), rel=1e-14)
    grouped = np.floor(np.rint(table["x"] * (2**52 - 1)) / 2**40)
    expected = stats.kruskal(*(grouped[table["arm"] == arm] for arm in (0, 1)))
    assert by_test(result.values["tests"], "x")["Kruskal–Wallis"]["statistic"] == pytest.approx(
        expected.statistic, **FINE
    )


@pytest.mark.parametrize("sites", [3, 4, 18])
def test_table_one_equals_pandas_and_scipy(sites: int) -> None:
    """Shares, missing, chi-square or the exact test, and Yang and Dalton's difference, of patients by disease."""
    table = heart_with_gaps()
    method = TableOne(("age", "sex", "cp", "exang", "oldpeak"), "num > 0", ("oldpeak",))
    result = run_plain(method, dealt(table, uneven(len(table), sites), HEART), setting(HEART, sites + 1))
    ill = table["num"] > 0
    rows = {row["variable"]: row for row in result.values["variables"]}
    assert [group["n"].people for group in result.values["groups"]] == [int((~ill).sum()), int(ill.sum())]
    for name in ("sex", "cp", "exang"):
        counts = pd.crosstab(table[name], ill)
        cells = np.array(rows[name]["counts"].cells)
        assert cells[:-1].tolist() == counts.to_numpy().tolist()
        assert cells[-1].tolist() == [int(table.loc[~ill, name].isna().sum()), int(table.loc[ill, name].isna().sum())]
        shares = np.array(rows[name]["share"])
        assert shares[:, 1:] == pytest.approx((counts / counts.sum()).to_numpy(), rel=1e-12)
        assert shares[:, 0] == pytest.approx((counts.sum(axis=1) / counts.to_numpy().sum()).to_numpy(), rel=1e-12)
        assert rows[name]["test"] == "Pearson chi-square"
        expected = stats.chi2_contingency(counts, correction=False)
        assert rows[name]["p_value"] == pytest.approx(expected.pvalue, **FINE)
        one, other = (counts / counts.sum()).to_numpy().T[:, 1:]
        spread = (np.diag(one) - np.outer(one, one) + np.diag(other) - np.outer(other, other)) / 2
        assert rows[name]["smd"] == pytest.approx(np.sqrt((one - other) @ np.linalg.solve(spread, one - other)), **FINE)
    well, sick = groups_of(table.assign(ill=ill), "age", "ill")
    assert rows["age"]["test"] == "Welch's t"
    assert rows["age"]["p_value"] == pytest.approx(stats.ttest_ind(well, sick, equal_var=False).pvalue, **FINE)
    well, sick = groups_of(table.assign(ill=ill), "oldpeak", "ill")
    assert rows["oldpeak"]["p_value"] == pytest.approx(
        stats.mannwhitneyu(well, sick, method="asymptotic").pvalue, **FINE
    )


def test_a_site_without_a_group_and_one_with_one_patient() -> None:
    """A hospital that saw one sex only changes nothing, and a rare level is compared by the exact test."""
    table = heart_with_gaps()
    swiss = table[(table["site"] == 2) & table["cp"].notna()]
    labels = np.where(swiss["num"] == 0, 1, np.arange(len(swiss)) % 2 * 2)
    labels[0] = 5
    result = run_plain(TableOne(("cp", "age"), "num > 0"), dealt(swiss, labels, HEART), setting(HEART, 5))
    row = result.values["variables"][0]
    counts = pd.crosstab(swiss["cp"], swiss["num"] > 0).to_numpy()
    assert row["test"] == "Fisher's exact"
    total = sum(_chance(one) for one in _tables(counts) if _chance(one) <= _chance(counts) * (1 + 1e-7))
    assert row["p_value"] == pytest.approx(total, rel=1e-9)


def _tables(table: np.ndarray) -> list[np.ndarray]:
    """Every table of two columns with these margins, by brute force."""
    people, cases = table.sum(axis=1), int(table[:, 1].sum())
    grid = np.array(np.meshgrid(*(np.arange(n + 1) for n in people), indexing="ij")).reshape(len(people), -1).T
    return [np.column_stack([people - own, own]) for own in grid if own.sum() == cases]


def _chance(table: np.ndarray) -> float:
    """The probability of a table of two columns, given its margins."""
    from math import comb, prod

    return prod(comb(int(r.sum()), int(r[1])) for r in table) / comb(int(table.sum()), int(table[:, 1].sum()))


def test_under_limits_nothing_gives_a_hidden_count_away() -> None:
    """A category with a small cell has its table alone; numbers are rounded, quartiles are bands; small groups are refused."""
    table = heart_with_gaps()
    sites = dealt(table, table["site"].to_numpy(), HEART)
    limits = Limits()
    result = run_plain(TableOne(("cp", "sex", "age"), "num > 3"), sites, setting(HEART, 5, limits))
    rows = {row["variable"]: row for row in release(result.values, limits)["variables"]}
    assert [rows["cp"][key] for key in ("share", "smd", "p_value", "test")] == [None] * 4
    assert rows["cp"]["counts"]["suppressed_cells"] >= 2
    assert rows["cp"]["counts"]["rows"] == ["1", "2", "3", "4"]
    ages = table.loc[table[["cp", "sex", "age", "num"]].notna().all(axis=1)]
    for place, own in enumerate([ages, ages[ages["num"] <= 3], ages[ages["num"] > 3]]):
        assert abs(rows["age"]["mean"][place] - own["age"].mean()) <= 0.5 * 10 / len(own) + 1e-9
        assert rows["age"]["median"][place][0] <= own["age"].median() <= rows["age"]["median"][place][1]
    assert len(f"{rows['age']['p_value']:.15g}".lstrip("0.")) <= 3
    with pytest.raises(CohortTooSmall, match="Fewer than 10 people have age > 76"):
        run_plain(TableOne(("sex",), "age > 76"), sites, setting(HEART, 5, limits))


def test_what_cannot_be_compared_is_said() -> None:
    """A category is no number, a single level no comparison, and a column not grouped by itself."""
    one = Dictionary("d", (Column("x", "number", 0, 1), Column("one", "category", levels=("a",))))
    with pytest.raises(FormulaInvalid, match="has no levels to compare"):
        CompareGroups(("x",), "one").under(setting(one, 3))
    with pytest.raises(FormulaInvalid, match="has no levels to compare"):
        Crosstab("one", "x > 0.5").under(setting(one, 3))
    with pytest.raises(FormulaInvalid, match="Column 'sex' is no number"):
        CompareGroups(("sex",), "cp").under(setting(HEART, 3))
    with pytest.raises(UsageError, match="also what they are grouped by"):
        TableOne.from_spec({"name": "table_one", "columns": ["age"], "by": "age > 60"})
    with pytest.raises(UsageError, match="nonnormal or categorical column is not described"):
        TableOne.from_spec({"name": "table_one", "columns": ["age"], "by": "sex", "nonnormal": ["chol"]})
