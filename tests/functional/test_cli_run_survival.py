"""``summand run`` for curves, tests and means of follow-up: what it prints, beside lifelines, and by its schema."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from cli_kit import say

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def lung(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The NCCTG lung trial as lifelines ships it, those with an institution, everybody entering after a while."""
    from lifelines.datasets import load_lung

    path = tmp_path_factory.mktemp("lung") / "lung.csv"
    load_lung().dropna(subset=["inst"]).assign(entry=lambda table: table["time"] // 10).to_csv(path, index=False)
    return path


def test_survival_at_chosen_times(capsys: pytest.CaptureFixture[str], lung: Path) -> None:
    """--times tells the survival of late entrants at each time, with the interval that was chosen."""
    from lifelines import KaplanMeierFitter

    words = ["run", "km", "Surv(entry, time, status) ~ 1", "--times", "100,300", "--conf-type", "plain"]
    found = say(capsys, *words, "--sites", lung, "--by", "inst", "--json").matches("km")
    data = pd.read_csv(lung)
    fit = KaplanMeierFitter().fit(data["time"], data["status"] == data["status"].max(), entry=data["entry"])
    assert [row["survival"] for row in found["survival_at"]] == pytest.approx(
        fit.predict([100, 300]).tolist(), rel=1e-9
    )
    (one, _) = found["survival_at"]
    assert one["conf_high"] - one["survival"] == pytest.approx(1.959963984540054 * one["std_error"], rel=1e-9)


def test_cumulative_hazards_are_drawn(capsys: pytest.CaptureFixture[str], lung: Path, tmp_path: Path) -> None:
    """nelson_aalen prints what its schema says, and a picture."""
    picture = tmp_path / "hazard.svg"
    words = ["run", "nelson_aalen", "Surv(time, status) ~ sex", "--sites", lung, "--by", "inst", "--plot", picture]
    found = say(capsys, *words, "--json").matches("nelson_aalen")
    assert [row["group"] for row in found["groups"]] == ["1", "2"]
    assert picture.read_text().startswith("<svg")


def test_restricted_means_and_their_contrast(capsys: pytest.CaptureFixture[str], lung: Path, tmp_path: Path) -> None:
    """Rmst prints lifelines' means and what its schema says, and a picture."""
    from lifelines import KaplanMeierFitter
    from lifelines.utils import restricted_mean_survival_time

    picture = tmp_path / "means.svg"
    words = ["run", "rmst", "Surv(time, status) ~ sex", "--tau", "365", "--sites", lung, "--by", "inst", "--json"]
    found = say(capsys, *words, "--plot", picture).matches("rmst")
    assert picture.read_text().startswith("<svg")
    data = pd.read_csv(lung)
    for row in found["groups"]:
        own = data[data["sex"] == int(row["group"])]
        fit = KaplanMeierFitter().fit(own["time"], own["status"])
        assert row["rmst"] == pytest.approx(restricted_mean_survival_time(fit, t=365), rel=1e-9)
    assert found["contrasts"][0]["contrast"] == "2 - 1"


def test_a_weighted_test_with_trend(capsys: pytest.CaptureFixture[str], lung: Path) -> None:
    """Logrank takes weights, strata and a trend; the trend over two groups is the test itself."""
    words = ["run", "logrank", "Surv(time, status) ~ sex", "--weights", "tarone-ware", "--strata", "ph.ecog", "--trend"]
    found = say(capsys, *words, "--sites", lung, "--by", "inst", "--json").matches("logrank")
    assert found["trend"][0]["statistic"] == pytest.approx(found["statistic"], rel=1e-9)


def test_times_that_are_no_numbers_are_refused(capsys: pytest.CaptureFixture[str], lung: Path) -> None:
    """A slip of the pen is told with an example."""
    said = say(capsys, "run", "km", "Surv(time, status) ~ 1", "--times", "100,x", "--sites", lung)
    assert said.code == 2
    assert "numbers with commas between" in said.err


def test_cox_with_all_its_tests(capsys: pytest.CaptureFixture[str], lung: Path) -> None:
    """Robust errors, proportionality, concordance and baseline are printed as the schema says."""
    formula = "Surv(entry, time, status) ~ age + C(sex)"
    by_site = ["--errors", "HC0", "--also", "concordance,proportionality", "--transform", "log"]
    words = ["run", "cox", formula, "--sites", lung, "--by", "inst", "--json"]
    found = say(capsys, *words, *by_site).matches("run")
    assert [row["test"] for row in found["tests"]] == ["likelihood ratio", "wald", "score"]
    assert found["proportionality"][-1]["term"] == "global"
    assert 0.5 < found["concordance"][0]["concordance"] < 0.7
    shared = ["--site", "pooled", "--strata", "ph.ecog", "--weights", "age", "--also", "baseline"]
    found = say(capsys, *words, *shared).matches("run")
    assert [curve["stratum"] for curve in found["baseline"]["curves"]] == ["0", "1", "2", "3"]
