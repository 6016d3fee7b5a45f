"""What each partner brings, as committed and as delivered; grants with their terms and reports; payments between partners.

Promise: a delivery counts for the party that signed it and never above its value as agreed; every figure names the clause
or the ledger leaf it comes from; what is late is told, what another party disputes is told and not counted.

    >>> sorted(CONTRIBUTION_ACTS)[:3]
    ['contribution.committed', 'contribution.delivered', 'contribution.disputed']
"""

from summand.sharing.contributions._acts import (
    CONTRIBUTION_ACTS,
    CONTRIBUTION_KINDS,
    Committed,
    Delivered,
    Disputed,
    GrantAwarded,
    GrantReceived,
    GrantReported,
    GrantSpent,
    PaymentMade,
    PaymentReceived,
    ReportDue,
    Settled,
)
from summand.sharing.contributions._grants import GrantLine, GrantReportLine
from summand.sharing.contributions._register import (
    Alert,
    ContributionLine,
    ContributionRegister,
    DeliveryLine,
    PaymentLine,
    contribution_register,
)

__all__ = [
    "CONTRIBUTION_ACTS",
    "CONTRIBUTION_KINDS",
    "Alert",
    "Committed",
    "ContributionLine",
    "ContributionRegister",
    "Delivered",
    "DeliveryLine",
    "Disputed",
    "GrantAwarded",
    "GrantLine",
    "GrantReceived",
    "GrantReportLine",
    "GrantReported",
    "GrantSpent",
    "PaymentLine",
    "PaymentMade",
    "PaymentReceived",
    "ReportDue",
    "Settled",
    "contribution_register",
]
