"""Propensity weighting over sites against estimating equations stacked densely, and against statsmodels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pooled_cohorts import HEART, dealt, heart, setting, uneven

from summand.errors import CohortTooSmall, FormulaInvalid, Separation, UsageError
from summand.methods import Propensity
from summand.methods._registry import from_spec
from summand.tables import Column, Dictionary, Limits
from summand.testing.plain import run_plain

SCORE = "exang ~ age + sex + C(cp) + oldpeak"


def score_design(table: pd.DataFrame) -> np.ndarray:
    """The columns of `SCORE` after the intercept."""
    pain = [(table["cp"] == k).to_numpy(float) for k in (2, 3, 4)]
    return np.column_stack([table["age"], table["sex"], *pain, table["oldpeak"]]).astype(float)


def weights_of(e: np.ndarray, a: np.ndarray, estimand: str) -> np.ndarray:
    """The weight of each person, from the definitions."""
    if estimand == "ate":
        return a / e + (1 - a) / (1 - e)
    if estimand == "att":
        return a + (1 - a) * e / (1 - e)
    return a * (1 - e) + (1 - a) * e


def stacked(
    x: np.ndarray, a: np.ndarray, y: np.ndarray, estimand: str, cut: float = 0.01, trim: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Means (control first), their covariance and the scores: score and means as one system of equations.

    The derivative of the whole system is taken by complex steps, which need no formula.
    """
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM
    from statsmodels.tools.numdiff import approx_fprime_cs

    spread = np.abs(x).max(axis=0)
    fit = GLM(a, x / spread, family=Binomial()).fit(tol=1e-14, tol_criterion="params", maxiter=100)
    gamma = fit.params / spread
    assert np.abs(x.T @ (a - fit.fittedvalues)).max() < 1e-7
    inside = (fit.fittedvalues >= trim) & (fit.fittedvalues <= 1 - trim)

    def equations(theta: np.ndarray) -> np.ndarray:
        e = 1 / (1 + np.exp(-(x @ theta[:-2])))
        bounded = np.where(e.real < cut, cut, np.where(e.real > 1 - cut, 1 - cut, e))
        w = weights_of(bounded, a, estimand) * inside
        score = x * (a - e)[:, None]
        return np.column_stack([score, w * (1 - a) * (y - theta[-2]), w * a * (y - theta[-1])])

    w = weights_of(np.clip(fit.fittedvalues, cut, 1 - cut), a, estimand) * inside
    means = [np.average(y, weights=w * arm) for arm in (1 - a, a)]
    theta = np.array([*gamma, *means])
    psi = equations(theta)
    bread = approx_fprime_cs(theta, lambda t: equations(t).sum(axis=0))
    scale = np.sqrt(np.abs(np.diag(bread)))
    inverse = np.linalg.inv(bread / np.outer(scale, scale)) / np.outer(scale, scale)
    covariance = inverse @ (psi.T @ psi) @ inverse.T
    return theta[-2:], covariance[-2:, -2:], fit.fittedvalues


def outcome_of(table: pd.DataFrame, outcome: str) -> np.ndarray:
    return table["thalach"].to_numpy(float) if outcome == "thalach" else (table["num"] > 0).to_numpy(float)


def check(values: dict, means: np.ndarray, covariance: np.ndarray, *, binary: bool) -> None:
    """Means, difference and ratios with their errors."""
    errors = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose([row["mean"] for row in values["means"]], means, rtol=1e-8)
    np.testing.assert_allclose([row["std_error"] for row in values["means"]], errors, rtol=1e-8)
    by_name = {row["effect"]: row for row in values["effects"]}
    difference = by_name["risk difference" if binary else "mean difference"]
    assert difference["estimate"] == pytest.approx(means[1] - means[0], rel=1e-8)
    gradient = np.array([-1.0, 1.0])
    assert difference["std_error"] == pytest.approx(np.sqrt(gradient @ covariance @ gradient), rel=1e-8)
    gradient = np.array([-1 / means[0], 1 / means[1]])
    ratio = by_name["risk ratio" if binary else "ratio of means"]
    error = np.sqrt(gradient @ covariance @ gradient)
    assert ratio["estimate"] == pytest.approx(means[1] / means[0], rel=1e-8)
    assert ratio["std_error"] == pytest.approx(error, rel=1e-8)
    assert ratio["conf_low"] == pytest.approx(means[1] / means[0] * np.exp(-1.959963984540054 * error), rel=1e-8)
    if binary:
        odds = means / (1 - means)
        gradient = np.array([-1.0, 1.0]) / (means * (1 - means))
        assert by_name["odds ratio"]["estimate"] == pytest.approx(odds[1] / odds[0], rel=1e-8)
        assert by_name["odds ratio"]["std_error"] == pytest.approx(np.sqrt(gradient @ covariance @ gradient), rel=1e-8)


@pytest.mark.parametrize("estimand", ["ate", "att", "overlap"])
@pytest.mark.parametrize(("outcome", "sites"), [("thalach", 3), ("num > 0", 4), ("num > 0", 18)])
def test_pooled_score(estimand: str, outcome: str, sites: int) -> None:
    """Uneven sites, one of a single row and an empty one, give the dense system's means and errors to 1e-8."""
    table = heart()
    x = np.column_stack([np.ones(len(table)), score_design(table)])
    means, covariance, _ = stacked(x, table["exang"].to_numpy(float), outcome_of(table, outcome), estimand)
    labels = uneven(len(table), sites)
    method = Propensity(SCORE, outcome, estimand)
    check(
        dict(run_plain(method, dealt(table, labels, HEART), setting(HEART, sites + 1)).values),
        means, covariance, binary=outcome != "thalach",
    )  # fmt: skip


@pytest.mark.parametrize("estimand", ["ate", "att", "overlap"])
def test_one_intercept_per_hospital_equals_dummy_variables(estimand: str) -> None:
    """Intercepts that stay at the hospitals give the dense system with dummy variables, errors included."""
    table = heart()
    dummies = [(table["site"] == k).to_numpy(float) for k in range(4)]
    x = np.column_stack([*dummies, score_design(table)])
    means, covariance, _ = stacked(x, table["exang"].to_numpy(float), outcome_of(table, "num > 0"), estimand)
    sites = dealt(table, table["site"].to_numpy(), HEART)
    result = run_plain(Propensity(SCORE, "num > 0", estimand, site="fixed"), sites, setting(HEART, 5)).values
    check(dict(result), means, covariance, binary=True)


def test_hospitals_with_one_arm_are_left_out_and_said_so() -> None:
    """Patients of one arm only cannot be compared within their hospital: without them the result is the same."""
    table = heart()
    sites = dealt(table, table["site"].to_numpy(), HEART)
    one_arm = table[(table["site"] == 0) & (table["exang"] == 0)].iloc[:30]
    method = Propensity(SCORE, "thalach", site="fixed")
    alone = run_plain(method, sites, setting(HEART, 6))
    result = run_plain(method, [*sites, *dealt(one_arm, np.zeros(30), HEART)], setting(HEART, 6))
    for row, expected in zip(result.values["effects"], alone.values["effects"], strict=True):
        assert row["estimate"] == pytest.approx(expected["estimate"], rel=1e-12)
        assert row["std_error"] == pytest.approx(expected["std_error"], rel=1e-12)
    people = result.values["crosstabs"][0]["counts"]
    assert people.columns == ("compared", "at sites with one arm")
    assert [row[1] for row in people.cells] == [30, 0]
    assert any("one arm only" in text for text in result.warnings)


def test_cut_and_trimmed_scores() -> None:
    """Cut scores count as constants, trimmed people stay in the score's fit but not in the means."""
    table = heart()
    x = np.column_stack([np.ones(len(table)), score_design(table)])
    a = table["exang"].to_numpy(float)
    sites = dealt(table, uneven(len(table), 4), HEART)
    for cut, trim in ((0.15, 0.0), (0.01, 0.2), (0.2, 0.1)):
        means, covariance, e = stacked(x, a, outcome_of(table, "thalach"), "ate", cut, trim)
        values = dict(run_plain(Propensity(SCORE, "thalach", "ate", cut, trim), sites, setting(HEART, 5)).values)
        check(values, means, covariance, binary=False)
        inside = (e >= trim) & (e <= 1 - trim)
        assert values["scores_cut"].people == (((e < cut) | (e > 1 - cut)) & inside).sum()
        cells = values["crosstabs"][0]["counts"].cells
        assert [row[0] for row in cells] == [(inside & (a == k)).sum() for k in (0, 1)]
        overlap = np.array(values["crosstabs"][1]["counts"].cells)
        for k in (0, 1):
            assert overlap[:, k].tolist() == np.histogram(e[inside & (a == k)], np.arange(21) / 20)[0].tolist()


def test_balance_table_and_effective_numbers() -> None:
    """Standardised differences, variance ratios and effective numbers are those of the weighted pooled table."""
    table = heart()
    a = table["exang"].to_numpy(float)
    design = score_design(table)
    *_, e = stacked(np.column_stack([np.ones(len(table)), design]), a, a, "ate")
    w = weights_of(np.clip(e, 0.01, 0.99), a, "ate")
    values = run_plain(
        Propensity(SCORE, "thalach"), dealt(table, uneven(len(table), 4), HEART), setting(HEART, 5)
    ).values

    def moments(x: np.ndarray, w: np.ndarray) -> tuple[float, float]:
        mean = np.average(x, weights=w)
        return mean, (w @ (x - mean) ** 2) * w.sum() / (w.sum() ** 2 - (w**2).sum())

    assert [row["term"] for row in values["balance"]] == ["age", "sex[T.1]", "cp[T.2]", "cp[T.3]", "cp[T.4]", "oldpeak"]
    for row, x in zip(values["balance"], design.T, strict=True):
        before = [moments(x[a == k], np.ones(int((a == k).sum()))) for k in (0, 1)]
        after = [moments(x[a == k], w[a == k]) for k in (0, 1)]
        spread = np.sqrt((np.var(x[a == 0], ddof=1) + np.var(x[a == 1], ddof=1)) / 2)
        assert row["difference_before"] == pytest.approx((before[1][0] - before[0][0]) / spread, rel=1e-8)
        assert row["difference_after"] == pytest.approx((after[1][0] - after[0][0]) / spread, rel=1e-8, abs=1e-10)
        if row["term"] in ("age", "oldpeak"):
            assert row["variance_ratio_before"] == pytest.approx(before[1][1] / before[0][1], rel=1e-8)
            assert row["variance_ratio_after"] == pytest.approx(after[1][1] / after[0][1], rel=1e-8)
        else:
            assert row["variance_ratio_after"] is None
    for k in (0, 1):
        own = w[a == k]
        assert values["means"][k]["effective_n"] == pytest.approx(own.sum() ** 2 / (own**2).sum(), rel=1e-8)


@pytest.mark.parametrize("estimand", ["ate", "att"])
def test_statsmodels_treatment_effects(estimand: str) -> None:
    """Means as in statsmodels to 1e-10, and its GMM errors to 2e-6: their derivatives are finite differences."""
    from statsmodels.discrete.discrete_model import Logit
    from statsmodels.regression.linear_model import OLS
    from statsmodels.treatment.treatment_effects import TreatmentEffect

    table = heart()
    x = np.column_stack([np.ones(len(table)), score_design(table)])
    a, y = table["exang"].to_numpy(float), table["thalach"].to_numpy(float)
    fit = Logit(a, x).fit(disp=0, method="newton", tol=1e-14)
    model, group = TreatmentEffect(OLS(y, x), a, results_select=fit), {"ate": "all", "att": 1}[estimand]
    effect, control, treated = model.ipw(return_results=False, effect_group=group)
    errors = model.ipw(effect_group={"ate": "all", "att": "treated"}[estimand]).summary_frame()["std err"]
    sites = dealt(table, uneven(len(table), 4), HEART)
    values = run_plain(Propensity(SCORE, "thalach", estimand), sites, setting(HEART, 5)).values
    found = [values["effects"][0], *values["means"]]
    assert [row.get("mean", row.get("estimate")) for row in found] == pytest.approx(
        [effect, control, treated], rel=1e-10
    )
    assert [row["std_error"] for row in found] == pytest.approx(errors.tolist(), rel=2e-6)


def test_limits_hide_who_was_left_out_and_refuse_small_arms() -> None:
    """Under limits a small count of trimmed people is hidden, and with it the bins that would give it away."""
    from summand.disclosure import release

    table = heart()
    sites = dealt(table, uneven(len(table), 4), HEART)
    found = run_plain(
        Propensity("exang ~ age + sex + oldpeak", "thalach", "att", trim=0.1), sites, setting(HEART, 5, Limits())
    )
    left_out = [row[1] for row in found.values["crosstabs"][0]["counts"].cells]
    assert 0 < min(left_out) < 10
    released = release(found.values, Limits())
    assert released["crosstabs"][0]["counts"]["suppressed_cells"] > 0
    assert len(released["crosstabs"]) == 1
    assert released["means"][1]["effective_n"] is None
    few = table[table["exang"] == 0].iloc[:60]
    small = pd.concat([few, table[table["exang"] == 1].iloc[:9]])
    with pytest.raises(CohortTooSmall, match="Fewer than 10 people have, or do not have, the outcome 'exang = 1'"):
        run_plain(
            Propensity("exang ~ age", "thalach"), dealt(small, np.arange(69) % 3, HEART), setting(HEART, 4, Limits())
        )
    rare = pd.concat([table[table["exang"] == 0], table[(table["exang"] == 1) & (table["sex"] == 1)],
                      table[(table["exang"] == 1) & (table["sex"] == 0)].iloc[:8]])  # fmt: skip
    with pytest.raises(CohortTooSmall, match="Among those with 'exang = 1': Fewer than 10 people have sex = 0"):
        run_plain(
            Propensity("exang ~ sex", "thalach"),
            dealt(rare, np.arange(len(rare)) % 3, HEART),
            setting(HEART, 4, Limits()),
        )


def test_no_overlap_is_a_diagnosis() -> None:
    """Covariates that decide the treatment, and a trimming that leaves nobody, are told as such."""
    x = np.repeat([0.0, 1.0], 40)
    table = pd.DataFrame({"x": x, "a": x, "y": np.arange(80.0)})
    dictionary = Dictionary(
        "d", (Column("x", "number", 0, 1), Column("a", "integer", 0, 1, 1), Column("y", "number", 0, 80))
    )
    with pytest.raises(Separation, match="'x' separates those with the outcome from those without"):
        run_plain(Propensity("a ~ x", "y"), dealt(table, np.arange(80) % 3, dictionary), setting(dictionary, 4))
    table["a"] = np.where(np.arange(80) % 10 == 0, 1 - x, x)
    with pytest.raises(Separation, match="Nobody is left to compare in an arm of 'a = 1'"):
        run_plain(
            Propensity("a ~ x", "y", trim=0.2), dealt(table, np.arange(80) % 3, dictionary), setting(dictionary, 4)
        )


def test_what_a_request_may_not_say() -> None:
    """Unknown estimands, cuts of nothing, an outcome among the covariates and a score without any are refused."""
    spec = Propensity(SCORE, "num > 0").to_spec()
    assert from_spec(spec) == Propensity(SCORE, "num > 0")
    for change in ({"estimand": "late"}, {"cut": 0}, {"cut": True}, {"trim": 0.5}, {"site": "strata"}, {"seed": 1}):
        with pytest.raises(UsageError):
            from_spec({**spec, **change})
    with pytest.raises(FormulaInvalid, match="also in the score's formula"):
        Propensity("exang ~ thalach", "thalach").under(setting(HEART, 3))
    with pytest.raises(FormulaInvalid, match="no covariates"):
        Propensity("exang ~ 1", "thalach", site="fixed").under(setting(HEART, 3))
