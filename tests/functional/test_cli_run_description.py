"""``summand run`` of the methods that say who the people are, beside scipy and pandas, and the shape of what it prints."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from cli_kit import say

from summand.federation import Federation

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def lung(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The NCCTG lung trial as lifelines ships it, 18 institutions."""
    from lifelines.datasets import load_lung

    path = tmp_path_factory.mktemp("lung") / "lung.csv"
    load_lung().dropna(subset=["inst"]).to_csv(path, index=False)
    return path


def test_crosstab_equals_scipy(capsys: pytest.CaptureFixture[str], lung: Path) -> None:
    """A comparison of a column against another, institutions as strata; the table comes first to a reader."""
    from scipy.stats import chi2_contingency

    words = ["run", "crosstab", "sex", "time > 300", "--site", "strata", "--sites", lung, "--by", "inst"]
    found = say(capsys, *words, "--json").matches("crosstab")
    data = pd.read_csv(lung)
    expected = chi2_contingency(pd.crosstab(data["sex"], data["time"] > 300), correction=False)
    assert found["tests"][0]["statistic"] == pytest.approx(expected.statistic, rel=1e-10)
    assert found["strata"] == "site"
    shown = say(capsys, *words).out
    assert shown.index("sex by time > 300") < shown.index("common odds ratio")


def test_table_one_reads_like_a_paper(capsys: pytest.CaptureFixture[str], lung: Path) -> None:
    """Each line of the table is n (%), mean (SD) or median [quartiles], as pandas and scipy find them; the JSON fits."""
    from scipy.stats import ttest_ind

    words = ["run", "table_one", "age", "ph.ecog", "meal.cal", "--group", "sex", "--nonnormal", "meal.cal"]
    found = say(capsys, *words, "--sites", lung, "--by", "inst", "--json").matches("table-one")
    data = pd.read_csv(lung)
    men, women = (data.loc[data["sex"] == sex, "age"] for sex in (1, 2))
    assert found["variables"][0]["p_value"] == pytest.approx(ttest_ind(men, women, equal_var=False).pvalue, rel=1e-9)
    request = {"name": "table_one", "columns": ["age", "ph.ecog", "meal.cal"], "by": "sex", "nonnormal": ["meal.cal"]}
    sites = {f"site-{inst:g}": rows for inst, rows in data.groupby("inst")}
    table = Federation.in_memory(sites).run(request).table().to_dicts()
    assert table[0]["sex = 1 (n = 137)"] == f"{men.mean():.1f} ({men.std():.1f})"
    share = (data.loc[data["sex"] == 2, "ph.ecog"] == 1).sum()
    assert table[3]["sex = 2 (n = 90)"] == f"{share} ({100 * share / 90:.1f}%)"
    low, middle, high = data["meal.cal"].quantile([0.25, 0.5, 0.75])
    assert table[-1]["overall (n = 227)"] == f"{middle:.4g} [{low:.4g}, {high:.4g}]"
    assert table[-1]["missing"] == str(data["meal.cal"].isna().sum())


def test_compare_groups_equals_scipy(capsys: pytest.CaptureFixture[str], lung: Path) -> None:
    """Kruskal and Wallis' test by performance status, and the JSON fits."""
    from scipy.stats import kruskal

    words = [
        "run",
        "compare_groups",
        "age",
        "--group",
        "ph.ecog",
        "--complete",
        "--sites",
        lung,
        "--by",
        "inst",
        "--json",
    ]
    found = say(capsys, *words).matches("compare-groups")
    data = pd.read_csv(lung).dropna(subset=["ph.ecog"])
    expected = kruskal(*(rows["age"] for _, rows in data.groupby("ph.ecog")))
    assert found["n_dropped"] == 1
    assert found["tests"][-1]["statistic"] == pytest.approx(expected.statistic, rel=1e-10)


def test_correlation_equals_scipy(capsys: pytest.CaptureFixture[str], lung: Path, tmp_path: Path) -> None:
    """Spearman's correlation by pooled ranks; the JSON fits and the squares are drawn."""
    from scipy.stats import spearmanr

    picture = tmp_path / "squares.svg"
    words = ["run", "correlation", "age", "time", "meal.cal", "--kind", "spearman", "--plot", picture]
    found = say(capsys, *words, "--sites", lung, "--by", "inst", "--json").matches("correlation")
    data = pd.read_csv(lung).dropna(subset=["meal.cal"])
    assert found["correlations"][0]["estimate"] == pytest.approx(
        spearmanr(data["age"], data["time"]).statistic, rel=1e-10
    )
    assert picture.read_text().startswith("<svg")


def test_tables_and_comparisons_are_drawn(lung: Path) -> None:
    """A crosstab as bars, table one as standardised differences, a comparison as intervals."""
    data = pd.read_csv(lung)
    sites = {f"site-{inst:g}": rows for inst, rows in data.groupby("inst")}
    federation = Federation.in_memory(sites)
    for request, mark in (
        ({"name": "crosstab", "row": "sex", "column": "ph.ecog"}, "bar"),
        ({"name": "table_one", "columns": ["age", "ph.ecog"], "by": "sex"}, "point"),
        ({"name": "compare_groups", "columns": ["age"], "by": "ph.ecog"}, "rule"),
    ):
        assert mark in str(federation.run(request).plot().to_dict())
