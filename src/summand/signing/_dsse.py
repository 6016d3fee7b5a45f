"""DSSE v1 envelopes (github.com/secure-systems-lab/dsse) over canonical JSON, by securesystemslib.

The library signs and verifies; the strictness about the envelope's form is ours, since its parser is lenient about
base64 and changes its argument.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from securesystemslib import dsse
from securesystemslib.signer import Key, Signature, SSlibKey

from summand.encoding import canonical, from_base64, parse_canonical, to_base64
from summand.errors import PeerProtocolError, SignatureInvalid
from summand.signing._keys import PrivateKey, PublicKey


@dataclass(frozen=True)
class Envelope:
    """A payload, its type and its signatures as (key fingerprint, 64 bytes) pairs."""

    payload: bytes
    payload_type: str
    signatures: tuple[tuple[str, bytes], ...]

    @classmethod
    def from_dict(cls, fields: Any) -> Envelope:
        """The envelope behind its JSON form.

        Raises:
            PeerProtocolError: if a field is missing, unknown or malformed, or a key signs twice.
        """
        try:
            if set(fields) != {"payload", "payloadType", "signatures"}:
                raise KeyError("fields")
            pairs = []
            for entry in fields["signatures"]:
                if set(entry) != {"keyid", "sig"} or not isinstance(entry["keyid"], str):
                    raise KeyError("signature")
                pairs.append((entry["keyid"], from_base64(entry["sig"], "signature")))
            payload_type = fields["payloadType"]
            if not isinstance(payload_type, str) or len({key for key, _ in pairs}) != len(pairs):
                raise KeyError("keys")
            return cls(from_base64(fields["payload"], "payload"), payload_type, tuple(pairs))
        except (KeyError, TypeError):
            raise PeerProtocolError(
                "This is not a DSSE envelope: payload, payloadType and one signature per key, nothing else.",
                remedy="Send the envelope as the signer wrote it.",
            ) from None

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "payload": to_base64(self.payload),
            "payloadType": self.payload_type,
            "signatures": [{"keyid": key, "sig": to_base64(signature)} for key, signature in self.signatures],
        }

    def signed_by(self, *keys: PrivateKey) -> Envelope:
        """This envelope with the keys' signatures added (a key that signed before signs again)."""
        signatures = dict(self.signatures)
        for key in keys:
            signatures[key.public.fingerprint] = key.sign(self.signed_bytes())
        return Envelope(self.payload, self.payload_type, tuple(signatures.items()))

    def signed_bytes(self) -> bytes:
        """The exact bytes that a signature covers (DSSE v1, pre-authentication encoding), for a signer elsewhere: a
        browser signs them with ``crypto.subtle.sign("Ed25519", key, bytes)``.
        """
        encoded: bytes = dsse.Envelope(self.payload, self.payload_type, {}).pae()
        return encoded

    def with_signature(self, key: PublicKey, signature: bytes) -> Envelope:
        """This envelope with a signature (64 bytes over `signed_bytes`) that was made elsewhere.

        Raises:
            SignatureInvalid: if it is not the key's signature on these bytes.
        """
        key.verify(signature, self.signed_bytes())
        signatures = {**dict(self.signatures), key.fingerprint: signature}
        return Envelope(self.payload, self.payload_type, tuple(signatures.items()))

    def verify(self, payload_type: str, keys: Sequence[PublicKey], threshold: int = 1) -> None:
        """Check the type, and that at least ``threshold`` different keys among ``keys`` signed.

        Raises:
            SignatureInvalid: if not.
        """
        if self.payload_type != payload_type:
            raise SignatureInvalid(
                f"A document of type {payload_type} is expected; this one is {self.payload_type[:80]}.",
                remedy="Send the document that was asked for.",
            )
        signatures = {key: Signature(key, signature.hex()) for key, signature in self.signatures}
        try:
            library = dsse.Envelope(self.payload, self.payload_type, signatures)
            library.verify([_library_key(key) for key in set(keys)], threshold)
        except Exception as error:  # the library raises several unrelated types for "not verified"
            raise SignatureInvalid(
                f"The document does not carry {threshold} valid signature(s) of the {len(set(keys))} key(s) it needs.",
                remedy="Ask the parties named in the agreement to sign the unchanged document.",
            ) from error


def seal(payload_type: str, value: Any, *keys: PrivateKey) -> Envelope:
    """An envelope around the canonical JSON of ``value``, signed by ``keys``."""
    return Envelope(canonical(value), payload_type, ()).signed_by(*keys)


def open_sealed(envelope: Envelope, payload_type: str, keys: Sequence[PublicKey], threshold: int = 1) -> Any:
    """The value inside, once its type and signatures are checked.

    Raises:
        SignatureInvalid: if they do not hold.
        PeerProtocolError: if the payload is not canonical JSON.
    """
    envelope.verify(payload_type, keys, threshold)
    return parse_canonical(envelope.payload, "signed document")


def _library_key(key: PublicKey) -> Key:
    return SSlibKey(key.fingerprint, "ed25519", "ed25519", {"public": key.raw.hex()})
