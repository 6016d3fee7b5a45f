"""What a site must remember so that a crash repeats nothing and spends nothing twice: one SQLite file.

Every method is one transaction, durable before it returns (WAL, synchronous=FULL). The rule of the secure sum lives
here: one answer per (study, kind, round), ever. What left the site can be sent again byte for byte; nothing else can
take its place.
"""

from __future__ import annotations

import io
import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from summand.encoding import dump
from summand.errors import StorageFailed
from summand.methods import Local

_SCHEMA = """
CREATE TABLE IF NOT EXISTS study (
    id TEXT PRIMARY KEY, status TEXT NOT NULL, request BLOB NOT NULL, site_keys TEXT NOT NULL, round INTEGER NOT NULL,
    state TEXT NOT NULL, setup BLOB, keys BLOB, local BLOB, context TEXT, own_share BLOB, members TEXT, survivors TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS answer (
    study TEXT NOT NULL, kind TEXT NOT NULL, round INTEGER NOT NULL, digest TEXT NOT NULL, data BLOB,
    PRIMARY KEY (study, kind, round)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""

_PUT_STUDY = """
INSERT INTO study VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (id) DO UPDATE SET
    status = excluded.status, request = excluded.request, site_keys = excluded.site_keys, round = excluded.round,
    state = excluded.state, setup = excluded.setup, keys = excluded.keys, local = excluded.local,
    context = excluded.context, own_share = excluded.own_share, members = excluded.members,
    survivors = excluded.survivors
"""
_FORGET_ROUND = """
UPDATE answer SET data = NULL WHERE study = ? AND kind IN ('round.open', 'round.unmask') AND round = ?
"""


@dataclass
class StudyMemory:
    """A site's memory of one study.

    Attributes:
        id, status, request: Which study, where it stands (``joined``, ``running``, ``over``), the signed request.
        site_keys: The service keys of all its sites as text, as the site's own replica gave them.
        round: The last round opened, -1 before the first.
        state: The state of that round.
        setup, keys: Secrets of the pair set-up; gone once the study is over.
        local: The method's memory.
        context: The last round's context, hex.
        own_share: This site's own share of its self-mask seed in that round.
        members: Which sites take part in that round, as the cohort's bitmap.
        survivors: Of whom this site said or acted upon that they uploaded in that round: once, for one set, ever.
    """

    id: str
    status: str
    request: bytes
    site_keys: dict[str, str]
    round: int = -1
    state: dict[str, Any] | None = None
    setup: bytes | None = None
    keys: bytes | None = None
    local: Local | None = None
    context: str | None = None
    own_share: bytes | None = None
    members: str | None = None
    survivors: str | None = None


class SiteStore:
    """The site's durable memory; ``None`` keeps it in this process."""

    def __init__(self, path: Path | None) -> None:
        self._lock, self._waits = threading.Lock(), True
        self._connection = sqlite3.connect(":memory:" if path is None else path, check_same_thread=False)
        self._connection.isolation_level = None
        with self._locked() as connection:
            # pages of 16 KiB, where the folder is new: uploads of a megabyte are written with a third less work
            for pragma in (
                "page_size=16384",
                "journal_mode=WAL",
                "synchronous=FULL",
                "busy_timeout=5000",
                "secure_delete=ON",
            ):
                connection.execute(f"PRAGMA {pragma}")
            connection.executescript(_SCHEMA)
            _add_columns(connection)

    @contextmanager
    def _transaction(self, *, waits: bool = True) -> Iterator[sqlite3.Connection]:
        with self._locked() as connection:
            if waits != self._waits:
                connection.execute(f"PRAGMA synchronous={'FULL' if waits else 'NORMAL'}")
                self._waits = waits
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One durable transaction, for what else must outlive a crash; anything raised inside undoes it."""
        with self._transaction() as tx:
            yield tx

    @contextmanager
    def _locked(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._connection
            except sqlite3.Error as error:
                raise StorageFailed(
                    f"The site's memory did not read or keep what it was given ({_name(error)}).",
                    remedy="Free or repair the disk, then start the site again: it goes on where it stood.",
                ) from None

    def study(self, study: str) -> StudyMemory | None:
        """The memory of a study, or None."""
        with self._locked() as connection:
            row = connection.execute("SELECT * FROM study WHERE id = ?", (study,)).fetchone()
        return None if row is None else _memory(row)

    def running_studies(self) -> list[StudyMemory]:
        """The memories of the studies that are not over here."""
        with self._locked() as connection:
            rows = connection.execute("SELECT * FROM study WHERE status <> 'over'").fetchall()
        return [_memory(row) for row in rows]

    def answer(self, study: str, kind: str, round_number: int) -> tuple[str, bytes | None] | None:
        """What was answered to a message of this kind and round: (digest of the message, the answer), or None."""
        with self._locked() as connection:
            row = connection.execute(
                "SELECT digest, data FROM answer WHERE study = ? AND kind = ? AND round = ?",
                (study, kind, round_number),
            ).fetchone()
        return None if row is None else (str(row[0]), row[1])

    def commit(self, memory: StudyMemory, kind: str, round_number: int, digest: str, data: bytes | None) -> None:
        """Store the memory and the answer together.

        If we crash before this returns, nothing has left the site and the message is handled anew; after it, the very
        same answer is sent, however often it takes.
        """
        local = _pack_local(memory.local) if memory.local else None
        values = (
            memory.id, memory.status, memory.request, dump(memory.site_keys).decode(), memory.round,
            dump(memory.state).decode(), memory.setup, memory.keys, local, memory.context, memory.own_share,
            memory.members, memory.survivors,
        )  # fmt: skip
        # Shares for the whole cohort, or for a set that this site signed and stored: the same message gives the same
        # answer again from what is stored, so this one commit need not wait for the disk (it survives a killed process).
        with self._transaction(waits=kind != "round.unmask") as tx:
            tx.execute(_PUT_STUDY, values)
            tx.execute("INSERT INTO answer VALUES (?,?,?,?,?)", (memory.id, kind, round_number, digest, data))
            if kind == "round.open":
                # The upload of the round before is not needed again: the hub has opened its total.
                tx.execute(_FORGET_ROUND, (memory.id, round_number - 1))

    def finish(self, study: str) -> None:
        """Forget a study's secrets, memory and answers' bytes; that it was, and which messages it had, stays."""
        with self._transaction() as tx:
            _forget(tx, study)

    def halt(self, study: str, data: bytes) -> None:
        """As `finish`, and remember what this site says of it.

        If we crash before this returns, the message that stopped the study is handled anew, and stops it again; after
        it, the site says so as often as it is asked.
        """
        with self._transaction() as tx:
            _forget(tx, study)
            tx.execute("INSERT OR REPLACE INTO answer VALUES (?, 'site.halt', 0, '', ?)", (study, data))

    def halts(self, study: str) -> list[bytes]:
        """The message that says that this site stopped a study, if it did."""
        found = self.answer(study, "site.halt", 0)
        return [] if found is None or found[1] is None else [found[1]]

    def get(self, name: str, default: str = "") -> str:
        """A setting, such as the inbox cursor."""
        with self._locked() as connection:
            row = connection.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return default if row is None else str(row[0])

    def put(self, name: str, value: str) -> None:
        """Store a setting."""
        with self._transaction() as tx:
            tx.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, value))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()


def _add_columns(connection: sqlite3.Connection) -> None:
    """Columns that a file of an earlier version lacks; its studies under way end at their next message."""
    there = {str(row[1]) for row in connection.execute("PRAGMA table_info(study)")}
    for name in ("members", "survivors"):
        if name not in there:
            connection.execute(f"ALTER TABLE study ADD COLUMN {name} TEXT")


def _memory(row: Sequence[Any]) -> StudyMemory:
    fields = dict(zip(StudyMemory.__dataclass_fields__, row, strict=True))
    fields["site_keys"] = json.loads(fields["site_keys"])
    fields["state"] = json.loads(fields["state"])
    fields["local"] = None if fields["local"] is None else _unpack_local(fields["local"])
    return StudyMemory(**fields)


def _name(error: sqlite3.Error) -> str:
    return str(getattr(error, "sqlite_errorname", type(error).__name__))


def _forget(tx: sqlite3.Connection, study: str) -> None:
    secrets = "setup = NULL, keys = NULL, local = NULL, own_share = NULL"
    tx.execute(f"UPDATE study SET status = 'over', {secrets} WHERE id = ?", (study,))  # noqa: S608  a constant
    tx.execute("UPDATE answer SET data = NULL WHERE study = ?", (study,))


def _pack_local(local: Mapping[str, Any]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **{name: np.asarray(value) for name, value in local.items()})
    return buffer.getvalue()


def _unpack_local(data: bytes) -> Local:
    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}
