"""Cox regression where the statistics say no, and the bounds that its layout proves."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from summand.errors import (
    CohortTooSmall,
    FormulaInvalid,
    NotConverged,
    OutcomeConstant,
    Separation,
    SingularInformation,
    UsageError,
)
from summand.methods import Result, Setting, bounds
from summand.methods.survival._cox import CoxRegression
from summand.methods.survival._cox_state import CoxState
from summand.tables import NO_LIMITS, Batch, Column, Dictionary, Limits
from summand.testing.plain import run_plain, site_summand

DICTIONARY = Dictionary(
    "d",
    (
        Column("days", "integer", minimum=0, maximum=500, step=1),
        Column("died", "integer", minimum=0, maximum=1, step=1),
        Column("x", "number", minimum=-500, maximum=500),
        Column("y", "number", minimum=-500, maximum=500),
        Column("z", "number", minimum=-5000, maximum=5000),
        Column("g", "category", levels=("a", "b")),
    ),
)
BOTH = pytest.mark.parametrize("site", ["strata", "pooled"])
TIES = pytest.mark.parametrize("ties", ["efron", "breslow"])
seeds = st.integers(0, 2**32 - 1)


def rows(count: int = 120, seed: int = 1, **columns: np.ndarray) -> Batch:
    """Follow-up that depends on nothing, with ties; any column may be given."""
    rng = np.random.default_rng(seed)
    made = {
        "days": rng.integers(1, 60, count).astype(float),
        "died": (rng.uniform(size=count) < 0.7).astype(float),
        "x": rng.normal(size=count),
        "y": rng.normal(size=count),
        "z": rng.normal(size=count),
        "g": rng.integers(0, 2, count).astype(np.int32),
    }
    return Batch({**made, **columns}, count)


def fit(batches: list[Batch], formula: str = "x", limits: Limits = NO_LIMITS, **settings: str) -> Result:
    method = CoxRegression(f"Surv(days, died) ~ {formula}", **settings)
    return run_plain(method, [[batch] for batch in batches], Setting(DICTIONARY, limits, 1_000_000, len(batches)))


def estimates(result: Result) -> list[float]:
    return [number for row in result.values["terms"] for number in (row["estimate"], row["std_error"])]


@BOTH
def test_no_events_anywhere(site: str) -> None:
    """Without any event there is nothing to compare."""
    with pytest.raises(OutcomeConstant):
        fit([rows(died=np.zeros(120))], site=site)


@BOTH
def test_collinear_columns_are_named(site: str) -> None:
    """A covariate that is a combination of others is named, with the combination."""
    batch = rows()
    z = 2 * batch.number("x") + 3 * batch.number("y")
    with pytest.raises(SingularInformation, match=r"'z' is a linear combination of others: 2 × x [+] 3 × y"):
        fit([Batch({**batch.columns, "z": z}, batch.rows)], "x + y + z", site=site)


@BOTH
def test_a_constant_column_is_named(site: str) -> None:
    """A covariate in which nobody differs is named."""
    with pytest.raises(SingularInformation, match="'y'"):
        fit([rows(y=np.full(120, 2.5))], "x + y", site=site)


@BOTH
@TIES
def test_a_group_without_events_is_diagnosed(site: str, ties: str) -> None:
    """A level in which nobody has the event drives its coefficient to minus infinity: named, no number."""
    batch = rows()
    died = np.where(batch.codes("g") == 1, 0.0, batch.number("died"))
    with pytest.raises(Separation, match=r"'g\[T.b\]'"):
        fit([Batch({**batch.columns, "died": died}, batch.rows)], "x + g", site=site, ties=ties)


@BOTH
@pytest.mark.parametrize("factor", [1.0, 1e-3])
def test_a_perfectly_ordered_covariate_is_diagnosed(site: str, factor: float) -> None:
    """Where the one with the event always has the largest value, the likelihood is monotone, in any unit."""
    batch = rows()
    x = -batch.number("days") * factor
    with pytest.raises(Separation, match="'x'"):
        fit([Batch({**batch.columns, "x": x}, batch.rows)], "x + y", site=site)


@pytest.mark.parametrize("width", [1.0, 1e3, 1e5])
@BOTH
def test_a_dictionary_far_wider_than_the_data(site: str, width: float) -> None:
    """Ranges a hundred thousand times wider than the data cost no digits that matter."""
    wide = Dictionary(
        "w", tuple(Column(c.name, c.kind, -5 * width, 5 * width) if c.name == "x" else c for c in DICTIONARY)
    )
    method = CoxRegression("Surv(days, died) ~ x", site=site)
    found = run_plain(method, [[rows()]], Setting(wide, NO_LIMITS, 10_000, 1))
    np.testing.assert_allclose(estimates(found), estimates(fit([rows()], site=site)), rtol=1e-8)


def test_sites_that_cannot_compare_add_nothing() -> None:
    """With strata, a site without events, one with one patient and one without rows leave the fit as it is."""
    whole = fit([rows()])
    alone = rows(1, seed=5, died=np.ones(1))
    censored = rows(20, seed=6, died=np.zeros(20))
    with_them = fit([rows(), alone, censored, rows(0)])
    np.testing.assert_allclose(estimates(with_them), estimates(whole), rtol=1e-9)
    assert with_them.values["n"].people == 141


def outlying(seed: int, effect: float, outlier: float) -> Batch:
    """A strong effect of x, and one patient who lies far from all others and stays longest."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=120)
    days = np.ceil(40 * rng.exponential(size=120) * np.exp(-effect * x)).clip(1, 500)
    x[7], days[7] = outlier, 500.0
    return rows(x=x, days=days, died=np.ones(120))


def reference_score(batch: Batch, result: Result) -> float:
    """The score of statsmodels at our estimate."""
    from statsmodels.duration.hazard_regression import PHReg

    days, x = batch.number("days"), batch.number("x")[:, None]
    beta = np.array([result.values["terms"][0]["estimate"]])
    return float(PHReg(days, x, status=np.ones(batch.rows), ties="efron").score(beta)[0])


@BOTH
def test_a_step_that_overshoots_is_halved(site: str) -> None:
    """An outlier makes Newton's step overshoot; halving still finds the maximum."""
    batch = outlying(1, 6.0, 9.0)
    result = fit([batch], site=site)
    assert result.values["iterations"] > 6
    assert abs(reference_score(batch, result)) < 1e-7


def test_hazards_out_of_range_of_a_shared_grid() -> None:
    """A patient whose fitted hazard is e^-75 of the mean fits with strata; a shared grid says that it has no room."""
    batch = outlying(5, 3.0, -30.0)
    result = fit([batch], site="strata")
    assert abs(reference_score(batch, result)) < 1e-7
    with pytest.raises(Separation, match="'x' the fit moves to hazards"):
        fit([batch], site="pooled")


def test_a_single_event_decides_nothing_alone() -> None:
    """One event among many gives a finite fit where its covariate is inside the range of those at risk."""
    batch = rows(30, days=np.full(30, 10.0), died=(np.arange(30) == 3).astype(float))
    row = fit([batch]).values["terms"][0]
    assert np.isfinite([row["estimate"], row["std_error"]]).all()


@given(seed=seeds, scale=st.sampled_from([0.0, 1.0, 30.0, 3000.0]))
@BOTH
@TIES
def test_a_site_stays_within_its_bounds(site: str, ties: str, seed: int, scale: float) -> None:
    """Whatever the state asks, no number of a site exceeds its rows times the declared bound."""
    rng = np.random.default_rng(seed)
    method = CoxRegression("Surv(days, died) ~ x + y + g", ties, site).under(Setting(DICTIONARY, NO_LIMITS, 10**6, 1))
    count = int(rng.integers(1, 15))
    batch = rows(count, seed, x=rng.uniform(-500, 500, count), days=rng.integers(1, 6, count).astype(float))
    state, memory = method.start(), {}
    for _ in range(3):
        if state.phase == "ascent":
            break
        summand, memory = site_summand(method, [batch], state, memory)
        state = _next(method, summand, state)
    fields = {**state.to_json(), "beta": (scale * rng.normal(size=3)).tolist(), "phase": "ascent"}
    state = CoxState.from_json(json.loads(json.dumps(fields)))
    summand, _ = site_summand(method, [batch], state, memory)
    assert (np.abs(summand) <= count * bounds(method.layout(state)) * (1 + 1e-9)).all()
    assert (bounds(method.layout(state)) * 1e6 < 2.0**62).all()


def _next(method: CoxRegression, summand: np.ndarray, state: CoxState) -> CoxState:
    """The next state before the ascent, also where the rows are too few for a fit."""
    try:
        after = method.update(summand, state)
    except (OutcomeConstant, SingularInformation):
        from dataclasses import replace

        times = len(state.times)
        return replace(state, phase="ascent", event_counts=np.ones(times), foreseen=np.ones((4, times)))
    assert isinstance(after, CoxState)
    return after


def test_levels_below_the_limit_are_refused() -> None:
    """Under the institutional limits a level with fewer than ten people is refused by name, without its count."""
    batch = rows(g=(np.arange(120) < 4).astype(np.int32))
    with pytest.raises(CohortTooSmall) as refused:
        fit([batch], "x + g", Limits())
    assert "Fewer than 10 people" in str(refused.value)


@BOTH
@pytest.mark.parametrize("events", [0, 9])
def test_few_events_are_refused_as_none(site: str, events: int) -> None:
    """Under the limits sums over fewer than ten events are about too few, and nobody can tell nine from none."""
    with pytest.raises(CohortTooSmall) as refused:
        fit([rows(died=(np.arange(120) < events).astype(float))], limits=Limits(), site=site)
    assert refused.value.message == "Fewer than 10 people have the event over all sites."
    assert refused.value.clause == "D.min_cell"


def test_strata_are_exact_under_any_limits() -> None:
    """No time leaves a site with strata, so the limits on grids change nothing."""
    assert estimates(fit([rows()], limits=Limits())) == estimates(fit([rows()]))


def test_a_grid_too_large_for_a_round_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a shared grid would take too many numbers, the remedy is told before anything is summed."""
    monkeypatch.setattr("summand.methods.survival._cox_grid.NUMBERS_MAX", 500 * 91)
    columns = tuple(Column(f"c{i}", "number", -5, 5) for i in range(90))
    wide = Dictionary("w", (*DICTIONARY, *columns))
    rng = np.random.default_rng(2)
    batch = rows(
        1200, days=(np.arange(1200) % 500).astype(float), **{c.name: rng.normal(size=1200).clip(-5, 5) for c in columns}
    )
    formula = "Surv(days, died) ~ " + " + ".join(c.name for c in columns)
    with pytest.raises(UsageError, match="strata"):
        run_plain(CoxRegression(formula, site="pooled"), [[batch]], Setting(wide, NO_LIMITS, 10_000, 1))


def test_iterations_are_limited() -> None:
    """A state that claims too many iterations ends in an error, not in a loop."""
    from dataclasses import replace

    method = CoxRegression("Surv(days, died) ~ x").under(Setting(DICTIONARY, NO_LIMITS, 1000, 1))
    state, memory = method.start(), {}
    for _ in range(2):
        summand, memory = site_summand(method, [rows()], state, memory)
        state = method.update(summand, state)
    summand, memory = site_summand(method, [rows()], state, memory)
    with pytest.raises(NotConverged):
        method.update(summand, replace(state, iteration=59))


@pytest.mark.parametrize(
    ("spec", "error"),
    [
        ({"name": "cox", "formula": "Surv(days, died) ~ x", "weighting": "w"}, UsageError),
        ({"name": "cox", "formula": "Surv(days, died) ~ x", "ties": "exact"}, UsageError),
        ({"name": "cox", "formula": "Surv(days, died) ~ x", "site": "fixed"}, UsageError),
        ({"name": "cox"}, UsageError),
        ({"name": "cox", "formula": 3}, UsageError),
        ({"name": "km", "formula": "Surv(days, died) ~ x"}, UsageError),
        ({"name": "cox", "formula": "Surv(days, died) ~ f(x)"}, FormulaInvalid),
    ],
)
def test_requests_are_read_strictly(spec: dict, error: type[Exception]) -> None:
    """Unknown fields, other choices and other methods are refused."""
    with pytest.raises(error):
        CoxRegression.from_spec(spec)


@pytest.mark.parametrize("formula", ["Surv(days, died) ~ 1", "died ~ x", "Surv(days, x) ~ y"])
def test_formulas_that_fit_no_cox_model(formula: str) -> None:
    """No covariates, no follow-up, or a status that is none: refused before any data are read."""
    from summand.errors import StatusInvalid

    with pytest.raises((FormulaInvalid, StatusInvalid)):
        CoxRegression(formula).under(Setting(DICTIONARY, NO_LIMITS, 1000, 1))
