"""Boosted trees over sites against brute force on the pooled rows, and against scikit-learn.

scikit-learn's HistGradientBoosting sums gradients in single precision; where every value has a bin of its own, its
trees are ours and its predictions agree to that precision. Where columns are cut into quantile bins the cuts differ, and
the area under the curve is compared.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from boosting_reference import Settings, boosted
from pooled_cohorts import dealt, heart, setting, uneven
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import d2_tweedie_score, mean_tweedie_deviance, roc_auc_score

from summand.errors import CohortTooSmall, FormulaInvalid, OutcomeConstant, SummandError, UsageError
from summand.methods import Boosting, from_spec
from summand.methods.learning import predict
from summand.tables import NO_LIMITS, Column, Dictionary, Limits
from summand.testing.plain import run_counted, run_plain

HEART = Dictionary(
    "heart",
    (
        Column("age", "integer", 0, 110, 1),
        Column("sex", "integer", 0, 1, 1),
        Column("cp", "integer", 1, 4, 1, ("1", "2", "3", "4")),
        Column("trestbps", "number", 0, 300, 1),
        Column("thalach", "number", 40, 240, 1),
        Column("oldpeak", "number", -5, 10, 0.1),
        Column("num", "integer", 0, 4, 1),
    ),
)
NAMES = [column.name for column in HEART]
ALL = "num > 0 ~ age + sex + cp + trestbps + thalach + oldpeak"
EXACT = {"held_out": 0, "bins": 255, "rows_min": 20}


def table(gaps: float = 0.0) -> pd.DataFrame:
    """The heart patients; with gaps, some values of some columns are missing."""
    found = heart()[[*NAMES, "site"]].astype(float).reset_index(drop=True)
    rng = np.random.default_rng(3)
    for name in ("age", "cp", "thalach") if gaps else ():
        found.loc[rng.uniform(size=len(found)) < gaps, name] = np.nan
    return found


def same(
    tree: dict[str, Any], node: int, expected: dict[str, Any], columns: list[str], distinct: list[np.ndarray]
) -> None:
    """Compare the tree below a node with the brute-force one."""
    if "value" in expected:
        assert tree["feature"][node] == -1
        assert tree["value"][node] == pytest.approx(expected["value"], rel=1e-12)
        return
    place = tree["feature"][node]
    assert place == expected["column"]
    label = expected["label"]
    if isinstance(label, frozenset):
        inside = {int(level) for level in tree["levels_left"][str(node)]}
        present = {int(v) for v in label if v >= 0}
        absent = {int(v) for v in set(distinct[place]) - set(expected["here"])}
        assert inside - absent == present
    else:
        cut, missing_left = label
        above = distinct[place][distinct[place] > cut]
        assert cut < tree["threshold"][node] <= (above[0] if len(above) else np.inf)
        if np.isnan(expected["here"]).any():
            assert tree["missing_left"][node] is missing_left
    same(tree, tree["left"][node], expected["left"], columns, distinct)
    same(tree, tree["right"][node], expected["right"], columns, distinct)


def with_values(tree: dict[str, Any], columns: list[tuple[np.ndarray, bool]]) -> None:
    """Note at each split which values its column has among the rows there."""
    if "column" in tree:
        tree["here"] = columns[tree["column"]][0][tree["rows"]]
        with_values(tree["left"], columns)
        with_values(tree["right"], columns)


@pytest.mark.parametrize(("sites", "gaps"), [(3, 0.0), (4, 0.15), (18, 0.15)])
def test_trees_are_those_of_brute_force(sites: int, gaps: float) -> None:
    """Every split, direction of what is missing, set of levels and leaf of four trees, whichever way rows are dealt."""
    data = table(gaps)
    formula = ALL.replace("cp", "C(cp)")
    method = Boosting(formula, trees=4, depth=3, learning_rate=0.3, **EXACT)
    labels = data["site"].to_numpy() if sites == 4 else uneven(len(data), sites)
    result = run_plain(method, dealt(data, labels, HEART), setting(HEART, sites + 1))
    names = ["age", "sex", "cp", "trestbps", "thalach", "oldpeak"]
    columns = [(data[name].to_numpy(float), name == "cp") for name in names]
    y = (data["num"] > 0).to_numpy(float)
    trees, margin = boosted(columns, y, Settings(4, 3, 0.3, 20, 1.0))
    distinct = [np.unique(values[~np.isnan(values)]) for values, _ in columns]
    assert result.values["trees"] == 4
    for found, expected in zip(result.values["model"]["trees"], trees, strict=True):
        with_values(expected, columns)
        same(found, 0, expected, names, distinct)
    risk = predict(result.values["model"], {name: data[name].to_numpy(float) for name in names})
    assert risk == pytest.approx(1 / (1 + np.exp(-margin)), abs=1e-12)
    row = result.values["fit"][0]
    assert row["value"] == pytest.approx(float(-np.mean(np.log(np.where(y > 0, risk, 1 - risk)))), abs=1e-8)
    assert row["auc_least"] - 1e-12 <= roc_auc_score(y, risk) <= row["auc_most"] + 1e-12


@pytest.mark.parametrize("sites", [3, 18])
def test_predictions_are_scikit_learns(sites: int) -> None:
    """Fifty trees of depth 4 on the heart patients: every risk to 1e-5, the area to 1e-3."""
    data = table()
    result = run_plain(
        Boosting(ALL, trees=50, depth=4, **EXACT),
        dealt(data, uneven(len(data), sites), HEART),
        setting(HEART, sites + 1),
    )
    x, y = data[NAMES[:-1]].to_numpy(float), (data["num"] > 0).to_numpy(int)
    fit = HistGradientBoostingClassifier(
        max_iter=50, max_depth=4, max_leaf_nodes=None, l2_regularization=1.0, early_stopping=False
    ).fit(x, y)
    risk = predict(result.values["model"], {name: data[name].to_numpy(float) for name in NAMES[:-1]})
    assert np.abs(risk - fit.predict_proba(x)[:, 1]).max() < 1e-5
    assert abs(result.values["fit"][0]["auc"] - roc_auc_score(y, fit.decision_function(x))) < 1e-3


@pytest.mark.parametrize("loss", ["squared", "poisson"])
def test_numbers_and_counts_are_scikit_learns(loss: str) -> None:
    """Heart rate by least squares, and the number of narrowed vessels as a count: predictions to 1e-4 of a unit."""
    data = table()
    outcome = "thalach" if loss == "squared" else "num"
    names = ["age", "sex", "cp", "trestbps", "oldpeak"]
    method = Boosting(f"{outcome} ~ {' + '.join(names)}", loss, trees=40, depth=3, l2=0.0, **EXACT)
    result = run_plain(method, dealt(data, uneven(len(data), 5), HEART), setting(HEART, 6))
    x, y = data[names].to_numpy(float), data[outcome].to_numpy(float)
    fit = HistGradientBoostingRegressor(
        loss="squared_error" if loss == "squared" else "poisson", max_iter=40, max_depth=3, max_leaf_nodes=None,
        early_stopping=False,
    ).fit(x, y)  # fmt: skip
    found = predict(result.values["model"], {name: data[name].to_numpy(float) for name in names})
    assert np.abs(found - fit.predict(x)).max() < 1e-4
    row = result.values["fit"][0]
    power = 0 if loss == "squared" else 1
    assert row["explained"] == pytest.approx(d2_tweedie_score(y, fit.predict(x), power=power), abs=1e-5)
    assert row["value"] == pytest.approx(mean_tweedie_deviance(y, fit.predict(x), power=power), rel=1e-5)


def simulated(rows: int, seed: int) -> tuple[pd.DataFrame, Dictionary]:
    """Continuous columns on very different scales, a skewed one with a mass at zero among them."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 4))
    income = np.where(rng.uniform(size=rows) < 0.3, 0.0, np.minimum(np.exp(8 + 1.5 * x[:, 3]), 1e6))
    eta = x[:, 0] + np.sin(2 * x[:, 1]) + np.abs(x[:, 2]) - 1.5 * (income > 3000) - 0.5
    y = (rng.uniform(size=rows) < 1 / (1 + np.exp(-eta))).astype(float)
    data = pd.DataFrame({"a": x[:, 0], "b": x[:, 1] * 1e-4, "c": x[:, 2] * 1e3, "income": income, "y": y})
    columns = (
        Column("a", "number", -8, 8), Column("b", "number", -8e-4, 8e-4), Column("c", "number", -8e3, 8e3),
        Column("income", "number", 0, 1e6), Column("y", "integer", 0, 1, 1),
    )  # fmt: skip
    return data, Dictionary("simulated", columns)


def test_quantile_bins_judge_new_rows_as_well_as_scikit_learns() -> None:
    """The area on 200,000 new rows is within 0.001 of the one with scikit-learn's bins."""
    data, dictionary = simulated(30_000, 1)
    new, _ = simulated(200_000, 2)
    method = Boosting("y ~ a + b + c + income", trees=40, depth=4, held_out=0, bins=255)
    result = run_plain(method, dealt(data, uneven(len(data), 4), dictionary), setting(dictionary, 5))
    names = ["a", "b", "c", "income"]
    fit = HistGradientBoostingClassifier(
        max_iter=40, max_depth=4, max_leaf_nodes=None, l2_regularization=1.0, early_stopping=False
    ).fit(data[names].to_numpy(), data["y"])
    ours = roc_auc_score(new["y"], predict(result.values["model"], {name: new[name].to_numpy() for name in names}))
    theirs = roc_auc_score(new["y"], fit.decision_function(new[names].to_numpy()))
    assert abs(ours - theirs) < 1e-3


def test_growing_ends_where_held_out_rows_are_told_best() -> None:
    """With noise alone the model stops early, keeps the best trees, and says how held-out rows fare."""
    data, dictionary = simulated(2000, 5)
    data["y"] = np.random.default_rng(9).integers(0, 2, len(data)).astype(float)
    method = Boosting("y ~ a + b + c", trees=60, depth=3, patience=4, learning_rate=0.3)
    result, rounds = run_counted(method, dealt(data, uneven(len(data), 3), dictionary), setting(dictionary, 4))
    curve = [row["held_out"] for row in result.values["curve"]]
    assert result.values["trees"] == int(np.argmin(curve)) == len(result.values["model"]["trees"])
    assert len(curve) == result.values["trees"] + 5
    assert rounds < 60
    held = {row["rows"]: row for row in result.values["fit"]}["held out"]
    assert held["value"] == pytest.approx(min(curve))
    assert 0.15 < held["n"].people / len(data) < 0.25


def test_directions_are_kept() -> None:
    """With a direction, the risk never falls as the column rises, whatever the others are; without it, it does."""
    data, dictionary = simulated(4000, 7)
    sites = dealt(data, uneven(len(data), 3), dictionary)
    grid = np.linspace(-3, 3, 200)

    def falls(monotone: tuple[tuple[str, int], ...]) -> bool:
        method = Boosting("y ~ a + b + c", trees=30, depth=4, held_out=0, monotone=monotone)
        model = run_plain(method, sites, setting(dictionary, 4)).values["model"]
        risks = [predict(model, {"a": grid, "b": np.full(200, b), "c": np.full(200, c)})
                 for b in (-1e-4, 1e-4) for c in (-1e3, 1e3)]  # fmt: skip
        return any((np.diff(risk) < 0).any() for risk in risks)

    assert falls(())
    assert not falls((("a", 1),))


def test_under_limits_leaves_and_bins_have_enough_people() -> None:
    """With a minimum cell every leaf holds ten people, cuts lie on a coarse grid, and rare levels are put together."""
    data = table(0.01)  # fewer than ten people lack a value of each column
    rare = data.assign(cp=np.where(np.arange(len(data)) < 4, 1.0, np.where(data["cp"] == 1.0, 2.0, data["cp"])))
    sites = dealt(rare, uneven(len(rare), 4), HEART)
    method = Boosting(ALL.replace("cp", "C(cp)"), trees=5, depth=3, rows_min=1, held_out=0)
    result = run_plain(method, sites, setting(HEART, 5, Limits()))
    model = result.values["model"]
    for tree in model["trees"]:
        single = {**model, "trees": [tree], "base": 0.0}
        reached = predict(single, {name: rare[name].to_numpy(float) for name in NAMES[:-1]})
        assert np.unique(reached, return_counts=True)[1].min() >= 10
        for levels in tree["levels_left"].values():
            assert ("1" in levels) == ("2" in levels) or "1" not in levels


REFUSED: dict[str, tuple[dict[str, Any], type[SummandError], str]] = {
    "a product": ({"formula": "num > 0 ~ age*sex"}, FormulaInvalid, "is no column"),
    "the outcome on both sides": ({"formula": "num > 0 ~ age + num"}, FormulaInvalid, "both sides"),
    "a direction of nothing": ({"formula": ALL, "monotone": {"chol": 1}}, FormulaInvalid, "no numeric column"),
    "a direction that is none": ({"formula": ALL, "monotone": {"age": 2}}, UsageError, "neither 1 nor -1"),
    "a category as a number": ({"formula": "num > 0 ~ age", "loss": "squared"}, FormulaInvalid, "numeric outcome"),
    "too many leaves": ({"formula": ALL, "depth": 9}, UsageError, "from 1 to 8"),
    "small leaves impossible": ({"formula": ALL, "rows_min": 400}, CohortTooSmall, "none can be split"),
    "nobody has it": ({"formula": "num > 3 ~ age", "held_out": 0, "rows_min": 5}, OutcomeConstant, "Nobody has"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(case: str) -> None:
    """What cannot be asked or found is said, with what to do."""
    spec, kind, words = REFUSED[case]
    data = table()
    data["num"] = np.minimum(data["num"], 3.0)
    sites = dealt(data, uneven(len(data), 3), HEART)
    with pytest.raises(kind) as error:
        run_plain(from_spec({"name": "boosting", **spec}), sites, setting(HEART, 4, NO_LIMITS))
    assert words in error.value.message
    assert error.value.remedy


def test_few_with_one_of_two_numbers_are_refused_whatever_the_loss() -> None:
    """Under limits an outcome of two values needs ten people with each by least squares and as a count too."""
    data = table().assign(sex=lambda rows: (np.arange(len(rows)) < 4).astype(float))
    sites = dealt(data, uneven(len(data), 3), HEART)
    for loss in ("squared", "poisson"):
        with pytest.raises(CohortTooSmall) as error:
            run_plain(Boosting("sex ~ age", loss, held_out=0), sites, setting(HEART, 4, Limits()))
        assert "sex = 1" in error.value.message


def test_nothing_to_learn_is_the_mean() -> None:
    """Where no split helps there is no tree, and the model says the mean to everybody."""
    data = table().assign(age=50.0)
    method = Boosting("num > 0 ~ age", **EXACT)
    result = run_plain(method, dealt(data, uneven(len(data), 3), HEART), setting(HEART, 4))
    assert result.values["trees"] == 0
    assert result.warnings
    assert predict(result.values["model"], {"age": [50.0]}) == pytest.approx([(data["num"] > 0).mean()])
