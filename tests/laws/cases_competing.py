"""Methods on competing events under the laws."""

from __future__ import annotations

import numpy as np
from law_case import Case

from summand.methods import Method
from summand.methods.survival._aalen_johansen import AalenJohansen
from summand.methods.survival._fine_gray import FineGray
from summand.tables import NO_LIMITS, Batch, Column, Dictionary, Limits

DICTIONARY = Dictionary(
    "laws",
    (
        Column("days", "integer", minimum=0, maximum=300, step=1),
        Column("years", "number", minimum=0, maximum=3),
        Column("status", "integer", minimum=0, maximum=2, step=1),
        Column("exit", "category", levels=("died", "home", "stays")),
        Column("age", "integer", minimum=20, maximum=90, step=1),
        Column("marker", "number", minimum=-4, maximum=4),
        Column("arm", "category", levels=("a", "b")),
    ),
)


def draw(rng: np.random.Generator, rows: int) -> Batch:
    """Follow-up that ends in one of two causes or by censoring, with ties in days."""
    age = rng.integers(20, 91, rows).astype(np.float64)
    marker = np.clip(rng.normal(size=rows), -4, 4)
    arm = rng.integers(0, 2, rows).astype(np.int32)
    first = rng.exponential(0.5 * np.exp(-(age - 55) / 80 - 0.3 * marker))
    second, censored = rng.exponential(0.8 * np.exp(0.2 * arm)), rng.uniform(0.05, 1.2, rows)
    years = np.minimum(np.minimum(first, second), np.minimum(censored, 3.0))
    status = np.where(censored <= years, 0.0, np.where(first <= second, 1.0, 2.0))
    return Batch(
        {
            "days": np.ceil(years * 100),
            "years": years,
            "status": status,
            "exit": np.array([2, 1, 0], dtype=np.int32)[status.astype(np.intp)],
            "age": age,
            "marker": marker,
            "arm": arm,
        },
        rows,
    )


def _case(name: str, method: Method, limits: Limits = NO_LIMITS, rows_min: int = 120) -> Case:
    strata = getattr(method, "site", "pooled") == "strata"
    return Case(
        name, method, DICTIONARY, draw, rows_min=rows_min, limits=limits, sites_matter=strata,
        # A site's condensed sums are bounded only at its own event times, as those of Cox regression are.
        one_row_bounds=not strata,
    )  # fmt: skip


CASES = [
    _case("aalen_johansen", AalenJohansen("Surv(days, status) ~ arm", times=(20.0, 50.0))),
    _case("aalen_johansen, coarse", AalenJohansen("Surv(years, exit) ~ arm", "stays"), Limits(), 300),
    _case("fine_gray, strata", FineGray("Surv(days, status) ~ age + arm")),
    _case("fine_gray, pooled", FineGray("Surv(years, exit) ~ marker + arm", "died", "stays", "pooled")),
    _case("fine_gray, coarse", FineGray("Surv(days, status) ~ age + marker", "2", site="pooled"), Limits(), 150),
]
