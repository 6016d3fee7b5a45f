"""Clause B, the organisations: who they are, in which role, who may sign for them, and their key."""

from __future__ import annotations

from datetime import date
from typing import Literal

from summand.agreement._base import Clause, Count, Country, Currency, Finite, Identifier, KeyText, Text, may, must, star

PartyType = Literal[
    "provider",
    "university",
    "startup",
    "vendor",
    "regulator",
    "government",
    "nonprofit",
    "patient_organisation",
    "payer",
]
PartyRole = Literal[
    "data_holder", "data_user", "processor", "joint_controller", "sponsor", "funder", "lead", "observer"
]
HipaaStatus = Literal["covered_entity", "business_associate", "none"]
GdprRole = Literal["controller", "joint_controller", "processor", "none"]


class Registration(Clause):
    """An identifier in a public register: LEI, ROR, or for United States providers CCN and NPI."""

    scheme: Literal["lei", "ror", "ccn", "npi", "other"] = must("Which register.")
    value: Text = must("The identifier in that register.")


class Signatory(Clause):
    """The person who may bind the party."""

    name: Text = star("Name.")
    title: Text = star("Office held.")
    authority_evidence: Text = star("What shows that this person may sign for the party.")


class Contact(Clause):
    """A named office and how to reach it."""

    name: Text = must("Name or office.")
    email: Text = must("Where to write.")


class Insurance(Clause):
    """Cover that the party keeps up."""

    type: Text = must("What is insured.")
    amount_cents: Count = must("Cover per claim, in cents.")
    currency: Currency = must("ISO 4217.")


class DebarmentCheck(Clause):
    """That the party is not excluded from public programmes (OIG LEIE and SAM in the United States)."""

    checked_on: date = star("Date of the check.")
    source: Text = star("Lists that were searched.")


class Coordinates(Clause):
    """Where the party is, for maps: WGS 84 degrees."""

    latitude: Finite = must("Degrees north.", ge=-90, le=90)
    longitude: Finite = must("Degrees east.", ge=-180, le=180)


class Party(Clause):
    """Clause B: one organisation that signs."""

    id: Identifier = must("Short name, used wherever other clauses mean this party.")
    legal_name: Text = star("Name in the register of its country.")
    registrations: tuple[Registration, ...] = star("Identifiers in public registers.", min_length=1)
    country: Country = star("Country of its seat, ISO 3166-1 alpha-2.")
    type: PartyType = must("Kind of organisation.")
    roles: tuple[PartyRole, ...] = star("What it does in the partnership.", min_length=1)
    key: KeyText = must("Ed25519 key that it signs with.")
    nonprofit: bool = may("Whether it works without profit (DUO NPU).", False)
    hipaa_status: HipaaStatus | None = may("Standing under HIPAA; needed of a party in the United States.")
    gdpr_role: GdprRole | None = may("Role under the GDPR; needed of a party in the EEA or the United Kingdom.")
    signatory: Signatory = star("Who signs for it.")
    notice_address: Text = star("Where notices are served.")
    privacy_officer: Contact = star("Data protection or privacy officer.")
    security_contact: Contact | None = may("Whom to call about an incident.")
    insurance: tuple[Insurance, ...] = may("Insurance that it keeps up.", ())
    debarment_check: DebarmentCheck | None = may(
        "Exclusion lists searched; needed of every party once one is in the US."
    )
    coordinates: Coordinates | None = may("Where it is, for maps.")
