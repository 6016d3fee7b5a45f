"""``summand run`` with curves in the formula, through guard, masks and the sites' recomputation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from cli_kit import say

pytestmark = pytest.mark.slow


def test_curves_from_the_command_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Knots and recurrence are in the JSON as documented; the fit is least squares on scipy's splines."""
    from lifelines.datasets import load_lung
    from scipy.interpolate import CubicSpline

    path = tmp_path / "lung.csv"
    load_lung().to_csv(path, index=False)
    formula = "time ~ ns(age, 3) + poly(ph.karno, 2)"
    found = say(capsys, "run", "linear", formula, "--sites", path, "--by", "inst", "--json").matches("run")
    data = load_lung().dropna(subset=["inst", "ph.karno"])
    knots = np.quantile(data["age"], [0, 1 / 3, 2 / 3, 1])
    splines = [CubicSpline(knots, np.eye(4)[j], bc_type="natural")(data["age"]) for j in (1, 2, 3)]
    x = np.column_stack([np.ones(len(data)), *splines, data["ph.karno"], data["ph.karno"] ** 2])
    beta, (squares,), *_ = np.linalg.lstsq(x / np.abs(x).max(axis=0), data["time"], rcond=None)

    assert [row["knot"] for row in found["knots"]] == pytest.approx(knots.tolist(), rel=1e-14)
    assert [row["degree"] for row in found["polynomials"]] == [0, 1, 2]
    assert found["residual_sd"] == pytest.approx(np.sqrt(squares / (len(data) - 6)), rel=1e-10)
    assert [row["estimate"] for row in found["terms"]][1:4] == pytest.approx(
        (beta / np.abs(x).max(axis=0))[1:4].tolist(), rel=1e-8
    )
