"""Sample people for the portal of a demonstration that stays up: two organisations, every role, random passwords."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from summand.demo._case import Case
from summand.portal import open_accounts
from summand.portal._passwords import hash_password


@dataclass(frozen=True)
class PortalPerson:
    """A sample account: what to type, and what it may do."""

    login: str
    password: str
    roles: str


def portal_people(hub_folder: Path, case: Case) -> list[PortalPerson]:
    """Accounts for the agreement's analyst, for two organisations' other roles, and for a regulator's reader."""
    agreement = case.agreement
    first, second = case.sites[0].party, case.sites[1].party
    analyst = next(person for person in agreement.people if person.role == "analyst")
    wanted = [
        ("analyst", analyst.name, analyst.party, ["analyst"]),
        ("steward", "Sample data steward", first, ["data_steward"]),
        ("lead", "Sample governance lead", second, ["governance_lead", "finance"]),
        ("auditor", "Sample auditor", second, ["auditor"]),
        ("admin", "Sample administrator", first, ["admin"]),
    ]
    made = []
    with open_accounts(hub_folder) as accounts:
        for login, name, organisation, roles in wanted:
            account, _ = accounts.add(login, name, organisation, roles)
            password = "-".join(secrets.token_hex(2) for _ in range(4))
            accounts.set_password(login, hash_password(password))
            made.append(PortalPerson(login, password, f"{account.role_names}, {organisation}"))
    return made
