"""``summand run`` of components, groups, trees and imputation: what it prints fits the documented schemas."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from cli_kit import say


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
