"""What a site remembers of the studies it answered: what was asked, of whom, and what was released.

Three tables in the site's own memory. A cohort is kept as one 64-bit number for each of its rows (see `_cohorts`), once
however many studies asked about the same people, beside the rows themselves and never anywhere else.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from summand.site._store import SiteStore
from summand.study import CohortShape

Words = NDArray[np.uint64]

_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS asked (
        study TEXT PRIMARY KEY, dataset TEXT NOT NULL, question TEXT NOT NULL, columns TEXT NOT NULL,
        by_column INTEGER NOT NULL, seen INTEGER NOT NULL, confirmed INTEGER, request BLOB NOT NULL, result BLOB
    ) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS asked_question ON asked (question)",
    """CREATE TABLE IF NOT EXISTS cohort (
        study TEXT NOT NULL, label TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (study, label)
    ) WITHOUT ROWID""",
    "CREATE TABLE IF NOT EXISTS cohort_rows (digest TEXT PRIMARY KEY, data BLOB NOT NULL)",
)
_SEED = "cohort_seed"


@dataclass(frozen=True)
class Asked:
    """One study as the site remembers it.

    Attributes:
        study, dataset, question: Which study, of which dataset, asking what.
        shape: The columns of its cohorts.
        seen: How many confirmed studies there were when its cohort was counted.
        confirmed: Its place among the confirmed ones; None while its result is not known.
        request: The signed study, as JSON bytes.
        result: What was released, as JSON; None while it is not known.
    """

    study: str
    dataset: str
    question: str
    shape: CohortShape
    seen: int
    confirmed: int | None
    request: bytes
    result: bytes | None


class ReleaseRecord:
    """The record in a site's memory; every method is one transaction."""

    def __init__(self, store: SiteStore) -> None:
        self._store = store
        with store.transaction() as tx:
            for statement in _SCHEMA:
                tx.execute(statement)
        if not store.get(_SEED):
            store.put(_SEED, str(secrets.randbits(63)))
        self.seed = int(store.get(_SEED))

    def count(
        self, study: str, dataset: str, question: str, shape: CohortShape, request: bytes, cohorts: Mapping[str, Words]
    ) -> None:
        """Keep a study's cohorts, before anything of them leaves.

        If we crash before this returns, the round is handled anew; after it, handling it anew keeps the same again.
        """
        with self._store.transaction() as tx:
            seen = tx.execute("SELECT coalesce(max(confirmed), 0) FROM asked").fetchone()[0]
            tx.execute(
                "INSERT OR REPLACE INTO asked VALUES (?,?,?,?,?,?,NULL,?,NULL)",
                (study, dataset, question, json.dumps(shape.columns), shape.by_column, seen, request),
            )
            tx.execute("DELETE FROM cohort WHERE study = ?", (study,))
            for label, words in cohorts.items():
                data = words.tobytes()
                digest = hashlib.sha256(data).hexdigest()
                tx.execute("INSERT OR IGNORE INTO cohort_rows VALUES (?,?)", (digest, data))
                tx.execute("INSERT INTO cohort VALUES (?,?,?)", (study, label, digest))

    def confirm(self, study: str, result: bytes | None) -> None:
        """The study's result is known, or at least that there is one."""
        with self._store.transaction() as tx:
            tx.execute(
                "UPDATE asked SET result = coalesce(?, result), confirmed = "
                "coalesce(confirmed, (SELECT coalesce(max(confirmed), 0) + 1 FROM asked)) WHERE study = ?",
                (result, study),
            )

    def forget(self, study: str) -> None:
        """The study ended without a result: nobody can subtract anything from it."""
        with self._store.transaction() as tx:
            tx.execute("DELETE FROM asked WHERE study = ? AND confirmed IS NULL", (study,))
            tx.execute("DELETE FROM cohort WHERE study NOT IN (SELECT study FROM asked)")
            tx.execute("DELETE FROM cohort_rows WHERE digest NOT IN (SELECT digest FROM cohort)")

    def asked(self, study: str) -> Asked | None:
        """What is remembered of a study, or None."""
        found = self._read("study = ?", study)
        return found[0] if found else None

    def confirmed(self, dataset: str, after: int = 0) -> list[Asked]:
        """The confirmed studies of a dataset behind the ``after``-th confirmed one, oldest first."""
        return self._read("dataset = ? AND confirmed > ? ORDER BY confirmed", dataset, after)

    def answering(self, question: str) -> list[Asked]:
        """The confirmed studies that asked the same."""
        return self._read("question = ? AND confirmed IS NOT NULL ORDER BY confirmed", question)

    def digests(self, study: str) -> dict[str, str]:
        """The digests of a study's cohorts by label."""
        with self._store.transaction() as tx:
            return dict(tx.execute("SELECT label, digest FROM cohort WHERE study = ?", (study,)))

    def rows(self, study: str, label: str) -> Words | None:
        """The rows of one cohort, sorted; None if it is not kept."""
        query = "SELECT data FROM cohort JOIN cohort_rows USING (digest) WHERE study = ? AND label = ?"
        with self._store.transaction() as tx:
            row = tx.execute(query, (study, label)).fetchone()
        return None if row is None else np.frombuffer(row[0], dtype=np.uint64)

    def _read(self, where: str, *values: Any) -> list[Asked]:
        names = "study, dataset, question, columns, by_column, seen, confirmed, request, result"
        with self._store.transaction() as tx:
            rows = tx.execute(f"SELECT {names} FROM asked WHERE {where}", values).fetchall()  # noqa: S608  constants
        return [
            Asked(row[0], row[1], row[2], CohortShape(tuple(json.loads(row[3])), bool(row[4])), *row[5:])
            for row in rows
        ]
