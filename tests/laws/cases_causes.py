"""Comparisons of treatments and changes under the laws."""

from __future__ import annotations

from cases_models import DICTIONARY, draw
from law_case import Case

from summand.methods import Method
from summand.methods.causes._aipw import DoublyRobust
from summand.methods.causes._propensity import Propensity
from summand.methods.causes._standardisation import Standardisation
from summand.tables import Limits


def _fixed(name: str, method: Method) -> Case:
    return Case(name, method, DICTIONARY, draw, rows_min=300, sites_matter=True)


CASES = [
    Case("propensity", Propensity("ill ~ age + sex", "pressure"), DICTIONARY, draw, rows_min=200),
    Case("propensity, coarse", Propensity("sex ~ age + C(pain)", "ill", "att", trim=0.1), DICTIONARY, draw, 300, Limits()),
    _fixed("propensity, fixed sites", Propensity("ill ~ age*sex", "pain == 2", "overlap", site="fixed")),
    _fixed("propensity, fixed sites, ate", Propensity("ill ~ age", "pressure", "ate", 0.05, 0.02, "fixed")),
    Case("standardisation", Standardisation("pressure ~ C(pain)*age + sex", "pain"), DICTIONARY, draw, rows_min=150),
    Case("standardisation, coarse", Standardisation("ill ~ sex*age", "sex"), DICTIONARY, draw, 300, Limits()),
    _fixed("standardisation, linear, fixed sites", Standardisation("pressure ~ ill*age", "ill", "fixed")),
    _fixed("standardisation, logistic, fixed sites", Standardisation("ill ~ sex + age", "sex", "fixed")),
    Case("aipw", DoublyRobust("sex ~ age", "pressure ~ sex*age"), DICTIONARY, draw, rows_min=150),
    Case("aipw, coarse", DoublyRobust("ill ~ age + sex", "pain > 1 ~ ill + sex", 0.1), DICTIONARY, draw, 300, Limits()),
    _fixed("aipw, linear, fixed sites", DoublyRobust("sex ~ age", "pressure ~ sex*age", site="fixed")),
    _fixed("aipw, logistic, fixed sites", DoublyRobust("sex ~ age", "ill ~ sex + age", site="fixed")),
]  # fmt: skip
