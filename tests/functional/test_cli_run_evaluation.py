"""``summand run`` of the methods that judge given models, beside scikit-learn, and the shape and drawing of what they print."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cli_kit import say

pytestmark = pytest.mark.slow

MODEL = {"name": "ecog", "formula": "~ age + ph.ecog", "terms": {"Intercept": -2.0, "age": 0.03, "ph.ecog": 0.6}}


@pytest.fixture(scope="module")
def lung(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The NCCTG lung trial as lifelines ships it, with a model beside it."""
    from lifelines.datasets import load_lung

    folder = tmp_path_factory.mktemp("lung")
    load_lung().dropna(subset=["inst", "ph.ecog"]).to_csv(folder / "lung.csv", index=False)
    (folder / "model.json").write_text(json.dumps(MODEL))
    return folder / "lung.csv"


def test_roc_equals_scikit_learn(capsys: pytest.CaptureFixture[str], lung: Path) -> None:
    """The area over institutions, by sex too; the JSON fits, the curve is drawn."""
    from sklearn.metrics import roc_auc_score

    picture = lung.with_name("roc.svg")
    words = ["run", "roc", "time < 365", "--model", lung.with_name("model.json"), "--group", "sex", "--plot", picture]
    found = say(capsys, *words, "--sites", lung, "--by", "inst", "--json").matches("roc")
    data = pd.read_csv(lung)
    expected = roc_auc_score(data["time"] < 365, 0.03 * data["age"] + 0.6 * data["ph.ecog"])
    assert found["areas"][0]["auc"] == pytest.approx(expected, abs=2e-3)  # scores of one value up to rounding are tied
    assert [row["group"] for row in found["areas"]] == ["all", "sex = 1", "sex = 2"]
    assert picture.read_text().startswith("<svg")


def test_thresholds_equal_numpy(capsys: pytest.CaptureFixture[str], lung: Path) -> None:
    """Net benefit at two thresholds; the JSON fits, the decision curve is drawn, a reader sees the heading."""
    picture = lung.with_name("decisions.svg")
    words = ["run", "thresholds", "time < 365", "--model", lung.with_name("model.json"), "--plot", picture]
    words += ["--threshold", "0.4", "--threshold", "0.6", "--sites", lung, "--by", "inst"]
    found = say(capsys, *words, "--json").matches("thresholds")
    data = pd.read_csv(lung)
    y = (data["time"] < 365).to_numpy()
    risk = 1 / (1 + np.exp(-(-2 + 0.03 * data["age"] + 0.6 * data["ph.ecog"]))).to_numpy()
    for row, t in zip(found["decisions"], (0.4, 0.6), strict=True):
        high = risk >= t
        benefit = (y & high).mean() - (~y & high).mean() * t / (1 - t)
        assert row["net_benefit"] == pytest.approx(benefit, rel=1e-10)
    assert picture.read_text().startswith("<svg")
    assert "Thresholds and net benefit: time < 365" in say(capsys, *words).out


def test_concordance_equals_lifelines(capsys: pytest.CaptureFixture[str], lung: Path) -> None:
    """C of a score over institutions, calibration at a year; the JSON fits, the groups of risk are drawn."""
    from lifelines.utils import concordance_index

    picture, file = lung.with_name("risks.svg"), lung.with_name("hazard.json")
    file.write_text(json.dumps({"name": "ecog", "formula": "~ ph.ecog", "terms": {"ph.ecog": 0.48}}))
    words = ["run", "evaluate_survival", "Surv(time, status)", "--model", file, "--at", "365", "--baseline", "0.55"]
    found = say(capsys, *words, "--sites", lung, "--by", "inst", "--json", "--plot", picture).matches(
        "evaluate-survival"
    )
    data = pd.read_csv(lung)
    expected = concordance_index(data["time"], -data["ph.ecog"], data["status"])
    assert found["concordance"][0]["c_index"] == pytest.approx(expected, abs=1e-12)
    assert found["calibration"][0]["predicted"] == pytest.approx(
        (1 - 0.55 ** np.exp(0.48 * data["ph.ecog"])).mean(), rel=1e-10
    )
    assert picture.read_text().startswith("<svg")


def test_every_institution_is_left_out_once(capsys: pytest.CaptureFixture[str], lung: Path) -> None:
    """Over three files the JSON fits, at the release level that it needs; a reader sees a line for each."""
    data = pd.read_csv(lung)
    files = []
    for k in range(3):
        files.append(lung.with_name(f"part{k}.csv"))
        data.iloc[k::3].to_csv(files[-1], index=False)
    words = ["run", "internal_external", "time < 365 ~ age + ph.ecog + sex", "--sites", *files]
    picture = lung.with_name("left-out.svg")
    found = say(capsys, *words, "--json", "--plot", picture).matches("internal-external")
    assert picture.read_text().startswith("<svg")
    assert found["release_level"] == "site_level"
    assert all(0.4 < site["models"][0]["auc"] < 0.9 for site in found["by_site"].values())
    shown = say(capsys, *words).out
    assert all(f"part{k}" in shown for k in range(3))
