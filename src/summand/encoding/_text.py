"""Base64 as it stands in our documents: standard alphabet, padded, nothing else accepted (RFC 4648 §4)."""

from __future__ import annotations

import base64
import binascii

from summand.errors import PeerProtocolError


def to_base64(data: bytes) -> str:
    """``data`` as padded standard base64."""
    return base64.b64encode(data).decode("ascii")


def from_base64(text: str, what: str = "value") -> bytes:
    """The bytes behind ``text``.

    Raises:
        PeerProtocolError: if it is not the one canonical base64 of some bytes.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        data = None
    if data is None or to_base64(data) != text:
        raise PeerProtocolError(f"The {what} is not canonical base64.", remedy="Send it again from the source.")
    return data
