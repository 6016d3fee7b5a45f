"""Kaplan-Meier, log-rank and Cox regression under the laws."""

from __future__ import annotations

import numpy as np
from law_case import Case

from summand.methods import Method
from summand.methods.survival._cox import CoxRegression
from summand.methods.survival._kaplan_meier import KaplanMeier
from summand.methods.survival._logrank import LogRank
from summand.methods.survival._nelson_aalen import NelsonAalen
from summand.methods.survival._rmst import RestrictedMean
from summand.tables import NO_LIMITS, Batch, Column, Dictionary, Limits

DICTIONARY = Dictionary(
    "laws",
    (
        Column("days", "integer", minimum=0, maximum=400, step=1),
        Column("years", "number", minimum=0, maximum=2),
        Column("died", "integer", minimum=0, maximum=1, step=1),
        Column("state", "category", levels=("1", "2")),
        Column("age", "integer", minimum=20, maximum=90, step=1),
        Column("marker", "number", minimum=-4, maximum=4),
        Column("arm", "category", levels=("a", "b")),
        Column("stage", "integer", minimum=1, maximum=3, step=1, levels=("1", "2", "3")),
        Column("entry", "integer", minimum=0, maximum=400, step=1),
        Column("weight", "number", minimum=0, maximum=2),
        Column("person", "integer", minimum=0, maximum=100_000, step=1),
    ),
)


def draw(rng: np.random.Generator, rows: int) -> Batch:
    """Follow-up with ties, censoring, and hazards that depend weakly on the covariates."""
    age = rng.integers(20, 91, rows).astype(np.float64)
    marker = np.clip(rng.normal(size=rows), -4, 4)
    arm = rng.integers(0, 2, rows).astype(np.int32)
    stage = rng.integers(1, 4, rows).astype(np.float64)
    hazard = np.exp((age - 55) / 60 + 0.3 * marker - 0.3 * arm)
    years = rng.exponential(0.4 / hazard)
    censored = rng.uniform(0.05, 1.0, rows)
    died = (years <= censored).astype(np.float64)
    years = np.minimum(np.minimum(years, censored), 2.0)
    return Batch(
        {
            "days": np.ceil(years * 100),
            "years": years,
            "died": died,
            "state": died.astype(np.int32),
            "age": age,
            "marker": marker,
            "arm": arm,
            "stage": stage,
            "weight": 0.5 + stage / 2,
            "person": np.arange(rows) // 2,
            "entry": np.floor(years * 40 * (marker > 0)),
        },
        rows,
    )


def _case(name: str, method: Method, limits: Limits = NO_LIMITS, rows_min: int = 200) -> Case:
    strata = getattr(method, "site", "pooled") == "strata"
    return Case(
        name, method, DICTIONARY, draw, rows_min=rows_min, limits=limits, sites_matter=strata,
        # A site's condensed sums are bounded only at its own event times; see test_survival_cox for that bound.
        one_row_bounds=not strata,
    )  # fmt: skip


CASES = [
    _case("km", KaplanMeier("Surv(days, died) ~ arm")),
    _case("km, coarse", KaplanMeier("Surv(days, state) ~ stage"), Limits()),
    _case("km, times without a step", KaplanMeier("Surv(years, died) ~ 1")),
    _case("logrank", LogRank("Surv(days, died) ~ stage")),
    _case("logrank, coarse", LogRank("Surv(years, died) ~ arm"), Limits()),
    _case("logrank, strata", LogRank("Surv(days, state) ~ arm", site="strata")),
    _case("km, late entry", KaplanMeier("Surv(entry, days, died) ~ arm", conf_type="log", times=(10.0, 50.0))),
    _case("nelson-aalen, late entry, coarse", NelsonAalen("Surv(entry, days, died) ~ 1"), Limits()),
    _case("rmst", RestrictedMean("Surv(years, died) ~ arm", tau=0.5)),
    _case("logrank, weighted", LogRank("Surv(days, died) ~ stage", weights="peto-peto", trend=True, strata="arm")),
    _case(
        "logrank, strata, weighted, late entry",
        LogRank("Surv(entry, days, died) ~ stage", site="strata", weights="gehan-breslow", trend=True, strata="arm"),
    ),
    _case("cox, strata, efron", CoxRegression("Surv(days, died) ~ age + arm")),
    _case("cox, strata, breslow", CoxRegression("Surv(days, state) ~ age*arm + marker", "breslow")),
    _case("cox, pooled, efron", CoxRegression("Surv(days, died) ~ marker + C(stage)", site="pooled")),
    _case("cox, pooled, breslow", CoxRegression("Surv(days, died) ~ age + marker", "breslow", "pooled")),
    _case("cox, pooled, coarse", CoxRegression("Surv(days, died) ~ marker + arm", site="pooled"), Limits()),
    _case(
        "cox, pooled, all at once",
        CoxRegression(
            "Surv(days, died) ~ age + arm", site="pooled", strata="stage", errors="HC0",
            also=("baseline", "concordance", "proportionality"),
        ),
    ),
    _case(
        "cox, pooled, weighted, coarse, late entry",
        CoxRegression(
            "Surv(entry, days, died) ~ marker", site="pooled", strata="arm", weights="weight", errors="HC0",
            also=("proportionality", "baseline"), transform="rank",
        ),
        Limits(), rows_min=300,
    ),
    _case(
        "cox, strata, all at once",
        CoxRegression(
            "Surv(entry, days, died) ~ age + marker", strata="arm", weights="weight", errors="cluster-column",
            cluster="person", also=("proportionality", "concordance"), transform="log",
        ),
    ),
    _case("cox, strata, robust", CoxRegression("Surv(days, died) ~ age", errors="HC0", also=("concordance",))),
]  # fmt: skip
