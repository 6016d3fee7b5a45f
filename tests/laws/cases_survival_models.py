"""Parametric and piecewise models of survival times, and rates, under the laws."""

from __future__ import annotations

import numpy as np
from cases_survival import DICTIONARY
from cases_survival import draw as draw_survival
from law_case import Case

from summand.methods import Method
from summand.methods.survival._parametric import ParametricSurvival
from summand.methods.survival._piecewise import PiecewiseExponential
from summand.methods.survival._rates import Rates
from summand.tables import NO_LIMITS, Batch, Limits


def draw(rng: np.random.Generator, rows: int) -> Batch:
    """As for Cox regression, with times above 0."""
    return draw_survival(rng, rows)


def _case(name: str, method: Method, limits: Limits = NO_LIMITS, rows_min: int = 100) -> Case:
    fixed = getattr(method, "site", "pooled") == "fixed"
    return Case(name, method, DICTIONARY, draw, rows_min=rows_min, limits=limits, sites_matter=fixed)


CASES = [
    _case("weibull", ParametricSurvival("Surv(days, died) ~ age + arm"), Limits()),
    _case("weibull, fixed", ParametricSurvival("Surv(days, state) ~ marker", "weibull", "fixed")),
    _case("exponential, fixed", ParametricSurvival("Surv(years, died) ~ marker", "exponential", "fixed")),
    _case("lognormal", ParametricSurvival("Surv(years, died) ~ marker + arm", "lognormal")),
    _case("loglogistic, fixed", ParametricSurvival("Surv(days, died) ~ age", "loglogistic", "fixed")),
    _case("piecewise", PiecewiseExponential("Surv(days, died) ~ age + arm", (20.0, 50.0))),
    _case("piecewise, learned", PiecewiseExponential("Surv(years, died) ~ arm", intervals=3), Limits(), 150),
    _case("piecewise, fixed", PiecewiseExponential("Surv(days, state) ~ marker", (30.0,), site="fixed")),
    _case("rates", Rates("Surv(days, died) ~ arm", 365.25, "exact", "age", (40.0, 65.0), (5.0, 3.0, 2.0))),
    _case("rates, institutional", Rates("Surv(years, died) ~ stage", interval="byar"), Limits(), 150),
]
