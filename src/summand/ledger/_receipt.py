"""Receipts: that one entry is in the ledger, for whoever has nothing else (c2sp.org/tlog-proof)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from summand.encoding import from_base64, to_base64
from summand.errors import InclusionProofInvalid, PeerProtocolError
from summand.ledger._checkpoint import SIZE_MAX, Checkpoint, open_checkpoint
from summand.ledger._merkle import HASH_BYTES, leaf_hash
from summand.ledger._proofs import verify_inclusion
from summand.ledger._verifier_key import VerifierKey

HEADER = "c2sp.org/tlog-proof@v1"
_PROOF_HASHES_MAX = 63


@dataclass(frozen=True)
class Receipt:
    """The leaf's ``index``, its inclusion ``proof``, the signed checkpoint, and unauthenticated ``extra`` bytes."""

    index: int
    proof: tuple[bytes, ...]
    checkpoint_text: str
    extra: bytes | None = None

    @classmethod
    def from_text(cls, text: str) -> Receipt:
        """The receipt behind its text, in its one form. Nothing is verified: use `verify`.

        Raises:
            InclusionProofInvalid: if the text is anything else.
        """
        head, blank, note = text.partition("\n\n")
        lines = head.split("\n")
        if not blank or not note or lines.pop(0) != HEADER:
            _malformed("it does not begin with its header line and end with a checkpoint")
        extra = _decode(lines.pop(0)[6:]) if lines and lines[0].startswith("extra ") else None
        if not lines or not lines[0].startswith("index "):
            _malformed("it has no line 'index'")
        index = lines.pop(0)[6:]
        if not (index.isascii() and index.isdigit() and len(index) <= 19 and str(int(index)) == index):
            _malformed("the index is not a decimal number without leading zeroes")
        proof = tuple(map(_decode, lines))
        if int(index) > SIZE_MAX or len(proof) > _PROOF_HASHES_MAX or any(len(item) != HASH_BYTES for item in proof):
            _malformed("the index, or the number or the length of the hashes, is out of range")
        return cls(int(index), proof, note, extra)

    def to_text(self) -> str:
        """The receipt as it is kept in a file ``….tlog-proof``."""
        extra = [] if self.extra is None else [f"extra {to_base64(self.extra)}"]
        lines = [HEADER, *extra, f"index {self.index}", *map(to_base64, self.proof)]
        return "\n".join(lines) + "\n\n" + self.checkpoint_text

    def verify(self, entry: bytes, verifier_keys: Sequence[VerifierKey]) -> Checkpoint:
        """Check that ``entry`` is in the log that one of ``verifier_keys`` signed, and give its checkpoint.

        Raises:
            CheckpointInvalid: if the checkpoint is malformed or not signed by the log's key.
            InclusionProofInvalid: if the entry is not proved to be under it.
        """
        # (1) The log signed this root hash.
        checkpoint = open_checkpoint(self.checkpoint_text, verifier_keys)
        # (2) The entry is under it, at this index (RFC 9162 §2.1.3.2).
        verify_inclusion(leaf_hash(entry), self.index, checkpoint.size, self.proof, checkpoint.root)
        return checkpoint


def _decode(text: str) -> bytes:
    try:
        return from_base64(text, "line of the receipt")
    except PeerProtocolError:
        _malformed("a line is not canonical base64")


def _malformed(reason: str) -> NoReturn:
    raise InclusionProofInvalid(
        f"This is not a receipt ({HEADER}): {reason}.", remedy="Ask whoever gave the receipt for the unchanged file."
    )
