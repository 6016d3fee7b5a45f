"""Roles in the portal, and what each may do there.

A role is held for one organisation: whoever holds it sees the partnerships that this organisation is a party of, or
was invited into, and no others. Nothing here replaces a signature: a study, an approval or a stop counts by the
person's own key, whatever role an account has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum


class Right(StrEnum):
    """What a page asks of its reader."""

    READ = "read"
    """Partnerships, agreements, requests and decisions."""
    RESULTS = "results"
    """Figures that come from patients' data: each look is logged."""
    ASK = "ask"
    """Ask for studies."""
    DESK = "desk"
    """The data steward's desk."""
    GOVERN = "govern"
    """Invite readers; governance."""
    MONEY = "money"
    """Contributions, statements and payments."""
    ACCESS_LOG = "access_log"
    """Who looked at which results."""
    ACCOUNTS = "accounts"
    """Accounts of one's own organisation."""


ROLES: Mapping[str, str] = {
    "analyst": "Analyst",
    "data_steward": "Data steward",
    "governance_lead": "Governance lead",
    "finance": "Finance officer",
    "regulator": "Regulator's reader",
    "auditor": "Auditor",
    "admin": "Administrator",
}
"""By name, as people read them."""

RIGHTS: Mapping[str, frozenset[Right]] = {
    "analyst": frozenset({Right.READ, Right.RESULTS, Right.ASK}),
    "data_steward": frozenset({Right.READ, Right.RESULTS, Right.DESK}),
    "governance_lead": frozenset({Right.READ, Right.RESULTS, Right.GOVERN, Right.MONEY}),
    "finance": frozenset({Right.READ, Right.MONEY}),
    "regulator": frozenset({Right.READ, Right.RESULTS, Right.MONEY}),
    "auditor": frozenset({Right.READ, Right.RESULTS, Right.MONEY, Right.ACCESS_LOG}),
    "admin": frozenset({Right.ACCOUNTS}),
}
"""An administrator manages accounts and, without a second role, sees no partnership."""


def rights_of(roles: Iterable[str]) -> frozenset[Right]:
    """What these roles together may do; an unknown role may nothing."""
    return frozenset(right for role in roles for right in RIGHTS.get(role, ()))
