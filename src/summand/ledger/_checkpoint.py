"""Checkpoints (c2sp.org/tlog-checkpoint): what a log says its tree is, signed."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from summand.encoding import from_base64, to_base64
from summand.errors import CheckpointInvalid, PeerProtocolError
from summand.ledger._merkle import EMPTY_ROOT, HASH_BYTES
from summand.ledger._note import Note, SignatureLine, cosign_line, sign_line
from summand.ledger._verifier_key import COSIGNATURE_V1, ED25519, VerifierKey, is_clean, is_key_name
from summand.signing import PrivateKey

SIZE_MAX = (1 << 63) - 1


@dataclass(frozen=True)
class Checkpoint:
    """The state of one log: its ``origin`` (name), its ``size`` in leaves and its ``root`` hash (32 bytes).

    Raises:
        CheckpointInvalid: if the three do not make a checkpoint.
    """

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        if not self.origin or not is_clean(self.origin):
            _malformed("the origin is empty or holds a control character")
        if not 0 <= self.size <= SIZE_MAX or len(self.root) != HASH_BYTES:
            _malformed("the size or the root hash is out of range")
        if self.size == 0 and self.root != EMPTY_ROOT:
            _malformed("a tree without leaves has one root hash only, and this is another")

    @classmethod
    def from_text(cls, text: str) -> Checkpoint:
        """The checkpoint behind a note's body, in its one form: three lines, no extension lines.

        Raises:
            CheckpointInvalid: if the text is anything else. Extension lines are refused, because no witness's
                statement covers them (c2sp.org/tlog-cosignature).
        """
        lines = text.split("\n")
        if len(lines) != 4 or lines[3]:
            _malformed("it does not have the three lines origin, size and root hash")
        origin, size, root = lines[:3]
        if not (size.isascii() and size.isdigit() and len(size) <= 19 and (size == "0" or size[0] != "0")):
            _malformed("the size is not a decimal number without leading zeroes")
        try:
            return cls(origin, int(size), from_base64(root, "root hash"))
        except PeerProtocolError:
            _malformed("the root hash is not canonical base64")

    def to_text(self) -> str:
        """The body of the note."""
        return f"{self.origin}\n{self.size}\n{to_base64(self.root)}\n"

    def __str__(self) -> str:
        return f"size {self.size}, root {self.root.hex()}"


def sign_checkpoint(checkpoint: Checkpoint, name: str, key: PrivateKey) -> str:
    """The note of a checkpoint with the log's signature (type 0x01).

    Raises:
        CheckpointInvalid: if ``name`` cannot name a key.
    """
    _check_name(name)
    body = checkpoint.to_text()
    return Note(body, (sign_line(body, name, key),)).text


def cosign(note_text: str, name: str, key: PrivateKey, time_seconds: int | None = None) -> str:
    """A witness's signature line on a checkpoint, without newline; `attach` puts it under the note.

    It states that at ``time_seconds`` (POSIX; now if None) this is the largest tree the witness has seen of this log,
    and consistent with all it saw before: so cosign only what `Replica.advance` accepted.

    Raises:
        CheckpointInvalid: if the note is no checkpoint or ``name`` cannot name a key.

    Source: c2sp.org/tlog-cosignature, "Ed25519 signed message".
    """
    _check_name(name)
    note = Note.from_text(note_text)
    Checkpoint.from_text(note.body)
    return cosign_line(note.body, name, key, int(time.time()) if time_seconds is None else time_seconds).text


def attach(note_text: str, lines: Iterable[str]) -> str:
    """The note with further signature lines; a line of a key that signed it already is left out.

    Raises:
        CheckpointInvalid: if the note or a line is malformed.
    """
    return Note.from_text(note_text).with_signatures(SignatureLine.from_text(line) for line in lines).text


def open_checkpoint(note_text: str, verifier_keys: Sequence[VerifierKey]) -> Checkpoint:
    """The checkpoint inside a note that the log signed with one of ``verifier_keys``.

    Every signature by a key among ``verifier_keys`` must verify, witnesses' too, and at least one must be a log's
    (type 0x01): cosignatures alone are no checkpoint.

    Raises:
        CheckpointInvalid: if not, or if the note is malformed.

    Source: c2sp.org/signed-note, c2sp.org/tlog-checkpoint.
    """
    note = Note.from_text(note_text)
    signers = note.verified(verifier_keys)
    if not any(key.signature_type == ED25519 for key in signers):
        raise CheckpointInvalid(
            "Witnesses signed this checkpoint, but the log did not.", remedy="Fetch the checkpoint again from the log."
        )
    return Checkpoint.from_text(note.body)


def cosignature_times(note_text: str, verifier_keys: Sequence[VerifierKey]) -> dict[str, int]:
    """The witnesses among ``verifier_keys`` whose cosignatures the note carries, with their POSIX times.

    Raises:
        CheckpointInvalid: as `open_checkpoint`.
    """
    open_checkpoint(note_text, verifier_keys)
    signers = Note.from_text(note_text).verified(verifier_keys)
    return {
        key.name: when for key, when in signers.items() if key.signature_type == COSIGNATURE_V1 and when is not None
    }


def _check_name(name: str) -> None:
    if not is_key_name(name):
        _malformed("the name of a key is not empty and holds no space, plus or control character")


def _malformed(reason: str) -> NoReturn:
    raise CheckpointInvalid(f"This is not a checkpoint: {reason}.", remedy="Fetch it again from the log or a partner.")
