"""``summand run glm`` on real patients, through guard, masks and the sites' recomputation."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cli_kit import say

from shared_files import shared_data

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def lung(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The NCCTG lung trial as lifelines ships it."""
    from lifelines.datasets import load_lung

    path = tmp_path_factory.mktemp("lung") / "lung.csv"
    load_lung().to_csv(path, index=False)
    return path


def test_rates_from_the_command_line(capsys: pytest.CaptureFixture[str], lung: Path, tmp_path: Path) -> None:
    """Deaths per time at risk over 18 institutions are statsmodels' Poisson rates; the forest plot is drawn."""
    import statsmodels.api as sm
    from lifelines.datasets import load_lung

    picture = tmp_path / "rates.svg"
    found = say(
        capsys, "run", "glm", "status ~ age + C(sex)", "--family", "poisson", "--offset", "log(time)",
        "--null", "~ age", "--sites", lung, "--by", "inst", "--json", "--plot", picture,
    ).matches("glm")  # fmt: skip
    data = load_lung().dropna(subset=["inst"])
    x = np.column_stack([np.ones(len(data)), data["age"], data["sex"] == 2]).astype(float)
    fit = sm.GLM(data["status"], x, family=sm.families.Poisson(), offset=np.log(data["time"])).fit(tol=1e-14)

    assert [term["estimate"] for term in found["terms"]] == pytest.approx(fit.params.tolist(), rel=1e-8)
    assert [term["rate_ratio"] for term in found["terms"]] == pytest.approx(np.exp(fit.params).tolist(), rel=1e-8)
    assert [test["test"] for test in found["tests"]] == ["likelihood ratio", "wald", "score"]
    assert found["deviance"] == pytest.approx(fit.deviance, rel=1e-10)
    assert (found["events"], found["link"], found["sites"]) == (164, "log", 18)
    assert picture.read_text().startswith("<svg")


def test_a_person_reads_ratios_and_tests(capsys: pytest.CaptureFixture[str], lung: Path) -> None:
    """The table has rate ratios; tests of terms stand below it; a wrong link is told before a file is opened."""
    words = ["run", "glm", "ph.karno ~ age + C(sex)", "--family", "negative_binomial", "--overdispersion", "0.2"]
    said = say(capsys, *words, "--site", "fixed", "--sites", lung, "--by", "inst")
    for text in ("Generalized linear model", "rate ratio", "Term tests", "overdispersion 0.2", "site fixed"):
        assert text in said.out
    wrong = say(capsys, *words, "--link", "logit", "--sites", "nowhere.csv", "--json")
    assert (wrong.code, wrong.error["code"]) == (2, "usage")
    assert "'link'" in wrong.error["message"]


def test_errors_by_person_from_files(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Children with several intervals, at their hospitals: identifiers stay there, errors are statsmodels' by child."""
    import statsmodels.api as sm

    table = pd.read_csv(shared_data("survival/cgd.csv"))
    table = table.assign(days=table["tstop"] - table["tstart"], treated=(table["treat"] == "rIFN-g").astype(int))
    table["id"] = [f"child {number:03d}" for number in table["id"]]
    table[["id", "center", "status", "days", "treated", "age"]].to_csv(tmp_path / "cgd.csv", index=False)
    numbers = {"status": (0, 1), "days": (1, 500), "treated": (0, 1), "age": (0, 60)}
    fields = [{"name": "id", "type": "string"}, {"name": "center", "type": "string"}]
    fields += [
        {"name": name, "type": "integer", "constraints": {"minimum": low, "maximum": high}}
        for name, (low, high) in numbers.items()
    ]
    (tmp_path / "cgd.json").write_text(json.dumps({"fields": fields, "x-person-id": "id"}))

    found = say(
        capsys, "run", "glm", "status ~ treated + age", "--family", "poisson", "--offset", "log(days)", "--errors",
        "cluster-person", "--dictionary", tmp_path / "cgd.json", "--sites", tmp_path / "cgd.csv", "--by", "center", "--json",
    ).matches("glm")  # fmt: skip
    x = np.column_stack([np.ones(len(table)), table["treated"], table["age"]]).astype(float)
    model = sm.GLM(table["status"], x, family=sm.families.Poisson(), offset=np.log(table["days"]))
    fit = model.fit(tol=1e-14, cov_type="cluster", cov_kwds={"groups": table["id"].astype("category").cat.codes})

    assert [term["std_error"] for term in found["terms"]] == pytest.approx(fit.bse.tolist(), rel=1e-8)
    assert (found["clusters"], found["errors"], found["sites"]) == (128, "cluster-person", 13)
    linear, logistic = (
        say(
            capsys, "run", *words, "--errors", "cluster-person", "--dictionary", tmp_path / "cgd.json", "--sites",
            tmp_path / "cgd.csv", "--by", "center", "--json",
        ).matches("run")
        for words in (("linear", "age ~ treated", "--weights", "days"), ("logistic", "status ~ treated"))
    )  # fmt: skip
    for result, model in (
        (linear, sm.WLS(table["age"], x[:, :2], weights=table["days"])),
        (logistic, sm.Logit(table["status"], x[:, :2])),
    ):
        groups = {"groups": table["id"].astype("category").cat.codes}
        expected = model.fit(
            cov_type="cluster", cov_kwds=groups, **({} if result is linear else {"disp": 0, "tol": 1e-14})
        )
        assert [term["std_error"] for term in result["terms"]] == pytest.approx(expected.bse.tolist(), rel=1e-8)
        assert (result["clusters"], result["errors"]) == (128, "cluster-person")
