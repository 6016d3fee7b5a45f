"""Multiple imputation over sites: against statsmodels on each filling, and against R's mice (script and output kept).

The fillings of two programs share no random numbers, so estimates are compared with mice's within the Monte Carlo error
of 100 and 200 imputations; Rubin's rules, and the fit to each filling, are compared exactly.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from pooled_cohorts import HEART_COLUMNS, HOSPITALS, dealt, setting, uneven

from shared_files import shared_data
from summand.errors import CohortTooSmall, FormulaInvalid, SummandError
from summand.methods import Impute, Result
from summand.methods.learning._rubin import pooled_rows
from summand.tables import NO_LIMITS, Column, Dictionary, Limits
from summand.testing.plain import run_plain

HEART = Dictionary(
    "heart",
    (
        Column("age", "integer", 0, 110, 1),
        Column("sex", "integer", 0, 1, 1),
        Column("cp", "integer", 1, 4, 1, ("1", "2", "3", "4")),
        Column("trestbps", "number", 0, 300),
        Column("thalach", "number", 40, 240),
        Column("exang", "category", levels=("0", "1")),
        Column("oldpeak", "number", -5, 10),
        Column("num", "integer", 0, 4, 1),
    ),
)
FORMULA = "num > 0 ~ age + sex + trestbps + thalach + exang + oldpeak"
NAMES = ("age", "sex", "trestbps", "thalach", "exang", "oldpeak")


def patients() -> pd.DataFrame:
    """All 920 heart patients, gaps and all, with the hospital in ``site``."""
    frames = []
    for place, hospital in enumerate(HOSPITALS):
        path = shared_data(f"heart/processed.{hospital}.data")
        frame = pd.read_csv(path, header=None, names=HEART_COLUMNS, na_values="?")
        frames.append(frame[[column.name for column in HEART]].assign(site=place))
    return pd.concat(frames, ignore_index=True)


def told(output: str) -> list[list[str]]:
    """The lines of R's output that begin with a word."""
    text = (Path(__file__).parent / "r_impute.txt").read_text()
    return [line.split()[1:] for line in text.splitlines() if line.startswith(output)]


@pytest.mark.parametrize("line", told("rubin"))
def test_pooling_is_that_of_mice(line: list[str]) -> None:
    """Estimate, standard error, degrees of freedom and missing information of five given fits."""
    estimates, variances = [1.21, 0.97, 1.35, 1.08, 1.19], [0.041, 0.038, 0.045, 0.040, 0.039]
    n, *expected = map(float, line)
    (row,) = pooled_rows(("x",), np.array([estimates]).T, np.array([variances]).T, n - 4)
    found = [row[name] for name in ("estimate", "std_error", "degrees_of_freedom", "missing_information")]
    assert found == pytest.approx(expected, rel=1e-12)


def test_estimates_are_those_of_mice() -> None:
    """Six columns with gaps in four: every coefficient within a tenth of its error of mice's, errors within 4 %."""
    table = patients()
    method = Impute(FORMULA, imputations=100, cycles=8)
    result = run_plain(method, dealt(table, uneven(len(table), 3), HEART), setting(HEART, 4))
    expected = {name.replace("exang1", "exang[T.1]").strip("()"): numbers for name, *numbers in told("heart")}
    assert [row["term"] for row in result.values["terms"]] == list(expected)
    for row in result.values["terms"]:
        estimate, error = map(float, expected[row["term"]])
        assert abs(row["estimate"] - estimate) < 0.1 * error
        assert row["std_error"] == pytest.approx(error, rel=0.04)
    gaps = {row["column"]: row["missing"].people for row in result.values["columns"]}
    assert gaps == {name: int(table[name].isna().sum()) for name in NAMES}


def run_and_fill(method: Impute, table: pd.DataFrame) -> tuple[Any, list[pd.DataFrame]]:
    """The result over one site, and each filling of its rows."""
    ((batch, *rest), _) = dealt(table, np.zeros(len(table)), HEART)
    assert len(rest) == 1
    batches = [batch.where(batch.complete(("num", "cp"))) for batch in (batch, *rest)]
    ready = method.under(setting(HEART, 1))
    state: Any = ready.start()
    for _ in range(200):
        before = state
        state = ready.update(ready.tally(batches[0], state, {}) + ready.tally(batches[1], state, {}), state)
        if isinstance(state, Result):
            break
    filled = []
    for m in range(method.imputations):
        parts = [ready._rows(own, before).completed(m) for own in batches]
        filled.append(pd.DataFrame({n: np.concatenate([part.columns[n] for part in parts]) for n in parts[0].columns}))
    return state.values, filled


@pytest.mark.parametrize("outcome", ["num > 0", "oldpeak"])
def test_each_filling_is_fitted_as_statsmodels_does(outcome: str) -> None:
    """Logistic and linear fits to every filling, pooled by hand: estimates and errors to 1e-8."""
    names = ["age", "sex", "trestbps", "thalach", "exang"]
    method = Impute(f"{outcome} ~ {' + '.join(names)}", imputations=4, cycles=2)
    values, fillings = run_and_fill(method, patients().dropna(subset=["oldpeak"]))
    assert not any(filling[names].isna().any().any() for filling in fillings)
    fits = []
    for filling in fillings:
        x = sm.add_constant(filling[names].to_numpy(float))
        if outcome == "oldpeak":
            fits.append(sm.OLS(filling["oldpeak"].to_numpy(), x).fit())
        else:
            fits.append(sm.Logit((filling["num"] > 0).to_numpy(float), x).fit(disp=0, method="newton", tol=1e-13))
    estimates, variances = np.array([fit.params for fit in fits]), np.array([fit.bse**2 for fit in fits])
    total = variances.mean(axis=0) + (1 + 1 / 4) * estimates.var(axis=0, ddof=1)
    assert [row["estimate"] for row in values["terms"]] == pytest.approx(estimates.mean(axis=0), rel=1e-8)
    assert [row["std_error"] for row in values["terms"]] == pytest.approx(np.sqrt(total), rel=1e-8)


@pytest.mark.parametrize("sites", [3, 4, 18])
def test_dealing_changes_nothing(sites: int) -> None:
    """With a category, a site of one patient and an empty one: as from one site, to rounding."""
    table = patients()
    method = Impute(FORMULA.replace("sex", "sex + C(cp)"), imputations=3, cycles=2)
    labels = table["site"].to_numpy() if sites == 4 else uneven(len(table), sites)
    one = run_plain(method, dealt(table, np.zeros(len(table)), HEART), setting(HEART, 2)).values
    found = run_plain(method, dealt(table, labels, HEART), setting(HEART, sites + 1)).values
    for row, expected in zip(found["terms"], one["terms"], strict=True):
        assert row["estimate"] == pytest.approx(expected["estimate"], rel=1e-9, abs=1e-11)
        assert row["std_error"] == pytest.approx(expected["std_error"], rel=1e-9)
    assert found["n"] == one["n"]


def test_nothing_missing_is_the_ordinary_fit() -> None:
    """Without gaps the pooled table is the ordinary least-squares one, but for degrees of freedom that fall a little."""
    table = patients().dropna()
    result = run_plain(
        Impute("thalach ~ age + sex", imputations=3), dealt(table, uneven(len(table), 4), HEART), setting(HEART, 5)
    )
    fit = sm.OLS(table["thalach"].to_numpy(), sm.add_constant(table[["age", "sex"]].to_numpy(float))).fit()
    assert [row["estimate"] for row in result.values["terms"]] == pytest.approx(fit.params, rel=1e-9)
    assert [row["std_error"] for row in result.values["terms"]] == pytest.approx(fit.bse, rel=1e-8)


REFUSED: dict[str, tuple[str, type[SummandError], str, Limits]] = {
    "a product": ("num > 0 ~ age*sex", FormulaInvalid, "is no column", NO_LIMITS),
    "the outcome twice": ("num > 0 ~ age + num", FormulaInvalid, "both sides", NO_LIMITS),
    "people filled alike": ("num > 0 ~ sex + exang", FormulaInvalid, "filled alike", NO_LIMITS),
    "few with a level": ("num > 0 ~ C(cp) + trestbps + oldpeak", CohortTooSmall, "cp = 1", Limits()),
    "few with a value": ("num > 0 ~ trestbps + oldpeak + sex", CohortTooSmall, "sex", Limits()),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(case: str) -> None:
    """What cannot be filled is said, with what to do, and no small number."""
    formula, kind, words, limits = REFUSED[case]
    table = patients()
    table["cp"] = np.where(np.arange(len(table)) < 4, 1.0, np.maximum(table["cp"], 2.0))
    table["sex"] = np.where(np.arange(len(table)) < 6, 1.0, 0.0)
    with pytest.raises(kind) as error:
        run_plain(Impute(formula), dealt(table, uneven(len(table), 3), HEART), setting(HEART, 4, limits))
    assert words in error.value.message
    assert error.value.remedy
