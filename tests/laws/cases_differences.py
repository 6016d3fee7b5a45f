"""Changes in time under the laws: treated groups, clusters, and periods."""

from __future__ import annotations

import numpy as np
from law_case import Case

from summand.methods import Method
from summand.methods.causes._differences import DifferenceInDifferences
from summand.methods.causes._interrupted import InterruptedTimeSeries
from summand.methods.causes._wedge import SteppedWedge
from summand.tables import NO_LIMITS, Batch, Column, Dictionary, Limits

CLINICS, PERIODS = 8, 6
DICTIONARY = Dictionary(
    "laws",
    (
        Column("month", "integer", minimum=1, maximum=PERIODS, step=1),
        Column("since", "integer", minimum=1, maximum=99, step=1),
        Column("clinic", "category", levels=tuple("abcdefgh")),
        Column("days", "number", minimum=0, maximum=60),
        Column("week", "integer", minimum=1, maximum=18, step=1),
        Column("joined", "category", levels=("no", "yes")),
        Column("back", "integer", minimum=0, maximum=1, step=1),
    ),
)


def draw(rng: np.random.Generator, rows: int) -> Batch:
    """Clinics that start at month 3, at month 5 or never; stays get shorter with treatment."""
    clinic = rng.integers(0, CLINICS, rows)
    month = rng.integers(1, PERIODS + 1, rows)
    since = np.array([3, 3, 3, 5, 5, 99, 99, 99])[clinic]
    treated = month >= since
    days = np.clip(20 + clinic + 0.5 * month - 3 * treated + 4 * rng.normal(size=rows), 0, 60)
    back = rng.uniform(size=rows) < 0.5 - 0.1 * treated
    return Batch(
        {
            "month": month.astype(np.float64),
            "since": since.astype(np.float64),
            "week": (month - 1) * 3 + rng.integers(1, 4, rows).astype(np.float64),
            "joined": (since == 3).astype(np.int32),
            "clinic": clinic.astype(np.int32),
            "days": days,
            "back": back.astype(np.float64),
        },
        rows,
    )


def draw_without_codes(rng: np.random.Generator, rows: int) -> Batch:
    """The same, with a missing value where a clinic is never treated."""
    batch = draw(rng, rows)
    since = np.where(batch.columns["since"] == 99, np.nan, batch.columns["since"])
    return Batch({**batch.columns, "since": since}, rows)


def _case(name: str, method: Method, rows_min: int = 700, limits: Limits = NO_LIMITS) -> Case:
    return Case(name, method, DICTIONARY, draw, rows_min=rows_min, limits=limits)


def _differences(outcome: str = "days", **settings: object) -> DifferenceInDifferences:
    return DifferenceInDifferences(outcome, "month", "since", **{"never": "99", **settings})  # type: ignore[arg-type]


CASES = [
    _case("differences", _differences()),
    _case("differences, coarse", _differences("back", control="not_yet"), limits=Limits(3)),
    _case("differences, clusters", _differences(errors="cluster", cluster="clinic", draws=99)),
    Case("differences, sites", _differences(errors="site"), DICTIONARY, draw, 700, sites_matter=True),
    _case("differences, covariates", _differences(covariates="back*week")),
    Case(
        "differences, covariates, sites",
        _differences(errors="site", covariates="back"),
        DICTIONARY,
        draw,
        700,
        sites_matter=True,
    ),
    Case("differences, missing is never", _differences(never=""), DICTIONARY, draw_without_codes, 700),
    _case("series, linear", InterruptedTimeSeries("days", "week", "7", season=4)),
    _case(
        "series, autoregressive", InterruptedTimeSeries("days", "week", "7", errors="prais_winsten", control="joined")
    ),
    _case("series, poisson", InterruptedTimeSeries("back", "week", "7", model="poisson"), limits=Limits(3)),
    _case("series, logistic", InterruptedTimeSeries("back", "week", "7", model="logistic", control="joined")),
    _case("series, count", InterruptedTimeSeries("", "week", "7", "count", "poisson", "independent")),
    _case(
        "wedge, nested, coarse",
        SteppedWedge("back", "month", "clinic", "since", "99", "nested", draws=99),
        limits=Limits(3),
    ),
    _case("wedge, fixed", SteppedWedge("days", "month", "clinic", "since", "99", "fixed", "exposure", draws=99)),
]
