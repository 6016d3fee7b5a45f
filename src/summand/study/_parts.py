"""Entries longer than the ledger holds: in consecutive parts, and whole again when they are read.

A record that names every site of a study grows with them, and a leaf has at most 65,535 bytes (c2sp.org/tlog-tiles). All
parts are committed in one transaction and so stand side by side under one checkpoint; the last one completes the entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from summand.encoding import canonical, from_base64, parse, sha256_hex, to_base64
from summand.errors import PeerProtocolError

PART = "entry.part"
PARTS_MAX = 1_000
_FRAME_BYTES = 200


def in_parts(data: bytes, most: int) -> list[bytes]:
    """An entry's canonical bytes as leaves of at most ``most`` bytes: itself where it fits, else its parts in order."""
    if len(data) <= most:
        return [data]
    size = (most - _FRAME_BYTES) // 4 * 3  # what base64 makes of it, and the rest of the part, still fit
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    whole = {"type": PART, "whole_sha256": sha256_hex(data), "count": len(pieces)}
    return [canonical({**whole, "number": i, "piece": to_base64(piece)}) for i, piece in enumerate(pieces)]


def whole_entries(leaves: Iterable[bytes], first: int = 0) -> Iterator[tuple[int, dict[str, Any]]]:
    """The entries behind some leaves as objects, each with the number of the leaf that completes it.

    Leaves that are no objects are left out: they are not ours. Parts that do not make the entry whose hash they name are
    given as they are: nothing reads an entry of that type.

    Args:
        leaves: Consecutive leaves.
        first: The number of the first of them.
    """
    pending: list[tuple[int, dict[str, Any]]] = []
    for number, leaf in enumerate(leaves, first):
        value = parse(leaf, "ledger entry")
        if not isinstance(value, dict):
            continue
        if not _follows(value, [part for _, part in pending]):
            yield from pending
            pending = []
        if value.get("type") != PART or value.get("number") != len(pending):
            yield number, value
            continue
        pending.append((number, value))
        if len(pending) == value.get("count"):
            joined = _joined([part for _, part in pending])
            yield from pending if joined is None else [(number, joined)]
            pending = []
    yield from pending


def _follows(value: dict[str, Any], parts: list[dict[str, Any]]) -> bool:
    """Whether a leaf is the next part of the same entry; true of any leaf where none is begun."""
    if not parts:
        return True
    same = all(value.get(name) == parts[0].get(name) for name in ("type", "whole_sha256", "count"))
    return same and value.get("number") == len(parts) < PARTS_MAX


def _joined(parts: list[dict[str, Any]]) -> dict[str, Any] | None:
    try:
        data = b"".join(from_base64(part["piece"], "piece") for part in parts)
        value = parse(data, "ledger entry") if sha256_hex(data) == parts[0]["whole_sha256"] else None
    except (PeerProtocolError, KeyError):
        return None
    return value if isinstance(value, dict) else None
