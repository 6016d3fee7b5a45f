"""``summand run margins``: profiles from the command line, documented JSON, and a table that can be worked out."""

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


def test_margins(capsys: pytest.CaptureFixture[str], lung: Path) -> None:
    """With one two-valued column the effect is a difference of two proportions, and a profile is one of them."""
    import pandas as pd

    words = ["run", "margins", "status ~ sex", "--at", "sex = 2", "--sites", lung, "--by", "inst", "--json"]
    found = say(capsys, *words).matches("margins")
    table = pd.read_csv(lung)
    shares = (table["status"] == 1).groupby(table["sex"]).mean()
    people = table.groupby("sex").size()
    error = sum(shares[k] * (1 - shares[k]) / people[k] for k in (1, 2)) ** 0.5
    (effect,) = found["margins"]
    assert (effect["variable"], effect["contrast"]) == ("sex", "2 - 1")
    assert effect["estimate"] == pytest.approx(shares[2] - shares[1], rel=1e-9)
    assert effect["std_error"] == pytest.approx(error, rel=1e-9)
    assert [row["at"] for row in found["predictions"]] == ["everyone as observed", "sex = 2"]
    assert found["predictions"][1]["estimate"] == pytest.approx(shares[2], rel=1e-9)
    assert found["predictions"][0]["estimate"] == pytest.approx((table["status"] == 1).mean(), rel=1e-9)


def test_a_profile_that_is_none(capsys: pytest.CaptureFixture[str], lung: Path) -> None:
    """What has no equals sign is said before a file is opened."""
    said = say(capsys, "run", "margins", "status ~ sex", "--at", "sex 2", "--sites", lung, "--json")
    assert said.code == 2
    assert "is no profile" in said.error["message"]


def test_drawing(capsys: pytest.CaptureFixture[str], lung: Path, tmp_path: Path) -> None:
    """Effects are drawn with their intervals."""
    path = tmp_path / "margins.svg"
    said = say(
        capsys, "run", "margins", "age ~ sex + ph.ecog", "--model", "linear", "--sites", lung, "--by", "inst",
        "--plot", path,
    )  # fmt: skip
    assert said.code == 0
    assert "sex (2 - 1)" in path.read_text()
    assert "Predictions" in said.out


def test_a_level_with_a_comma(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A comma within a level is part of it, and the next column is still read."""
    path = tmp_path / "sizes.csv"
    path.write_text('y,size,x\n1,"small, 1",1\n2,"small, 1",2\n4,tall,3\n3,tall,4\n5,tall,6\n')
    words = [
        "run",
        "margins",
        "y ~ size + x",
        "--model",
        "linear",
        "--at",
        "size=small, 1, x=2",
        "--sites",
        path,
        "--json",
    ]
    found = say(capsys, *words).json
    assert [row["at"] for row in found["predictions"]] == ["everyone as observed", "size = small, 1, x = 2"]
