"""``summand run`` on competing events, and the shape of what it prints."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_kit import say

from competing_cohorts import pbc_causes

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pbc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pbc trial with a made-up site column."""
    path = tmp_path_factory.mktemp("pbc") / "pbc.csv"
    table = pbc_causes()
    table.assign(site=[f"s{i % 3}" for i in range(len(table))]).to_csv(path, index=False)
    return path


def test_aalen_johansen_prints_curves_and_tests(capsys: pytest.CaptureFixture[str], pbc: Path, tmp_path: Path) -> None:
    """Two groups by two causes, Gray's test for each cause, and a drawing."""
    plot = tmp_path / "incidence.svg"
    words = ["run", "aalen_johansen", "Surv(time, status) ~ trt", "--sites", pbc, "--by", "site", "--plot", plot]
    found = say(capsys, *words, "--times", "1000,2000", "--json").matches("aalen_johansen")
    assert len(found["incidence_at"]) == 8
    assert [(row["group"], row["cause"]) for row in found["groups"]] == [("1", "1"), ("1", "2"), ("2", "1"), ("2", "2")]
    assert [test["statistic"] for test in found["tests"]] == pytest.approx([0.0194274755, 0.0665937354], rel=1e-8)
    assert "<svg" in plot.read_text("utf-8")


def test_fine_gray_prints_subdistribution_hazard_ratios(capsys: pytest.CaptureFixture[str], pbc: Path) -> None:
    """Over one shared baseline the coefficients are those of cmprsk's crr, which `tests/golden/r_competing.txt` keeps."""
    formula = "Surv(time, status) ~ age + bili + albumin + trt"
    words = ["run", "fine_gray", formula, "--cause", "2", "--site", "pooled", "--sites", pbc, "--by", "site", "--json"]
    found = say(capsys, *words).matches("fine_gray")
    assert [term["term"] for term in found["terms"]] == ["age", "bili", "albumin", "trt"]
    expected = [0.042832250301500403, 0.13387580454186862, -1.3678960351526748, 0.026233752460408835]
    assert [term["estimate"] for term in found["terms"]] == pytest.approx(expected, rel=1e-8)
    assert (found["events"], found["competing_events"]) == (125, 19)
