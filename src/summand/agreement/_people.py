"""Clause B, the people: who may act for a party, in which role, with which key and for how long."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from summand.agreement._base import Clause, Identifier, KeyText, Text, must

PersonRole = Literal[
    "analyst",
    "data_steward",
    "data_manager",
    "governance_lead",
    "principal_investigator",
    "auditor",
    "security_officer",
    "clinical_safety_officer",
    "finance_officer",
]


class Person(Clause):
    """Someone who signs requests, approvals or decisions for a party."""

    name: Text = must("Name.")
    party: Identifier = must("Party that answers for this person.")
    role: PersonRole = must("What this person may do.")
    key: KeyText = must("Ed25519 key that this person signs with.")
    from_: date = Field(alias="from", description="First day on which the key counts.")
    to: date = must("Last day on which the key counts.")

    def holds_on(self, day: date) -> bool:
        """Whether the person's key counts on ``day``."""
        return self.from_ <= day <= self.to
