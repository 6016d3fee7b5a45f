"""What each party cares about and how it works, signed by it, side by side with the others'.

A statement is the party's own word. Laid side by side, they show where parties agree, where they differ, and which
differences can be traded: something that matters much to one and little to another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

from pydantic import ValidationError

from summand.agreement._base import Clause, Identifier, Text, may, must
from summand.encoding import canonical, parse_canonical
from summand.errors import AgreementError, OwnProtocolError, PeerProtocolError, SignatureInvalid
from summand.signing import Envelope, PrivateKey, PublicKey, open_sealed

PRIORITIES_TYPE = "application/vnd.summand.priorities+json"
TOPICS: dict[str, str] = {
    "access": "better access to care",
    "quality": "better care",
    "cost": "lower cost",
    "equity": "care for those who get least",
    "workforce": "relief of staff",
    "innovation_speed": "quick results",
    "privacy": "protection of patients' data",
    "publication": "publishing soon and freely",
    "ownership": "owning what is made",
    "revenue": "income",
    "control": "a say in decisions",
    "reputation": "a good name",
    "regulation": "certainty about the law",
    "continuity": "going on when a partner leaves",
}
"""What a party may care about: the aims of clause C, and what parties quarrel about."""
NORMS: dict[str, tuple[str, tuple[str, ...]]] = {
    "answer_days": ("Letters are answered within", ("1", "2", "5", "10", "20")),
    "meetings": ("The parties meet", ("weekly", "fortnightly", "monthly", "quarterly")),
    "decisions": ("Decisions are taken", ("by_the_lead", "by_majority", "by_consensus")),
    "disagreement": ("Disagreement is brought up", ("at_once_in_the_room", "in_private_first", "through_the_chair")),
    "sharing": ("Drafts and early results are shown", ("as_they_come", "when_checked", "when_final")),
    "risk": ("New things are tried", ("quickly_and_corrected", "step_by_step", "only_when_proved")),
    "writing": ("What was said is written down", ("always", "when_asked", "rarely")),
    "publication": ("Results are published", ("first", "after_protection", "after_review_by_all")),
    "hours": ("People can be reached", ("office_hours", "extended_hours", "any_time")),
    "language": ("The working language is", ("en", "de", "fr", "es", "it", "nl", "other")),
}
"""Working norms: a question, and its possible answers in an order along which neighbours are near."""
_UNORDERED = frozenset({"language", "disagreement"})
Standing = Literal["same", "near", "differ", "unsaid"]


class Priority(Clause):
    """How much a topic matters to a party, from 1 (little) to 5 (nothing goes without it), and what it wants."""

    topic: Literal[tuple(TOPICS)] = must("One of the topics.")  # type: ignore[valid-type]
    importance: int = must("1 to 5.", ge=1, le=5)
    wants: Text | None = may("What it wants, in words.")


class Norm(Clause):
    """How a party works."""

    norm: Literal[tuple(NORMS)] = must("One of the norms.")  # type: ignore[valid-type]
    answer: Text = must("One of its answers.")
    note: Text | None = may("In words.")


class Priorities(Clause):
    """One party's statement about one agreement or draft."""

    agreement: str = must("URN of the agreement.", pattern=r"^urn:uuid:[0-9a-f-]{36}$")
    party: Identifier = must("Whose statement it is.")
    priorities: tuple[Priority, ...] = must("What matters.", min_length=1)
    norms: tuple[Norm, ...] = may("How it works.", ())
    stated_on: date = must("When.")

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Priorities:
        """The statement behind plain JSON values.

        Raises:
            AgreementError: if a field does not fit, a topic or norm stands twice, or an answer is none of its norm's.
        """
        try:
            found = cls.model_validate_json(canonical(dict(value)))
        except (ValidationError, OwnProtocolError) as error:
            raise _wrong(_said(error)) from None
        topics, norms = [item.topic for item in found.priorities], [item.norm for item in found.norms]
        if len(set(topics)) < len(topics) or len(set(norms)) < len(norms):
            raise _wrong("a topic or norm stands twice")
        for item in found.norms:
            if item.answer not in NORMS[item.norm][1]:
                raise _wrong(f"{item.norm} has the answers {', '.join(NORMS[item.norm][1])}")
        return found

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return self.model_dump(mode="json", exclude_none=True)


def _said(error: ValidationError | OwnProtocolError) -> str:
    if isinstance(error, OwnProtocolError):
        return error.message
    first = error.errors(include_url=False)[0]
    return f"{'.'.join(str(part) for part in first['loc']) or 'the whole'}: {first['msg']}"


def _wrong(why: str) -> AgreementError:
    return AgreementError(
        f"The statement of priorities does not fit: {why}.", remedy="Correct it; 'summand agreement priorities --help'."
    )


def sign_priorities(statement: Priorities, key: PrivateKey) -> Envelope:
    """The statement signed with the party's key."""
    return Envelope(canonical(statement.to_dict()), PRIORITIES_TYPE, ()).signed_by(key)


def read_priorities(envelope: Envelope, keys: Mapping[str, PublicKey]) -> Priorities:
    """The statement in an envelope, once its signature holds under the key of the party that it names.

    Args:
        envelope: The signed form.
        keys: The parties' keys by short name.

    Raises:
        SignatureInvalid: if the party is unknown or its key did not sign.
        AgreementError: if the statement does not fit.
    """
    try:
        value = parse_canonical(envelope.payload, "statement of priorities")
    except PeerProtocolError as error:
        raise SignatureInvalid(error.message, remedy=error.remedy) from None
    statement = Priorities.from_dict(value if isinstance(value, dict) else {})
    if statement.party not in keys:
        raise SignatureInvalid(
            f"{statement.party} is no party whose key is known here.", remedy="Give the agreement that names its key."
        )
    open_sealed(envelope, PRIORITIES_TYPE, [keys[statement.party]])
    return statement


@dataclass(frozen=True)
class Row:
    """One topic or norm, with each party's position (importance, or answer), and how far apart they are."""

    kind: Literal["priority", "norm"]
    name: str
    text: str
    positions: Mapping[str, str]
    wants: Mapping[str, str]
    standing: Standing
    gap: int


@dataclass(frozen=True)
class Trade:
    """Two topics that two parties value the other way round: each can give where it matters less."""

    first: str
    second: str
    first_cares_for: str
    second_cares_for: str
    text: str


@dataclass(frozen=True)
class SideBySide:
    """All statements side by side: rows with the widest gap first, trades, and parties that have not spoken."""

    agreement: str
    parties: tuple[str, ...]
    silent: tuple[str, ...]
    rows: tuple[Row, ...]
    trades: tuple[Trade, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "agreement": self.agreement,
            "parties": list(self.parties),
            "silent": list(self.silent),
            "rows": [{**asdict(row), "positions": dict(row.positions), "wants": dict(row.wants)} for row in self.rows],
            "trades": [asdict(trade) for trade in self.trades],
        }


def side_by_side(statements: Sequence[Priorities], parties: Sequence[str]) -> SideBySide:
    """The parties' statements beside each other; of several by one party the latest counts.

    Raises:
        AgreementError: if there is none, or they are about different agreements.
    """
    if len({item.agreement for item in statements}) != 1:
        raise _wrong("statements are needed, all about one and the same agreement")
    latest = {item.party: item for item in sorted(statements, key=lambda item: item.stated_on) if item.party in parties}
    rows = [_priority_row(topic, latest) for topic in TOPICS] + [_norm_row(norm, latest) for norm in NORMS]
    shown = sorted((row for row in rows if row.positions), key=lambda row: -row.gap)
    silent = tuple(party for party in parties if party not in latest)
    return SideBySide(statements[0].agreement, tuple(parties), silent, tuple(shown), tuple(_trades(latest)))


def _importance(statement: Priorities, topic: str) -> int:
    return next((item.importance for item in statement.priorities if item.topic == topic), 0)


def _priority_row(topic: str, latest: Mapping[str, Priorities]) -> Row:
    numbers = {party: _importance(item, topic) for party, item in latest.items()}
    said = {party: str(number) for party, number in numbers.items() if number}
    wants = {
        party: one.wants
        for party, item in latest.items()
        for one in item.priorities
        if one.topic == topic and one.wants
    }
    gap = max(numbers.values()) - min(numbers.values()) if said else 0
    standing: Standing = "same" if gap == 0 else "near" if gap <= 1 else "differ"
    return Row("priority", topic, TOPICS[topic], said, wants, standing, gap)


def _norm_row(norm: str, latest: Mapping[str, Priorities]) -> Row:
    text, answers = NORMS[norm]
    given = {party: one.answer for party, item in latest.items() for one in item.norms if one.norm == norm}
    notes = {party: one.note for party, item in latest.items() for one in item.norms if one.norm == norm and one.note}
    places = [answers.index(answer) for answer in given.values()]
    gap = max(places) - min(places) if places else 0
    if norm in _UNORDERED and gap:
        gap = len(answers)
    standing: Standing = "unsaid" if len(given) < 2 else "same" if gap == 0 else "near" if gap == 1 else "differ"
    return Row("norm", norm, text, given, notes, standing, gap)


def _trades(latest: Mapping[str, Priorities]) -> list[Trade]:
    """For each two parties, the pair of topics whose importance is the most reversed (by at least 2 on each side)."""
    found = []
    names = list(latest)
    for at, first in enumerate(names):
        for second in names[at + 1 :]:
            lead = {topic: _importance(latest[first], topic) - _importance(latest[second], topic) for topic in TOPICS}
            most, least = max(lead, key=lambda topic: lead[topic]), min(lead, key=lambda topic: lead[topic])
            if lead[most] >= 2 and lead[least] <= -2:
                text = (
                    f"{first} cares more for {TOPICS[most]}, {second} for {TOPICS[least]}: each can give way where the "
                    "other cares more."
                )
                found.append(Trade(first, second, most, least, text))
    return found
