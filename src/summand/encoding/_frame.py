"""A frame: a JSON header and a raw body, so that vectors travel as bytes and never as lists of numbers.

Layout: the four bytes ``SMD1``, the header's length as a big-endian uint32, the header (JSON object), the body.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

from summand.encoding._canonical import dump, parse
from summand.errors import PeerProtocolError

MAGIC = b"SMD1"
_PREFIX = struct.Struct(">4sI")


@dataclass(frozen=True)
class Frame:
    """One framed message: ``header`` as parsed, ``header_bytes`` exactly as sent, ``body`` raw."""

    header: dict[str, Any]
    header_bytes: bytes
    body: bytes


def pack(header: dict[str, Any], body: bytes = b"") -> bytes:
    """The frame's bytes."""
    head = dump(header)
    return b"".join((frame_prefix(head), head, body))


def frame_prefix(header_bytes: bytes) -> bytes:
    """What stands before a frame's header: 8 bytes."""
    return _PREFIX.pack(MAGIC, len(header_bytes))


def unpack(data: bytes) -> Frame:
    """The frame behind ``data``.

    Raises:
        PeerProtocolError: if the prefix, the length or the header is malformed.
    """
    if len(data) < _PREFIX.size or data[:4] != MAGIC:
        raise PeerProtocolError("The message is not a Summand frame.", remedy="Check the address and the version.")
    _, length = _PREFIX.unpack_from(data)
    stop = _PREFIX.size + length
    if stop > len(data):
        raise PeerProtocolError("The frame ends inside its header.", remedy="Send it again.")
    head = bytes(data[_PREFIX.size : stop])
    header = parse(head, "frame header")
    if not isinstance(header, dict):
        raise PeerProtocolError("The frame header is not an object.", remedy="Send it again.")
    return Frame(header, head, bytes(data[stop:]))
