"""What the fold over the acts gives: records that pages and digests read, each with the leaf it comes from."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from typing import Any, Literal

from summand.governance._tally import Count
from summand.signing import Envelope

Outcome = Literal["open", "carried", "rejected", "inquorate", "undecidable", "void", "withdrawn"]


@dataclass(frozen=True)
class Ballot:
    """A party's vote as it counts: what, by whom, when, and the leaf."""

    party: str
    person: str
    vote: str
    reason: str
    at: datetime
    leaf: int


@dataclass(frozen=True)
class Veto:
    """A data holder's no over its own data, or a party's whose no is final."""

    party: str
    datasets: tuple[str, ...]
    reason: str
    leaf: int


@dataclass(frozen=True)
class Recusal:
    """A party that does not vote on a motion, and why."""

    party: str
    reason: str
    leaf: int | None


@dataclass(frozen=True)
class Motion:
    """A motion and where it stands.

    Attributes:
        id, body, topic, title, text, text_sha256, subject, subject_hash: As it was opened.
        datasets: Data that it is about, without those vetoed by their holders.
        vetoes: Who said no over which of its data.
        opened_by, opened_at, meeting_at, closes_at, leaf: When and where.
        members, eligible, present: Parties of the body, those not recused, those heard.
        quorum: Parties that must be present, recomputed for those recused.
        recusals: Who does not vote, and why.
        ballots: The votes that count, one a party.
        count: The weights behind each answer.
        outcome: ``open`` until it closes; ``void`` where notice or procedure were not kept.
        why: The outcome in words.
        approvals: Signed approvals of the request that the votes carried, once it is carried.
    """

    id: str
    body: str
    topic: str
    title: str
    text: str
    text_sha256: str
    subject: str
    subject_hash: str
    datasets: tuple[str, ...]
    vetoes: tuple[Veto, ...]
    opened_by: str
    opened_at: datetime
    meeting_at: datetime | None
    closes_at: datetime
    leaf: int
    members: tuple[str, ...]
    eligible: tuple[str, ...]
    present: tuple[str, ...]
    quorum: int
    recusals: tuple[Recusal, ...]
    ballots: tuple[Ballot, ...]
    count: Count
    outcome: Outcome
    why: str
    approvals: tuple[Envelope, ...] = ()

    @property
    def waits_for(self) -> tuple[str, ...]:
        """The parties that may vote and have not."""
        voted = {ballot.party for ballot in self.ballots}
        return tuple(party for party in self.eligible if party not in voted) if self.outcome == "open" else ()


@dataclass(frozen=True)
class Dispute:
    """A dispute on its way through clause H's escalation.

    Attributes:
        step: The step that it stands at by the clock, "" once all steps are over.
        step_number: From 0; the number of steps once all are over.
        next_step_on: When it moves on by itself, None at the end.
        status: ``open``, ``settled`` (everybody concerned agreed) or ``withdrawn``.
        settled_by, waits_for: Who agreed to settle, and who has not.
    """

    id: str
    about: tuple[str, str]
    text: str
    raised_by: str
    against: tuple[str, ...]
    raised_at: datetime
    leaf: int
    step: str
    step_number: int
    next_step_on: datetime | None
    status: Literal["open", "settled", "withdrawn"]
    settled_by: tuple[str, ...]
    waits_for: tuple[str, ...]


@dataclass(frozen=True)
class Permit:
    """An approval, certificate or contract with the days that are left.

    Attributes:
        source: ``agreement`` (clauses B and F), ``ledger`` (a site's certificate) or ``recorded`` (by its holder).
        status: ``valid``, ``lapses_soon``, ``lapsed``, ``revoked`` or ``not_yet``.
    """

    id: str
    kind: str
    holder: str
    reference: str
    granted: date
    expires: date
    document_sha256: str
    source: str
    leaf: int | None
    status: str
    days_left: int


@dataclass(frozen=True)
class Minutes:
    """Minutes of a meeting, with whoever contests them."""

    id: str
    body: str
    held_at: datetime
    present: tuple[str, ...]
    motions: tuple[str, ...]
    text: str
    text_sha256: str
    recorded_by: str
    leaf: int
    contested: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Comment:
    """A contribution to the thread on an agreement, study, goal, motion or dispute."""

    id: str
    on: tuple[str, str]
    text: str
    person: str
    party: str
    at: datetime
    reply_to: str
    leaf: int


@dataclass(frozen=True)
class Task:
    """A task with its day; ``reminder`` is ``overdue``, ``due_soon`` or empty."""

    id: str
    on: tuple[str, str]
    title: str
    assignee: str
    due: date
    given_by: str
    done: bool
    done_at: datetime | None
    leaf: int
    reminder: str


@dataclass(frozen=True)
class StoppedSite:
    """A site under its holder's emergency stop."""

    site: str
    party: str
    since: str
    reason: str
    leaf: int


def plain(value: Any) -> Any:
    """A record as JSON values: times as ISO 8601, counts as numbers, envelopes in their JSON form."""
    if isinstance(value, (Count, Envelope)):
        return value.to_dict()
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return value
