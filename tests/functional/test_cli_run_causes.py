"""``summand run`` for comparisons of treatments and changes: what it prints, draws and tells a person."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cli_kit import say

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def treated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three hospitals where older people are treated more often, and treatment lowers the pressure by 5."""
    rng = np.random.default_rng(3)
    n = 600
    age = rng.integers(30, 80, n)
    drug = (rng.uniform(size=n) < 1 / (1 + np.exp(-(age - 55) / 15))).astype(int)
    pressure = np.round(100 + 0.6 * age - 5 * drug + 8 * rng.normal(size=n), 1)
    path = tmp_path_factory.mktemp("causes") / "treated.csv"
    table = {"age": age, "drug": drug, "pressure": pressure, "hospital": rng.choice(["a", "b", "c"], n)}
    pd.DataFrame(table).to_csv(path, index=False)
    return path


def test_propensity_prints_its_schema_and_draws_balance(
    capsys: pytest.CaptureFixture[str], treated: Path, tmp_path: Path
) -> None:
    """The JSON is as documented, the effect covers the truth, and the picture shows the balance."""
    words = ["run", "propensity", "drug ~ age", "--outcome", "pressure", "--sites", treated, "--by", "hospital"]
    found = say(capsys, *words, "--json", "--plot", tmp_path / "love.svg").matches("propensity")
    (difference, _) = found["effects"]
    assert difference["effect"] == "mean difference"
    assert difference["conf_low"] < -5 < difference["conf_high"] < 0
    (age,) = found["balance"]
    assert abs(age["difference_after"]) < 0.05 < abs(age["difference_before"])
    assert (tmp_path / "love.svg").read_text().startswith("<svg")

    shown = say(capsys, *words, "--estimand", "att", "--trim", "0.1").out
    for text in ("Comparison weighted by propensity scores", "drug = 1", "mean difference", "Balance", "compared"):
        assert text in shown


def test_standardised_and_doubly_robust_means(
    capsys: pytest.CaptureFixture[str], treated: Path, tmp_path: Path
) -> None:
    """Both print the same schema, cover the truth and draw the effects."""
    files = ["--sites", treated, "--by", "hospital", "--site", "fixed", "--json"]
    for words in (
        ["standardisation", "pressure ~ drug*age", "--treatment", "drug"],
        ["aipw", "drug ~ age", "--model", "pressure ~ drug*age"],
    ):
        found = say(capsys, "run", *words, *files, "--plot", tmp_path / "effect.svg").matches("standardisation")
        assert found["effects"][0]["conf_low"] < -5 < found["effects"][0]["conf_high"] < 0
        assert sum(row["n"] for row in found["means"]) == found["n"] == 600
        assert (tmp_path / "effect.svg").read_text().startswith("<svg")


@pytest.fixture(scope="module")
def programme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine clinics that begin a programme in month 3, in month 5 or never; stays get three days shorter."""
    from panel_cohorts import clinics

    path = tmp_path_factory.mktemp("programme") / "programme.csv"
    clinics().assign(hospital=lambda table: table["clinic"] % 2).astype(
        {"month": int, "since": int, "clinic": int}
    ).to_csv(path, index=False)
    return path


def test_difference_in_differences_prints_its_schema_and_draws_events(
    capsys: pytest.CaptureFixture[str], programme: Path, tmp_path: Path
) -> None:
    """The JSON is as documented, the overall effect covers the truth, and the picture shows the events."""
    words = [
        "run",
        "difference_in_differences",
        "days",
        "--period",
        "month",
        "--treated-from",
        "since",
        "--never",
        "99",
    ]
    files = ["--sites", programme, "--by", "hospital"]
    more = ["--errors", "cluster", "--cluster", "clinic", "--json", "--plot", tmp_path / "events.svg"]
    found = say(capsys, *words, *files, *more).matches("difference_in_differences")
    (overall,) = found["effects"]
    assert overall["conf_low"] < -3 < overall["conf_high"] < 0
    assert overall["p_value_wild"] < 0.1
    assert found["assignments"] == 1680
    assert (tmp_path / "events.svg").read_text().startswith("<svg")

    shown = say(capsys, *words, *files, "--errors", "site", "--covariates", "age").out
    for text in (
        "Difference in differences",
        "overall",
        "Events",
        "Cohorts",
        "Covariates",
        "Fewer than 4 sites were treated",
    ):
        assert text in shown


def test_interrupted_time_series_prints_its_schema_and_draws_the_series(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Twenty-four months at two hospitals; a programme in month 13 takes four days off: JSON, table and picture."""
    rng = np.random.default_rng(2)
    month = rng.integers(1, 25, 2400)
    days = 20 + 0.1 * month - 4 * (month >= 13) + 3 * rng.normal(size=2400)
    path = tmp_path / "series.csv"
    pd.DataFrame({"month": month, "days": days, "hospital": rng.choice(["a", "b"], 2400)}).to_csv(path, index=False)
    words = [
        "run",
        "interrupted_time_series",
        "days",
        "--period",
        "month",
        "--change",
        "13",
        "--sites",
        path,
        "--by",
        "hospital",
    ]
    found = say(capsys, *words, "--json", "--plot", tmp_path / "series.svg").matches("interrupted_time_series")
    level = found["terms"][2]
    assert (level["term"], level["conf_low"] < -4 < level["conf_high"] < 0) == ("level change", True)
    assert [row["period"] for row in found["period_effects"]] == [str(k) for k in range(13, 25)]
    assert (tmp_path / "series.svg").read_text().startswith("<svg")

    counted = [*words[:2], *words[3:], "--measure", "count", "--model", "poisson"]
    shown = say(capsys, *counted).out
    for text in ("Interrupted time series", "slope change", "Period effects", "rate ratio", "counterfactual"):
        assert text in shown


@pytest.mark.parametrize("clusters", ["nested", "fixed"])
def test_stepped_wedge_prints_its_schema_and_draws_exposures(
    capsys: pytest.CaptureFixture[str], programme: Path, tmp_path: Path, clusters: str
) -> None:
    """The JSON is as documented, the effect covers the truth, and the picture shows it by time since treatment."""
    words = ["run", "stepped_wedge", "days", "--period", "month", "--cluster", "clinic", "--treated-from", "since"]
    more = ["--never", "99", "--clusters", clusters, "--sites", programme, "--by", "hospital", "--draws", "99"]
    exposure = ["--effect", "exposure", "--json", "--plot", tmp_path / "wedge.svg"]
    found = say(capsys, *words, *more, *exposure).matches("stepped_wedge")
    assert found["effects"][0]["conf_low"] < -3 < found["effects"][0]["conf_high"]
    assert len(found["exposures"]) == 5
    assert ("cluster_sd" in found) is (clusters == "nested")
    assert (tmp_path / "wedge.svg").read_text().startswith("<svg")

    shown = say(capsys, *words, *more).out
    for text in ("Stepped wedge", "treated", "month = 2", "p value randomisation"):
        assert text in shown
