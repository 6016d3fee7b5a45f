"""Penalised regression over sites against R's glmnet and scikit-learn, and by the conditions of a minimum.

glmnet ends by coordinate descent with a relative change of 1e-22 in its objective, which leaves coefficients about 1e-8 of
their size; ours satisfy the conditions of Karush, Kuhn and Tucker to 1e-12, which a test shows. So glmnet's coefficients
are compared to 1e-6, and scikit-learn's, run to a duality gap of 1e-13, to 1e-8.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from folds_for_r import FOLDS, OF_NUM, SEED, folds
from pooled_cohorts import HEART, batch_of, dealt, heart, setting, uneven

from summand.errors import CohortTooSmall, FormulaInvalid, NotConverged, SingularInformation, UsageError
from summand.methods import from_spec
from summand.methods.models._penalised_folds import folds_of
from summand.methods.models._penalised_solve import minimum
from summand.tables import Column, Dictionary, Limits
from summand.testing.plain import run_counted, run_plain

RIGHT = "age + sex + C(cp) + trestbps + thalach + exang + oldpeak"
SQUARED = "age + I(age^2) + sex + C(cp) + thalach + exang + oldpeak"
NAMES = {"sex[T.1]": "factor(sex)1", "exang[T.1]": "exang", "I(age^2)": "I(age^2)"}
PENALTIES = {
    "binomial": [0.2, 0.1, 0.05, 0.02, 0.01, 0.004],
    "poisson": [0.4, 0.2, 0.1, 0.05, 0.02, 0.005],
    "gaussian": [4.0, 2.0, 1.0, 0.5, 0.2, 0.05],
}
FORMULAS = {"binomial": f"num > 0 ~ {RIGHT}", "poisson": f"num ~ {RIGHT}", "gaussian": f"trestbps ~ {SQUARED}"}


def by_r(case: str) -> dict[str, float]:
    """What R printed for one case."""
    lines = (Path(__file__).parent / "r_penalised.txt").read_text().splitlines()
    rows = [line.split("|") for line in lines if not line.startswith("#")]
    return {name: float(value) for found, name, value in rows if found == case}


def fitted(spec: dict[str, Any], sites: int = 4) -> dict[str, Any]:
    """A fit of the four hospitals' patients over so many uneven sites and an empty one."""
    table = heart()
    method = from_spec({"name": "penalised", **spec})
    return dict(run_plain(method, dealt(table, uneven(len(table), sites), HEART), setting(HEART, sites + 1)).values)


def r_name(term: str) -> str:
    """A term as R's model matrix calls it."""
    return NAMES.get(term, term.replace("cp[T.", "factor(cp)").replace("]", ""))


@pytest.mark.parametrize("sites", [3, 4, 18])
@pytest.mark.parametrize("case", ["binomial 1", "binomial 0.4", "binomial 0", "poisson 1", "poisson 0.4", "gaussian 1"])
def test_path_and_cross_validation_are_glmnets(case: str, sites: int) -> None:
    """Coefficients, deviances and both chosen penalties are those of glmnet with the same folds."""
    family, alpha = case.split()
    expected, penalties = by_r(case), PENALTIES[family]
    result = fitted(
        {"formula": FORMULAS[family], "family": family, "alpha": float(alpha), "lambdas": penalties, "folds": FOLDS,
         "seed": SEED}, sites,
    )  # fmt: skip
    assert result["coefficients"]["lambda"] == penalties
    for term, values in result["coefficients"]["terms"].items():
        wanted = [expected[f"{k + 1} {r_name(term)}"] for k in range(len(penalties))]
        np.testing.assert_allclose(values, wanted, rtol=1e-6, atol=1e-9)
        if alpha != "0":
            assert [value == 0.0 for value in values] == [value == 0.0 for value in wanted]
    for name, r_label in (
        ("deviance_ratio", "deviance ratio"),
        ("cv_deviance", "cv deviance"),
        ("cv_std_error", "cv error"),
    ):
        wanted = [expected[f"{k + 1} {r_label}"] for k in range(len(penalties))]
        np.testing.assert_allclose([row[name] for row in result["path"]], wanted, rtol=1e-7)
    assert result["null_deviance"] == pytest.approx(expected["null deviance"], rel=1e-10)
    assert (result["lambda_min"], result["lambda_1se"]) == (expected["lambda min"], expected["lambda 1se"])
    chosen = {row["term"]: row for row in result["terms"]}
    place = penalties.index(result["lambda_1se"])
    assert chosen["age"]["estimate_1se"] == result["coefficients"]["terms"]["age"][place]


@pytest.mark.parametrize("alpha", [1.0, 0.5, 0.0])
def test_gaussian_is_scikit_learns(alpha: float) -> None:
    """Lasso, elastic net and ridge on standardised columns are scikit-learn's, with the same objective."""
    from sklearn.linear_model import ElasticNet, Ridge

    table = heart()
    levels = [(table["cp"] == k).to_numpy(float) for k in (2, 3, 4)]
    x = np.column_stack([table["age"], table["age"] ** 2, table["sex"], *levels, table["thalach"], table["oldpeak"]])
    z, y = (x - x.mean(axis=0)) / x.std(axis=0), table["trestbps"].to_numpy(float)
    right = "age + I(age^2) + sex + C(cp) + thalach + oldpeak"
    for penalty in (2.0, 0.3, 0.01):
        if alpha:
            fit = ElasticNet(alpha=penalty, l1_ratio=alpha, tol=1e-13, max_iter=1_000_000).fit(z, y)
        else:
            fit = Ridge(alpha=penalty * len(y), solver="cholesky").fit(z, y)
        spec = {"formula": f"trestbps ~ {right}", "alpha": alpha, "lambdas": [penalty], "folds": 0}
        terms = fitted(spec)["terms"]
        by_name = {row["term"]: row["estimate"] for row in terms}
        order = ["age", "I(age^2)", "sex[T.1]", "cp[T.2]", "cp[T.3]", "cp[T.4]", "thalach", "oldpeak"]
        # age and its square are nearly one column: where coordinate descent ends is known to some 1e-6 of it
        np.testing.assert_allclose(
            [by_name[name] for name in order], fit.coef_ / x.std(axis=0), rtol=1e-6 if alpha else 1e-8, atol=1e-8
        )
        fitted_values = by_name["Intercept"] + x @ np.array([by_name[name] for name in order])
        np.testing.assert_allclose(fitted_values, fit.predict(z), rtol=1e-8)


@pytest.mark.parametrize(
    ("family", "alpha"), [("binomial", 1.0), ("binomial", 0.3), ("poisson", 1.0), ("gaussian", 0.7)]
)
def test_every_fit_of_a_path_is_a_minimum(family: str, alpha: float) -> None:
    """On the path of thirty penalties, from the columns alone, the conditions of a minimum hold to 1e-12 of the first."""
    table = heart()
    levels = [(table["cp"] == k).to_numpy(float) for k in (2, 3, 4)]
    x = np.column_stack([table["age"], table["sex"], *levels, table["thalach"], table["oldpeak"]])
    y = {"binomial": (table["num"] > 0), "poisson": table["num"], "gaussian": table["trestbps"]}[family].to_numpy(float)
    outcome = {"binomial": "num > 0", "poisson": "num", "gaussian": "trestbps"}[family]
    result = fitted(
        {"formula": f"{outcome} ~ age + sex + C(cp) + thalach + oldpeak", "family": family, "alpha": alpha, "folds": 0}
    )
    order = ["age", "sex[T.1]", "cp[T.2]", "cp[T.3]", "cp[T.4]", "thalach", "oldpeak"]
    terms, penalties = result["coefficients"]["terms"], result["coefficients"]["lambda"]
    beta = np.array([terms[name] for name in order]).T
    assert len(penalties) == 30
    assert penalties[-1] == pytest.approx(penalties[0] / 1000)
    assert not beta[0].any()
    assert beta[1].any()
    sds = x.std(axis=0)
    for k, penalty in enumerate(penalties):
        eta = terms["Intercept"][k] + x @ beta[k]
        mean = {"binomial": 1 / (1 + np.exp(-eta)), "poisson": np.exp(eta), "gaussian": eta}[family]
        gradient = (y - mean) @ ((x - x.mean(axis=0)) / sds) / len(y) - penalty * (1 - alpha) * beta[k] * sds
        active = beta[k] != 0.0
        assert abs((y - mean).mean()) <= 1e-11 * abs(y).max()
        np.testing.assert_allclose(
            gradient[active], (penalty * alpha * np.sign(beta[k]))[active], rtol=0, atol=1e-11 * penalties[0]
        )
        assert (np.abs(gradient[~active]) <= penalty * alpha * (1 + 1e-8)).all()


def test_a_whole_path_costs_few_rounds() -> None:
    """Sixty penalties with five folds, 360 fits, are done in a dozen rounds; a gaussian outcome in two."""
    table = heart()
    sites = dealt(table, uneven(len(table), 3), HEART)
    spec = {"name": "penalised", "formula": f"num > 0 ~ {RIGHT}", "family": "binomial", "path": 60, "folds": 5}
    assert run_counted(from_spec(spec), sites, setting(HEART, 4))[1] <= 12
    spec = {"name": "penalised", "formula": f"trestbps ~ {SQUARED}"}
    assert run_counted(from_spec(spec), sites, setting(HEART, 4))[1] == 2


def test_folds_follow_the_rows() -> None:
    """A row's fold is the same in any order and beside any others; folds are even, differ by seed, and are R's."""
    batch = batch_of(heart(), HEART)
    one = folds_of(batch, OF_NUM, 5, SEED)
    order = np.random.default_rng(0).permutation(batch.rows)
    assert np.array_equal(folds_of(batch_of(heart().iloc[order], HEART), OF_NUM, 5, SEED), one[order])
    assert np.abs(np.bincount(one) - batch.rows / 5).max() < 4 * np.sqrt(batch.rows / 5)
    other = folds_of(batch, OF_NUM, 5, SEED + 1)
    assert 0.1 < (one == other).mean() < 0.3
    kept = np.loadtxt(Path(__file__).parent / "r_penalised_folds.txt", dtype=int)
    assert np.array_equal(kept, folds())


def test_solver_against_descent_without_end() -> None:
    """Random problems, some with repeated columns: the minimum is where plain coordinate descent ends."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20, 40, 6))
    x[:5, :, 5] = x[:5, :, 4]  # the same column twice: only with a squared penalty is there one minimum
    a, c = np.einsum("mni,mnj->mij", x, x) / 40, rng.normal(size=(20, 6))
    l1, l2 = np.full((20, 6), 0.3), np.full((20, 6), 0.2)
    l1[:, 0] = l2[:, 0] = 0.0
    found = minimum(a, c, l1, l2, np.zeros((20, 6)))
    b = np.zeros((20, 6))
    for _ in range(20_000):
        for j in range(6):
            raw = c[:, j] - (a[:, j] * b).sum(axis=1) + a[:, j, j] * b[:, j]
            b[:, j] = np.sign(raw) * np.maximum(np.abs(raw) - l1[:, j], 0) / (a[:, j, j] + l2[:, j])
    np.testing.assert_allclose(found, b, atol=1e-12)


def test_under_limits() -> None:
    """With a minimum cell every fold must have enough people of each class; else it says so, and no count."""
    table = heart()
    sites = dealt(table, uneven(len(table), 4), HEART)
    spec = {"name": "penalised", "formula": "num > 0 ~ age + sex + thalach", "family": "binomial", "folds": 5}
    free = run_plain(from_spec(spec), sites, setting(HEART, 5)).values
    limited = run_plain(from_spec(spec), sites, setting(HEART, 5, Limits())).values
    assert limited["lambda_min"] == free["lambda_min"]
    some = table.iloc[:150]
    with pytest.raises(CohortTooSmall, match="A fold of the cross-validation has fewer than 10 people"):
        run_plain(from_spec({**spec, "folds": 10}), dealt(some, uneven(150, 3), HEART), setting(HEART, 4, Limits()))


def test_what_has_no_fit_is_said() -> None:
    """A column that does not vary is named; a vanishing penalty on separated classes does not converge and says why."""
    table = heart()
    same = table.assign(oldpeak=1.0)
    with pytest.raises(SingularInformation, match="'oldpeak' does not vary"):
        run_plain(
            from_spec({"name": "penalised", "formula": "trestbps ~ age + oldpeak"}),
            dealt(same, uneven(len(same), 3), HEART), setting(HEART, 4),
        )  # fmt: skip
    dictionary = Dictionary("d", (Column("x", "number", -1, 1), Column("y", "integer", 0, 1, 1)))
    x = np.linspace(-1, 1, 200)
    apart = pd.DataFrame({"x": x, "y": (x > 0).astype(float)})
    spec = {"name": "penalised", "formula": "y ~ x", "family": "binomial", "folds": 0}
    sites = dealt(apart, np.arange(200) % 3, dictionary)
    held = run_plain(from_spec({**spec, "lambdas": [0.01]}), sites, setting(dictionary, 4)).values
    assert held["terms"][1]["estimate"] > 3.0
    with pytest.raises(NotConverged, match="Leave out the smallest penalties"):
        run_plain(from_spec({**spec, "lambdas": [1e-300]}), sites, setting(dictionary, 4))


REFUSED: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "two folds": ({"folds": 2}, UsageError, "at least 3 folds"),
    "a negative penalty": ({"lambdas": [-1.0]}, UsageError, "no list of at most 100 penalties"),
    "alpha above 1": ({"alpha": 1.5}, UsageError, "'alpha' is not a number from 0 to 1"),
    "no intercept": ({"formula": "trestbps ~ age - 1"}, FormulaInvalid, "has an intercept"),
    "nothing to penalise": ({"formula": "trestbps ~ 1"}, FormulaInvalid, "nothing to penalise"),
    "too much at once": (
        {"formula": f"num ~ {RIGHT}*ns(age, 9)".replace("+", "*", 2), "family": "poisson", "path": 100, "folds": 20},
        FormulaInvalid, "more than 500,000 numbers",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_asked(case: str) -> None:
    """Each mistake in a request is said in its own words before any data are read."""
    more, kind, words = REFUSED[case]
    with pytest.raises(kind, match=words):
        from_spec({"name": "penalised", "formula": "trestbps ~ age", **more}).under(setting(HEART, 4))
