"""Ordinal and multinomial regression under the laws."""

from __future__ import annotations

from cases_models import DICTIONARY, draw
from law_case import Case

from summand.methods.models._multinomial import MultinomialRegression
from summand.methods.models._ordinal import OrdinalRegression
from summand.tables import NO_LIMITS, Limits


def _case(
    name: str, method: OrdinalRegression | MultinomialRegression, rows_min: int = 150, limits: Limits = NO_LIMITS
) -> Case:
    matters = method.site == "fixed"
    return Case(name, method, DICTIONARY, draw, rows_min=rows_min, sites_matter=matters, limits=limits)


CASES = [
    _case("ordinal, logit", OrdinalRegression("pain ~ age + sex")),
    _case("ordinal, probit, limits", OrdinalRegression("pain ~ age*sex", link="probit"), 200, Limits()),
    _case("ordinal, fixed sites", OrdinalRegression("pain ~ age + sex", "fixed"), 300),
    _case("multinomial", MultinomialRegression("pain ~ age + sex", "pooled"), 150, Limits()),
    _case("multinomial, fixed sites", MultinomialRegression("pain ~ age + sex", "fixed"), 300),
]
