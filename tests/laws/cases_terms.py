"""Regressions whose formulas learn terms first, under the laws."""

from __future__ import annotations

from cases_models import DICTIONARY, draw
from law_case import Case

from summand.methods import from_spec
from summand.tables import NO_LIMITS, Limits


def _case(name: str, formula: str, method: str = "logistic", limits: Limits = NO_LIMITS, rows_min: int = 400) -> Case:
    spec = {"name": method, "formula": formula, "site": "pooled"}
    return Case(name, from_spec(spec), DICTIONARY, draw, rows_min=rows_min, limits=limits, tolerance=1e-7)


CASES = [
    _case("logistic, spline of a number", "ill ~ ns(pressure, 2)"),
    _case("linear, spline and polynomial", "pressure ~ ns(age, 3)*sex + poly(pain, 2)", "linear"),
    _case("linear, spline under limits", "pressure ~ ns(age, 3) + sex", "linear", Limits(), 600),
]
