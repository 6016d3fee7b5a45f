"""What pages read from the index: each question is one query on an index, with a limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from summand.portal._schema import decisions, leaves, studies
from summand.portal._store import Store


@dataclass(frozen=True)
class StudyRow:
    """A study as its ledger entries tell it; times are UTC texts, ``reason`` is why it ended without a result."""

    seq: int
    id: str
    agreement: str
    agreement_id: str
    title: str
    requester: str
    method: str
    status: str
    round: int
    asked_at: str
    changed_at: str
    result_sha256: str
    reason: str


@dataclass(frozen=True)
class LeafRow:
    """A leaf: its number, type, and the agreement (hash) and study that it is about, empty if none."""

    leaf: int
    type: str
    agreement: str
    study: str
    at: str
    party: str


class IndexReader:
    """The queries."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def study(self, study: str) -> StudyRow | None:
        """One study; None if the ledger has no request of it."""
        with self._store.transaction() as tx:
            row = tx.execute(select(studies).where(studies.c.id == study)).one_or_none()
        return None if row is None else StudyRow(*row)

    def studies(
        self, agreement_ids: Sequence[str], *, statuses: Sequence[str] = (), before: int | None = None, most: int = 25
    ) -> list[StudyRow]:
        """The studies under some agreements, newest first; those before number ``before`` if given."""
        query = select(studies).where(studies.c.agreement_id.in_(agreement_ids)).order_by(studies.c.seq.desc())
        if statuses:
            query = query.where(studies.c.status.in_(statuses))
        if before is not None:
            query = query.where(studies.c.seq < before)
        with self._store.transaction() as tx:
            return [StudyRow(*row) for row in tx.execute(query.limit(most))]

    def study_counts(self, agreement_ids: Sequence[str]) -> dict[str, dict[str, int]]:
        """How many studies there are under each agreement, by status."""
        query = (
            select(studies.c.agreement_id, studies.c.status, func.count())
            .where(studies.c.agreement_id.in_(agreement_ids))
            .group_by(studies.c.agreement_id, studies.c.status)
        )
        found: dict[str, dict[str, int]] = {}
        with self._store.transaction() as tx:
            for agreement_id, status, count in tx.execute(query):
                found.setdefault(agreement_id, {})[status] = int(count)
        return found

    def decisions_of(self, party: str, decision: str, *, most: int = 25) -> list[StudyRow]:
        """The studies on which a party's site has decided so (``waiting``, ``permit``, ``refuse``), newest first."""
        query = (
            select(studies)
            .join(decisions, decisions.c.study == studies.c.id)
            .where(decisions.c.party == party, decisions.c.decision == decision)
            .order_by(decisions.c.seq.desc())
            .limit(most)
        )
        if decision == "waiting":
            query = query.where(studies.c.status == "deciding")
        with self._store.transaction() as tx:
            return [StudyRow(*row) for row in tx.execute(query)]

    def decisions_on(self, study: str) -> list[tuple[str, str, int | None]]:
        """Each party's decision on a study: party, decision, leaf."""
        query = select(decisions.c.party, decisions.c.decision, decisions.c.leaf).where(decisions.c.study == study)
        with self._store.transaction() as tx:
            return [(row[0], row[1], row[2]) for row in tx.execute(query.order_by(decisions.c.party))]

    def leaves_of_study(self, study: str, *, most: int = 5_000) -> list[LeafRow]:
        """The leaves about a study, in order."""
        return self._leaves(leaves.c.study == study, ascending=True, most=most)

    def leaves_of_agreement(self, agreement: str, kind: str) -> list[LeafRow]:
        """The leaves of one type about one version of an agreement, in order."""
        return self._leaves(leaves.c.agreement == agreement, leaves.c.type == kind, ascending=True, most=5_000)

    def certificates_of(self, parties: Sequence[str]) -> list[LeafRow]:
        """The leaves in which these parties certified keys of their sites, in order."""
        return self._leaves(leaves.c.type == "site.certified", leaves.c.party.in_(parties), ascending=True, most=5_000)

    def recent_leaves(
        self, *, kind: str = "", agreement: str = "", before: int | None = None, most: int = 50
    ) -> list[LeafRow]:
        """The newest leaves, of one type or one agreement's if given, before leaf ``before`` if given."""
        wanted: list[Any] = []
        if kind:
            wanted.append(leaves.c.type == kind)
        if agreement:
            wanted.append(leaves.c.agreement == agreement)
        if before is not None:
            wanted.append(leaves.c.leaf < before)
        return self._leaves(*wanted, ascending=False, most=most)

    def leaf(self, number: int) -> LeafRow | None:
        """One leaf; None for the parts of an entry but its last."""
        found = self._leaves(leaves.c.leaf == number, ascending=True, most=1)
        return found[0] if found else None

    def _leaves(self, *wanted: Any, ascending: bool, most: int) -> list[LeafRow]:
        order = leaves.c.leaf if ascending else leaves.c.leaf.desc()
        with self._store.transaction() as tx:
            rows = tx.execute(select(leaves).where(*wanted).order_by(order).limit(most)).all()
        return [LeafRow(*row) for row in rows]
