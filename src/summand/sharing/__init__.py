"""Who bears which cost and who is owed what, by the formula that the parties signed.

Promise: every amount is whole cents and every split adds up to the cent; the same agreement and the same quantities
give the same statement on every machine, in whatever order the parties are named. Nothing is used that the disclosure
profile keeps hidden: a split by patients needs counts that were released, or a quantity that the agreement declares.
An agreement whose amounts are invented says so, and so does every statement made from it.

    >>> allocate(100, {"a": 1, "b": 1, "c": 1})
    {'a': 34, 'b': 33, 'c': 33}
"""

from summand.sharing._acts import (
    ACT_KIND,
    Act,
    Unheeded,
    act_document,
    act_schema,
    read_acts,
    record_of,
    require_speaker,
)
from summand.sharing._all_acts import ACTS
from summand.sharing._allocate import allocate, allocate_capped
from summand.sharing._basis import BASES, Quantity, ReleasedCounts, contributed, quantity_of
from summand.sharing._statement import CONTRIBUTIONS_CLAUSE, COST_CLAUSE, Payment, Position, Statement, settle

__all__ = [
    "ACTS",
    "ACT_KIND",
    "BASES",
    "CONTRIBUTIONS_CLAUSE",
    "COST_CLAUSE",
    "Act",
    "Payment",
    "Position",
    "Quantity",
    "ReleasedCounts",
    "Statement",
    "Unheeded",
    "act_document",
    "act_schema",
    "allocate",
    "allocate_capped",
    "contributed",
    "quantity_of",
    "read_acts",
    "record_of",
    "require_speaker",
    "settle",
]
