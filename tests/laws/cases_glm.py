"""Generalized linear models under the laws."""

from __future__ import annotations

import dataclasses

import numpy as np
from law_case import Case

from summand.methods.models._glm import GeneralizedLinearModel
from summand.methods.models._linear import LinearRegression
from summand.methods.models._logistic import LogisticRegression
from summand.tables import NO_LIMITS, PERSONS, Batch, Column, Dictionary, Limits

DICTIONARY = Dictionary(
    "laws",
    (
        Column("age", "integer", minimum=20, maximum=90, step=1),
        Column("arm", "category", levels=("a", "b")),
        Column("stage", "integer", minimum=1, maximum=3, step=1, levels=("1", "2", "3")),
        Column("years", "number", minimum=0.1, maximum=5),
        Column("sampled", "number", minimum=0, maximum=4),
        Column("ill", "integer", minimum=0, maximum=1, step=1),
        Column("visits", "integer", minimum=0, maximum=400, step=1),
        Column("cost", "number", minimum=0, maximum=50_000),
        Column("marker", "number", minimum=-20, maximum=30),
        Column("patient", "text"),
    ),
    person_id="patient",
)


def draw(rng: np.random.Generator, rows: int) -> Batch:
    """Outcomes of every kind that depend weakly on the covariates."""
    age = rng.integers(20, 91, rows).astype(np.float64)
    arm = rng.integers(0, 2, rows).astype(np.int32)
    years = rng.uniform(0.1, 5, rows)
    eta = (age - 55) / 80 - 0.3 * arm
    mean = 2.0 * np.exp(eta) * years
    return Batch(
        {
            "age": age,
            "arm": arm,
            "stage": rng.integers(1, 4, rows).astype(np.float64),
            "years": years,
            "sampled": rng.uniform(0, 4, rows) * (rng.uniform(size=rows) < 0.9),
            "ill": (rng.uniform(size=rows) < 1 / (1 + np.exp(-2 * eta))).astype(np.float64),
            "visits": np.minimum(rng.negative_binomial(1.5, 1.5 / (1.5 + mean)), 400).astype(np.float64),
            "cost": np.clip(rng.gamma(2, 500 * np.exp(eta)), 1e-6, 50_000),
            "marker": np.clip(5 + 4 * eta + rng.normal(size=rows), -20, 30),
            PERSONS: rng.permutation(rows).astype(np.int64) // 2 - 3,
        },
        rows,
    )


def _case(
    formula: str, family: str, name: str = "", limits: Limits = NO_LIMITS, rows: int = 200, **own: object
) -> Case:
    method = GeneralizedLinearModel(formula, family=family, **own)  # type: ignore[arg-type]
    return Case(
        f"glm, {family}{name and ', '}{name}", method, DICTIONARY, draw,
        rows_min=rows, limits=limits, sites_matter=method.fixed,
    )  # fmt: skip


def _by_person(formula: str, family: str, rows: int = 200, **own: object) -> Case:
    """Errors by person, where persons live at one site: their rows must not be dealt to several."""
    case = _case(formula, family, f"errors by person{', fixed sites' * ('site' in own)}", rows=rows, **own)
    method = dataclasses.replace(case.method, errors="cluster-person")  # type: ignore[type-var]
    return dataclasses.replace(case, method=method, sites_matter=True)


CASES = [
    _case("marker ~ age + arm", "gaussian", "weights", weights="sampled"),
    _case("ill ~ age + arm", "binomial", "probit, fixed sites", link="probit", site="fixed"),
    _case("ill ~ age", "binomial", "cloglog, offset", link="cloglog", offset="log(years)"),
    _case("visits ~ age*arm", "poisson", "rates, null", offset="log(years)", null="~ age"),
    _case("visits ~ age", "poisson", "fixed sites, weights", weights="sampled", offset="log(years)", site="fixed"),
    _case("visits ~ age + C(stage)", "poisson", "limits", Limits(), weights="sampled"),
    _case("cost ~ age + arm", "gamma", "offset, fixed sites", offset="log(years)", site="fixed"),
    _case("cost ~ age", "gamma", "inverse", link="inverse"),
    _case("visits ~ age + arm", "negative_binomial", "rates", offset="log(years)"),
    _case("ill ~ age", "binomial", "probit, errors by row, fixed sites", link="probit", errors="HC1", site="fixed"),
    _by_person("marker ~ age", "gaussian", weights="sampled"),
    _by_person("visits ~ age", "negative_binomial", site="fixed", rows=300),
    _case("visits ~ age", "negative_binomial", "fixed sites", site="fixed", rows=300),
    _case("visits ~ age - 1", "negative_binomial", "given", overdispersion=0.7),
    Case(
        "linear, weights, HC3, fixed sites", LinearRegression("marker ~ age + arm", "fixed", weights="sampled", errors="HC3"),
        DICTIONARY, draw, rows_min=150, sites_matter=True,
    ),
    Case(
        "linear, errors by person", LinearRegression("marker ~ age + arm", weights="sampled", errors="cluster-person"),
        DICTIONARY, draw, rows_min=150, limits=NO_LIMITS, sites_matter=True,
    ),
    Case("logistic, HC1", LogisticRegression("ill ~ age + arm", errors="HC1"), DICTIONARY, draw, rows_min=150, limits=Limits()),
    Case(
        "logistic, errors by person, fixed sites", LogisticRegression("ill ~ age", "fixed", errors="cluster-person"),
        DICTIONARY, draw, rows_min=300, sites_matter=True,
    ),
]  # fmt: skip
