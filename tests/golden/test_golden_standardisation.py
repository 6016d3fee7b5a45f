"""The g-formula and the doubly robust comparison against estimating equations stacked densely, and statsmodels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from pooled_cohorts import HEART, dealt, heart, setting, uneven

from summand.errors import CohortTooSmall, FormulaInvalid, SingularInformation, UsageError
from summand.methods import DoublyRobust, Standardisation
from summand.methods._registry import from_spec
from summand.tables import Column, Dictionary, Limits
from summand.testing.plain import run_plain

Design = Callable[[np.ndarray], np.ndarray]


def covariates(table: pd.DataFrame) -> np.ndarray:
    """Age, sex and the three indicators of pain."""
    pain = [(table["cp"] == k).to_numpy(float) for k in (2, 3, 4)]
    return np.column_stack([table["age"], table["sex"], *pain]).astype(float)


def fitted(x: np.ndarray, y: np.ndarray, binary: bool) -> np.ndarray:
    """Coefficients by statsmodels, run to convergence."""
    from statsmodels.genmod.families import Binomial, Gaussian
    from statsmodels.genmod.generalized_linear_model import GLM

    spread = np.abs(x).max(axis=0)
    family = Binomial() if binary else Gaussian()
    fit = GLM(y, x / spread, family=family).fit(tol=1e-15, tol_criterion="params", maxiter=100)
    return fit.params / spread


def mean_of(eta: np.ndarray, binary: bool) -> np.ndarray:
    return 1 / (1 + np.exp(-eta)) if binary else eta


def sandwich(equations: Callable[[np.ndarray], np.ndarray], theta: np.ndarray) -> np.ndarray:
    """The covariance of the solution of stacked estimating equations; derivatives by complex steps, no formula."""
    from statsmodels.tools.numdiff import approx_fprime_cs

    psi = equations(theta)
    bread = approx_fprime_cs(theta, lambda t: equations(t).sum(axis=0))
    columns = np.sqrt(np.abs(np.diag(bread)))
    inverse = np.linalg.inv(bread / np.outer(columns, columns)) / np.outer(columns, columns)
    return inverse @ (psi.T @ psi) @ inverse.T


def standardised(design: Design, arms: list[float], t: np.ndarray, y: np.ndarray, binary: bool) -> tuple:
    """Means under each arm and their covariance."""
    x, beta = design(t), fitted(design(t), y, binary)
    p, k = len(beta), len(arms)

    def equations(theta: np.ndarray) -> np.ndarray:
        scores = x * (y - mean_of(x @ theta[:p], binary))[:, None]
        means = [mean_of(design(np.full(len(t), a)) @ theta[:p], binary) - theta[p + i] for i, a in enumerate(arms)]
        return np.column_stack([scores, *means])

    means = [mean_of(design(np.full(len(t), a)) @ beta, binary).mean() for a in arms]
    return np.array(means), sandwich(equations, np.array([*beta, *means]))[-k:, -k:]


def check(values: dict, means: np.ndarray, covariance: np.ndarray) -> None:
    """Means and every difference and ratio."""
    np.testing.assert_allclose([row["mean"] for row in values["means"]], means, rtol=1e-8)
    np.testing.assert_allclose([row["std_error"] for row in values["means"]], np.sqrt(np.diag(covariance)), rtol=1e-8)
    labels = [row["arm"] for row in values["means"]]
    for row in values["effects"]:
        k = labels.index(row["arm"])
        pair, cov = means[[0, k]], covariance[np.ix_([0, k], [0, k])]
        if row["effect"].endswith("difference"):
            value, gradient = pair[1] - pair[0], np.array([-1.0, 1.0])
        elif row["effect"] == "odds ratio":
            odds = pair / (1 - pair)
            value, gradient = odds[1] / odds[0], np.array([-1.0, 1.0]) / (pair * (1 - pair))
        else:
            value, gradient = pair[1] / pair[0], np.array([-1.0, 1.0]) / pair
        assert row["estimate"] == pytest.approx(value, rel=1e-8)
        assert row["std_error"] == pytest.approx(np.sqrt(gradient @ cov @ gradient), rel=1e-8)


@pytest.mark.parametrize("sites", [3, 4, 18])
@pytest.mark.parametrize("outcome", ["thalach", "num > 0"])
def test_standardised_means_with_interactions(outcome: str, sites: int) -> None:
    """A treatment of four levels that interacts with age gives the dense system's means and errors."""
    table = heart()
    binary = outcome != "thalach"
    y = (table["num"] > 0).to_numpy(float) if binary else table["thalach"].to_numpy(float)
    age, sex = table["age"].to_numpy(float), table["sex"].to_numpy(float)

    def design(t: np.ndarray) -> np.ndarray:
        level = [(t == k).astype(float) for k in (2, 3, 4)]
        return np.column_stack([np.ones(len(t)), age, sex, *level, *[age * one for one in level]])

    means, covariance = standardised(design, [1.0, 2.0, 3.0, 4.0], table["cp"].to_numpy(float), y, binary)
    method = Standardisation(f"{outcome} ~ C(cp)*age + sex", "cp")
    found = run_plain(method, dealt(table, uneven(len(table), sites), HEART), setting(HEART, sites + 1))
    check(dict(found.values), means, covariance)
    assert [row["arm"] for row in found.values["means"]] == [f"cp = {k}" for k in (1, 2, 3, 4)]


@pytest.mark.parametrize("outcome", ["thalach", "num > 0"])
def test_one_intercept_per_hospital_equals_dummy_variables(outcome: str) -> None:
    """Intercepts that stay at the hospitals give the dense system with dummy variables, errors included."""
    table = heart()
    binary = outcome != "thalach"
    y = (table["num"] > 0).to_numpy(float) if binary else table["thalach"].to_numpy(float)
    dummies = [(table["site"] == k).to_numpy(float) for k in range(4)]
    c, t = covariates(table), table["exang"].to_numpy(float)

    def design(t: np.ndarray) -> np.ndarray:
        return np.column_stack([*dummies, c, t, t * c[:, 0]])

    sites = dealt(table, table["site"].to_numpy(), HEART)
    means, covariance = standardised(design, [0.0, 1.0], t, y, binary)
    method = Standardisation(f"{outcome} ~ age*exang + sex + C(cp)", "exang", "fixed")
    check(dict(run_plain(method, sites, setting(HEART, 5)).values), means, covariance)


def doubly_robust(z: np.ndarray, design: Design, a: np.ndarray, y: np.ndarray, binary: bool, cut: float) -> tuple:
    """Means (control first) and their covariance."""
    x, gamma, beta = design(a), fitted(z, a, True), fitted(design(a), y, binary)
    s, p = len(gamma), len(beta)

    def corrected(theta: np.ndarray) -> list[np.ndarray]:
        e = mean_of(z @ theta[:s], True)
        e = np.where(e.real < cut, cut, np.where(e.real > 1 - cut, 1 - cut, e))
        m0, m1 = (mean_of(design(np.full(len(a), arm)) @ theta[s : s + p], binary) for arm in (0.0, 1.0))
        return [m0 + (1 - a) * (y - m0) / (1 - e), m1 + a * (y - m1) / e]

    def equations(theta: np.ndarray) -> np.ndarray:
        by_score = z * (a - mean_of(z @ theta[:s], True))[:, None]
        by_model = x * (y - mean_of(x @ theta[s : s + p], binary))[:, None]
        f0, f1 = corrected(theta)
        return np.column_stack([by_score, by_model, f0 - theta[-2], f1 - theta[-1]])

    means = np.array([f.mean() for f in corrected(np.array([*gamma, *beta]))])
    return means, sandwich(equations, np.array([*gamma, *beta, *means]))[-2:, -2:]


@pytest.mark.parametrize(
    ("outcome", "cut", "sites"), [("thalach", 0.01, 3), ("num > 0", 0.01, 18), ("num > 0", 0.15, 4)]
)
def test_doubly_robust_means(outcome: str, cut: float, sites: int) -> None:
    """Uneven sites, one of a single row and an empty one, give the dense system's means and errors to 1e-8."""
    table = heart()
    binary = outcome != "thalach"
    y = (table["num"] > 0).to_numpy(float) if binary else table["thalach"].to_numpy(float)
    c, one = covariates(table), np.ones(len(table))

    def design(t: np.ndarray) -> np.ndarray:
        return np.column_stack([one, c[:, :2], t, t * c[:, 0]])

    means, covariance = doubly_robust(np.column_stack([one, c]), design, table["exang"].to_numpy(float), y, binary, cut)
    method = DoublyRobust("exang ~ age + sex + C(cp)", f"{outcome} ~ age*exang + sex", cut)
    found = run_plain(method, dealt(table, uneven(len(table), sites), HEART), setting(HEART, sites + 1))
    check(dict(found.values), means, covariance)


@pytest.mark.parametrize("outcome", ["thalach", "num > 0"])
def test_doubly_robust_with_intercepts_that_stay_at_the_hospitals(outcome: str) -> None:
    """Both models with one intercept for each hospital are both models with dummy variables."""
    table = heart()
    binary = outcome != "thalach"
    y = (table["num"] > 0).to_numpy(float) if binary else table["thalach"].to_numpy(float)
    c, dummies = covariates(table), np.column_stack([(table["site"] == k).to_numpy(float) for k in range(4)])

    def design(t: np.ndarray) -> np.ndarray:
        return np.column_stack([dummies, c[:, :2], t, t * c[:, 0]])

    a = table["exang"].to_numpy(float)
    means, covariance = doubly_robust(np.column_stack([dummies, c]), design, a, y, binary, 0.01)
    method = DoublyRobust("exang ~ age + sex + C(cp)", f"{outcome} ~ age*exang + sex", site="fixed")
    sites = dealt(table, table["site"].to_numpy(), HEART)
    check(dict(run_plain(method, sites, setting(HEART, 5)).values), means, covariance)
    one_arm = table[(table["site"] == 0) & (table["exang"] == 0)].iloc[:30]
    with_it = run_plain(method, [*sites, *dealt(one_arm, np.zeros(30), HEART)], setting(HEART, 6))
    assert with_it.warnings == ("People at sites with one arm only were left out: nobody there could be compared.",)
    assert sum(row["n"].people for row in with_it.values["means"]) == len(table)
    assert with_it.values["n"].people == len(table) + 30


@pytest.mark.parametrize("which", ["ra", "aipw"])
def test_statsmodels_treatment_effects(which: str) -> None:
    """Means as in statsmodels to 1e-10 with one model per arm, and its GMM errors to 2e-6: finite differences."""
    from statsmodels.discrete.discrete_model import Logit
    from statsmodels.regression.linear_model import OLS
    from statsmodels.treatment.treatment_effects import TreatmentEffect

    table = heart()
    x = np.column_stack([np.ones(len(table)), table["age"], table["sex"]]).astype(float)
    a, y = table["exang"].to_numpy(int), table["thalach"].to_numpy(float)
    model = TreatmentEffect(OLS(y, x), a, results_select=Logit(a, x).fit(disp=0, method="newton", tol=1e-14))
    effect, control, treated = getattr(model, which)(return_results=False)
    errors = getattr(model, which)().summary_frame()["std err"]
    formula = "thalach ~ exang*age + exang*sex"
    method = Standardisation(formula, "exang") if which == "ra" else DoublyRobust("exang ~ age + sex", formula)
    sites = dealt(table, uneven(len(table), 4), HEART)
    values = run_plain(method, sites, setting(HEART, 5)).values
    found = [values["effects"][0], *values["means"]]
    assert [row.get("mean", row.get("estimate")) for row in found] == pytest.approx(
        [effect, control, treated], rel=1e-10
    )
    assert [row["std_error"] for row in found[:2]] == pytest.approx(errors.tolist()[:2], rel=2e-6)


def test_small_arms_and_unfit_requests_are_refused() -> None:
    """An arm with too few people, or events, is named without its count; requests that mean nothing are refused."""
    table = heart()
    few = pd.concat([table[table["exang"] == 0], table[table["exang"] == 1].iloc[:9]])
    sites = dealt(few, np.arange(len(few)) % 3, HEART)
    with pytest.raises(CohortTooSmall, match="Fewer than 10 people have exang = 1"):
        run_plain(Standardisation("thalach ~ exang + age", "exang"), sites, setting(HEART, 4, Limits()))
    arm = table[table["exang"] == 1]
    rare = pd.concat([table[table["exang"] == 0], arm[arm["num"] > 0], arm[arm["num"] == 0].iloc[:5]])
    sites = dealt(rare, np.arange(len(rare)) % 3, HEART)
    for method in (Standardisation("num > 0 ~ exang + age", "exang"), DoublyRobust("exang ~ age", "num > 0 ~ exang")):
        with pytest.raises(CohortTooSmall, match="exang = 1, or of them have, or do not have, the outcome 'num > 0'"):
            run_plain(method, sites, setting(HEART, 4, Limits()))
    levels = tuple(Column("cp", "integer", 1, 5, 1, levels=tuple("12345")) if c.name == "cp" else c for c in HEART)
    five = Dictionary("five", levels)
    with pytest.raises(SingularInformation, match="Nobody has cp = 5"):
        run_plain(
            Standardisation("thalach ~ C(cp) + age", "cp"), dealt(table, np.arange(854) % 3, five), setting(five, 4)
        )
    for method in (
        Standardisation("thalach ~ age", "exang"), Standardisation("thalach ~ age", "age"),
        DoublyRobust("exang ~ age", "thalach ~ age"), DoublyRobust("cp ~ age", "thalach ~ C(cp)"),
        DoublyRobust("exang ~ thalach", "thalach ~ exang"), DoublyRobust("num > 0 ~ age", "thalach ~ num"),
    ):  # fmt: skip
        with pytest.raises(FormulaInvalid):
            method.under(setting(HEART, 3))
    for method in (Standardisation("thalach ~ exang", "exang"), DoublyRobust("exang ~ age", "thalach ~ exang")):
        assert from_spec(method.to_spec()) == method
        with pytest.raises(UsageError):
            from_spec({**method.to_spec(), "estimand": "ate"})
