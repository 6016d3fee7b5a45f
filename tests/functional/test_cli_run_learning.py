"""``summand run`` of components, groups, trees and imputation: what it prints fits the documented schemas."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from cli_kit import say

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def lung(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The NCCTG lung trial as lifelines ships it, in 18 institutions."""
    from lifelines.datasets import load_lung

    path = tmp_path_factory.mktemp("lung") / "lung.csv"
    load_lung().dropna(subset=["inst"]).to_csv(path, index=False)
    return path


def test_pca_prints_components_and_draws(capsys: pytest.CaptureFixture[str], lung: Path, tmp_path: Path) -> None:
    """Proportions of numpy's correlation matrix, in the documented form, and a drawing."""
    import numpy as np

    picture = tmp_path / "scree.svg"
    found = say(
        capsys, "run", "pca", "age", "meal.cal", "wt.loss", "--sites", lung, "--by", "inst", "--json", "--plot", picture
    ).matches("pca")
    table = pd.read_csv(lung)[["age", "meal.cal", "wt.loss"]].dropna()
    variances = np.linalg.eigvalsh(np.corrcoef(table.to_numpy(float).T))[::-1]
    assert [row["variance"] for row in found["components"]] == pytest.approx(variances, rel=1e-9)
    assert found["n"] == len(table)
    assert picture.read_text().startswith("<svg")


def test_boosting_prints_a_model_that_predicts(capsys: pytest.CaptureFixture[str], lung: Path, tmp_path: Path) -> None:
    """The documented form, a model that `predict` reads, missing values and all, and a drawing."""
    from summand.methods.learning import predict

    picture = tmp_path / "importance.svg"
    found = say(
        capsys, "run", "boosting", "status ~ age + sex + wt.loss", "--trees", "5", "--patience", "0", "--rising", "age",
        "--sites", lung, "--by", "inst", "--json", "--plot", picture,
    ).matches("boosting")  # fmt: skip
    table = pd.read_csv(lung)
    risk = predict(found["model"], {name: table[name].to_numpy(float) for name in ("age", "sex", "wt.loss")})
    assert found["n"] == len(table)
    assert 0.5 < risk.mean() < 0.9
    assert {row["rows"] for row in found["fit"]} == {"training", "held out"}
    assert picture.read_text().startswith("<svg")


def test_kmeans_prints_clusters_and_draws(capsys: pytest.CaptureFixture[str], lung: Path, tmp_path: Path) -> None:
    """Two clusters of everybody who has both values, in the documented form, and a drawing."""
    picture = tmp_path / "centres.svg"
    found = say(
        capsys, "run", "kmeans", "age", "wt.loss", "--clusters", "2", "--sites", lung, "--by", "inst", "--json",
        "--plot", picture,
    ).matches("kmeans")  # fmt: skip
    assert sum(row["n"] for row in found["clusters"]) == len(pd.read_csv(lung)[["age", "wt.loss"]].dropna())
    assert picture.read_text().startswith("<svg")


def test_impute_prints_pooled_terms(capsys: pytest.CaptureFixture[str], lung: Path) -> None:
    """All who have an outcome take part, and what their gaps cost stands beside each coefficient."""
    found = say(
        capsys, "run", "impute", "status ~ age + sex + wt.loss", "--auxiliary", "meal.cal", "--imputations", "5",
        "--sites", lung, "--by", "inst", "--json",
    ).matches("impute")  # fmt: skip
    table = pd.read_csv(lung)
    assert found["n"] == len(table)
    gaps = {row["column"]: row["missing"] for row in found["columns"]}
    assert gaps["wt.loss"] == table["wt.loss"].isna().sum()
    assert gaps["meal.cal"] == table["meal.cal"].isna().sum()
    assert [row["term"] for row in found["terms"]] == ["Intercept", "age", "sex", "wt.loss"]
    assert all(0 <= row["missing_information"] < 1 for row in found["terms"])
