"""``summand run penalised``: documented JSON, the chosen penalty in a table, and its drawing."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_kit import say

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def lung(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The NCCTG lung trial as lifelines ships it."""
    from lifelines.datasets import load_lung

    path = tmp_path_factory.mktemp("lung") / "lung.csv"
    load_lung().dropna(subset=["inst"]).to_csv(path, index=False)
    return path


def test_path_and_choice(capsys: pytest.CaptureFixture[str], lung: Path) -> None:
    """The path begins where all coefficients are zero, and both chosen penalties are on it."""
    formula = "status ~ age + sex + ph.ecog + ph.karno"
    words = ["run", "penalised", formula, "--family", "binomial", "--folds", "4", "--path", "8", "--sites", lung]
    found = say(capsys, *words, "--by", "inst", "--json").matches("penalised")
    penalties = [row["lambda"] for row in found["path"]]
    assert len(penalties) == 8
    assert found["path"][0]["nonzero"] == 0
    assert found["lambda_min"] in penalties
    assert found["lambda_1se"] >= found["lambda_min"]
    at = penalties.index(found["lambda_min"])
    assert {row["term"]: row["estimate"] for row in found["terms"]} == {
        term: values[at] for term, values in found["coefficients"]["terms"].items()
    }


@pytest.mark.parametrize("folds", ["5", "0"])
def test_drawing(capsys: pytest.CaptureFixture[str], lung: Path, tmp_path: Path, folds: str) -> None:
    """Cross-validation is drawn with its errors; without it, the coefficients by penalty."""
    path = tmp_path / "path.svg"
    words = ["run", "penalised", "age ~ time + sex + ph.karno", "--folds", folds, "--sites", lung, "--by", "inst"]
    said = say(capsys, *words, "--plot", path)
    assert said.code == 0
    assert ("deviance per person" if folds == "5" else "coefficient") in path.read_text()
    assert "Path" in said.out
    assert ("estimate (1 SE)" in said.out) is (folds == "5")


def test_one_penalty(capsys: pytest.CaptureFixture[str], lung: Path) -> None:
    """With one penalty and no folds there is one fit."""
    words = ["run", "penalised", "age ~ time + sex", "--lambda", "0.5", "--folds", "0", "--sites", lung, "--json"]
    found = say(capsys, *words).matches("penalised")
    assert [row["lambda"] for row in found["path"]] == [0.5]
    assert [row["term"] for row in found["terms"]] == ["Intercept", "time", "sex"]
