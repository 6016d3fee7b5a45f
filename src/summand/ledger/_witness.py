r"""A witness (c2sp.org/tlog-witness): who cosigns a checkpoint only if it extends everything that was seen before.

The specification's ``add-checkpoint`` is a request to a server. Our witnesses cannot be called, so they fetch the same
request text from the log, with the entries, and send the answer back; what the texts and the status numbers mean is
the specification's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from summand.encoding import from_base64, to_base64
from summand.errors import CheckpointInvalid, ConsistencyProofInvalid, EntryInvalid, PeerProtocolError, SplitView
from summand.ledger._checkpoint import SIZE_MAX, Checkpoint, open_checkpoint
from summand.ledger._merkle import HASH_BYTES
from summand.ledger._note import Note
from summand.ledger._replica import Replica
from summand.ledger._verifier_key import VerifierKey
from summand.signing import PrivateKey

_PROOF_HASHES_MAX = 63
OK, MALFORMED, NOT_SIGNED, UNKNOWN_LOG, CONFLICT, NOT_CONSISTENT = 200, 400, 403, 404, 409, 422


@dataclass(frozen=True)
class AddCheckpoint:
    """The body of an ``add-checkpoint`` request: the size that the witness holds, a proof from there, the checkpoint.

    Source: c2sp.org/tlog-witness, "add-checkpoint".
    """

    old_size: int
    proof: tuple[bytes, ...]
    checkpoint_text: str

    @classmethod
    def from_text(cls, text: str) -> AddCheckpoint:
        """The request behind its text. Nothing is verified.

        Raises:
            CheckpointInvalid: if it is not the one form that the specification gives.
        """
        head, blank, checkpoint = text.partition("\n\n")
        first, *proof = head.split("\n")
        size = first.removeprefix("old ")
        if not blank or not first.startswith("old ") or not _is_size(size) or len(proof) > _PROOF_HASHES_MAX:
            _malformed()
        try:
            hashes = tuple(from_base64(line, "line of the proof") for line in proof)
        except PeerProtocolError:
            _malformed()
        if any(len(item) != HASH_BYTES for item in hashes):
            _malformed()
        return cls(int(size), hashes, checkpoint)

    def to_text(self) -> str:
        """The request as it travels."""
        return "\n".join([f"old {self.old_size}", *map(to_base64, self.proof)]) + "\n\n" + self.checkpoint_text


@dataclass(frozen=True)
class WitnessAnswer:
    """What a witness says: a status number of c2sp.org/tlog-witness, and the text that goes with it.

    200 with signature lines; 400 malformed; 403 not signed by the log; 404 another log; 409 with the size that the
    witness holds where the request began at another one, and without where one size has two roots; 422 where the proof
    does not hold. ``split`` is the contradiction, if there is one.
    """

    status: int
    text: str = ""
    split: SplitView | None = None


class Witness:
    """One witness of one log, resting on the replica that it keeps.

    Args:
        replica: What it has seen. Its size is the "latest checkpoint" of the specification: larger than the last one
            that was cosigned where the replica followed the log without cosigning.
        name: The witness's name in signature lines.
        key: Its key (type 0x04).
        clock: POSIX seconds.
    """

    def __init__(
        self, replica: Replica, log_key: VerifierKey, name: str, key: PrivateKey, clock: Callable[[], float]
    ) -> None:
        self.replica, self.name = replica, name
        self._log_key, self._key, self._clock = log_key, key, clock

    @property
    def verifier_key(self) -> VerifierKey:
        """The key that others check this witness's cosignatures with."""
        return VerifierKey.of_witness(self.name, self._key.public)

    def add_checkpoint(self, text: str, entries: Sequence[bytes]) -> WitnessAnswer:
        """Follow the log to a checkpoint, durably, then cosign it; or say why not, and stay where we are.

        Args:
            text: The request.
            entries: The log's entries from ``old`` to the checkpoint's size: this witness mirrors them.

        Raises:
            StorageFailed: if the replica's disk did; nothing was cosigned.
        """
        # (1) The request is one; the log is ours and signed it.
        try:
            asked = AddCheckpoint.from_text(text)
            new = Checkpoint.from_text(Note.from_text(asked.checkpoint_text).body)
        except CheckpointInvalid:
            return WitnessAnswer(MALFORMED)
        if new.origin != self._log_key.name:
            return WitnessAnswer(UNKNOWN_LOG)
        try:
            open_checkpoint(asked.checkpoint_text, [self._log_key])
        except CheckpointInvalid:
            return WitnessAnswer(NOT_SIGNED)
        # (2) It begins where this witness stands. A signed checkpoint that contradicts the one held is kept as such.
        if asked.old_size > new.size:
            return WitnessAnswer(MALFORMED, split=self._contradiction(asked, new))
        if asked.old_size != self.replica.size:
            return WitnessAnswer(CONFLICT, f"{self.replica.size}\n", split=self._contradiction(asked, new))
        # (3) It extends what this witness holds; durable before anything is answered.
        try:
            self.replica.advance(asked.checkpoint_text, entries, asked.proof)
        except SplitView as split:
            return WitnessAnswer(CONFLICT if new.size == asked.old_size else NOT_CONSISTENT, split=split)
        except (ConsistencyProofInvalid, EntryInvalid):
            return WitnessAnswer(NOT_CONSISTENT)
        # (4) The cosignature: as of now, this is the largest tree that this witness has seen.
        return WitnessAnswer(OK, self.replica.cosign(self.name, self._key, int(self._clock())) + "\n")

    def _contradiction(self, asked: AddCheckpoint, new: Checkpoint) -> SplitView | None:
        """The split view that a checkpoint no larger than the held one shows; None if it is consistent."""
        if new.size > self.replica.size:
            return None
        try:
            self.replica.advance(asked.checkpoint_text, ())
        except SplitView as split:
            return split
        return None


def _is_size(text: str) -> bool:
    return text.isascii() and text.isdigit() and str(int(text[:19])) == text and int(text) <= SIZE_MAX


def _malformed() -> NoReturn:
    raise CheckpointInvalid(
        "This is not an add-checkpoint request: 'old SIZE', proof lines, an empty line, a checkpoint.",
        remedy="Fetch it again from the log.",
    )
