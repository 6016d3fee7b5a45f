"""Who the people are: counts, moments, quantiles, histograms and tables, column by column.

Promise: each figure is the pooled one; where the limits have a minimum cell, none of them gives a smaller count away.
"""

from summand.methods._protocol import Method
from summand.methods.description._compare_groups import CompareGroups
from summand.methods.description._correlation import Correlation
from summand.methods.description._crosstab import Crosstab
from summand.methods.description._describe import Describe
from summand.methods.description._table_one import TableOne

METHODS: tuple[type[Method], ...] = (Describe, Crosstab, TableOne, CompareGroups, Correlation)

__all__ = [
    "METHODS",
    "CompareGroups",
    "Correlation",
    "Crosstab",
    "Describe",
    "TableOne",
]
