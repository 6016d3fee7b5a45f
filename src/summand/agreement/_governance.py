"""Clause H: who decides what, how, and what each study needs before it runs."""

from __future__ import annotations

from typing import Literal

from summand.agreement._base import Clause, Count, Identifier, Positive, Text, may, must, star
from summand.agreement._people import PersonRole

Topic = Literal["amendment", "accession", "study", "publication", "budget", "ip", "safety", "termination", "other"]


class Body(Clause):
    """A committee."""

    id: Identifier = star("Short name.")
    name: Text = star("What people call it.")
    kind: Literal["steering", "data_access", "safety", "ip", "ethics", "other"] = must("What it is for.")
    members: tuple[Identifier, ...] = star("Parties that sit in it.", min_length=1)
    chair: Identifier = star("Party that chairs it.")
    term_months: Positive | None = may("Months for which members sit.")


class DecisionRule(Clause):
    """How a body decides on a topic."""

    topic: Topic = star("What is decided.")
    body: Identifier = star("Body that decides.")
    quorum: Positive = star("Parties that must be present.")
    threshold: Literal["simple_majority", "two_thirds", "unanimous"] = star("Share of the votes that carries.")
    weights: Literal["one_party_one_vote", "contribution", "class"] = star("What a vote weighs.")
    veto_holders: tuple[Identifier, ...] = may("Parties whose no is final, besides each holder over its own data.", ())
    tie_break: Text | None = may("What decides a tie.")
    notice_days: Count = may("Days of notice.", 14)
    written_procedure: bool = may("Whether votes may be written.", True)


class StudyApproval(Clause):
    """Signatures that each study needs before a site runs it."""

    role: PersonRole = must("Role of the people who sign.")
    party: Identifier = must('Party that they act for, or "any".')
    count: Positive = must("How many different people.")


class Escalation(Clause):
    """One step of a dispute."""

    step: Text = star("Who tries to settle it.")
    days: Count = star("Days before the next step.")


class GovernanceClause(Clause):
    """Clause H."""

    bodies: tuple[Body, ...] = star("Committees.", min_length=1)
    decision_rules: tuple[DecisionRule, ...] = star("How each topic is decided.", min_length=1)
    holder_veto: Literal[True] = star("Each data holder may refuse any use of its own data.")
    amendment_rule: Text = star("How the agreement is changed.")
    study_approvals: tuple[StudyApproval, ...] = must("Signatures that each study needs; an empty list is none.")
    escalation: tuple[Escalation, ...] = star("Steps of a dispute, in order.", min_length=1)
    emergency_stop: Literal["any_data_holder_immediately"] = star("Who may stop at once, and over what.")
    delegations: tuple[Text, ...] = may("What is delegated to whom.", ())
    witnesses: Positive | None = may(
        "Sites that must cosign the ledger before a result counts as released; two thirds of a study's sites, rounded "
        "down, and one more if left out."
    )
    minutes_public: bool = may("Whether minutes are public.", False)
