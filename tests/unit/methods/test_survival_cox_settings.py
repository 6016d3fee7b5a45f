"""What may be asked of a Cox regression together, and what its data must then hold."""

from __future__ import annotations

import numpy as np
import pytest

from summand.errors import CohortTooSmall, FormulaInvalid, MethodError, Separation, UsageError, ValueOutOfRange
from summand.methods import CoxRegression, Result, Setting
from summand.methods.survival._concordance import concordance_sums, concordance_values
from summand.methods.survival._concordance_grid import class_table, grid_concordance_sums
from summand.methods.survival._cox_rows import CoxRows
from summand.tables import NO_LIMITS, Batch, Column, Dictionary, Limits
from summand.testing.plain import run_plain

DICTIONARY = Dictionary(
    "d",
    (
        Column("start", "integer", minimum=0, maximum=500, step=1),
        Column("days", "integer", minimum=0, maximum=500, step=1),
        Column("died", "integer", minimum=0, maximum=1, step=1),
        Column("x", "number", minimum=-500, maximum=500),
        Column("w", "number", minimum=0, maximum=4),
        Column("team", "integer", minimum=0, maximum=500, step=1),
        Column("g", "category", levels=("a", "b")),
        Column("note", "text"),
    ),
)


def rows(count: int = 200, seed: int = 1, **columns: np.ndarray) -> Batch:
    """Follow-up that depends on nothing, with ties; any column may be given."""
    rng = np.random.default_rng(seed)
    made = {
        "start": np.zeros(count),
        "days": rng.integers(1, 60, count).astype(float),
        "died": (rng.uniform(size=count) < 0.7).astype(float),
        "x": rng.normal(size=count),
        "w": rng.uniform(0.5, 4.0, count),
        "team": rng.integers(0, 40, count).astype(float),
        "g": rng.integers(0, 2, count).astype(np.int32),
    }
    return Batch({**made, **columns}, count)


def fit(batches: list[Batch], limits: Limits = NO_LIMITS, **settings: object) -> Result:
    """The model of x over sites of one batch each."""
    setting = Setting(DICTIONARY, limits, 10_000, len(batches))
    method = CoxRegression("Surv(start, days, died) ~ x", **settings)  # type: ignore[arg-type]
    return run_plain(method, [[batch] for batch in batches], setting)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"errors": "cluster-column"}, "go together"),
        ({"cluster": "team"}, "go together"),
        ({"errors": "bootstrap"}, "none of its choices"),
        ({"also": ["coffee"]}, "none of its choices"),
        ({"also": ["baseline"]}, "shared by all sites or by none"),
        ({"also": ["concordance"], "site": "pooled", "weights": "w"}, "neither late entry nor case weights"),
        ({"also": ["proportionality"], "transform": "km"}, "transform of time is none"),
        ({"transform": "identity"}, "transform of time is none"),
        ({"also": ["proportionality"], "site": "pooled", "weights": "w"}, "no Kaplan-Meier transform"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(settings: dict, words: str) -> None:
    """What does not fit together is said before anything is read."""
    with pytest.raises(UsageError, match=words):
        CoxRegression.from_spec({"name": "cox", "formula": "Surv(days, died) ~ x", **settings})


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"errors": "cluster-person"}, UsageError),
        ({"strata": "x"}, FormulaInvalid),
        ({"strata": "note"}, FormulaInvalid),
        ({"weights": "g"}, FormulaInvalid),
        ({"errors": "cluster-column", "cluster": "note"}, FormulaInvalid),
    ],
)
def test_columns_that_do_not_fit_are_refused(settings: dict, error: type[Exception]) -> None:
    """Strata need levels, weights numbers, and texts are never analysed."""
    with pytest.raises(error):
        fit([rows()], **settings)


def test_a_weight_of_nothing_is_refused() -> None:
    """Weights are positive, as for R's coxph; the words hold no value."""
    with pytest.raises(ValueOutOfRange, match="'w' are not positive"):
        fit([rows(w=np.zeros(200))], weights="w")


@pytest.mark.parametrize("site", ["strata", "pooled"])
def test_one_cluster_is_refused(site: str) -> None:
    """One cluster, or one site, tells nothing about how clusters differ."""
    with pytest.raises(MethodError, match="one cluster"):
        fit([rows(team=np.full(200, 3.0))], site=site, errors="cluster-column", cluster="team")
    with pytest.raises(MethodError, match="one cluster"):
        fit([rows(), rows(0)], site=site, errors="cluster-site")


def test_few_clusters_are_refused_under_limits() -> None:
    """The squares of a few clusters would tell of one; with enough of them a warning still tells their number."""
    few = rows(team=np.arange(200) % 9.0)
    with pytest.raises(CohortTooSmall, match="fewer than 10 clusters"):
        fit([few], Limits(), errors="cluster-column", cluster="team")
    enough = fit([rows(team=np.arange(200) % 12.0)], Limits(), errors="cluster-column", cluster="team")
    assert "from 12 clusters" in enough.warnings[-1]


def test_strata_with_few_events_are_refused_under_limits() -> None:
    """Over a coarse grid each stratum has ten events in every step, or there is no result."""
    one = rows(g=(np.arange(200) < 12).astype(np.int32), died=np.where(np.arange(200) < 12, np.arange(200) % 2, 1.0))
    with pytest.raises(CohortTooSmall, match="A stratum has fewer than 10"):
        fit([one], Limits(), site="pooled", strata="g")
    both = fit([rows(600)], Limits(), site="pooled", strata="g", also=("baseline",))
    for curve in both.values["baseline"]["curves"]:
        assert curve["time"] == both.values["baseline"]["curves"][0]["time"]


def test_an_event_at_time_zero_has_no_logarithm() -> None:
    """The transform log asks for times above 0."""
    days = np.where(np.arange(200) == 7, 0.0, rows().number("days"))
    method = CoxRegression("Surv(days, died) ~ x", also=("proportionality",), transform="log")
    with pytest.raises(ValueOutOfRange, match="no logarithm"):
        run_plain(method, [[rows(days=days, died=np.ones(200))]], Setting(DICTIONARY, NO_LIMITS, 10_000, 1))


def test_a_person_who_outlives_all_expectation_is_no_robust_error() -> None:
    """Where the model expects hundreds of events of one person, the sandwich is refused, the fit is not."""
    rng = np.random.default_rng(3)
    x = np.concatenate([rng.normal(size=3999), [7.0]])
    days = np.ceil(20 * rng.exponential(size=4000) * np.exp(-x)).clip(1, 499)
    days[-1] = 500.0
    batch = rows(4000, x=x, days=days, died=np.r_[np.ones(3999), 0.0])
    fit([batch])
    with pytest.raises(Separation, match="more than a hundred events"):
        fit([batch], errors="HC0")


def brute_force(table: np.ndarray) -> tuple[float, float, float]:
    """Comparable, concordant and tied pairs by looking at each pair."""
    stratum, start, stop, event, predictor, weight = table
    found = np.zeros(3)
    for i in np.flatnonzero(event > 0.5):
        later = (stop > stop[i]) | ((stop == stop[i]) & (event < 0.5))
        pairs = np.flatnonzero(later & (start < stop[i]) & (stratum == stratum[i]))
        share = weight[i] * weight[pairs]
        found += [
            share.sum(),
            share[predictor[pairs] < predictor[i]].sum(),
            share[predictor[pairs] == predictor[i]].sum(),
        ]
    return tuple(found)


@pytest.mark.parametrize("seed", range(4))
def test_a_table_of_classes_counts_the_same_pairs(seed: int) -> None:
    """From counts by stratum, time and class follow the numbers of the rows themselves."""
    rng = np.random.default_rng(seed)
    stop, event = rng.integers(1, 30, 200).astype(float), rng.integers(0, 2, 200).astype(float)
    classes, stratum = rng.integers(0, 5, 200), rng.integers(0, 2, 200)
    times = np.unique(stop[event > 0])
    reached = np.searchsorted(times, stop, side="right")
    placed = CoxRows(np.zeros((200, 1)), event > 0, reached, stratum=stratum)
    table = class_table(placed, classes.astype(float), np.arange(4) + 0.5, len(times), 2)
    found = grid_concordance_sums(table, 2, 5)
    everyone = np.vstack([stratum, np.full(200, -1.0), stop, event, classes, np.ones(200)])
    np.testing.assert_allclose(found, concordance_sums(everyone), rtol=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_pairs_are_counted_as_by_looking_at_each(seed: int) -> None:
    """Ties in time and predictor, late entry, strata and weights; and the error is that of the derivatives."""
    rng = np.random.default_rng(seed)
    stop = rng.integers(1, 30, 150).astype(float)
    start = np.where(rng.uniform(size=150) < 0.5, -1.0, np.floor(stop * rng.uniform(size=150)))
    event, predictor = rng.integers(0, 2, 150).astype(float), rng.integers(0, 8, 150).astype(float)
    table = np.vstack([rng.integers(0, 2, 150), start, stop, event, predictor, rng.integers(1, 4, 150)])
    sums = concordance_sums(table)
    np.testing.assert_allclose(sums[:3], brute_force(table), rtol=1e-12)
    steps = []
    for i in range(150):
        moved = []
        for sign in (1.0, -1.0):
            other = table.copy()
            other[5, i] *= 1.0 + sign * 1e-4
            pairs = brute_force(other)
            moved.append((pairs[1] + pairs[2] / 2) / pairs[0])
        steps.append((moved[0] - moved[1]) / 2e-4)
    values = concordance_values(sums)
    assert values is not None
    assert values["std_error"] == pytest.approx(float(np.sqrt(np.square(steps).sum())), rel=1e-6)
