"""Margins of regressions under the laws."""

from __future__ import annotations

from cases_models import DICTIONARY, draw
from law_case import Case

from summand.methods import from_spec
from summand.tables import NO_LIMITS, Limits


def _case(name: str, spec: dict[str, object], rows_min: int = 200, limits: Limits = NO_LIMITS) -> Case:
    method = from_spec({"name": "margins", **spec})
    return Case(name, method, DICTIONARY, draw, rows_min=rows_min, limits=limits, tolerance=1e-7)


CASES = [
    _case(
        "margins, logistic",
        {"formula": "ill ~ age*sex + I(pressure^2) + pressure", "at": [{"age": 40, "sex": "1"}], "levels": ["sex"]},
        limits=Limits(),
    ),
    _case("margins, spline", {"formula": "pressure ~ poly(age, 2) + C(pain)", "model": "linear"}),
]
