"""Canonical JSON (RFC 8785) for what is signed or hashed; plain compact JSON for what is hashed as it was sent."""

from __future__ import annotations

from typing import Any

import orjson
import rfc8785

from summand.errors import OwnProtocolError, PeerProtocolError


def canonical(value: Any) -> bytes:
    """The one RFC 8785 serialisation of ``value``.

    Raises:
        OwnProtocolError: if ``value`` has no JSON form (NaN, infinity, integers past 2**53, unknown types).
    """
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, RecursionError, ValueError) as error:
        raise OwnProtocolError(f"A value has no canonical JSON form: {error}.", remedy="Report this defect.") from None


def dump(value: Any) -> bytes:
    """Compact JSON, keys in their given order: for messages whose bytes are hashed exactly as sent.

    Floats are written so that they read back to the same float64; NumPy arrays are accepted.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_PASSTHROUGH_DATACLASS)
    except (TypeError, ValueError) as error:
        raise OwnProtocolError(f"A value has no JSON form: {error}.", remedy="Report this defect.") from None


def parse(data: bytes, what: str = "message") -> Any:
    """The value behind JSON bytes.

    Raises:
        PeerProtocolError: if they are not JSON.
    """
    try:
        return orjson.loads(data)
    except (orjson.JSONDecodeError, RecursionError) as error:
        raise PeerProtocolError(f"The {what} is not JSON: {error}.", remedy="Send it again from the source.") from None


def parse_canonical(data: bytes, what: str = "document") -> Any:
    """As `parse`, and refuse bytes that are not the canonical form of what they say.

    Raises:
        PeerProtocolError: if they are not JSON, or not in RFC 8785 form (duplicate keys, spaces, key order).
    """
    value = parse(data, what)
    try:
        form = canonical(value)
    except OwnProtocolError:  # theirs: a whole number past 2**53, say
        form = b""
    if form != data:
        raise PeerProtocolError(
            f"The {what} is JSON but not in RFC 8785 form.", remedy="Serialise it canonically and sign it again."
        )
    return value
