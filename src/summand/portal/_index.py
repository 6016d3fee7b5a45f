"""An index of the ledger, so that no page ever reads more of it than it shows.

It follows the hub's log leaf by leaf and knows, of each, its type, agreement, study and time; of each study, where it
stands; of each party, what it decided. It holds nothing that the ledger does not, and proves nothing: a page that
proves something reads the leaf itself, with its inclusion proof.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, insert, select, update

from summand.encoding import from_base64, parse
from summand.errors import SummandError
from summand.ledger import Log
from summand.portal._index_reading import IndexReader
from summand.portal._schema import cursor, decisions, leaves, studies
from summand.portal._store import Store
from summand.study import whole_entries

BATCH = 4_096
_STATUS = {
    "study.cohort": "running",
    "round.opened": "running",
    "study.result": "confirming",
    "study.released": "released",
}
Entry = Mapping[str, Any]
FindAgreement = Callable[[str], tuple[str, Mapping[str, str]]]
"""The identifier of an agreement by its hash, and the holder of each of its datasets."""


class Index(IndexReader):
    """The index in the portal's store.

    Args:
        store: The portal's database.
        log: The hub's ledger.
        find_agreement: What the hub knows of an agreement; empty where it knows none.
    """

    def __init__(self, store: Store, log: Log, find_agreement: FindAgreement) -> None:
        super().__init__(store)
        self._log, self._find = log, find_agreement
        with store.transaction() as tx:
            found = tx.scalar(select(cursor.c.value).where(cursor.c.name == "leaves"))
            if found is None:
                tx.execute(insert(cursor).values(name="leaves", value=0))
        self._next = int(found or 0)

    def follow(self) -> None:
        """Take in every leaf under the log's checkpoint; costs nothing where there is none."""
        while self._next < self._log.size:
            start, stop = self._next, min(self._next + BATCH, self._log.size)
            entries = list(whole_entries(self._log.entries(start, stop), start))
            if stop < self._log.size:
                stop = _cut(entries, start, stop)
            with self._store.transaction() as tx:
                rows = [self._take(tx, leaf, entry) for leaf, entry in entries]
                if rows:
                    tx.execute(insert(leaves), rows)
                tx.execute(update(cursor).where(cursor.c.name == "leaves").values(value=stop))
            self._next = stop

    def _take(self, tx: Connection, leaf: int, entry: Entry) -> dict[str, Any]:
        kind, study = _text(entry, "type", 60), _text(entry, "study", 32)
        agreement = _text(entry, "agreement_hash", 64)
        at = _text(entry, "at", 40)
        if kind == "study.request":
            agreement = self._request(tx, entry, study, at) or agreement
        elif study:
            known = tx.scalar(select(studies.c.agreement).where(studies.c.id == study))
            agreement = agreement or known or ""
            self._progress(tx, leaf, kind, entry, study, at)
        party = _text(entry, "party", 200) or _text(entry, "site", 200)
        return {"leaf": leaf, "type": kind, "agreement": agreement, "study": study, "at": at, "party": party}

    def _request(self, tx: Connection, entry: Entry, study: str, at: str) -> str:
        try:
            asked: Any = parse(from_base64(entry["signed"]["request"]["payload"], "request"))
            agreement, method = str(asked["agreement_hash"])[:64], str(asked["method"]["name"])[:60]
            title, requester = str(asked["title"])[:500], str(asked["requester"])[:500]
            wanted = [str(name) for name in asked["datasets"]]
        except (SummandError, KeyError, TypeError):
            return ""  # not a request that this program wrote: the leaf is listed, nothing is concluded from it
        if tx.scalar(select(studies.c.seq).where(studies.c.id == study)) is not None:
            return agreement
        agreement_id, holders = self._find(agreement)
        made = tx.execute(
            insert(studies).values(
                id=study,
                agreement=agreement,
                agreement_id=agreement_id,
                title=title,
                requester=requester,
                method=method,
                status="deciding",
                round=0,
                asked_at=at,
                changed_at=at,
                result_sha256="",
                reason="",
            )
        )
        key = made.inserted_primary_key
        seq = int(key[0]) if key else 0
        parties = {holders[name] for name in wanted if name in holders}
        if parties:
            row = {"study": study, "agreement_id": agreement_id, "decision": "waiting", "leaf": None, "seq": seq}
            tx.execute(insert(decisions), [{**row, "party": party} for party in sorted(parties)])
        return agreement

    def _progress(self, tx: Connection, leaf: int, kind: str, entry: Entry, study: str, at: str) -> None:
        changes: dict[str, Any] = {}
        if kind in _STATUS:
            changes = {"status": _STATUS[kind]}
        if kind == "round.opened" and isinstance(entry.get("round"), int):
            changes["round"] = entry["round"]
        if kind == "study.released":
            changes["result_sha256"] = _text(entry, "result_sha256", 64)
        if kind == "study.ended":
            error = entry.get("error")
            message = str(error.get("message", "")) if isinstance(error, Mapping) else ""
            changes = {"status": _text(entry, "status", 20), "reason": message[:1000]}
        if kind == "study.decision":
            self._decision(tx, leaf, entry, study)
        if changes:
            tx.execute(update(studies).where(studies.c.id == study).values(**changes, changed_at=at))

    def _decision(self, tx: Connection, leaf: int, entry: Entry, study: str) -> None:
        try:
            said: Any = parse(from_base64(entry["envelope"]["payload"], "decision"))
            verdict = str(said["decision"])[:20]
        except (SummandError, KeyError, TypeError):
            return
        where = (decisions.c.study == study, decisions.c.party == _text(entry, "site", 200))
        tx.execute(update(decisions).where(*where).values(decision=verdict, leaf=leaf))


def _text(entry: Entry, name: str, most: int) -> str:
    value = entry.get(name)
    return value[:most] if isinstance(value, str) else ""


def _cut(entries: list[tuple[int, dict[str, Any]]], start: int, stop: int) -> int:
    """Where the next batch begins, if the last leaves of this one are parts that the next completes."""
    first = stop
    while entries and entries[-1][0] == first - 1 and entries[-1][1].get("type") == "entry.part" and first - 1 > start:
        entries.pop()
        first -= 1
    return first
