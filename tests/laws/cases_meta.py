"""Meta-analysis under the laws: every measure, and every model that a site fits by itself."""

from __future__ import annotations

import numpy as np
from law_case import Case

from summand.methods import MetaAnalysis
from summand.tables import Batch, Column, Dictionary, Limits

DICTIONARY = Dictionary(
    "laws",
    (
        Column("age", "integer", minimum=20, maximum=90, step=1),
        Column("treated", "category", levels=("no", "yes")),
        Column("pressure", "number", minimum=80, maximum=220),
        Column("died", "integer", minimum=0, maximum=1, step=1),
        Column("days", "integer", minimum=0, maximum=400, step=1),
    ),
)


def draw(rng: np.random.Generator, rows: int) -> Batch:
    """Rows whose outcomes depend weakly on treatment and age, so that nothing separates."""
    age = rng.integers(20, 91, rows).astype(np.float64)
    treated = rng.integers(0, 2, rows).astype(np.int32)
    died = (rng.uniform(size=rows) < 0.4 - 0.1 * treated).astype(np.float64)
    pressure = np.clip(100 + 0.5 * age - 5 * treated + 15 * rng.normal(size=rows), 80, 220)
    days = rng.integers(0, 401, rows).astype(np.float64)
    return Batch({"age": age, "treated": treated, "pressure": pressure, "died": died, "days": days}, rows)


def _case(name: str, method: MetaAnalysis, **more: object) -> Case:
    return Case(f"meta, {name}", method, DICTIONARY, draw, sites_matter=True, **{"rows_min": 80, **more})  # type: ignore[arg-type]


CASES = [
    _case("odds ratio", MetaAnalysis("died ~ treated")),
    _case("risk ratio, limits", MetaAnalysis("died ~ treated", "risk_ratio", random="dl"), limits=Limits(5, 1)),
    _case("mean difference", MetaAnalysis("pressure ~ treated", "mean_difference", "", "reml", "hartung_knapp")),
    _case("logistic", MetaAnalysis("died ~ treated + age", "logistic")),
    _case("cox, limits", MetaAnalysis("Surv(days, died) ~ treated", "cox"), limits=Limits(5, 1)),
]
