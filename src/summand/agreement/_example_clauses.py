"""The clauses of an example that do not depend on its data: A, E to O."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date
from typing import Any

from summand.agreement._templates import standard_terms_sha256


def boilerplate(parties: Sequence[str], first: date, last: date) -> dict[str, Any]:
    """Clauses A and E to O for these parties and this term; every invented value says "sample"."""
    return {
        "identity": _identity(),
        "privacy": {},
        "ethics": _ethics(first, last),
        "conflicts": {"declarations": [], "recheck_every_months": 12},
        "governance": _governance(parties),
        "work": _work(parties),
        "ip": _ip(),
        "revenue": {
            "waterfall": [],
            "currency": "EUR",
            "reporting_period": "year",
            "legal_guards": ["none_applies"],
        },
        "safety": {},
        "confidentiality": _confidentiality(),
        "term": _term(parties, first, last),
        "execution": {"effective_when": {"rule": "all"}, "record_retention_years": 10},
    }


def _identity() -> dict[str, Any]:
    return {
        "id": f"urn:uuid:{uuid.uuid4()}",
        "title": "Sample agreement",
        "version": 1,
        "template": {
            "name": "provider-provider/1.0",
            "language": "en",
            "sha256": standard_terms_sha256("provider-provider"),
        },
        "order_of_precedence": ["statute", "this document", "standard terms", "study request"],
        "governing_law": "sample: law of the first party's country",
        "forum": "sample: courts at the first party's seat",
    }


def _ethics(first: date, last: date) -> dict[str, Any]:
    approval = {
        "body": "sample ethics committee",
        "reference": "sample-001",
        "jurisdiction": "sample",
        "scope": "the studies under this agreement",
        "granted": first.isoformat(),
        "expires": last.isoformat(),
    }
    return {"approvals": [approval], "dpia_reference": "sample: assessment 001"}


def _governance(parties: Sequence[str]) -> dict[str, Any]:
    members = list(parties)
    rule = {"body": "steering", "quorum": len(members) // 2 + 1, "weights": "one_party_one_vote"}
    return {
        "bodies": [
            {
                "id": "steering",
                "name": "Steering committee",
                "kind": "steering",
                "members": members,
                "chair": members[0],
            }
        ],
        "decision_rules": [
            {**rule, "topic": "amendment", "threshold": "unanimous"},
            {**rule, "topic": "study", "threshold": "simple_majority"},
        ],
        "holder_veto": True,
        "amendment_rule": "A new version that names the hash of this one and that every party signs.",
        "study_approvals": [],
        "escalation": [
            {"step": "principal investigators", "days": 14},
            {"step": "executives", "days": 30},
            {"step": "mediation", "days": 60},
        ],
        "emergency_stop": "any_data_holder_immediately",
    }


def _work(parties: Sequence[str]) -> dict[str, Any]:
    return {
        "currency": "EUR",
        "contributions": [
            {
                "party": party,
                "kind": "staff",
                "text": "sample: a data manager",
                "committed_cents": 1_000_000,
                "valuation_method": "sample: payroll cost",
            }
            for party in parties
        ],
        "cost_shares": {
            "rule": "fixed",
            "basis": "sample: running cost of the federation",
            "weights": [{"party": party, "weight": 1} for party in parties],
        },
        "amounts_are_samples": True,
    }


def _ip() -> dict[str, Any]:
    return {
        "background": [],
        "foreground_rule": "joint",
        "sideground_rule": "inventor_owns",
        "postground_tail_months": 12,
        "field_of_technology": ["statistical results of the studies under this agreement"],
        "improvements_rule": "Improvements belong to the owner of what they improve.",
        "disclosure_days": 30,
        "publication": {"review_days": 30, "delay_max_days": 60, "authorship": "ICMJE recommendations"},
        "models_and_weights_ownership": "joint",
        "derived_data_ownership": "joint",
    }


def _confidentiality() -> dict[str, Any]:
    return {
        "confidentiality_years": 5,
        "liability_cap": "sample: direct damage up to EUR 100,000 a year",
        "unlimited_claims": ["breach_of_patient_data", "reidentification", "wilful_misconduct"],
        "indemnities": "Each party answers for claims that its own breach causes.",
        "insurance": [{"type": "sample: professional liability", "minimum_cents": 100_000_000}],
    }


def _term(parties: Sequence[str], first: date, last: date) -> dict[str, Any]:
    return {
        "start": first.isoformat(),
        "end": last.isoformat(),
        "termination": {"convenience_days": 90, "cause": "material breach not cured in time", "cure_days": 30},
        "exit_plan": {
            "data_destruction_days": 30,
            "model_rule": "keep",
            "continuity_of_care": "Care does not depend on this agreement.",
        },
        "survival": ["confidentiality", "ip", "audit", "patients_rights"],
        "backup_plan": [
            {
                "trigger": "site_loss",
                "action": "The remaining parties go on while enough sites remain for the limits of clause D.",
                "minimum_parties": max(1, len(parties) - 1),
            }
        ],
    }
