"""Crosstabs, comparisons of groups, tables one and correlations under the laws."""

from __future__ import annotations

from cases_models import DICTIONARY, draw
from law_case import Case

from summand.methods.description._crosstab import Crosstab
from summand.tables import Limits

CASES = [
    Case("crosstab", Crosstab("pain", "sex"), DICTIONARY, draw),
    Case("crosstab, strata", Crosstab("sex", "age > 60", "pain"), DICTIONARY, draw, rows_min=100),
    Case("crosstab, hidden", Crosstab("pain", "ill", "sex"), DICTIONARY, draw, limits=Limits()),
    Case(
        "crosstab, sites",
        Crosstab("sex", "ill", "pain", site="strata"),
        DICTIONARY,
        draw,
        rows_min=200,
        sites_matter=True,
    ),
]
