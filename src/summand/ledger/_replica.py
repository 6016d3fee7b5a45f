"""A partner's own copy of the ledger, which follows the log only along what is proved."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

from summand.errors import CheckpointInvalid, ConsistencyProofInvalid, EntryInvalid, SplitView
from summand.ledger._checkpoint import Checkpoint, cosign
from summand.ledger._log import open_own_checkpoint, read_checkpoint
from summand.ledger._merkle import leaf_hash
from summand.ledger._proofs import verify_consistency
from summand.ledger._storage import DirectoryStorage, MemoryStorage, Storage
from summand.ledger._stored import StoredLog
from summand.ledger._verifier_key import VerifierKey
from summand.ledger._verify import Report, verify_storage
from summand.signing import PrivateKey


class Replica(StoredLog):
    """All entries of a log up to the last checkpoint that its owner accepted, in a folder or in memory.

    It never goes back, never sideways, and stays where it is when a check fails. Its files have the log's own layout,
    so that a partner can verify or serve them when the hub is gone.
    """

    def __init__(self, storage: Storage, verifier_key: VerifierKey) -> None:
        super().__init__(storage)
        self._verifier_key = verifier_key

    @classmethod
    def open(cls, directory: Path | None, verifier_key: VerifierKey) -> Self:
        """The replica in ``directory`` (empty if nothing is there yet), or a new one in memory if None.

        Args:
            directory: The replica's own folder.
            verifier_key: The log's key (type 0x01), whose name is the log's origin.

        Raises:
            UsageError: if another process has the folder open.
            CheckpointInvalid: if the stored checkpoint is not of this log.
            EntryInvalid: if the stored tiles do not give its root hash.
        """
        storage = MemoryStorage() if directory is None else DirectoryStorage(directory, exclusive=True)
        return cls.open_in(storage, verifier_key)

    @classmethod
    def open_in(cls, storage: Storage, verifier_key: VerifierKey) -> Self:
        """As `open`, in any storage."""
        replica = cls(storage, verifier_key)
        try:
            note_text = read_checkpoint(storage)
            if note_text is not None:
                replica._load(note_text, open_own_checkpoint(note_text, verifier_key))
            else:
                # Tiles without a checkpoint stay: those that a crash left before the first one are written again,
                # those of a replica that lost its checkpoint are evidence.
                replica._discard_temporary_files()
        except BaseException:
            storage.close()
            raise
        return replica

    @property
    def root(self) -> bytes:
        """The root hash (32 bytes) of the accepted checkpoint; `EMPTY_ROOT` before the first."""
        return self._root

    @property
    def checkpoint_text(self) -> str:
        """The note of the accepted checkpoint; empty before the first."""
        return self._note_text

    def advance(
        self, note_text: str, new_entries: Sequence[bytes], consistency_proof: Sequence[bytes] = ()
    ) -> Checkpoint:
        """Follow the log to a newer checkpoint, or stay where we are and say why. Durable when it returns.

        Args:
            note_text: The signed note of the new checkpoint.
            new_entries: The entries from this replica's size to the new checkpoint's.
            consistency_proof: From this replica's size to the new one; empty if this replica is empty.

        Returns:
            The checkpoint that this replica now stands at. The one that it already had is accepted again.

        Raises:
            CheckpointInvalid: if the note is malformed, of another log, or not signed by the log.
            SplitView: if the checkpoint contradicts the one held here, or is older. Both are named.
            ConsistencyProofInvalid: if the entries extend this replica to the new root, but the proof is wrong.
            EntryInvalid: if the new tree extends this one, but the entries are not the new tree's.
            StorageFailed: if the disk refuses; open the replica again.
        """
        self._check_usable()
        # (1) The log signed it (c2sp.org/signed-note), and it is this log.
        new = open_own_checkpoint(note_text, self._verifier_key)
        held = Checkpoint(new.origin, self._size, self._root)
        # (2) One size has one root, and a log does not shrink.
        if new.size <= held.size and self._note_text:
            self._check_not_newer(held, new)
            return held
        # (3) The new tree is the old one and the new entries, and the proof agrees (RFC 9162 §2.1.4.2).
        self._check_entries(new_entries)
        self._extend(held, new, [bytes(entry) for entry in new_entries], consistency_proof, note_text)
        return new

    def cosign(self, name: str, key: PrivateKey, time_seconds: int | None = None) -> str:
        """This replica's owner's cosignature line on the accepted checkpoint; see `summand.ledger.cosign`.

        Only what is durable here is ever cosigned: a witness that forgot would sign two histories.

        Raises:
            CheckpointInvalid: if there is no checkpoint yet.
        """
        self._check_usable()
        if not self._note_text:
            raise CheckpointInvalid("There is no checkpoint to cosign yet.", remedy="Fetch the log's checkpoint first.")
        return cosign(self._note_text, name, key, time_seconds)

    def verify(self) -> Report:
        """Derive every stored hash again from the stored entries; see `verify_directory`."""
        return verify_storage(self._storage, self._verifier_key, None)

    def _check_not_newer(self, held: Checkpoint, new: Checkpoint) -> None:
        if new.size == held.size and new.root == held.root:
            return
        if new.size == held.size:
            raise _split(held, new, "they have one size and two root hashes")
        if self._tree.root(new.size) == new.root:
            raise _split(held, new, "the log went back: its checkpoint is an older one of the same history")
        raise _split(held, new, "the smaller one is not the beginning of the larger one")

    def _extend(
        self, held: Checkpoint, new: Checkpoint, entries: list[bytes], proof: Sequence[bytes], note_text: str
    ) -> None:
        try:
            for entry in entries:
                self._tree.append(leaf_hash(entry))
            rebuilds = self._tree.size == new.size and self._tree.root() == new.root
            self._check_extension(held, new, proof, rebuilds=rebuilds)
        except BaseException:
            self._tree.truncate(held.size)
            raise
        self._persist(entries, new, note_text)

    def _check_extension(self, held: Checkpoint, new: Checkpoint, proof: Sequence[bytes], *, rebuilds: bool) -> None:
        """Two witnesses that the new tree extends the held one: the proof and the entries. Both must agree."""
        try:
            if held.size:
                verify_consistency(held.size, new.size, held.root, new.root, proof)
            elif proof:
                raise ConsistencyProofInvalid(
                    "A proof was given from the empty tree, which needs none.", remedy="Send it with an empty proof."
                )
        except ConsistencyProofInvalid:
            if rebuilds:
                raise
            raise _split(held, new, "neither the proof nor the entries show that the new tree extends ours") from None
        if not rebuilds:
            raise EntryInvalid(
                f"The entries that came with the checkpoint ({new}) are not those under it.",
                remedy="Fetch the entries from this replica's size on again.",
            )


def _split(held: Checkpoint, new: Checkpoint, reason: str) -> SplitView:
    return SplitView(
        f"The log {new.origin} signed two checkpoints that do not fit: held here ({held}), shown now ({new}); {reason}.",
        remedy="Keep both notes as evidence, stop taking part in studies, and compare checkpoints with the partners.",
    )
