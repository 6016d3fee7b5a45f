"""The hub's answer to ``GET /v1/ledger``: what it asks of a witness (c2sp.org/tlog-witness), and the entries."""

from __future__ import annotations

from typing import NamedTuple

from summand.encoding import unpack
from summand.errors import PeerProtocolError


class LedgerGrowth(NamedTuple):
    """What a replica needs to advance; nothing in it is believed before the replica has checked it.

    ``add_checkpoint`` is the text of a request of that name: the size that was asked from, the consistency proof and
    the checkpoint. ``entries`` are those in between.
    """

    add_checkpoint: str
    entries: list[bytes]

    @classmethod
    def read(cls, data: bytes) -> LedgerGrowth:
        """The growth behind an answer's bytes.

        Raises:
            PeerProtocolError: if it is malformed.
        """
        frame = unpack(data)
        try:
            sizes = [int(size) for size in frame.header["sizes"]]
            asked = str(frame.header["add_checkpoint"])
        except (KeyError, TypeError, ValueError):
            raise PeerProtocolError("The hub's ledger answer is malformed.", remedy="Check versions.") from None
        return cls(asked, cut(frame.body, sizes))


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
