"""``summand run`` of the methods that say who the people are, beside scipy and pandas, and the shape of what it prints."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from cli_kit import say


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
