"""Comparisons of treatments and changes under the laws."""

from __future__ import annotations

from cases_models import DICTIONARY, draw
from law_case import Case

from summand.methods.causes._propensity import Propensity
from summand.tables import Limits

CASES = [
    Case("propensity", Propensity("ill ~ age + sex", "pressure"), DICTIONARY, draw, rows_min=200),
    Case("propensity, coarse", Propensity("sex ~ age + C(pain)", "ill", "att", trim=0.1), DICTIONARY, draw, 300, Limits()),
    Case(
        "propensity, fixed sites", Propensity("ill ~ age*sex", "pain == 2", "overlap", site="fixed"), DICTIONARY, draw,
        rows_min=300, sites_matter=True,
    ),
    Case(
        "propensity, fixed sites, ate", Propensity("ill ~ age", "pressure", "ate", 0.05, 0.02, "fixed"), DICTIONARY, draw,
        rows_min=300, sites_matter=True,
    ),
]  # fmt: skip
