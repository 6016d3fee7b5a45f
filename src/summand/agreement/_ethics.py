"""Clause F: the approvals that the work stands on. Clause G: who has an interest in the outcome."""

from __future__ import annotations

from datetime import date
from typing import Literal

from summand.agreement._base import Clause, Identifier, Positive, Sha256, Text, may, must, star


class Approval(Clause):
    """One decision of an ethics committee or institutional review board."""

    body: Text = star("Who decided.")
    reference: Text = star("Its reference number.")
    jurisdiction: Text = star("Where it holds.")
    scope: Text = star("What it covers.")
    granted: date = star("Date of the decision.")
    expires: date = star("Last day on which it holds.")
    document_hash: Sha256 | None = may("SHA-256 of the decision.")
    waiver: Text | None = may("Waiver of consent or authorisation, with its ground.")

    def holds_on(self, day: date) -> bool:
        """Whether the approval covers ``day``."""
        return self.granted <= day <= self.expires


class EthicsClause(Clause):
    """Clause F."""

    approvals: tuple[Approval, ...] = star(
        "Ethics approvals, or the reasoned decision that none is needed.", min_length=1
    )
    dpia_reference: Text = star("Data protection impact assessment, or why none is needed.")
    reliance_agreement: Text | None = may("Single-IRB reliance agreement.")
    patient_involvement: Text | None = may("How patients take part.")
    clinical_safety_officer: Text | None = may("Who answers for clinical safety.")
    trial_registration: Text | None = may("Number in a register of trials.")


class Declaration(Clause):
    """One interest that somebody declared."""

    person: Text = star("Who.")
    party: Identifier = star("Whose.")
    interest: Literal["equity", "fees", "ip", "family", "board", "other"] = star("Kind of interest.")
    amount_band: Text = must("Order of the amount.")
    counterparty: Text = must("In whom or what.")
    declared_on: date = star("When.")
    management_plan: Text = star("What is done about it.")
    recusal_topics: tuple[Text, ...] = may("Topics on which this person does not vote.", ())
    reviewer: Text | None = may("Who reviewed the declaration.")


class ConflictsClause(Clause):
    """Clause G."""

    declarations: tuple[Declaration, ...] = star("Declared interests; an empty list says that everybody was asked.")
    recheck_every_months: Positive = star("Months after which everybody is asked again.", le=60)
