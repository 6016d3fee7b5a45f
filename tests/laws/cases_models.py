"""Linear and logistic regression under the laws."""

from __future__ import annotations

import numpy as np
from law_case import Case

from summand.methods.models._linear import LinearRegression
from summand.methods.models._logistic import LogisticRegression
from summand.tables import Batch, Column, Dictionary

DICTIONARY = Dictionary(
    "laws",
    (
        Column("age", "integer", minimum=20, maximum=90, step=1),
        Column("pressure", "number", minimum=80, maximum=220),
        Column("sex", "category", levels=("1", "2")),
        Column("pain", "integer", minimum=1, maximum=3, step=1, levels=("1", "2", "3")),
        Column("ill", "integer", minimum=0, maximum=1, step=1),
    ),
)


def draw(rng: np.random.Generator, rows: int) -> Batch:
    """Rows whose outcome depends weakly on the covariates, so that nothing separates."""
    age = rng.integers(20, 91, rows).astype(np.float64)
    sex = rng.integers(0, 2, rows).astype(np.int32)
    pain = rng.integers(1, 4, rows).astype(np.float64)
    chance = 1 / (1 + np.exp(-(age - 55) / 40 - 0.3 * sex))
    pressure = np.clip(100 + 0.5 * age + 15 * rng.normal(size=rows), 80, 220)
    ill = (rng.uniform(size=rows) < chance).astype(np.float64)
    return Batch({"age": age, "pressure": pressure, "sex": sex, "pain": pain, "ill": ill}, rows)


def _case(name: str, method: LinearRegression | LogisticRegression, rows_min: int = 150) -> Case:
    return Case(name, method, DICTIONARY, draw, rows_min=rows_min, sites_matter=method.site == "fixed")


CASES = [
    _case("logistic", LogisticRegression("ill ~ age + sex")),
    _case("logistic, interaction", LogisticRegression("ill == 0 ~ age*sex + pressure")),
    _case("logistic, category as number", LogisticRegression("sex ~ age + C(pain)")),
    _case("logistic, fixed sites", LogisticRegression("ill ~ age + sex", "fixed"), rows_min=300),
    _case("linear", LinearRegression("pressure ~ age + sex + C(pain)")),
    _case("linear, powers, no intercept", LinearRegression("pressure ~ age + I(age^2) - 1")),
    _case("linear, fixed sites", LinearRegression("pressure ~ age*sex", "fixed")),
]
