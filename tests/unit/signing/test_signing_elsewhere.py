"""Signatures made elsewhere: the exact bytes, by the published form, and nothing but them."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from summand.errors import SignatureInvalid
from summand.signing import Envelope, PublicKey


def test_the_published_form() -> None:
    """The example of the DSSE protocol (github.com/secure-systems-lab/dsse, protocol.md), byte for byte."""
    envelope = Envelope(b"hello world", "http://example.com/HelloWorld", ())
    assert envelope.signed_bytes() == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


def test_a_signature_made_elsewhere() -> None:
    """Plain Ed25519 over these bytes, as WebCrypto makes it, is the envelope's signature; over the payload alone it is not."""
    elsewhere = Ed25519PrivateKey.generate()
    key = PublicKey(elsewhere.public_key().public_bytes_raw())
    envelope = Envelope(b"{}", "application/vnd.summand.note+json", ())

    signed = envelope.with_signature(key, elsewhere.sign(envelope.signed_bytes()))
    signed.verify("application/vnd.summand.note+json", [key])
    for bad in (elsewhere.sign(b"{}"), b"", bytes(64)):
        with pytest.raises(SignatureInvalid):
            envelope.with_signature(key, bad)
