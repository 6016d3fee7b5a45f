"""``summand run`` on parametric models of survival times and rates, and the shape of what it prints."""

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
    load_lung().to_csv(path, index=False)
    return path


def test_parametric_survival_equals_lifelines(capsys: pytest.CaptureFixture[str], lung: Path, tmp_path: Path) -> None:
    """Weibull coefficients are lifelines'; ratios of times and of hazards stand beside them, and are drawn."""
    import pandas as pd
    from lifelines import WeibullAFTFitter

    plot = tmp_path / "forest.svg"
    words = ["run", "parametric_survival", "Surv(time, status) ~ age + sex", "--sites", lung, "--by", "inst"]
    found = say(capsys, *words, "--plot", plot, "--json").matches("parametric_survival")
    data = pd.read_csv(lung).dropna(subset=["inst"])[["time", "status", "age", "sex"]]
    fit = WeibullAFTFitter().fit(data, "time", "status")
    terms = {term["term"]: term for term in found["terms"]}
    assert list(terms) == ["Intercept", "age", "sex", "log(scale)"]
    for name in ("Intercept", "age", "sex"):
        assert terms[name]["estimate"] == pytest.approx(fit.params_["lambda_"][name], rel=1e-5)
    assert terms["sex"]["hazard_ratio"] < 1.0 < terms["sex"]["time_ratio"]
    assert "<svg" in plot.read_text("utf-8")


def test_rates_prints_ratios_and_standardised_rates(
    capsys: pytest.CaptureFixture[str], lung: Path, tmp_path: Path
) -> None:
    """Rates of both sexes by person-year, their ratio, and rates standardised to three bands of age."""
    words = ["run", "rates", "Surv(time, status) ~ sex", "--per", "365.25", "--bands-of", "age", "--cuts", "55,65"]
    plot = tmp_path / "rates.svg"
    words += ["--standard", "500,300,200", "--sites", str(lung), "--by", "inst", "--plot", str(plot)]
    said = say(capsys, *words, "--json")
    found = said.matches("rates")
    assert [row["group"] for row in found["rates"]] == ["1", "2"]
    assert len(found["bands"]) == 6
    (ratio,) = found["ratios"]
    assert ratio["rate_ratio"] == pytest.approx(found["rates"][1]["rate"] / found["rates"][0]["rate"])
    assert found["rates"][0]["standardised_rate_low"] < found["rates"][0]["standardised_rate"]
    assert "<svg" in plot.read_text("utf-8")


def test_piecewise_exponential_prints_rates_by_interval(
    capsys: pytest.CaptureFixture[str], lung: Path, tmp_path: Path
) -> None:
    """Rates of four intervals, overall and by sex, baseline rates, and a hazard ratio that is drawn."""
    plot = tmp_path / "forest.svg"
    words = ["run", "piecewise_exponential", "Surv(time, status) ~ C(sex)", "--cuts", "100,300,500", "--plot", plot]
    found = say(capsys, *words, "--sites", lung, "--by", "inst", "--json").matches("piecewise_exponential")
    names = ["(0, 100]", "(100, 300]", "(300, 500]", "(500, …)"]
    assert [row["interval"] for row in found["intervals"]] == names
    assert [row["interval"] for row in found["baseline"]] == names
    assert [row["level"] for row in found["interval_groups"]] == ["1"] * 4 + ["2"] * 4
    assert [term["term"] for term in found["terms"]] == ["sex[T.2]"]
    assert "<svg" in plot.read_text("utf-8")
