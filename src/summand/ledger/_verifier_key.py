"""Names and public keys of those who sign notes (c2sp.org/signed-note, "Verifier keys")."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import NoReturn

from summand.encoding import from_base64, to_base64
from summand.errors import PeerProtocolError
from summand.signing import PublicKey

ED25519 = 0x01
COSIGNATURE_V1 = 0x04
ML_DSA_44 = 0x06
_KEY_BYTES = {ED25519: 32, COSIGNATURE_V1: 32, ML_DSA_44: 1312}
_UNCLEAN = re.compile("[\x00-\x1f\ud800-\udfff]")


@dataclass(frozen=True)
class VerifierKey:
    """A name and a public key, as a *vkey* writes them: ``name+hash+base64``.

    ``signature_type`` is 0x01 (Ed25519: a log), 0x04 (cosignature/v1: a witness) or 0x06 (ML-DSA-44: known, and left
    unverified). ``key`` is the raw public key.

    Source: c2sp.org/signed-note, "Verifier keys".
    """

    name: str
    signature_type: int
    key: bytes

    def __post_init__(self) -> None:
        if not is_key_name(self.name) or len(self.key) != _KEY_BYTES.get(self.signature_type, -1):
            _no_vkey()
        if self.signature_type != ML_DSA_44:
            PublicKey(self.key)

    @classmethod
    def of_log(cls, name: str, key: PublicKey) -> VerifierKey:
        """The key with which a log signs its checkpoints."""
        return cls(name, ED25519, key.raw)

    @classmethod
    def of_witness(cls, name: str, key: PublicKey) -> VerifierKey:
        """The key with which a witness cosigns them."""
        return cls(name, COSIGNATURE_V1, key.raw)

    @classmethod
    def from_text(cls, text: str) -> VerifierKey:
        """The key behind a vkey.

        Raises:
            PeerProtocolError: if the text is no vkey, its hash is wrong or its type unknown here.
        """
        parts = text.split("+", 2)
        if len(parts) != 3:
            _no_vkey()
        material = from_base64(parts[2], "verifier key")
        if not material:
            _no_vkey()
        key = cls(parts[0], material[0], material[1:])
        if key.text != text:
            _no_vkey()
        return key

    @property
    def key_id(self) -> bytes:
        """The four bytes that name this key in a signature line; an identifier, no protection."""
        return sha256(self.name.encode() + b"\n" + bytes([self.signature_type]) + self.key).digest()[:4]

    @property
    def text(self) -> str:
        """The key as a vkey."""
        return f"{self.name}+{self.key_id.hex()}+{to_base64(bytes([self.signature_type]) + self.key)}"


def is_key_name(name: str) -> bool:
    """Whether ``name`` may name a key: not empty, no space, no plus, nothing invisible."""
    return bool(name) and is_clean(name) and "+" not in name and not any(character.isspace() for character in name)


def is_clean(text: str) -> bool:
    """Whether ``text`` is Unicode without ASCII control characters."""
    return _UNCLEAN.search(text) is None


def _no_vkey() -> NoReturn:
    raise PeerProtocolError(
        "This is not a verifier key: 'name+hash+base64' with a key of type 01, 04 or 06 and its right hash.",
        remedy="Copy the whole line again from the partner.",
    )
