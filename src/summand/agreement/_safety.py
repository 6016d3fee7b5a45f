"""Clause L: tools that touch care. Clause M: confidentiality and liability."""

from __future__ import annotations

from typing import Literal

from summand.agreement._base import Clause, Count, Identifier, Sha256, Text, may, must, star


class Tool(Clause):
    """A model or device that the partnership uses or makes."""

    id: Identifier = must("Short name.")
    intended_use: Text = must("What it is for.")
    risk_class: Text = must("Class under the device or AI law that applies.")
    model_card_hash: Sha256 | None = may("SHA-256 of its model card.")
    change_control_plan: Text | None = may("Changes foreseen and how they are checked (PCCP).")
    monitoring_plan: Text = must("How it is watched in use.")
    stop_rule: Text = must("When it is switched off.")
    incident_owner: Identifier = must("Party that reports incidents.")


class SafetyClause(Clause):
    """Clause L."""

    tools: tuple[Tool, ...] = may("Tools; an empty list says that none touches care.", ())


class Insured(Clause):
    """Cover that the agreement asks for."""

    type: Text = must("What is insured.")
    minimum_cents: Count = must("Least cover per claim, in cents.")


UnlimitedClaim = Literal["breach_of_patient_data", "reidentification", "wilful_misconduct", "fraud", "death_or_injury"]


class ConfidentialityClause(Clause):
    """Clause M."""

    confidentiality_years: Count = star("Years for which secrets are kept after the term.")
    liability_cap: Text = star("Most for which a party answers.")
    unlimited_claims: tuple[UnlimitedClaim, ...] = star("Claims to which the cap does not apply.", min_length=1)
    indemnities: Text = star("Who holds whom harmless.")
    insurance: tuple[Insured, ...] = star("Cover that parties keep up.", min_length=1)
    warranty_disclaimer: Text | None = may("What is not warranted.")
    force_majeure: Text | None = may("Events beyond control.")
    export_control: Text | None = may("Export law.")
    anti_bribery: Text | None = may("Anti-bribery law.")
    use_of_names: Text | None = may("Use of names and marks.")
