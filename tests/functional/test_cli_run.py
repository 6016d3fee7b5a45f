"""``summand run`` on real cohorts beside lifelines 0.30, statsmodels 0.14 and pandas, and the shape of what it prints."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cli_kit import say

from shared_files import shared_data
from summand.cli._variadic import spread

pytestmark = pytest.mark.slow

HEAD = ["method", "agreement", "profile", "n", "n_dropped", "sites", "rounds", "converged", "log_likelihood", "terms"]
TERM = ["term", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"]

SPREAD = {
    "before the next option": ("y~x --sites a b --json", "y~x --sites a --sites b --json"),
    "repeated": ("y~x --sites a --sites b", "y~x --sites a --sites b"),
    "the formula behind": ("--sites a b y~x", "--sites a --sites b y~x"),
    "columns behind a double dash": ("--sites a b -- age", "--sites a --sites b -- age"),
    "with an equals sign": ("--sites=a b --by c", "--sites=a --sites b --by c"),
    "without a value": ("y~x --sites --json", "y~x --sites --json"),
    "not given": ("y~x --by c", "y~x --by c"),
}


@pytest.mark.parametrize("case", SPREAD)
def test_sites_takes_several_words(case: str) -> None:
    """--sites takes every word up to the next option, a double dash or the formula, however it is written."""
    given, expected = SPREAD[case]

    assert spread(given.split()) == expected.split()


@pytest.fixture(scope="module")
def lung(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The NCCTG lung trial as lifelines ships it, 228 rows, one without an institution."""
    from lifelines.datasets import load_lung

    path = tmp_path_factory.mktemp("lung") / "lung.csv"
    load_lung().to_csv(path, index=False)
    return path


def _frame(path: Path, *columns: str) -> pd.DataFrame:
    return pd.read_csv(path).dropna(subset=list(columns))


@pytest.mark.parametrize("site", ["strata", "pooled"])
def test_cox_equals_lifelines(capsys: pytest.CaptureFixture[str], lung: Path, site: str) -> None:
    """Cox over institutions, stratified or with one baseline, gives lifelines' coefficients, errors and likelihood."""
    from lifelines import CoxPHFitter

    formula = "Surv(time, status) ~ age + sex + ph.ecog"
    found = say(capsys, "run", "cox", formula, "--sites", lung, "--by", "inst", "--site", site, "--json").matches("run")
    data = _frame(lung, "inst", "ph.ecog")[["time", "status", "age", "sex", "ph.ecog", "inst"]]
    fit = CoxPHFitter().fit(
        data if site == "strata" else data.drop(columns="inst"), "time", "status",
        strata=["inst"] if site == "strata" else None, fit_options={"precision": 1e-13},
    )  # fmt: skip

    assert (found["n"], found["n_dropped"], found["sites"]) == (226, 1, 18)
    assert [term["term"] for term in found["terms"]] == ["age", "sex", "ph.ecog"]
    assert [term["estimate"] for term in found["terms"]] == pytest.approx(fit.params_.tolist(), rel=1e-8)
    assert [term["std_error"] for term in found["terms"]] == pytest.approx(fit.standard_errors_.tolist(), rel=1e-8)
    assert found["log_likelihood"] == pytest.approx(fit.log_likelihood_, rel=1e-10)


def test_linear_equals_statsmodels(capsys: pytest.CaptureFixture[str], lung: Path) -> None:
    """Linear regression gives statsmodels' OLS with t intervals, and the JSON's fields in the documented order."""
    import statsmodels.formula.api as smf

    said = say(capsys, "run", "linear", "age ~ time + C(sex)", "--sites", lung, "--by", "inst", "--json")
    found = said.matches("run")
    fit = smf.ols("age ~ time + C(sex)", _frame(lung, "inst")).fit()

    assert list(found)[: len(HEAD)] == HEAD
    assert all(list(term)[: len(TERM)] == TERM for term in found["terms"])
    assert [term["term"] for term in found["terms"]] == ["Intercept", "time", "sex[T.2]"]
    by_name = {term["term"].replace("sex[", "C(sex)["): term for term in found["terms"]}
    for name, term in by_name.items():
        expected = [fit.params[name], fit.bse[name], fit.tvalues[name], fit.pvalues[name], *fit.conf_int().loc[name]]
        assert [term[key] for key in TERM[1:]] == pytest.approx(expected, rel=1e-8)
    assert found["log_likelihood"] == pytest.approx(fit.llf, rel=1e-10)


@pytest.mark.parametrize("site", ["pooled", "fixed"])
def test_logistic_equals_statsmodels(capsys: pytest.CaptureFixture[str], lung: Path, site: str) -> None:
    """Logistic regression gives statsmodels' Logit, with one intercept or with one for each institution."""
    import statsmodels.formula.api as smf

    words = ["run", "logistic", "status ~ age + sex", "--sites", lung, "--by", "inst", "--site", site, "--json"]
    found = say(capsys, *words).matches("run")
    data = _frame(lung, "inst")
    if site == "fixed":  # one class alone says nothing about the slopes, and its intercept has no estimate
        data = data[data.groupby("inst")["status"].transform("nunique") == 2]
    fit = smf.logit(f"status ~ age + sex{' + C(inst)' if site == 'fixed' else ''}", data).fit(
        disp=0, method="newton", tol=1e-14, maxiter=100
    )

    for term in found["terms"]:
        assert term["estimate"] == pytest.approx(fit.params[term["term"]], rel=1e-8)
        assert term["std_error"] == pytest.approx(fit.bse[term["term"]], rel=1e-7)


def test_km_and_logrank_equal_lifelines(capsys: pytest.CaptureFixture[str], lung: Path) -> None:
    """Curves, intervals and medians by group, and the log-rank statistic, are lifelines'."""
    from lifelines import KaplanMeierFitter
    from lifelines.statistics import logrank_test

    data = _frame(lung, "inst")
    found = say(capsys, "run", "km", "Surv(time, status) ~ sex", "--sites", lung, "--by", "inst", "--json").matches(
        "km"
    )
    assert [group["group"] for group in found["groups"]] == ["1", "2"]
    for group in found["groups"]:
        own = data[data["sex"] == int(group["group"])]
        fit = KaplanMeierFitter().fit(own["time"], own["status"])
        curve = group["curve"]
        assert (group["n"], group["events"]) == (len(own), own["status"].sum())
        assert group["median"] == fit.median_survival_time_
        assert curve["survival"] == pytest.approx(fit.predict(curve["time"]).tolist(), abs=1e-12)
        at_times = fit.event_table.loc[curve["time"]]
        assert curve["events"] == at_times["observed"].astype(int).tolist()
    words = ["run", "logrank", "Surv(time, status) ~ sex", "--sites", lung, "--by", "inst", "--json"]
    test = say(capsys, *words).matches("logrank")
    one, two = (data[data["sex"] == sex] for sex in (1, 2))
    expected = logrank_test(one["time"], two["time"], one["status"], two["status"])
    assert test["statistic"] == pytest.approx(expected.test_statistic, rel=1e-10)
    assert test["p_value"] == pytest.approx(expected.p_value, rel=1e-8)


def test_describe_equals_pandas(capsys: pytest.CaptureFixture[str], lung: Path) -> None:
    """Counts, missing values, moments and quartiles are pandas'; levels are counted."""
    words = ["run", "describe", "age", "meal.cal", "sex", "--sites", lung, "--by", "inst", "--json"]
    found = say(capsys, *words).matches("describe")
    data = _frame(lung, "inst")
    for row in found["columns"]:
        own = data[row["column"]]
        expected = [
            own.count(),
            own.isna().sum(),
            own.mean(),
            own.std(),
            own.min(),
            *own.quantile([0.25, 0.5, 0.75]),
            own.max(),
        ]
        names = ["n", "missing", "mean", "sd", "min", "q25", "median", "q75", "max"]
        assert [row[name] for name in names] == pytest.approx(expected, rel=1e-10)
    levels = found["columns"][2]["levels"]
    assert (levels["rows"], levels["cells"]) == (["1", "2"], [[137], [90]])


def test_status_may_be_one_and_two(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """On the veterans' trial, status 1/2 gives what 0/1 gives, at as many sites as the file has cell types."""
    data = pd.read_csv(shared_data("survival/veteran.csv"))
    data.to_csv(tmp_path / "zero.csv", index=False)
    data.assign(status=data["status"] + 1).to_csv(tmp_path / "one.csv", index=False)

    zero, one = (
        say(capsys, "run", "cox", "Surv(time, status) ~ karno + age", "--sites", tmp_path / name, "--by", "celltype", "--json")
        for name in ("zero.csv", "one.csv")
    )  # fmt: skip

    assert zero.json["sites"] == data["celltype"].nunique()
    assert zero.json["terms"] == one.json["terms"]


def test_csv_and_parquet_files_are_sites(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Several files of both kinds are several sites; files of one name get names of their own; the picture is drawn."""
    draw = np.random.default_rng(7)
    x = draw.normal(size=90)
    data = pd.DataFrame({"x": x, "y": 1.0 + 2.0 * x + draw.normal(size=90)})
    (tmp_path / "b").mkdir()
    files = [tmp_path / "a.csv", tmp_path / "b" / "a.csv", tmp_path / "c.parquet"]
    data[:30].to_csv(files[0], index=False)
    data[30:50].to_csv(files[1], index=False)
    data[50:].to_parquet(files[2])
    picture = tmp_path / "forest.svg"

    said = say(capsys, "run", "linear", "y ~ x", "--sites", *files, "--json", "--plot", picture)

    assert (said.json["n"], said.json["sites"]) == (90, 3)
    assert said.json["terms"][1]["estimate"] == pytest.approx(np.polyfit(data["x"], data["y"], 1)[0], rel=1e-9)
    assert picture.read_text().startswith("<svg")


def test_a_person_reads_tables_and_notes(capsys: pytest.CaptureFixture[str], lung: Path) -> None:
    """Without --json the agreement, the profile, the dropped rows, the trial and the inferred dictionary are named."""
    said = say(capsys, "run", "cox", "Surv(time, status) ~ age + ph.ecog", "--sites", lung, "--by", "inst")

    for text in ("Cox regression", "n 226, 1 dropped", "profile trial", "hazard ratio", "inferred", "18 sites"):
        assert text in said.out
    assert said.err == ""


def test_standard_output_is_one_object_in_a_process_of_its_own(lung: Path) -> None:
    """A real process prints one JSON object and nothing else, and imports neither pandas nor plotting for it."""
    script = (
        "import sys; from summand.cli import main; code = main(sys.argv[1:]);"
        "heavy = {'pandas', 'altair', 'scipy.stats', 'matplotlib', 'lifelines', 'statsmodels'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else code)"
    )
    words = ["run", "linear", "age ~ time", "--sites", str(lung), "--json"]
    done = subprocess.run(
        [sys.executable, "-c", script, *words], capture_output=True, text=True, env=os.environ, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["method"] == "linear"


def test_evaluate_equals_scikit_learn(capsys: pytest.CaptureFixture[str], lung: Path, tmp_path: Path) -> None:
    """AUC and Brier score of a given model are scikit-learn's on the pooled rows."""
    from sklearn.metrics import brier_score_loss, roc_auc_score

    model = tmp_path / "model.json"
    model.write_text(
        '{"name": "given", "formula": "~ age + sex", "terms": {"Intercept": -1, "age": 0.05, "sex": -0.617}}'
    )
    words = ["run", "evaluate", "status", "--model", model, "--sites", lung, "--by", "inst", "--json"]
    (found,) = say(capsys, *words).matches("evaluate")["models"]
    data = _frame(lung, "inst")
    risk = 1 / (1 + np.exp(-(-1 + 0.05 * data["age"] - 0.617 * data["sex"])))

    assert found["auc"] == pytest.approx(roc_auc_score(data["status"], risk), rel=1e-12)
    assert found["brier"] == pytest.approx(brier_score_loss(data["status"], risk), rel=1e-10)
