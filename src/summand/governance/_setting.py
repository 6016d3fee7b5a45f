"""What governance asks of an agreement: bodies, rules, who speaks for a party, who has an interest in what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from summand.agreement import Agreement
from summand.agreement._governance import Body, DecisionRule
from summand.errors import ActInvalid
from summand.guard import VETO_ROLES

SPEAKER_ROLES = frozenset({"party", "governance_lead"})
"""Who votes, recuses and settles for a party: its own key, its governance leads, and those whom it delegated."""


__all__ = [
    "SPEAKER_ROLES", "VETO_ROLES", "Delegation", "Interest", "body_of", "conflicted", "declared", "holds", "rule_of",
    "signatory", "speakers",
]  # fmt: skip


@dataclass(frozen=True)
class Interest:
    """A declared interest: whose, in what, and the topics on which that person or party does not vote."""

    person: str
    party: str
    interest: str
    counterparty: str
    topics: tuple[str, ...]
    leaf: int | None


@dataclass(frozen=True)
class Delegation:
    """A party's word that somebody votes for it in a body, until a day."""

    party: str
    person: str
    body: str
    until: date
    leaf: int


def body_of(agreement: Agreement, body_id: str) -> Body:
    """The committee of that name.

    Raises:
        ActInvalid: if the agreement has none.
    """
    for body in agreement.governance.bodies:
        if body.id == body_id:
            return body
    known = ", ".join(body.id for body in agreement.governance.bodies)
    raise ActInvalid(f"The agreement has no body '{body_id}'.", remedy=f"Name one of: {known}.", clause="H.bodies")


def rule_of(agreement: Agreement, topic: str, body_id: str) -> DecisionRule:
    """How a body decides on a topic.

    Raises:
        ActInvalid: if the agreement does not let it.
    """
    for rule in agreement.governance.decision_rules:
        if (rule.topic, rule.body) == (topic, body_id):
            return rule
    raise ActInvalid(
        f"The body '{body_id}' does not decide on '{topic}'.",
        remedy="Open the motion in the body that clause H names for this topic.",
        clause="H.decision_rules",
    )


def declared(agreement: Agreement) -> list[Interest]:
    """The interests of clause G."""
    return [
        Interest(item.person, item.party, item.interest, item.counterparty, tuple(item.recusal_topics), None)
        for item in agreement.conflicts.declarations
    ]


def holds(agreement: Agreement, party: str) -> frozenset[str]:
    """The datasets of a party."""
    return frozenset(dataset.id for dataset in agreement.datasets if dataset.holder == party)


def signatory(agreement: Agreement, party: str) -> str:
    """Who acts when a party's own key signs."""
    return agreement.party(party).signatory.name


def speakers(agreement: Agreement, party: str, body: str, day: date, delegations: list[Delegation]) -> set[str]:
    """The people who may vote for a party in a body on a day."""
    leads = {
        person.name
        for person in agreement.people
        if person.party == party and person.role in SPEAKER_ROLES and person.holds_on(day)
    }
    named = {item.person for item in delegations if (item.party, item.body) == (party, body) and day <= item.until}
    return {signatory(agreement, party)} | leads | named


def conflicted(interests: list[Interest], party: str, topic: str) -> dict[str, Interest]:
    """The people of a party (or the party itself) with an interest in a topic, by name."""
    return {
        item.person: item
        for item in interests
        if item.party == party and any(topic in text.lower().replace("_", " ").split() for text in item.topics)
    }
