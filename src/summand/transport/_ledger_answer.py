"""The hub's answer to ``GET /v1/ledger``: a checkpoint, the entries since a size, and the consistency proof."""

from __future__ import annotations

from typing import NamedTuple

from summand.encoding import from_base64, unpack
from summand.errors import PeerProtocolError


class LedgerGrowth(NamedTuple):
    """What a replica needs to advance; nothing in it is believed before `Replica.advance` has checked it."""

    checkpoint: str
    entries: list[bytes]
    proof: list[bytes]

    @classmethod
    def read(cls, data: bytes) -> LedgerGrowth:
        """The growth behind an answer's bytes.

        Raises:
            PeerProtocolError: if it is malformed.
        """
        frame = unpack(data)
        try:
            sizes = [int(size) for size in frame.header["sizes"]]
            proof = [from_base64(node, "proof") for node in frame.header["proof"]]
            checkpoint = str(frame.header["checkpoint"])
        except (KeyError, TypeError, ValueError):
            raise PeerProtocolError("The hub's ledger answer is malformed.", remedy="Check versions.") from None
        return cls(checkpoint, cut(frame.body, sizes), proof)


def cut(body: bytes, sizes: list[int]) -> list[bytes]:
    """The parts of a body, which have these sizes.

    Raises:
        PeerProtocolError: if they do not fit its length.
    """
    if sum(sizes) != len(body) or any(size < 0 for size in sizes):
        raise PeerProtocolError("The parts of an answer do not fit its length.", remedy="Check versions.")
    parts, start = [], 0
    for size in sizes:
        parts.append(body[start : start + size])
        start += size
    return parts
