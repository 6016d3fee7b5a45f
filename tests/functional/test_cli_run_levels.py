"""``summand run ordinal`` and ``multinomial``: documented JSON, and the fit of the tables that a person sees."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from cli_kit import say

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def lung(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The NCCTG lung trial with the patients' performance status 0 to 2."""
    from lifelines.datasets import load_lung

    path = tmp_path_factory.mktemp("lung") / "lung.csv"
    table = load_lung().dropna(subset=["inst", "ph.ecog"])
    table[table["ph.ecog"] < 3].astype({"ph.ecog": int}).to_csv(path, index=False)
    return path


def test_ordinal(capsys: pytest.CaptureFixture[str], lung: Path) -> None:
    """Thresholds, odds ratios and tests are in the JSON; without covariates the thresholds are the levels' log odds."""
    words = ["run", "ordinal", "ph.ecog ~ ns(age, 2) + sex", "--sites", lung, "--by", "inst", "--json"]
    found = say(capsys, *words).matches("ordinal")
    people = np.array([row["n"] for row in found["levels"]])
    assert [row["term"] for row in found["thresholds"]] == ["0|1", "1|2"]
    assert found["proportional_odds"][0]["term"] == "all terms"
    assert all(row["odds_ratio"] == pytest.approx(np.exp(row["estimate"])) for row in found["terms"])

    words = ["run", "ordinal", "ph.ecog ~ 1", "--sites", lung, "--by", "inst", "--json"]
    shares = np.cumsum(people)[:-1] / people.sum()
    alone = say(capsys, *words).matches("ordinal")
    assert [row["estimate"] for row in alone["thresholds"]] == pytest.approx(np.log(shares / (1 - shares)).tolist())


def test_multinomial(capsys: pytest.CaptureFixture[str], lung: Path) -> None:
    """Two levels against the first; a category alone gives the log odds ratios of its table."""
    words = ["run", "multinomial", "ph.ecog ~ C(sex)", "--sites", lung, "--by", "inst", "--json"]
    found = say(capsys, *words).matches("multinomial")
    import pandas as pd

    table = pd.read_csv(lung)
    counts = pd.crosstab(table["ph.ecog"], table["sex"]).to_numpy()
    slopes = [row["estimate"] for row in found["terms"] if row["term"] == "sex[T.2]"]
    expected = np.log(counts[1:, 1] * counts[0, 0] / (counts[1:, 0] * counts[0, 1]))
    assert slopes == pytest.approx(expected.tolist(), rel=1e-8)
    assert (found["reference"], [row["level"] for row in found["terms"]]) == ("0", ["1", "1", "2", "2"])


def test_a_plain_page_shows_them(capsys: pytest.CaptureFixture[str], lung: Path) -> None:
    """Without --json the thresholds and the tests are tables of their own."""
    said = say(capsys, "run", "ordinal", "ph.ecog ~ sex", "--sites", lung, "--by", "inst", "--link", "probit")
    assert "Thresholds" in said.out
    assert "Proportional odds" in said.out
    assert "Levels" in said.out
    said = say(capsys, "run", "multinomial", "ph.ecog ~ sex", "--sites", lung, "--by", "inst")
    assert [line.split()[0] for line in said.out.splitlines() if " sex " in line] == ["1", "2"]
