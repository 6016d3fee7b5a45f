"""What the hub keeps, in one SQL database: SQLite (WAL) by default, the same statements on PostgreSQL.

The database is the write-ahead log of everything else: a message is acknowledged only after its row, the rows of the
messages that follow from it and the ledger entries that record it are committed together. The ledger's tiles are made
from the ``ledger`` table afterwards; if we crash between the two, `Convener` appends what is missing when it starts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    bindparam,
    create_engine,
    delete,
    event,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from summand.errors import OwnProtocolError, StorageFailed
from summand.hub._prepared import Prepared
from summand.study.messages import HUB

SCHEMA_VERSION = 2
LETTERS_MAX = 64
_metadata = MetaData()
_serial = Integer().with_variant(Integer, "sqlite")

schema = Table("schema", _metadata, Column("version", Integer, primary_key=True))
agreements = Table("agreement", _metadata, Column("hash", String(64), primary_key=True), Column("data", LargeBinary))
certificates = Table(
    "certificate", _metadata, Column("site", String(200), primary_key=True), Column("data", LargeBinary)
)
studies = Table(
    "study",
    _metadata,
    Column("seq", _serial, primary_key=True, autoincrement=True),
    Column("id", String(32), unique=True, nullable=False),
    Column("status", String(20), nullable=False),
    Column("request", LargeBinary, nullable=False),
    Column("round", Integer, nullable=False, default=0),
    Column("phase_started", Float, nullable=False),
    Column("result", Text),
    Column("error", Text),
)
messages = Table(
    "message",
    _metadata,
    Column("study", String(32), primary_key=True),
    Column("kind", String(40), primary_key=True),
    Column("round", Integer, primary_key=True),
    Column("site", String(200), primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("data", LargeBinary),
)
inbox = Table(
    "inbox",
    _metadata,
    Column("seq", _serial, primary_key=True, autoincrement=True),
    Column("party", String(200), nullable=False, index=True),
    Column("study", String(32), nullable=False),
    Column("data", LargeBinary),  # null where the letter is a message that the hub keeps anyway
    Column("kind", String(40)),
    Column("round", Integer),
    sqlite_autoincrement=True,
)
ledger = Table(
    "ledger",
    _metadata,
    Column("seq", _serial, primary_key=True, autoincrement=True),
    Column("key", String(300), nullable=False),
    Column("data", LargeBinary, nullable=False),
    UniqueConstraint("key"),
    sqlite_autoincrement=True,
)

cosignature = Table(
    "cosignature",
    _metadata,
    Column("site", String(200), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("line", Text, nullable=False),
)


Write = Callable[[Connection], None]


@dataclass(frozen=True)
class StudyRow:
    """One study as stored."""

    id: str
    status: str
    request: bytes
    round: int
    phase_started: float
    result: str | None
    error: str | None


class Store:
    """The hub's database behind a URL; ``sqlite://`` keeps it in memory."""

    def __init__(self, url: str = "sqlite://") -> None:
        options: dict[str, Any] = {}
        if url == "sqlite://":
            options = {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
        self.engine = create_engine(url, **options)
        self._is_sqlite, self._waits = self.engine.dialect.name == "sqlite", True
        self._errors = (SQLAlchemyError, self.engine.dialect.loaded_dbapi.Error)
        self._held: list[Write] = []
        if self._is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
        _metadata.create_all(self.engine)
        self.on_rollback: Callable[[], None] = lambda: None
        """Called when a transaction does not hold, or nobody knows whether it does."""
        # One connection for the one thread that serves: taking it from a pool costs more than most statements.
        self._connection = self.engine.connect()
        with self.transaction() as tx:
            found = tx.scalar(select(schema.c.version))
            if found is None:
                tx.execute(insert(schema).values(version=SCHEMA_VERSION))
            elif found != SCHEMA_VERSION:
                raise OwnProtocolError(
                    f"The hub's database has schema version {found}; this program needs {SCHEMA_VERSION}.",
                    remedy="Run the version of Summand that wrote it, or start a new federation folder.",
                )

    @contextmanager
    def transaction(self, *, survives_power_loss: bool = True) -> Iterator[Connection]:
        """A transaction: everything inside is committed together, or nothing is.

        Args:
            survives_power_loss: Whether it waits for the disk. What does not wait survives a killed process all the
                same, and the next transaction that waits makes it durable too.

        Raises:
            StorageFailed: if the database does not read or keep what it is given.
        """
        try:
            self._wait_for_disk(survives_power_loss)
            with self._connection.begin():
                held = len(self._held)
                for write in self._held:
                    write(self._connection)
                yield self._connection
            del self._held[:held]  # they stay for the next transaction where this one does not hold
        except self._errors as error:
            self.on_rollback()
            raise StorageFailed(
                f"The hub's database did not read or keep what it was given ({type(error).__name__}).",
                remedy="Free or repair it, then start the hub again: it goes on where it stood.",
            ) from error
        except BaseException:
            self.on_rollback()
            raise

    def hold(self, write: Write) -> None:
        """Leave a write for the next transaction, which begins with it; until then a crash forgets it.

        Nothing that rests on it may leave the process before `write_held` or a later transaction is over.
        """
        self._held.append(write)

    @property
    def holds(self) -> bool:
        """Whether a write waits for the next transaction."""
        return bool(self._held)

    def write_held(self) -> None:
        """Write what is held, if anything is; it survives a killed process then.

        Raises:
            StorageFailed: as `transaction`.
        """
        if self._held:
            with self.transaction(survives_power_loss=False):
                pass

    def _wait_for_disk(self, wanted: bool) -> None:
        if self._is_sqlite and wanted != self._waits:
            driver: Any = self._connection.connection.driver_connection  # for which a pragma begins no transaction
            driver.execute(f"PRAGMA synchronous={'FULL' if wanted else 'NORMAL'}")
            self._waits = wanted

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()
        self.engine.dispose()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    # Pages of 16 KiB, where the database is new: uploads of a megabyte are written with a third less work.
    # FULL: an acknowledged message survives power loss, not only a killed process.
    for pragma in ("page_size=16384", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


# ── statements, each on an open transaction; built once, since building them costs more than running them ────────────
_STUDY_COLUMNS = (
    studies.c.id, studies.c.status, studies.c.request, studies.c.round, studies.c.phase_started, studies.c.result,
    studies.c.error,
)  # fmt: skip
_INSERT_STUDY = insert(studies)
_INSERT_MESSAGE = Prepared(insert(messages), ("study", "kind", "round", "site", "sha256", "data"))
_INSERT_INBOX = Prepared(insert(inbox), ("party", "study", "data", "kind", "round"))
_INSERT_ENTRY = Prepared(insert(ledger), ("key", "data"))
_SELECT_STUDY = select(*_STUDY_COLUMNS).where(studies.c.id == bindparam("study"))
_SELECT_OPEN = (
    select(*_STUDY_COLUMNS).where(studies.c.status.in_(bindparam("statuses", expanding=True))).order_by(studies.c.seq)
)
_SELECT_STUDIES = select(*_STUDY_COLUMNS).order_by(studies.c.seq)
_SELECT_MESSAGES = select(messages.c.site, messages.c.data).where(
    messages.c.study == bindparam("study"),
    messages.c.kind == bindparam("kind"),
    messages.c.round == bindparam("round"),
)
_SELECT_HASHES = select(messages.c.kind, messages.c.round, messages.c.site, messages.c.sha256).where(
    messages.c.study == bindparam("study")
)
_UPDATE_STUDY = Prepared(
    update(studies)
    .where(studies.c.id == bindparam("which"))
    .values(status=bindparam("status"), round=bindparam("round"), phase_started=bindparam("phase_started"))
)
_END_STUDY = (
    update(studies)
    .where(studies.c.id == bindparam("which"))
    .values(result=bindparam("result"), error=bindparam("error"))
)
_KEPT = messages.alias("kept")
_IS_KEPT = and_(
    _KEPT.c.study == inbox.c.study, _KEPT.c.kind == inbox.c.kind, _KEPT.c.round == inbox.c.round, _KEPT.c.site == HUB
)
_SELECT_INBOX = (
    select(inbox.c.seq, func.coalesce(inbox.c.data, _KEPT.c.data))
    .select_from(inbox.outerjoin(_KEPT, _IS_KEPT))
    .where(inbox.c.party == bindparam("party"), inbox.c.seq > bindparam("after"))
    .order_by(inbox.c.seq)
    .limit(LETTERS_MAX)
)
_DELETE_INBOX = delete(inbox).where(inbox.c.party == bindparam("owner"), inbox.c.seq <= bindparam("up_to"))
_LAST_LETTER = Prepared(select(func.max(inbox.c.seq)))
_FORGET_LETTERS = delete(inbox).where(inbox.c.study == bindparam("over"))
_SELECT_ENTRIES = select(ledger.c.data).order_by(ledger.c.seq).offset(bindparam("start"))
_COUNT_ENTRIES = select(func.count()).select_from(ledger)
_SELECT_KEY = select(ledger.c.seq).where(ledger.c.key == bindparam("wanted"))
_COUNT_BEFORE = select(func.count()).select_from(ledger).where(ledger.c.seq < bindparam("seq_of"))
_SELECT_UNDER = (
    select(ledger.c.data)
    .where(func.substr(ledger.c.key, 1, bindparam("length")) == bindparam("prefix"))
    .order_by(ledger.c.seq)
)
_FORGET_BODIES = update(messages).where(messages.c.study == bindparam("over")).values(data=None)


def put_document(tx: Connection, table: Table, key: str, data: bytes) -> None:
    """Store a document under its key, replacing an older one."""
    column = next(iter(table.primary_key.columns))
    tx.execute(delete(table).where(column == key))
    tx.execute(insert(table).values({column.name: key, "data": data}))


def documents(tx: Connection, table: Table) -> dict[str, bytes]:
    """All documents of a table by key."""
    column = next(iter(table.primary_key.columns))
    return {str(key): bytes(data) for key, data in tx.execute(select(column, table.c.data))}


def add_study(tx: Connection, study: str, request: bytes, now: float) -> None:
    """A new study, waiting for decisions."""
    tx.execute(_INSERT_STUDY, {"id": study, "status": "deciding", "request": request, "round": 0, "phase_started": now})


def set_study(tx: Connection, study: str, status: str, round_number: int, phase_started: float) -> None:
    """Where a study stands."""
    row = {"which": study, "status": status, "round": round_number, "phase_started": phase_started}
    _UPDATE_STUDY.run(tx, row)


def end_study(tx: Connection, study: str, *, result: str | None = None, error: str | None = None) -> None:
    """What a study ended with."""
    tx.execute(_END_STUDY, {"which": study, "result": result, "error": error})


def study_row(tx: Connection, study: str) -> StudyRow | None:
    """The study as stored, or None."""
    row = tx.execute(_SELECT_STUDY, {"study": study}).one_or_none()
    return None if row is None else StudyRow(*row)


def open_study_rows(tx: Connection, statuses: Sequence[str]) -> list[StudyRow]:
    """The studies that are not over, oldest first."""
    return [StudyRow(*row) for row in tx.execute(_SELECT_OPEN, {"statuses": list(statuses)})]


def study_rows(tx: Connection) -> list[StudyRow]:
    """All studies, oldest first."""
    return [StudyRow(*row) for row in tx.execute(_SELECT_STUDIES)]


def message_hashes(tx: Connection, study: str) -> dict[tuple[str, int, str], str]:
    """The SHA-256 (hex) of every message stored of a study, by kind, round and site."""
    rows = tx.execute(_SELECT_HASHES, {"study": study})
    return {(str(kind), int(number), str(site)): str(found) for kind, number, site, found in rows}


def put_message(tx: Connection, study: str, kind: str, round_number: int, site: str, sha256: str, data: bytes) -> None:
    """Store a message under its key, once."""
    row = {"study": study, "kind": kind, "round": round_number, "site": site, "sha256": sha256, "data": data}
    _INSERT_MESSAGE.run(tx, row)


def study_messages(tx: Connection, study: str, kind: str, round_number: int) -> dict[str, bytes]:
    """The messages of one kind and round by site."""
    rows = tx.execute(_SELECT_MESSAGES, {"study": study, "kind": kind, "round": round_number})
    return {str(site): bytes(data) for site, data in rows if data is not None}


def forget_bodies(tx: Connection, study: str) -> None:
    """Drop the bodies of a finished study's messages; their hashes stay."""
    tx.execute(_FORGET_BODIES, {"over": study})


def forget_letters(tx: Connection, study: str) -> None:
    """Drop what waits in inboxes of a study that is over: its totals, states and sealed seeds."""
    tx.execute(_FORGET_LETTERS, {"over": study})


def put_inbox(
    tx: Connection, study: str, letters: Mapping[str, bytes], kept: tuple[str, int] | None = None
) -> list[int]:
    """Leave a message in each party's inbox; the sequence numbers, in the parties' order.

    Args:
        tx, study: Where, and of which study.
        letters: By party.
        kept: Kind and round under which the hub stores the one message that all get: it is then not stored again.
    """
    kind, number = kept or (None, None)
    _INSERT_INBOX.run_many(
        tx,
        [
            {"party": party, "study": study, "data": data if kept is None else None, "kind": kind, "round": number}
            for party, data in letters.items()
        ],
    )
    last = int(_LAST_LETTER.run(tx).fetchone()[0] or 0)  # one process writes, so the numbers follow each other
    return list(range(last - len(letters) + 1, last + 1))


def read_inbox(tx: Connection, party: str, after: int) -> list[tuple[int, bytes]]:
    """What waits for a party behind sequence number ``after``, at most 64 messages."""
    rows = tx.execute(_SELECT_INBOX, {"party": party, "after": after})
    return [(int(seq), bytes(data)) for seq, data in rows]


def drop_inbox(tx: Connection, party: str, up_to: int) -> None:
    """Forget what a party has read and acted on."""
    tx.execute(_DELETE_INBOX, {"owner": party, "up_to": up_to})


def put_entry(tx: Connection, key: str, data: bytes) -> None:
    """Add a ledger entry; its key makes it once only."""
    _INSERT_ENTRY.run(tx, {"key": key, "data": data})


def has_entry(tx: Connection, key: str) -> bool:
    """Whether there is an entry of that key."""
    return tx.scalar(_SELECT_KEY, {"wanted": key}) is not None


def entry_count(tx: Connection) -> int:
    """How many ledger entries there are."""
    return int(tx.scalar(_COUNT_ENTRIES) or 0)


def entries_from(tx: Connection, start: int) -> list[bytes]:
    """The ledger entries from position ``start`` on, in order."""
    return [bytes(row[0]) for row in tx.execute(_SELECT_ENTRIES, {"start": start})]


def entry_index(tx: Connection, key: str) -> int:
    """The number of the leaf that an entry becomes, from 0.

    Raises:
        OwnProtocolError: if there is no entry of that key.
    """
    seq = tx.scalar(_SELECT_KEY, {"wanted": key})
    if seq is None:
        raise OwnProtocolError("A ledger entry is not in the store.", remedy="Report this defect.")
    return int(tx.scalar(_COUNT_BEFORE, {"seq_of": seq}) or 0)


def entries_under(tx: Connection, prefix: str) -> list[bytes]:
    """The ledger entries whose key begins with ``prefix``, in order."""
    return [bytes(row[0]) for row in tx.execute(_SELECT_UNDER, {"prefix": prefix, "length": len(prefix)})]


def put_cosignature(tx: Connection, site: str, size: int, line: str) -> None:
    """Keep what a site cosigned last, in place of what it cosigned before."""
    tx.execute(delete(cosignature).where(cosignature.c.site == site))
    tx.execute(insert(cosignature), {"site": site, "size": size, "line": line})


def cosignatures(tx: Connection) -> dict[str, tuple[int, str]]:
    """What each site cosigned last: the checkpoint's size and the line."""
    rows = tx.execute(select(cosignature.c.site, cosignature.c.size, cosignature.c.line))
    return {str(site): (int(size), str(line)) for site, size, line in rows}
