"""Crosstabs, comparisons of groups, tables one and correlations under the laws."""

from __future__ import annotations

from cases_describe import draw_with_gaps
from cases_models import DICTIONARY, draw
from law_case import Case

from summand.methods.description._compare_groups import CompareGroups
from summand.methods.description._correlation import Correlation
from summand.methods.description._crosstab import Crosstab
from summand.methods.description._table_one import TableOne
from summand.tables import Limits

EVERYTHING = ("age", "pressure", "sex", "pain")

CASES = [
    Case("correlation", Correlation(("age", "pressure", "pain"), given=("ill",)), DICTIONARY, draw),
    Case("correlation, ranks", Correlation(("age", "pressure"), "spearman"), DICTIONARY, draw),
    Case("correlation, limits", Correlation(("age", "pain", "ill"), "spearman"), DICTIONARY, draw, limits=Limits()),
    Case("table one", TableOne(EVERYTHING, "ill", ("pressure",), ("pain",)), DICTIONARY, draw_with_gaps),
    Case("table one, limits", TableOne(EVERYTHING, "ill", ("age",)), DICTIONARY, draw, rows_min=300, limits=Limits()),
    Case("compare groups", CompareGroups(("pressure", "ill"), "pain"), DICTIONARY, draw_with_gaps),
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
