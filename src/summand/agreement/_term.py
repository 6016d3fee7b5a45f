"""Clause N: when it starts and ends, how one leaves, and what happens if something fails. Clause O: execution."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from summand.agreement._base import Clause, Count, Identifier, Positive, Sha256, Text, may, must, star


class Termination(Clause):
    """How the agreement ends before its term."""

    convenience_days: Count = star("Days of notice without a reason.")
    cause: Text = star("Reasons for ending it at once.")
    cure_days: Count = star("Days to put a breach right.")
    regulatory: Text | None = may("What an order of an authority does.")
    insolvency: Text | None = may("What insolvency does.")
    change_of_control: Text | None = may("What a change of control does.")


class ExitPlan(Clause):
    """What is done when a party leaves or the agreement ends."""

    data_destruction_days: Count = star("Days until working copies are destroyed or returned.")
    model_rule: Literal["withdraw", "retrain_without", "keep"] = star("What happens to models that used the data.")
    budget_closure: Text | None = may("How privacy budgets are closed.")
    wind_down_payments: Text | None = may("What is still paid.")
    continuity_of_care: Text = star("How patients' care goes on.")
    handover_party: Identifier | None = may("Party that takes over.")


class BackupPlan(Clause):
    """What is done when something the partnership needs fails."""

    trigger: Literal["indicator", "spc_signal", "site_loss", "funding_gap", "vendor_failure"] = star(
        "What sets it off."
    )
    action: Text = star("What is done.")
    replacement_partners: tuple[Text, ...] = may("Who could step in.", ())
    escrow: Text | None = may("Code, keys and weights kept in escrow.")
    minimum_parties: Positive = star("Fewest parties with which it goes on.")
    test_date: date | None = may("When the plan is tested.")


class TermClause(Clause):
    """Clause N."""

    start: date = star("First day.")
    end: date = star("Last day.")
    renewal: Literal["none", "explicit", "automatic_with_notice"] = may("How it is renewed.", "none")
    termination: Termination = star("How it ends early.")
    exit_plan: ExitPlan = star("What is done on exit.")
    survival: tuple[Literal["confidentiality", "ip", "audit", "patients_rights", "liability"], ...] = star(
        "What outlives the agreement.", min_length=1
    )
    backup_plan: tuple[BackupPlan, ...] = star("What is done when something fails.", min_length=1)


class SignatureRecord(Clause):
    """A note of a signature made elsewhere. Not part of what is signed; the DSSE envelope is what counts."""

    party: Identifier = must("Who signed.")
    signatory: Text = must("Person who signed.")
    hash_signed: Sha256 = must("Hash of the version signed.")
    algorithm: Literal["ed25519", "eidas_aes", "eidas_qes"] = must("Kind of signature.")
    time: datetime = must("When.")
    certificate: Text | None = may("Certificate of an eIDAS signature.")


class EffectiveWhen(Clause):
    """How many signatures put the agreement into effect."""

    rule: Literal["all", "k_of_n"] = star("All parties, or at least k with every core party among them.")
    k: Positive | None = may("Fewest signatures under k_of_n.")
    core: tuple[Identifier, ...] = may("Parties whose signature is always needed under k_of_n.", ())


class ExecutionClause(Clause):
    """Clause O."""

    signatures: tuple[SignatureRecord, ...] = may("Notes of signatures. Not part of what is signed.", ())
    counterparts: bool = may("Whether parties may sign separate copies.", True)
    effective_when: EffectiveWhen = star("What puts the agreement into effect.")
    accession_clause: Text | None = may("How a new party joins and who consents.")
    record_retention_years: Positive = star("Years for which records are kept.", le=100)
