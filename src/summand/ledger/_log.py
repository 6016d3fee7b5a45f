"""The log's writer: the hub appends, and signs a checkpoint over what is safely on disk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Self

from summand.errors import CheckpointInvalid, UsageError
from summand.ledger._checkpoint import Checkpoint, attach, cosignature_times, open_checkpoint, sign_checkpoint
from summand.ledger._merkle import EMPTY_ROOT, leaf_hash
from summand.ledger._storage import DirectoryStorage, MemoryStorage, Storage
from summand.ledger._stored import StoredLog
from summand.ledger._tiles import CHECKPOINT_PATH, Tile
from summand.ledger._verifier_key import VerifierKey
from summand.signing import PrivateKey


class Log(StoredLog):
    """An append-only log with one writer, in a folder (c2sp.org/tlog-tiles) or in memory.

    `append` takes entries in, `commit` brings them under a signed checkpoint. An entry counts, can be read and is
    acknowledged only then. Not safe for use by several threads at once.

    Examples:
        >>> log = Log.create(None, "hub.example/ledger", PrivateKey.generate())
        >>> log.append([b"the agreement", b"a study"])
        range(0, 2)
        >>> note = log.commit()
        >>> log.receipt(1).verify(b"a study", [log.verifier_key]).size
        2
    """

    def __init__(self, storage: Storage, origin: str, key: PrivateKey) -> None:
        super().__init__(storage)
        self._origin = origin
        self._key = key
        self._pending: list[bytes] = []
        self.verifier_key = VerifierKey.of_log(origin, key.public)
        """The key with which others check this log's checkpoints; its name is the log's origin."""

    @classmethod
    def create(cls, directory: Path | None, origin: str, key: PrivateKey) -> Self:
        """A new, empty log in ``directory`` (made if it is not there), or in memory if None.

        Raises:
            UsageError: if there is a log already.
            StorageFailed: if the disk refuses.
        """
        storage = MemoryStorage() if directory is None else DirectoryStorage(directory, exclusive=True)
        return cls.create_in(storage, origin, key)

    @classmethod
    def create_in(cls, storage: Storage, origin: str, key: PrivateKey) -> Self:
        """As `create`, in any storage."""
        log = cls(storage, origin, key)
        if any(path == CHECKPOINT_PATH or Tile.from_path(path) for path in storage.paths()):
            storage.close()
            raise UsageError(
                "There is a ledger here already, or what is left of one.",
                remedy="Open it, restore its checkpoint from a partner's replica, or choose an empty folder.",
            )
        # If we crash before the next write is done, there is no log yet and `create` may be tried again.
        empty = Checkpoint(origin, 0, EMPTY_ROOT)
        log._persist([], empty, sign_checkpoint(empty, origin, key))
        return log

    @classmethod
    def open(cls, directory: Path, origin: str, key: PrivateKey) -> Self:
        """The log in ``directory``, as its last checkpoint says; what a crash left beyond it is discarded.

        Raises:
            UsageError: if there is none, or another process has it open.
            CheckpointInvalid: if its checkpoint is not of this origin and key.
            EntryInvalid: if the stored tiles do not give the checkpoint's root hash.
        """
        if not directory.is_dir():
            raise _no_ledger()
        return cls.open_in(DirectoryStorage(directory, exclusive=True), origin, key)

    @classmethod
    def open_in(cls, storage: Storage, origin: str, key: PrivateKey) -> Self:
        """As `open`, from any storage."""
        log = cls(storage, origin, key)
        try:
            note_text = read_checkpoint(storage)
            if note_text is None:
                raise _no_ledger()
            log._load(note_text, open_own_checkpoint(note_text, log.verifier_key))
        except BaseException:
            storage.close()
            raise
        return log

    @property
    def pending_count(self) -> int:
        """How many entries wait for `commit`."""
        return len(self._pending)

    def append(self, entries: Sequence[bytes]) -> range:
        """Take entries in for the next `commit`; the indexes that they will have.

        Raises:
            UsageError: if an entry is longer than 65,535 bytes; none is taken in then.
            StorageFailed: if an earlier commit failed.
        """
        self._check_usable()
        self._check_entries(entries)
        first = self._size + len(self._pending)
        self._pending.extend(map(bytes, entries))
        return range(first, first + len(entries))

    def commit(self) -> str:
        """Bring the pending entries under a new checkpoint and give its note; the present one if nothing is pending.

        Durable when it returns. The checkpoint is signed before anything is written but leaves this method only when
        all of it is on disk, so no other checkpoint of this size can have been seen.

        Raises:
            StorageFailed: if the storage did. Open the log again: it stands at the old or at the new checkpoint.
        """
        self._check_usable()
        if self._pending:
            entries, self._pending = self._pending, []
            for entry in entries:
                self._tree.append(leaf_hash(entry))
            checkpoint = Checkpoint(self._origin, self._tree.size, self._tree.root())
            self._persist(entries, checkpoint, sign_checkpoint(checkpoint, self._origin, self._key))
        return self._note_text

    def root(self, size: int | None = None) -> bytes:
        """The root hash (32 bytes) of the first ``size`` entries, of all under the checkpoint if None."""
        return self._tree.root(self._checked_size(size))

    def checkpoint_text(self, size: int | None = None) -> str:
        """The note of the checkpoint, with the witnesses' cosignatures that were attached to it.

        For an earlier ``size`` the log's own note without cosignatures: Ed25519 is deterministic, so it is the very
        text that the log gave at that size.
        """
        size = self._checked_size(size)
        if size == self._size:
            return self._note_text
        return sign_checkpoint(Checkpoint(self._origin, size, self.root(size)), self._origin, self._key)

    def attach_cosignatures(self, lines: Iterable[str], witness_keys: Sequence[VerifierKey]) -> str:
        """Put witnesses' signature lines (from `cosign`) under the present checkpoint, durably; the note with them.

        Raises:
            CheckpointInvalid: if a line is not a cosignature on this checkpoint by one of ``witness_keys``.
            StorageFailed: as `commit`.
        """
        self._check_usable()
        bare, given = self.checkpoint_without_cosignatures(), list(lines)
        for line in given:
            if not cosignature_times(attach(bare, [line]), [self.verifier_key, *witness_keys]):
                raise CheckpointInvalid(
                    "A cosignature on this checkpoint is not of a witness that is known here.",
                    remedy="Compare the witness's verifier key with the one in the agreement.",
                )
        note_text = attach(self._note_text, given)
        if note_text != self._note_text:
            self._is_broken = True  # until it is safe
            self._storage.write({CHECKPOINT_PATH: note_text.encode()})
            # If we crash here or before, the same checkpoint stands with or without the new lines.
            self._note_text, self._is_broken = note_text, False
        return note_text

    def checkpoint_without_cosignatures(self) -> str:
        """The note of the checkpoint with the log's own signature alone."""
        return sign_checkpoint(Checkpoint(self._origin, self._size, self._root), self._origin, self._key)


def read_checkpoint(storage: Storage) -> str | None:
    """The text of the stored checkpoint; None if there is none.

    Raises:
        CheckpointInvalid: if it is not text.
    """
    data = storage.read(CHECKPOINT_PATH)
    try:
        return None if data is None else data.decode()
    except UnicodeDecodeError:
        raise CheckpointInvalid(
            f"The file {CHECKPOINT_PATH} is not UTF-8.", remedy="Restore the file from a partner's replica."
        ) from None


def open_own_checkpoint(note_text: str, verifier_key: VerifierKey) -> Checkpoint:
    """The checkpoint of the log that ``verifier_key`` names: signed by it, and of its origin.

    Raises:
        CheckpointInvalid: if it is not.
    """
    checkpoint = open_checkpoint(note_text, [verifier_key])
    if checkpoint.origin != verifier_key.name:
        raise CheckpointInvalid(
            f"The checkpoint is of the log {checkpoint.origin}, not of {verifier_key.name}.",
            remedy="Give the folder and the key of one and the same log.",
        )
    return checkpoint


def _no_ledger() -> UsageError:
    return UsageError("There is no ledger here.", remedy="Create it, or give the folder that holds it.")
