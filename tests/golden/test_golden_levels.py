"""Ordinal regression against ordinal::clm, multinomial against statsmodels' MNLogit, both against R's log-likelihoods.

The score test of proportional odds is worked out from the likelihood of the wider model alone: its gradient by complex
steps, which are exact, its curvature by central differences of these, which leave some nine digits.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pooled_cohorts import HEART, dealt, heart, setting, uneven

from summand.errors import CohortTooSmall, FormulaInvalid, OutcomeConstant, Separation
from summand.methods import MultinomialRegression, OrdinalRegression, from_spec
from summand.tables import Batch, Column, Dictionary, Limits
from summand.testing.plain import run_plain

FORMULA = "num ~ age + sex + C(cp) + thalach + exang + oldpeak"
TERMS = {
    "age": "age", "sex[T.1]": "factor(sex)1", "cp[T.2]": "factor(cp)2", "cp[T.3]": "factor(cp)3",
    "cp[T.4]": "factor(cp)4", "thalach": "thalach", "exang[T.1]": "exang", "oldpeak": "oldpeak",
}  # fmt: skip
CUTS = ("0|1", "1|2", "2|3", "3|4")


def by_r(case: str) -> dict[str, float]:
    """What R printed for one case."""
    lines = (Path(__file__).parent / "r_levels.txt").read_text().splitlines()
    found = {}
    for line in lines[1:]:
        name, _, rest = line.partition("|")
        if name == case:
            label, _, value = rest.rpartition("|")
            found[label] = float(value)
    return found


def fitted(spec: dict[str, Any], sites: int, table: pd.DataFrame | None = None) -> dict[str, Any]:
    """A fit of the four hospitals' patients over so many uneven sites and an empty one."""
    table = heart() if table is None else table
    labels = table["site"].to_numpy() if spec.get("site") == "fixed" else uneven(len(table), sites)
    return dict(run_plain(from_spec(spec), dealt(table, labels, HEART), setting(HEART, sites + 1)).values)


@pytest.mark.parametrize("sites", [3, 4, 18])
@pytest.mark.parametrize("link", ["logit", "probit"])
def test_ordinal_is_clm(sites: int, link: str) -> None:
    """Thresholds, coefficients, standard errors and likelihood are those of ordinal::clm."""
    result, expected = fitted({"name": "ordinal", "formula": FORMULA, "link": link}, sites), by_r(link)
    assert expected["largest gradient"] < 1e-10
    assert result["log_likelihood"] == pytest.approx(expected["log-likelihood"], rel=1e-12)
    assert result["log_likelihood"] == pytest.approx(expected["polr log-likelihood"], rel=1e-12)
    rows = {row["term"]: row for row in [*result["terms"], *result["thresholds"]]}
    assert list(rows) == [*TERMS, *CUTS]
    for name, r_name in {**TERMS, **dict(zip(CUTS, CUTS, strict=True))}.items():
        assert rows[name]["estimate"] == pytest.approx(expected[f"{r_name} estimate"], rel=1e-8)
        assert rows[name]["std_error"] == pytest.approx(expected[f"{r_name} error"], rel=1e-8)
    assert [row["n"].people for row in result["levels"]] == [389, 250, 100, 90, 25]
    assert ("odds_ratio" in rows["age"]) is (link == "logit")


def wider_log_likelihood(gamma: np.ndarray, z: np.ndarray, y: np.ndarray, link: str) -> np.ndarray:
    """Of the model with coefficients of its own at every threshold; complex arguments are allowed."""
    from scipy.special import wofz

    def distribution(x: np.ndarray) -> np.ndarray:
        # scipy's erfc of complex numbers by Faddeeva's function
        t = -x / np.sqrt(2.0)
        return 1 / (1 + np.exp(-x)) if link == "logit" else 0.5 * np.exp(-(t**2)) * wofz(1j * t)

    parts = distribution(z @ gamma.reshape(-1, z.shape[1]).T)
    edges = np.column_stack([np.zeros(len(y)), parts, np.ones(len(y))])
    rows = np.arange(len(y))
    return np.log(edges[rows, y + 1] - edges[rows, y]).sum()


def score_of(gamma: np.ndarray, *data: Any) -> np.ndarray:
    """By complex steps: no cancellation."""
    out = np.empty(len(gamma))
    for j in range(len(gamma)):
        moved = gamma.astype(complex)
        moved[j] += 1e-30j
        out[j] = wider_log_likelihood(moved, *data).imag / 1e-30
    return out


@pytest.mark.parametrize("link", ["logit", "probit"])
def test_score_test_of_proportional_odds(link: str) -> None:
    """The statistics are those of the wider model's likelihood at the fit, over all terms and for each."""
    table = heart()
    scaled = table.assign(age=table["age"] / 50, thalach=table["thalach"] / 150)
    result = fitted({"name": "ordinal", "formula": "num ~ age + thalach + exang", "link": link}, 4)
    x = scaled[["age", "thalach", "exang"]].to_numpy(float)
    z, y = np.column_stack([np.ones(len(x)), -x]), table["num"].to_numpy(int)
    beta = np.array([row["estimate"] for row in result["terms"]]) * (50, 150, 1)
    gamma = np.concatenate([[row["estimate"], *beta] for row in result["thresholds"]])
    score = score_of(gamma, z, y, link)
    step = 1e-4
    moves = np.eye(len(gamma)) * step
    information = -np.array(
        [
            (8 * (score_of(gamma + m, z, y, link) - score_of(gamma - m, z, y, link))
             - (score_of(gamma + 2 * m, z, y, link) - score_of(gamma - 2 * m, z, y, link))) / (12 * step)
            for m in moves
        ]
    )  # fmt: skip
    shared = [np.tile(np.eye(4)[m], 4) for m in (1, 2, 3)]
    cuts = [np.eye(16)[4 * j] for j in range(4)]
    for row, tested in zip(result["proportional_odds"], ([1, 2, 3], [1], [2], [3]), strict=True):
        apart = [np.eye(16)[4 * j + m] for m in tested for j in (1, 2, 3)]
        d = np.array([*cuts, *shared, *apart]).T
        statistic = score @ d @ np.linalg.solve(d.T @ information @ d, d.T @ score)
        assert row["statistic"] == pytest.approx(statistic, rel=1e-6)
        assert row["degrees_of_freedom"] == len(apart)
    assert [row["term"] for row in result["proportional_odds"]] == ["all terms", "age", "thalach", "exang[T.1]"]


def test_two_levels_are_logistic() -> None:
    """With two levels the model is logistic regression, and there is nothing to test."""
    table = heart()
    ordinal = fitted({"name": "ordinal", "formula": "exang ~ age + oldpeak"}, 4, table)
    logistic = fitted({"name": "logistic", "formula": "exang ~ age + oldpeak"}, 4, table)
    assert ordinal["log_likelihood"] == pytest.approx(logistic["log_likelihood"], rel=1e-13)
    for one, other in zip(ordinal["terms"], logistic["terms"][1:], strict=True):
        assert one["estimate"] == pytest.approx(other["estimate"], rel=1e-9)
        assert one["std_error"] == pytest.approx(other["std_error"], rel=1e-9)
    assert "proportional_odds" not in ordinal


@pytest.mark.parametrize("link", ["logit", "probit"])
def test_ordinal_with_a_shift_of_each_hospital(link: str) -> None:
    """Shifts eliminated at the hospitals give the slopes, errors and gaps of clm with the hospital as a factor."""
    spec = {"name": "ordinal", "formula": "num ~ age + sex + exang + oldpeak", "site": "fixed", "link": link}
    result, expected = fitted(spec, 4), by_r(f"{link} fixed")
    assert expected["largest gradient"] < 1e-10
    assert result["log_likelihood"] == pytest.approx(expected["log-likelihood"], rel=1e-12)
    for row in result["terms"]:
        assert row["estimate"] == pytest.approx(expected[f"{TERMS[row['term']]} estimate"], rel=1e-8)
        assert row["std_error"] == pytest.approx(expected[f"{TERMS[row['term']]} error"], rel=1e-8)
    assert [row["term"] for row in result["thresholds"]] == ["1|2", "2|3", "3|4"]
    for row in result["thresholds"]:
        assert row["estimate"] == pytest.approx(expected[f"{row['term']} gap"], rel=1e-8)
        assert row["std_error"] == pytest.approx(expected[f"{row['term']} gap error"], rel=1e-8)
    assert "proportional_odds" not in result


def test_hospitals_at_an_end_add_nothing() -> None:
    """People who all have the lowest level, or all the highest, leave the fit of the others as it is, with a warning."""
    table = heart()
    low, high = (table[table["num"] == k].iloc[:20].assign(site=4 + k) for k in (0, 4))
    method = OrdinalRegression("num ~ age + oldpeak", "fixed")
    alone = run_plain(method, dealt(table, table["site"].to_numpy(), HEART), setting(HEART, 5))
    more = pd.concat([table, low, high], ignore_index=True)
    beside = run_plain(method, dealt(more, more["site"].to_numpy(), HEART), setting(HEART, 7))
    for one, other in zip(alone.values["terms"], beside.values["terms"], strict=True):
        assert one["estimate"] == pytest.approx(other["estimate"], rel=1e-10)
        assert one["std_error"] == pytest.approx(other["std_error"], rel=1e-10)
    assert beside.warnings == ("2 sites had the lowest or the highest level only and added nothing.",)


def by_statsmodels(y: np.ndarray, x: np.ndarray, absent: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """MNLogit's likelihood climbed by Newton over the coefficients that are not ``absent``, to a score below 1e-10.

    Absent ones, of levels that nobody at a site has, stand at -300, where their probability is 0 to float64.
    """
    from statsmodels.discrete.discrete_model import MNLogit

    model = MNLogit(y, x)
    params = np.where(absent, -300.0, 0.0).ravel(order="F")
    free = ~absent.ravel(order="F")
    for _ in range(30):
        hessian = model.hessian(params)[np.ix_(free, free)]
        score = model.score(params)[free]
        params[free] -= np.linalg.solve(hessian, score)
    assert np.abs(model.score(params)[free]).max() < 1e-10
    errors = np.full(len(params), np.nan)
    errors[free] = np.sqrt(np.diag(np.linalg.inv(-model.hessian(params)[np.ix_(free, free)])))
    shape = absent.shape
    return params.reshape(shape, order="F"), errors.reshape(shape, order="F"), float(model.loglike(params))


def check_multinomial(result: dict[str, Any], estimates: np.ndarray, errors: np.ndarray) -> None:
    """Coefficients by level, in statsmodels' order."""
    for name, expected in (("estimate", estimates), ("std_error", errors)):
        found = np.array([row[name] for row in result["terms"]]).reshape(expected.T.shape)
        np.testing.assert_allclose(found, expected.T, rtol=1e-8)


@pytest.mark.parametrize("sites", [3, 4, 18])
def test_multinomial_is_mnlogit(sites: int) -> None:
    """Coefficients, standard errors and likelihood are those of statsmodels, and the likelihood that of nnet."""
    table = heart()
    scale = np.array([1, 50, 1, 150])
    x = np.column_stack([np.ones(len(table)), table[["age", "sex", "thalach"]]]) / scale
    estimates, errors, fit = by_statsmodels(table["cp"].to_numpy(int) - 1, x, np.zeros((4, 3), dtype=bool))
    result = fitted({"name": "multinomial", "formula": "cp ~ age + sex + thalach"}, sites)
    check_multinomial(result, estimates / scale[:, None], errors / scale[:, None])
    assert result["log_likelihood"] == pytest.approx(fit, rel=1e-12)
    assert result["log_likelihood"] == pytest.approx(by_r("multinom")["log-likelihood"], rel=1e-10)
    assert (result["reference"], result["terms"][0]["level"]) == ("1", "2")


def test_multinomial_with_intercepts_of_each_hospital() -> None:
    """Intercepts eliminated at the hospitals give the slopes of dummy variables, where a hospital lacks a level too."""
    table = heart()
    table = table[(table["site"] != 1) | (table["cp"] != 1)]  # no typical angina at the second hospital
    table = table[(table["site"] != 2) | (table["cp"] == 4)].reset_index(drop=True)  # one level only at the third
    kept = table[table["site"] != 2]
    dummies = np.column_stack([kept["site"] == k for k in (0, 1, 3)]).astype(float)
    scale = np.array([50, 1, 150, 1, 1, 1])
    x = np.column_stack([kept[["age", "sex", "thalach"]], dummies]) / scale
    # with level 4 as the base that everybody has, the absent level 1 of the second hospital is a coefficient at -∞
    order = {4: 0, 1: 1, 2: 2, 3: 3}
    absent = np.zeros((6, 3), dtype=bool)
    absent[4, 0] = True
    estimates, _, fit = by_statsmodels(kept["cp"].map(order).to_numpy(int), x, absent)
    estimates = estimates[:3] / scale[:3, None]
    run = run_plain(
        MultinomialRegression("cp ~ age + sex + thalach", "fixed"),
        dealt(table, table["site"].to_numpy(), HEART),
        setting(HEART, 5),
    )
    assert run.values["log_likelihood"] == pytest.approx(fit, rel=1e-11)
    found = np.array([row["estimate"] for row in run.values["terms"]]).reshape(3, 3)  # levels 2, 3, 4 against 1
    against_1 = np.array([estimates[:, 1], estimates[:, 2], np.zeros(3)]) - estimates[:, 0]
    np.testing.assert_allclose(found, against_1, rtol=1e-8)
    assert run.warnings == ("1 site had only one level of the outcome and added nothing.",)


def test_multinomial_with_dummy_variables() -> None:
    """At four hospitals that have every level, slopes and standard errors are those of dummy variables."""
    table = heart()
    dummies = np.column_stack([table["site"] == k for k in range(4)]).astype(float)
    scale = np.array([50, 1, 150, 1, 1, 1, 1])
    x = np.column_stack([table[["age", "sex", "thalach"]], dummies]) / scale
    estimates, errors, fit = by_statsmodels(table["cp"].to_numpy(int) - 1, x, np.zeros((7, 3), dtype=bool))
    result = fitted({"name": "multinomial", "formula": "cp ~ age + sex + thalach", "site": "fixed"}, 4)
    check_multinomial(result, estimates[:3] / scale[:3, None], errors[:3] / scale[:3, None])
    assert result["log_likelihood"] == pytest.approx(fit, rel=1e-12)


SMALL = Dictionary(
    "small",
    (
        Column("x", "number", -5, 5),
        Column("grade", "category", levels=("low", "middle", "high")),
        Column("n", "number", 0, 9),
    ),
)


def small(x: np.ndarray, grade: np.ndarray) -> list[list[Batch]]:
    """Three sites."""
    columns = {"x": x, "grade": grade.astype(np.int32), "n": np.abs(x)}
    return [[Batch({name: v[i::3] for name, v in columns.items()}, len(x[i::3]))] for i in range(3)]


def test_levels_keep_the_dictionarys_order() -> None:
    """Texts are ordered as the dictionary lists them, not by alphabet."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-5, 5, 300)
    grade = np.digitize(x + 3 * rng.normal(size=300), [-2, 2])
    result = run_plain(OrdinalRegression("grade ~ x"), small(x, grade), setting(SMALL, 3)).values
    assert [row["term"] for row in result["thresholds"]] == ["low|middle", "middle|high"]
    assert result["terms"][0]["estimate"] > 0.3


@pytest.mark.parametrize("method", [OrdinalRegression("grade ~ x"), MultinomialRegression("grade ~ x")])
def test_what_has_no_fit_is_said(method: OrdinalRegression | MultinomialRegression) -> None:
    """Separation names the term; a level of nobody, or of too few, is named and nothing is fitted."""
    x = np.linspace(-5, 5, 300)
    apart = np.digitize(x, [-2, 2])
    with pytest.raises(Separation, match=r"'x(' | \(grade = low\)'.*)separate|'x' order"):
        run_plain(method, small(x, apart), setting(SMALL, 3))
    with pytest.raises(OutcomeConstant, match="Nobody has the outcome 'grade = middle'"):
        run_plain(method, small(x, np.where(apart == 1, 2, apart)), setting(SMALL, 3))
    few = np.where(np.arange(300) < 9, 0, 1 + np.arange(300) % 2)
    with pytest.raises(CohortTooSmall, match="Fewer than 10 people have the outcome 'grade = low'"):
        run_plain(method, small(x, few), setting(SMALL, 3, Limits()))
    with pytest.raises(FormulaInvalid, match="no levels in the dictionary"):
        type(method)("n ~ x").under(setting(SMALL, 3))
    with pytest.raises(FormulaInvalid, match="not a column with levels"):
        type(method)("n > 3 ~ x").under(setting(SMALL, 3))


def test_thresholds_do_not_cross_on_the_way() -> None:
    """A narrow level between two wide ones, and a strong effect, still converge from far away."""
    rng = np.random.default_rng(1)
    x = rng.uniform(-5, 5, 3_000)
    grade = np.digitize(2.0 * x + rng.logistic(size=3_000), [0.0, 0.05])
    for link in ("logit", "probit"):
        result = run_plain(OrdinalRegression("grade ~ x", link=link), small(x, grade), setting(SMALL, 3)).values
        low, high = (row["estimate"] for row in result["thresholds"])
        own = run_plain(OrdinalRegression("grade ~ x", "fixed", link=link), small(x, grade), setting(SMALL, 3)).values
        assert 0.0 < high - low < 0.1
        assert own["thresholds"][0]["estimate"] == pytest.approx(high - low, rel=0.05)
