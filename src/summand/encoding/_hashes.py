"""SHA-256 over parts that carry their length."""

from __future__ import annotations

import hashlib
import struct


def digest(*parts: bytes) -> bytes:
    """SHA-256 of the parts, each behind its length as a big-endian uint64: shape (32,) bytes."""
    state = hashlib.sha256()
    for part in parts:
        state.update(struct.pack(">Q", len(part)))
        state.update(part)
    return state.digest()


def sha256_hex(data: bytes) -> str:
    """SHA-256 of ``data`` as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()
