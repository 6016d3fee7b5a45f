"""A partnership whose acts of governance a test writes down: signed statements, as the ledger would hold them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from summand.agreement import complete_example
from summand.encoding import canonical, parse
from summand.governance import GovernanceState, governance_state
from summand.signing import PrivateKey
from summand.study import Statement

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
PARTIES = ("north", "south", "west", "east")


def after(days: float = 0, hours: float = 0) -> datetime:
    """A time of the story."""
    return START + timedelta(days=days, hours=hours)


class Chamber:
    """Parties, their people, and what they stated.

    Each party has a governance lead called ``lead NAME``; the first a data steward and an analyst besides.
    """

    def __init__(self, parties: tuple[str, ...] = PARTIES, **terms: Any) -> None:
        self.keys = {name: PrivateKey.generate() for name in parties}
        self.people = {f"lead {name}": (name, "governance_lead", PrivateKey.generate()) for name in parties}
        first = parties[0]
        self.people["steward"] = (first, "data_steward", PrivateKey.generate())
        self.people["analyst"] = (first, "analyst", PrivateKey.generate())
        self.agreement = complete_example(
            [{"id": name, "key": key.public.text} for name, key in self.keys.items()],
            people=[
                {"name": name, "party": party, "role": role, "key": key.public.text}
                for name, (party, role, key) in self.people.items()
            ],
            datasets=[{"id": f"data-{name}", "holder": name} for name in parties],
            start=START.date() - timedelta(days=30), days=730, **terms,
        )  # fmt: skip
        self.entries: list[tuple[int, dict[str, Any]]] = []

    def key(self, who: str) -> PrivateKey:
        """The key of a party or person."""
        return self.keys[who] if who in self.keys else self.people[who][2]

    def say(self, who: str, act: str, at: datetime, **fields: Any) -> dict[str, Any]:
        """State an act, and put it into the ledger; its entry."""
        return self.state("governance.act", who, {"act": act, **fields}, at)

    def state(
        self, kind: str, who: str, document: Mapping[str, Any], at: datetime, study: str = ""
    ) -> dict[str, Any]:  # fmt: skip
        """Put a statement of any kind into the ledger; its entry."""
        statement = Statement.sign(kind, self.agreement.hash, who, document, self.key(who), study, inside=True, at=at)
        entry = parse(canonical({
            "type": kind, "at": at.isoformat(timespec="seconds"), "agreement_hash": self.agreement.hash,
            "study": study, "person": who, "document_sha256": statement.document_sha256,
            "envelope": statement.envelope.to_dict(),
        }))  # fmt: skip
        self.entries.append((len(self.entries), entry))
        return dict(entry)

    def open(self, name: str = "m", at: datetime = START, **fields: Any) -> None:
        """Open a motion on a study, by 'lead north', with twenty days of notice."""
        given = {
            "id": name, "body": "steering", "topic": "study", "title": f"Motion {name}", "subject": "other",
            "closes_at": (at + timedelta(days=20)).isoformat(), **fields,
        }  # fmt: skip
        self.say("lead north", "motion.opened", at, **given)

    def vote(self, party: str, vote: str, at: datetime, name: str = "m", **fields: Any) -> None:
        """Vote as a party's lead."""
        self.say(f"lead {party}", "vote.cast", at, motion=name, vote=vote, **fields)

    def at(self, when: datetime) -> GovernanceState:
        """The state at a time."""
        return governance_state([self.agreement], self.entries, when)


def rules(**fields: Any) -> dict[str, Any]:
    """Clause H with one rule on studies, and one on safety by the same body."""
    rule = {
        "body": "steering", "quorum": 3, "threshold": "simple_majority", "weights": "one_party_one_vote",
        "notice_days": 14, **fields,
    }  # fmt: skip
    return {"decision_rules": [{**rule, "topic": topic} for topic in ("study", "safety", "amendment")]}
