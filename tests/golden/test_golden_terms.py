"""poly() and ns() over sites against R's splines, glm, lm and survival (r_terms.R, r_terms.txt), and scipy's splines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pooled_cohorts import HEART, batch_of, dealt, heart, setting, uneven

import survival_cohorts as cohorts
from summand.errors import FormulaInvalid, SingularInformation
from summand.methods import Setting, from_spec
from summand.methods.evaluation._evaluate_model import GivenModel, Scorer
from summand.methods.formulas._curves import NaturalSpline, OrthogonalPolynomials
from summand.methods.formulas._formula_tree import Polynomial, Spline
from summand.tables import Batch, Column, Dictionary, Limits
from summand.testing.plain import run_plain, site_summand


def by_r(case: str) -> dict[str, float]:
    """What R printed for one case."""
    lines = (Path(__file__).parent / "r_terms.txt").read_text().splitlines()
    rows = [line.split("|") for line in lines if not line.startswith("#")]
    return {name: float(value) for found, name, value in rows if found == case}


def fitted(spec: dict[str, Any], sites: int) -> dict[str, Any]:
    """A fit of the four hospitals' patients, dealt to so many uneven sites and an empty one."""
    table = heart()
    labels = table["site"].to_numpy() if spec.get("site") == "fixed" else uneven(len(table), sites)
    result = run_plain(from_spec(spec), dealt(table, labels, HEART), setting(HEART, sites + 1))
    assert result.warnings == ()
    return dict(result.values)


def check_curve(result: dict[str, Any], expected: dict[str, float], term: str, rtol: float = 1e-8) -> None:
    """Knots, coefficients and standard errors of a spline."""
    knots = [row["knot"] for row in result["knots"] if row["term"] == term]
    assert knots == pytest.approx([expected[f"{term} knot {j + 1}"] for j in range(len(knots))], rel=1e-15)
    for j, knot in enumerate(knots[1:], start=1):
        row = next(row for row in result["terms"] if row["term"] == f"{term}[{knot:g}]")
        assert row["estimate"] == pytest.approx(expected[f"{term} estimate {j}"], rel=rtol)
        assert row["std_error"] == pytest.approx(expected[f"{term} error {j}"], rel=rtol)


def check_terms(result: dict[str, Any], expected: dict[str, float], names: dict[str, str]) -> None:
    """Coefficients and standard errors of terms, under R's names."""
    rows = {row["term"]: row for row in result["terms"]}
    for name, r_name in names.items():
        assert rows[name]["estimate"] == pytest.approx(expected[f"{r_name} estimate"], rel=1e-8)
        assert rows[name]["std_error"] == pytest.approx(expected[f"{r_name} error"], rel=1e-8)


def predictors(result: dict[str, Any], right_side: str) -> np.ndarray:
    """The linear predictors of the first twenty patients, from what the result says alone."""
    for row in result.get("knots", []):
        knots = ", ".join(repr(other["knot"]) for other in result["knots"] if other["term"] == row["term"])
        right_side = right_side.replace(row["term"], f"{row['term'][:-1]}, {knots})")
    for row in result.get("polynomials", []):
        same = [other for other in result["polynomials"] if other["term"] == row["term"]]
        numbers = [other["centre"] for other in same[:-1]] + [other["squared_norm"] for other in same]
        right_side = right_side.replace(row["term"], f"{row['term'][:-1]}, {', '.join(map(repr, numbers))})")
    terms = tuple((row["term"], row["estimate"]) for row in result["terms"])
    return Scorer.of(GivenModel("fit", f"~ {right_side}", terms), HEART).predictors(batch_of(heart().iloc[:20], HEART))


@pytest.mark.parametrize("sites", [3, 4, 18])
def test_logistic_with_spline_and_polynomial(sites: int) -> None:
    """Knots, curve, polynomial coefficients, likelihood and fitted values are R's, however the patients are dealt."""
    right_side = "ns(age, 4) + poly(trestbps, 3) + sex + exang"
    result = fitted({"name": "logistic", "formula": f"num > 0 ~ {right_side}"}, sites)
    expected = by_r("logistic")
    assert result["log_likelihood"] == pytest.approx(expected["log-likelihood"], rel=1e-12)
    check_curve(result, expected, "ns(age, 4)")
    names = {f"poly(trestbps, 3){j}": f"poly(trestbps, 3){j}" for j in (1, 2, 3)}
    check_terms(result, expected, {**names, "sex[T.1]": "factor(sex)1", "exang[T.1]": "exang"})
    wanted = [expected[f"predictor {i}"] for i in range(1, 21)]
    np.testing.assert_allclose(predictors(result, right_side), wanted, rtol=1e-8, atol=1e-9)


def test_spline_by_sex() -> None:
    """A spline in an interaction with a category spans what R's does."""
    result = fitted({"name": "logistic", "formula": "num > 0 ~ ns(thalach, 3)*sex"}, 4)
    expected = by_r("interaction")
    assert result["log_likelihood"] == pytest.approx(expected["log-likelihood"], rel=1e-12)
    check_curve(result, expected, "ns(thalach, 3)")
    wanted = [expected[f"predictor {i}"] for i in range(1, 21)]
    np.testing.assert_allclose(predictors(result, "ns(thalach, 3)*sex"), wanted, rtol=1e-8, atol=1e-9)


def test_spline_with_one_intercept_per_hospital() -> None:
    """Site effects eliminated at the hospitals leave the curve of the fit with dummy variables."""
    result = fitted({"name": "logistic", "formula": "num > 0 ~ ns(age, 4)", "site": "fixed"}, 4)
    expected = by_r("fixed")
    assert result["log_likelihood"] == pytest.approx(expected["log-likelihood"], rel=1e-12)
    check_curve(result, expected, "ns(age, 4)")


@pytest.mark.parametrize("sites", [3, 18])
def test_linear_with_polynomial_by_sex(sites: int) -> None:
    """Least squares with a spline of five degrees of freedom and a quartic by sex is R's, to the curve and the term."""
    right_side = "ns(thalach, 5) + poly(age, 4)*sex"
    result = fitted({"name": "linear", "formula": f"trestbps ~ {right_side}"}, sites)
    expected = by_r("linear")
    assert result["log_likelihood"] == pytest.approx(expected["log-likelihood"], rel=1e-12)
    check_curve(result, expected, "ns(thalach, 5)")
    names = {f"poly(age, 4){j}{by}": f"poly(age, 4){j}{r_by}" for j in (1, 2, 3, 4)
             for by, r_by in (("", ""), (":sex[T.1]", ":factor(sex)1"))}  # fmt: skip
    check_terms(result, expected, names)
    wanted = [expected[f"predictor {i}"] for i in range(1, 21)]
    np.testing.assert_allclose(predictors(result, right_side), wanted, rtol=1e-9)


def test_spline_without_intercept() -> None:
    """Without a constant the curve is zero at the lowest knot, as R's is."""
    result = fitted({"name": "linear", "formula": "trestbps ~ 0 + ns(age, 3)"}, 4)
    expected = by_r("no intercept")
    assert result["log_likelihood"] == pytest.approx(expected["log-likelihood"], rel=1e-12)
    wanted = [expected[f"predictor {i}"] for i in range(1, 21)]
    np.testing.assert_allclose(predictors(result, "0 + ns(age, 3)"), wanted, rtol=1e-9)


@pytest.mark.parametrize("sites", [3, 4, 18])
def test_cox_with_spline_and_polynomial(sites: int) -> None:
    """Hazard ratios along a curve are those of R's coxph."""
    table = cohorts.veteran()
    spec = {"name": "cox", "formula": "Surv(time, status) ~ ns(age, 4) + poly(karno, 2) + trt", "site": "pooled"}
    dealt_to = cohorts.dealt(table, cohorts.uneven(len(table), sites))
    result = dict(run_plain(from_spec(spec), dealt_to, cohorts.setting_of(table, sites)).values)
    expected = by_r("cox")
    assert result["log_likelihood"] == pytest.approx(expected["log-likelihood"], rel=1e-12)
    check_curve(result, expected, "ns(age, 4)")
    check_terms(result, expected, {"poly(karno, 2)1": "poly(karno, 2)1", "poly(karno, 2)2": "poly(karno, 2)2",
                                   "trt": "trt"})  # fmt: skip


@pytest.mark.parametrize("count", [1, 2, 5, 20])
def test_natural_spline_is_scipys(count: int) -> None:
    """Every function is scipy's natural spline through 1 at its knot; beyond the knots it is straight; it is bounded."""
    from scipy.interpolate import CubicSpline

    knots = np.cumsum(np.random.default_rng(count).uniform(0.2, 3.0, count + 1)) + 40.0
    spline = NaturalSpline.of(Spline("x", count, tuple(knots)))
    inside = np.linspace(knots[0], knots[-1], 501)
    for j, found in enumerate(spline(inside), start=1):
        reference = CubicSpline(knots, np.eye(count + 1)[j], bc_type="natural") if count > 1 else None
        wanted = (inside - knots[0]) / (knots[1] - knots[0]) if reference is None else reference(inside)
        np.testing.assert_allclose(found, wanted, atol=1e-12)
    outside = spline(np.array([20.0, 25.0, 30.0, 130.0, 135.0, 140.0]))
    np.testing.assert_allclose(
        outside[:, [2, 5]] - outside[:, [1, 4]], outside[:, [1, 4]] - outside[:, [0, 3]], rtol=1e-8
    )
    everywhere = np.abs(spline(np.linspace(20.0, 140.0, 10_001))).max(axis=1)
    limits = spline.limits(20.0, 140.0)
    assert (everywhere <= limits * (1 + 1e-12)).all()
    assert (limits <= 4.0 * everywhere).all()


def test_polynomials_are_orthonormal_and_bounded() -> None:
    """Degree five, learned from values in a corner of the dictionary's range, is orthonormal to twelve digits."""
    rng = np.random.default_rng(0)
    x = rng.normal(70.0, 3.0, 5_000).clip(55.0, 95.0)
    table = pd.DataFrame({"x": x, "y": rng.normal(size=len(x)).clip(-5, 5)})
    dictionary = Dictionary("d", (Column("x", "number", 30, 110), Column("y", "number", -5, 5)))
    sites = dealt(table, uneven(len(table), 4), dictionary)
    result = run_plain(from_spec({"name": "linear", "formula": "y ~ poly(x, 5)"}), sites, setting(dictionary, 5))
    rows = result.values["polynomials"]
    numbers = [row["centre"] for row in rows[:-1]] + [row["squared_norm"] for row in rows]
    functions = OrthogonalPolynomials.of(Polynomial("x", 5, tuple(numbers)))
    with_constant = np.vstack([np.full(len(x), len(x) ** -0.5), functions(x)])
    np.testing.assert_allclose(with_constant @ with_constant.T, np.eye(6), atol=1e-12)
    everywhere = np.abs(functions(np.linspace(30.0, 110.0, 5_001))).max(axis=1)
    assert (everywhere <= functions.limits(30.0, 110.0) * (1 + 1e-12)).all()


@pytest.mark.parametrize(("term", "rounds"), [("ns(age, 4)", 1), ("poly(age, 3)", 2), ("ns(trestbps, 3)", 5)])
def test_rounds_before_the_fit(term: str, rounds: int) -> None:
    """Whole numbers need one round for their knots, a polynomial two, knots among real numbers five."""
    batch = batch_of(heart(), HEART)
    method = from_spec({"name": "linear", "formula": f"oldpeak ~ {term}"}).under(setting(HEART, 1))
    state: Any = method.start()
    count = 0
    while not state.fit:
        state, count = method.update(site_summand(method, [batch], state, {})[0], state), count + 1
    assert count == rounds


def test_under_limits_knots_lie_near_the_quantiles() -> None:
    """Where extremes may not be told, no knot is one, each is near its quantile, and the result says so."""
    table = heart()
    sites = dealt(table, uneven(len(table), 4), HEART)
    spec = {"name": "logistic", "formula": "num > 0 ~ ns(thalach, 4)"}
    result = run_plain(from_spec(spec), sites, setting(HEART, 5, Limits()))
    knots = [row["knot"] for row in result.values["knots"]]
    assert [row["place"] for row in result.values["knots"]] == ["boundary", *["interior"] * 3, "boundary"]
    np.testing.assert_allclose(knots, np.quantile(table["thalach"], [0.05, 0.25, 0.5, 0.75, 0.95]), atol=2.0)
    assert result.warnings == ("The knots of ns(thalach, 4) are quantiles to within bands of at least 10 people.",)
    given = f"num > 0 ~ ns(thalach, 4, {', '.join(map(repr, knots))})"
    again = run_plain(from_spec({"name": "logistic", "formula": given}), sites, setting(HEART, 5, Limits()))
    assert again.values["log_likelihood"] == result.values["log_likelihood"]
    assert "knots" not in again.values


def _small(values: list[float]) -> tuple[list[list[Batch]], Setting]:
    dictionary = Dictionary("d", (Column("x", "integer", 0, 9, 1), Column("y", "number", 0, 1)))
    table = pd.DataFrame({"x": values, "y": np.linspace(0, 1, len(values))})
    return dealt(table, np.arange(len(table)) % 3, dictionary), setting(dictionary, 4)


REFUSED = {
    "ns(x, 4)": "Knots of 'ns(x, 4)' coincide: too many people share a value of 'x'.",
    "poly(x, 3)": "'poly(x, 3)' needs more distinct values of 'x' than there are, or a narrower range.",
}


def test_a_polynomial_that_the_range_drowns() -> None:
    """Where a polynomial is 10^6 times larger elsewhere on the range, the range is to be narrowed, and it says so."""
    x = 50.0 + np.arange(300) / 300.0
    table = pd.DataFrame({"x": x, "y": np.sin(x)})
    dictionary = Dictionary("d", (Column("x", "number", 0, 1000), Column("y", "number", -1, 1)))
    with pytest.raises(SingularInformation, match="or a narrower range"):
        sites = dealt(table, np.arange(300) % 3, dictionary)
        run_plain(from_spec({"name": "linear", "formula": "y ~ poly(x, 4)"}), sites, setting(dictionary, 4))


@pytest.mark.parametrize("term", REFUSED)
def test_too_few_distinct_values(term: str) -> None:
    """A curve that its column cannot carry is refused by name, with what to do."""
    sites, where = _small([0.0] * 20 + [1.0] * 20 + [2.0] * 20)
    with pytest.raises(SingularInformation) as refusal:
        run_plain(from_spec({"name": "linear", "formula": f"y ~ {term}"}), sites, where)
    assert refusal.value.message == REFUSED[term]


def test_a_given_model_names_its_knots() -> None:
    """A model under test cannot learn: its curve's numbers belong in its formula."""
    spec = {
        "name": "evaluate",
        "outcome": "num > 0",
        "models": [{"name": "m", "formula": "~ ns(age, 2)", "terms": {"ns(age, 2)1": 1.0, "ns(age, 2)2": 2.0}}],
    }
    with pytest.raises(FormulaInvalid, match=r"does not give the numbers of 'ns\(age, 2\)'"):
        from_spec(spec).under(setting(HEART, 4))


CURVED = "ns(age, 3) + poly(thalach, 2)*sex"
EVERYWHERE: dict[str, dict[str, str]] = {
    "linear": {"formula": f"trestbps ~ {CURVED}", "site": "fixed"},
    "glm": {"formula": f"num ~ {CURVED}", "family": "poisson", "null": "~ ns(age, 3)"},
    "multinomial": {"formula": f"cp ~ {CURVED}", "site": "fixed"},
    "ordinal": {"formula": f"num ~ {CURVED}", "link": "probit"},
    "propensity": {"treatment": f"exang ~ {CURVED}", "outcome": "oldpeak"},
    "standardisation": {"formula": f"num > 0 ~ exang + {CURVED}", "treatment": "exang"},
    "aipw": {"formula": f"num > 0 ~ exang + {CURVED}", "treatment": "exang ~ ns(age, 3) + sex"},
}
OF_TIME: dict[str, dict[str, str]] = {
    "cox": {"formula": "Surv(time, status) ~ ns(age, 3)*trt", "site": "strata"},
    "fine_gray": {"formula": "Surv(time, status) ~ ns(age, 3) + poly(karno, 2)"},
    "parametric_survival": {"formula": "Surv(time, status) ~ ns(age, 3) + poly(karno, 2)"},
}


def figures(value: Any) -> list[float]:
    """Every number of a result, in order."""
    if isinstance(value, dict):
        return [figure for key in sorted(value) for figure in figures(value[key])]
    if isinstance(value, (list, tuple)):
        return [figure for item in value for figure in figures(item)]
    return [float(value)] if isinstance(value, (int, float)) and not isinstance(value, bool) else []


@pytest.mark.parametrize("name", [*EVERYWHERE, *OF_TIME])
def test_every_regression_learns_curves(name: str) -> None:
    """What a method finds with curves that learn is what it finds with the same numbers written in, in all formulas."""
    if name in OF_TIME:
        table = cohorts.veteran()
        sites, where = cohorts.dealt(table, cohorts.uneven(len(table), 3)), cohorts.setting_of(table, 3)
        spec: dict[str, Any] = {"name": name, **OF_TIME[name]}
    else:
        table = heart()
        sites, where = dealt(table, table["site"].to_numpy(), HEART), setting(HEART, 5)
        spec = {"name": name, **EVERYWHERE[name]}
    learned = dict(run_plain(from_spec(spec), sites, where).values)
    numbers: dict[str, list[float]] = {}
    for row in learned.pop("knots"):
        numbers.setdefault(row["term"], []).append(row["knot"])
    rows = learned.pop("polynomials", [])
    for row in [row for row in rows if row["centre"] is not None]:
        numbers.setdefault(row["term"], []).append(row["centre"])
    for row in rows:
        numbers[row["term"]].append(row["squared_norm"])
    for term, known in numbers.items():
        given = f"{term[:-1]}, {', '.join(map(repr, known))})"
        spec = {key: text.replace(term, given) if "~" in text else text for key, text in spec.items()}
    again = run_plain(from_spec(spec), sites, where).values
    assert "knots" not in again
    np.testing.assert_allclose(figures(dict(again)), figures(learned), rtol=1e-9, atol=1e-12)
