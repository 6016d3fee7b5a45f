"""Penalised regression under the laws."""

from __future__ import annotations

from cases_models import DICTIONARY, draw
from law_case import Case

from summand.methods import from_spec
from summand.tables import NO_LIMITS, Limits


def _case(name: str, spec: dict[str, object], rows_min: int = 250, limits: Limits = NO_LIMITS) -> Case:
    method = from_spec({"name": "penalised", "path": 4, "folds": 3, **spec})
    return Case(name, method, DICTIONARY, draw, rows_min=rows_min, limits=limits)


CASES = [
    _case("penalised, lasso", {"formula": "pressure ~ age + sex + C(pain)"}, limits=Limits()),
    _case("penalised, binomial", {"formula": "ill ~ age*sex + pressure", "family": "binomial", "alpha": 0.5}),
    _case("penalised, poisson", {"formula": "pain ~ age + sex", "family": "poisson", "alpha": 0.0, "lambdas": [0.1]}),
]
