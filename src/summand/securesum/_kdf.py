"""HKDF-SHA-256 and the labels that keep one use of a key apart from every other.

Source: RFC 5869; the labels are ours. Every label ends in a digit and a space or a fixed word, and what follows it has
a fixed length or goes through `summand.encoding.digest`, so no two uses share an input.
"""

from __future__ import annotations

import hmac

from summand.encoding import digest
from summand.errors import SumError

KEY_BYTES = 32
_HASH_BYTES = 32
LABEL = b"summand/securesum/2 "


def extract(salt: bytes, key_material: bytes) -> bytes:
    """The pseudorandom key, 32 bytes, of HKDF-Extract (RFC 5869 §2.2)."""
    return hmac.digest(salt or bytes(_HASH_BYTES), key_material, "sha256")


def expand(key: bytes, info: bytes, length: int = KEY_BYTES) -> bytes:
    """``length`` bytes of HKDF-Expand (RFC 5869 §2.3); ``key`` is uniformly random, 32 bytes or more.

    Raises:
        SumError: if ``length`` is over 255 · 32 bytes.
    """
    if length <= _HASH_BYTES:
        return hmac.digest(key, info + b"\x01", "sha256")[:length]
    if length > 255 * _HASH_BYTES:
        raise SumError("HKDF-SHA-256 expands to at most 8,160 bytes.", remedy="Report this defect.")
    output = block = b""
    for counter in range(1, -(-length // _HASH_BYTES) + 1):
        block = hmac.digest(key, block + info + bytes([counter]), "sha256")
        output += block
    return output[:length]


def context(specification: bytes) -> bytes:
    """The 32-byte context of a round: a digest of its whole specification.

    Every key, mask and share of the round depends on it, so two sites that were shown different specifications
    (another query, another broadcast state, another round number) hold masks that do not cancel.

    >>> context(b"round 1").hex()[:16]
    '0914bec502fdc4a3'
    """
    return digest(LABEL + b"context", specification)
