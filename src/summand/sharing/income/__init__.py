"""Income of a joint product as the ledger tells it: what came in, which guards are cleared, prices and access promised.

Promise: the ledger alone gives the same periods, the same payments and the same set-aside amounts to every partner. A
guard is cleared from the day on which a party's officer stated it with the document that clears it, never before; a
price or access commitment is kept, broken or not yet known, and never taken for kept because nobody reported.

    >>> sorted(INCOME_ACTS)[:2]
    ['commitment.made', 'commitment.reported']
"""

from summand.sharing.income._acts import (
    INCOME_ACTS,
    CommitmentMade,
    CommitmentReported,
    GuardCleared,
    GuardWithdrawn,
    IncomeReceived,
    ReserveReleased,
    TermsAgreed,
    TriggerSet,
)
from summand.sharing.income._commitments import CommitmentLine, commitment_lines
from summand.sharing.income._register import GoalVerdict, IncomePeriod, IncomeRegister, income_register

__all__ = [
    "INCOME_ACTS",
    "CommitmentLine",
    "CommitmentMade",
    "CommitmentReported",
    "GoalVerdict",
    "GuardCleared",
    "GuardWithdrawn",
    "IncomePeriod",
    "IncomeReceived",
    "IncomeRegister",
    "ReserveReleased",
    "TermsAgreed",
    "TriggerSet",
    "commitment_lines",
    "income_register",
]
