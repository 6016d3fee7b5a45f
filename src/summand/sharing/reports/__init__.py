"""Statements about money and inventions as documents: PDF and CSV through `summand.documents`.

Promise: every figure stands beside its source, the clause, ledger leaf, released study or file that it comes from; an
agreement whose amounts are invented is marked as a sample on every document made from it.
"""

from summand.sharing.reports._inventions import inventions_document
from summand.sharing.reports._money import amount
from summand.sharing.reports._registers import contributions_document, income_document
from summand.sharing.reports._shared_savings import shared_savings_document
from summand.sharing.reports._statement import statement_document, statement_sources
from summand.sharing.reports._waterfall import waterfall_document

__all__ = [
    "amount",
    "contributions_document",
    "income_document",
    "inventions_document",
    "shared_savings_document",
    "statement_document",
    "statement_sources",
    "waterfall_document",
]
