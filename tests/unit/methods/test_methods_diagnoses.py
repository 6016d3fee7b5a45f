"""What the models say where the statistics or the limits say no."""

from __future__ import annotations

import numpy as np
import pytest

from summand.errors import (
    CohortTooSmall,
    FormulaInvalid,
    NotConverged,
    OutcomeConstant,
    Separation,
    SingularInformation,
    UsageError,
    ValueOutOfRange,
)
from summand.methods import METHODS, Describe, LinearRegression, LogisticRegression, MetaAnalysis, Setting, from_spec
from summand.methods._newton import p_value
from summand.methods.models._logistic_state import LogisticState, OwnIntercept
from summand.tables import NO_LIMITS, Batch, Column, Dictionary, Limits
from summand.testing.plain import run_plain

DICTIONARY = Dictionary(
    "diagnoses",
    (
        Column("a", "number", minimum=-5, maximum=5),
        Column("b", "number", minimum=-20, maximum=20),
        Column("cat", "category", levels=("x", "y", "z")),
        Column("y", "integer", minimum=0, maximum=1, step=1),
        Column("many", "integer", minimum=0, maximum=4, step=1),
    ),
)


def rows(n: int = 300, seed: int = 0) -> dict[str, np.ndarray]:
    """Columns whose outcome depends weakly on ``a``."""
    rng = np.random.default_rng(seed)
    a = rng.uniform(-5, 5, n)
    return {
        "a": a,
        "b": rng.uniform(-20, 20, n),
        "cat": rng.integers(0, 3, n).astype(np.int32),
        "y": (rng.uniform(size=n) < 1 / (1 + np.exp(-a / 3))).astype(float),
        "many": rng.integers(0, 5, n).astype(float),
    }


def fit(method: object, columns: dict[str, np.ndarray], limits: Limits = NO_LIMITS) -> object:
    """The method over three sites."""
    n = len(columns["a"])
    sites = [[Batch({k: v[i::3] for k, v in columns.items()}, len(range(i, n, 3)))] for i in range(3)]
    return run_plain(method, sites, Setting(DICTIONARY, limits, 10_000, 3))


def test_complete_separation() -> None:
    """A column that orders the outcome perfectly is named."""
    columns = rows()
    columns["y"] = (columns["a"] > 0.3).astype(float)
    with pytest.raises(Separation, match=r"'a'.*grows without end"):
        fit(LogisticRegression("y ~ a + b"), columns)


@pytest.mark.parametrize("site", ["pooled", "fixed"])
def test_quasi_separation_names_the_level(site: str) -> None:
    """A level in which everybody has the outcome is named, pooled or with one intercept per site."""
    columns = rows(3000)
    columns["y"][columns["cat"] == 2] = 1.0
    with pytest.raises(Separation, match=r"'cat\[T\.z\]'"):
        fit(LogisticRegression("y ~ a + cat", site), columns)


def test_a_rare_but_finite_level_is_no_separation() -> None:
    """One exception among many makes the estimate finite, however large: it is found, not refused."""
    columns = rows(60_000)
    level = np.flatnonzero(columns["cat"] == 2)
    columns["y"][level] = 1.0
    columns["y"][level[0]] = 0.0
    result = fit(LogisticRegression("y ~ a + cat"), columns).values
    assert result["terms"][3]["estimate"] > 8.0


@pytest.mark.parametrize("method", [LinearRegression("a ~ b + cat + many"), LogisticRegression("y ~ b + cat + many")])
def test_collinearity_says_which_and_how(method: object) -> None:
    """A column made of another is named with the combination, in the columns' own units."""
    columns = rows()
    columns["many"] = np.clip(np.round(columns["b"] / 10) + 2, 0, 4)
    columns["b"] = 10 * columns["many"] - 20
    with pytest.raises(
        SingularInformation, match=r"'many' is a linear combination of others: 2 × Intercept \+ 0\.1 × b"
    ):
        fit(method, columns)


@pytest.mark.parametrize("method", [LinearRegression("b ~ many", "fixed"), LogisticRegression("y ~ many", "fixed")])
def test_a_column_of_sites_cannot_stand_beside_their_intercepts(method: object) -> None:
    """A column that varies between sites only is refused where each site has its own intercept."""
    columns = rows()
    columns["many"] = np.arange(300) % 3.0
    with pytest.raises(SingularInformation, match="one intercept for each site"):
        fit(method, columns)


def test_a_level_without_people() -> None:
    """Without limits an empty level is a diagnosis; under limits it looks like any small one."""
    columns = rows()
    columns["cat"] = np.minimum(columns["cat"], 1)
    with pytest.raises(SingularInformation, match="Nobody has cat = z"):
        fit(LogisticRegression("y ~ a + cat"), columns)
    with pytest.raises(CohortTooSmall, match="Fewer than 10 people have cat = z"):
        fit(LinearRegression("a ~ cat"), columns, Limits())
    columns["cat"][:9] = 2
    with pytest.raises(CohortTooSmall, match="Fewer than 10 people have cat = z"):
        fit(LogisticRegression("y ~ a + cat"), columns, Limits())


def test_outcome_classes() -> None:
    """An outcome that nobody or everybody has is a diagnosis; a rare one is refused under limits, without its count."""
    columns = rows()
    columns["y"][:] = 0.0
    with pytest.raises(OutcomeConstant, match="Nobody has"):
        fit(LogisticRegression("y ~ a"), columns)
    columns["y"][:4] = 1.0
    with pytest.raises(CohortTooSmall) as caught:
        fit(LogisticRegression("y ~ a"), columns, Limits())
    assert "4" not in caught.value.message
    columns["a"][:] = 1.0
    with pytest.raises(OutcomeConstant):
        fit(LinearRegression("a ~ b"), columns)


@pytest.mark.parametrize("formula", ["y ~ a", "y ~ 0 + a", "y > 0 ~ a", "many >= 4 ~ 1"])
@pytest.mark.parametrize("site", ["pooled", "fixed"])
def test_linear_regression_of_a_rare_outcome(formula: str, site: str) -> None:
    """A mean of zeros and ones tells how many ones there are: under limits a rare one is refused, a common one not."""
    columns = rows()
    columns["many"] = np.where(columns["y"] > 0, 4.0, 0.0)
    fit(LinearRegression(formula, site), columns, Limits())
    columns["y"][:], columns["many"][:] = 0.0, 0.0
    columns["y"][:9], columns["many"][:9] = 1.0, 4.0
    with pytest.raises(CohortTooSmall, match="have, or do not have, the outcome"):
        fit(LinearRegression(formula, site), columns, Limits())
    fit(LinearRegression(formula, site), columns)


def test_more_terms_than_people() -> None:
    """As many coefficients as people are refused in linear regression."""
    with pytest.raises(SingularInformation, match="as many coefficients as people"):
        fit(LinearRegression("b ~ a + I(a^2) + I(a^3)"), rows(4))


def test_outcomes_that_are_not_two_valued() -> None:
    """A count, a text and a value between 0 and 1 are refused with what to write instead."""
    with pytest.raises(FormulaInvalid, match="not two-valued"):
        fit(LogisticRegression("many ~ a"), rows())
    with pytest.raises(FormulaInvalid, match="not numeric"):
        fit(LinearRegression("cat ~ a"), rows())
    columns = rows()
    columns["y"][7] = 0.5
    with pytest.raises(ValueOutOfRange, match="'y'"):
        fit(LogisticRegression("y ~ a"), columns)


@pytest.mark.parametrize("group", ["cat", "a"])
def test_what_makes_no_two_groups_is_no_outcome(group: str) -> None:
    """A meta-analysis of two groups speaks of the column of groups where that is what does not fit."""
    with pytest.raises(FormulaInvalid, match=f"'{group}' does not make two groups"):
        fit(MetaAnalysis(f"y ~ {group}"), rows())


@pytest.mark.parametrize(("formula", "words"), [("y ~ a", "'a' separates .* its coefficient grows")])
def test_one_term_that_separates_is_one(formula: str, words: str) -> None:
    """The sentence agrees with how many terms it names."""
    columns = rows()
    columns["y"] = (columns["a"] > 0).astype(float)
    with pytest.raises(Separation, match=words):
        fit(LogisticRegression(formula), columns)


def test_halving_goes_back_on_the_same_line() -> None:
    """Where the log-likelihood falls, the same step is tried at half its size, and a site's intercept follows."""
    method = LogisticRegression("y ~ a", "fixed").under(Setting(DICTIONARY, NO_LIMITS, 1000, 3))
    state = LogisticState(3, np.array([0.5]), np.array([4.0]), 1.0, -100.0, 1.0, 0, 300, 150)
    total = np.array([-120.0, 1.0, 10.0, 0.1, 3.0, 0.0])
    halved = method.update(total, state)
    assert isinstance(halved, LogisticState)
    assert (halved.step_size, halved.accepted.tolist(), halved.beta.tolist()) == (0.5, [0.5], [2.5])
    kept = OwnIntercept(base=0.2, move=-1.0).kept(-0.8, 2.0, 8.0, np.array([0.5]))
    assert OwnIntercept.at(halved, kept).value(halved.step_size) == pytest.approx(-0.3)
    stepped = OwnIntercept.at(state, kept)
    assert stepped == OwnIntercept(base=-0.8, move=(2.0 - 0.5 * 4.0) / 8.0)


def test_halving_ends() -> None:
    """A log-likelihood that never rises ends with NotConverged after at most fifty rounds."""
    method = LogisticRegression("y ~ a").under(Setting(DICTIONARY, NO_LIMITS, 1000, 3))
    state = LogisticState(3, np.zeros(2), np.ones(2), 1.0, -100.0, 1.0, 0, 300, 150)
    with pytest.raises(NotConverged):
        for _ in range(60):
            state = method.update(np.array([-120.0, 0.1, 0.1, 1.0, 0.0, 1.0]), state)


def test_requests_are_strict() -> None:
    """An unknown method, an unknown setting, a wrong kind and a bad formula are refused, each with a remedy."""
    for name, method in METHODS.items():
        assert method.name == name
    for spec in (
        {"name": "boost"}, {}, {"name": ["logistic"]}, [],
        {"name": "logistic", "formula": "y ~ a", "penalty": 1},
        {"name": "logistic", "formula": 3},
        {"name": "linear", "formula": "y ~ a", "site": "strata"},
        {"name": "describe", "columns": "age"},
        {"name": "describe", "bins": 0},
        {"name": "describe", "bins": True},
        {"name": "describe", "crosstabs": [["a"]]},
        {"name": "describe", "crosstabs": "ab"},
        {"name": "evaluate", "outcome": "y", "models": []},
        {"name": "evaluate", "outcome": "y", "models": [{"name": "m"}]},
        {"name": "evaluate", "outcome": "y", "models": [{"name": "m", "formula": "~a", "terms": {"a": float("nan")}}]},
        {"name": "evaluate", "outcome": "y", "models": [{"name": "m", "formula": "~a", "terms": {"a": "1"}}]},
    ):  # fmt: skip
        with pytest.raises(UsageError):
            from_spec(spec)  # type: ignore[arg-type]
    with pytest.raises(FormulaInvalid):
        from_spec({"name": "logistic", "formula": "y ~ exec(1)"})


def test_describe_refuses_what_it_cannot() -> None:
    """Groups by a number without codes, and too fine a description, are refused before data are read."""
    setting = Setting(DICTIONARY, NO_LIMITS, 1000, 3)
    with pytest.raises(FormulaInvalid, match="no levels"):
        Describe(by="a").under(setting)
    with pytest.raises(FormulaInvalid, match="no levels"):
        Describe(crosstabs=(("a", "b"),)).under(setting)


def test_p_values_keep_their_small_digits() -> None:
    """Tails far out are computed as tails: 38 standard errors still have a p-value."""
    from scipy.stats import norm, t

    for statistic in (0.0, 1.0, -8.0, 20.0, 37.5):
        assert p_value(statistic) == pytest.approx(2 * norm.sf(abs(statistic)), rel=1e-12)
        assert p_value(statistic, 7.0) == pytest.approx(2 * t.sf(abs(statistic), 7.0), rel=1e-10)
