"""A signed message: 64 bytes of Ed25519 signature, then a frame.

The signature covers the federation's origin, the header bytes exactly as sent and the SHA-256 of the body, so a message
can neither be carried to another federation nor change on its way, and stays evidence when the connection is gone.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from summand.encoding import digest, dump, frame_prefix, unpack
from summand.errors import PeerProtocolError
from summand.signing import PrivateKey, PublicKey

SIGNATURE_BYTES = 64
_DOMAIN = b"summand/message/v1"


@dataclass(frozen=True)
class Message:
    """One message as received; ``verify`` before believing ``sender``.

    Attributes:
        kind: What it is, such as ``round.upload``.
        sender: Who says so: a party's identifier, or ``hub``.
        study: The study it belongs to, 32 hexadecimal digits.
        round: The round's number, 0 for messages outside rounds.
        header: All header fields.
        header_bytes: The header exactly as sent.
        body: The raw body.
        signature: 64 bytes.
        raw: The whole message as received.
    """

    kind: str
    sender: str
    study: str
    round: int
    header: dict[str, Any]
    header_bytes: bytes = field(repr=False)
    body: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    raw: bytes = field(repr=False)

    @cached_property
    def body_digest(self) -> bytes:
        """SHA-256 of the body, shape (32,): a body may be megabytes long and is hashed once."""
        return hashlib.sha256(self.body).digest()

    @cached_property
    def content_digest(self) -> bytes:
        """32 bytes that name header and body exactly."""
        return digest(self.header_bytes, self.body_digest)

    @cached_property
    def identity(self) -> str:
        """64 hexadecimal digits that name signature, header and body exactly."""
        return digest(self.signature, self.header_bytes, self.body_digest).hex()

    def verify(self, key: PublicKey, origin: str) -> None:
        """Check the sender's signature.

        Raises:
            SignatureInvalid: if it does not hold.
        """
        key.verify(self.signature, _to_sign(origin, self.header_bytes, self.body_digest))


def sign_message(
    kind: str,
    sender: str,
    study: str,
    round_number: int,
    key: PrivateKey,
    origin: str,
    *,
    body: bytes = b"",
    **fields: Any,
) -> bytes:
    """The signed bytes of one message; ``fields`` join the header."""
    header = dump({"kind": kind, "sender": sender, "study": study, "round": round_number, **fields})
    signature = key.sign(_to_sign(origin, header, hashlib.sha256(body).digest()))
    return b"".join((signature, frame_prefix(header), header, body))


def read_message(data: bytes) -> Message:
    """The message behind ``data``, not yet verified.

    Raises:
        PeerProtocolError: if it is not one.
    """
    frame = unpack(data[SIGNATURE_BYTES:])
    header = frame.header
    kind, sender, study, number = (header.get(name) for name in ("kind", "sender", "study", "round"))
    if not (isinstance(kind, str) and isinstance(sender, str) and isinstance(study, str)):
        raise PeerProtocolError("The message does not name its kind, sender and study.", remedy="Send it again.")
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < 1_000_000:
        raise PeerProtocolError("The message's round is not a number.", remedy="Send it again.")
    signature = bytes(data[:SIGNATURE_BYTES])
    return Message(kind, sender, study, number, header, frame.header_bytes, frame.body, signature, bytes(data))


def _to_sign(origin: str, header_bytes: bytes, body_digest: bytes) -> bytes:
    return digest(_DOMAIN, origin.encode(), header_bytes, body_digest)
