"""Mixed models under the laws: groups within sites, so that one site alone has several."""

from __future__ import annotations

import numpy as np
from law_case import Case

from summand.methods import MixedModel
from summand.tables import Batch, Column, Dictionary, Limits

DICTIONARY = Dictionary(
    "laws",
    (
        Column("age", "integer", minimum=20, maximum=90, step=1),
        Column("sex", "category", levels=("1", "2")),
        Column("pressure", "number", minimum=50, maximum=250),
        Column("ill", "integer", minimum=0, maximum=1, step=1),
        Column("visits", "integer", minimum=0, maximum=40, step=1),
        Column("ward", "integer", minimum=0, maximum=11, step=1),
    ),
)


def draw(rng: np.random.Generator, rows: int) -> Batch:
    """Rows of twelve wards that differ, of which one row in some belongs to each."""
    age, sex = rng.integers(20, 91, rows).astype(np.float64), rng.integers(0, 2, rows).astype(np.int32)
    ward = rng.integers(0, 12, rows).astype(np.float64)
    own = 1.2 * np.cos(3.0 * ward)
    ill = (rng.uniform(size=rows) < 1 / (1 + np.exp(-(age - 55) / 40 - own))).astype(np.float64)
    pressure = np.clip(120 + 0.3 * age + 10 * own + 12 * rng.normal(size=rows), 50, 250)
    visits = np.minimum(rng.poisson(np.exp(0.5 + 0.5 * own + 0.2 * sex)), 40).astype(np.float64)
    columns = {"age": age, "sex": sex, "pressure": pressure, "ill": ill, "visits": visits, "ward": ward}
    return Batch(columns, rows)


def _case(name: str, method: MixedModel, limits: Limits | None = None) -> Case:
    more = {} if limits is None else {"limits": limits}
    return Case(f"mixed, {name}", method, DICTIONARY, draw, rows_min=250, sites_matter=True, **more)  # type: ignore[arg-type]


CASES = [
    _case("linear by reml", MixedModel("pressure ~ age + sex", group="ward")),
    _case("linear by ml, limits", MixedModel("pressure ~ age", group="ward", estimator="ml"), Limits()),
    _case("logistic", MixedModel("ill ~ age + sex", "binomial", "ward", nodes=5)),
    _case("poisson", MixedModel("visits ~ sex", "poisson", "ward", nodes=3, offset="log(age)")),
    _case("logistic, limits", MixedModel("ill ~ age", "binomial", "ward", nodes=1), Limits()),
]
