"""Ed25519 keys as text, files and objects."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from summand.encoding import from_base64, sha256_hex, to_base64
from summand.errors import KeyLocked, PeerProtocolError, SignatureInvalid
from summand.signing._passphrase import checked, encryption, passphrase_for, passphrase_from_file

PREFIX = "ed25519:"
_LOCKED = b"ENCRYPTED PRIVATE KEY"


@dataclass(frozen=True)
class PublicKey:
    """An Ed25519 public key: ``raw``, 32 bytes; as text ``ed25519:`` and its base64."""

    raw: bytes
    _key: Ed25519PublicKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        try:
            key = Ed25519PublicKey.from_public_bytes(self.raw)
        except ValueError:
            raise PeerProtocolError(
                "An Ed25519 public key has 32 bytes; this one does not.", remedy="Copy the whole key again."
            ) from None
        object.__setattr__(self, "_key", key)

    @classmethod
    def from_text(cls, text: str) -> PublicKey:
        """The key behind ``ed25519:…``.

        Raises:
            PeerProtocolError: if the text is anything else.
        """
        if not isinstance(text, str) or not text.startswith(PREFIX):
            raise PeerProtocolError(
                "A public key is written 'ed25519:' and base64; this text is not.", remedy="Copy the whole key again."
            )
        return cls(from_base64(text[len(PREFIX) :], "public key"))

    @property
    def text(self) -> str:
        """The key as it stands in an agreement."""
        return PREFIX + to_base64(self.raw)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the raw key in hexadecimal: the DSSE key identifier, and what people compare."""
        return sha256_hex(self.raw)

    def verify(self, signature: bytes, data: bytes) -> None:
        """Check an Ed25519 signature (64 bytes) over ``data``.

        Raises:
            SignatureInvalid: if it is not this key's signature on these bytes.
        """
        try:
            self._key.verify(signature, data)
        except InvalidSignature:
            raise SignatureInvalid(
                f"A signature does not verify under key {self.fingerprint[:16]}…: the content or the key differs.",
                remedy="Ask the signer to sign the unchanged document with the key that the agreement names.",
            ) from None


def _unlocked(data: bytes, name: str) -> object:
    try:
        return load_pem_private_key(data, passphrase_for(name))
    except ValueError:
        raise KeyLocked(
            f"{name} does not open with this passphrase.", remedy="Give the passphrase that the key was locked with."
        ) from None


@dataclass(frozen=True)
class PrivateKey:
    """An Ed25519 private key. Its secret appears in no repr, error or log."""

    _key: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def generate(cls) -> PrivateKey:
        """A fresh key from the operating system's randomness."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def load(cls, path: Path) -> PrivateKey:
        """The key in a PKCS#8 PEM file, opened with the passphrase where it is locked: see `_passphrase`.

        Raises:
            SignatureInvalid: if the file is missing or holds no Ed25519 key.
            KeyLocked: if the passphrase is not there, or is another one.
        """
        try:
            data = path.read_bytes()
            key = _unlocked(data, path.name) if _LOCKED in data else load_pem_private_key(data, password=None)
        except (OSError, ValueError, TypeError):
            key = None
        if not isinstance(key, Ed25519PrivateKey):
            raise SignatureInvalid(
                f"{path.name} holds no readable Ed25519 private key.",
                remedy="Give the PEM file that 'summand key new' or 'summand site init' wrote.",
            )
        return cls(key)

    def save(self, path: Path, passphrase: bytes | None = None) -> None:
        """Write the key as PKCS#8 PEM, readable by its owner alone; refuses to overwrite.

        Args:
            path: Where.
            passphrase: Locks the file; without one, the passphrase file that the environment names does, if any.

        Raises:
            SignatureInvalid: if the file is there already.
            KeyLocked: if the passphrase is too short, or its file cannot be used.
        """
        locks = passphrase_from_file() if passphrase is None else checked(passphrase)
        pem = self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption(locks))
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise SignatureInvalid(
                f"{path.name} is there already; a key is never overwritten.", remedy="Choose another name, or use it."
            ) from None
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())

    @cached_property
    def public(self) -> PublicKey:
        """The public half."""
        return PublicKey(self._key.public_key().public_bytes_raw())

    def sign(self, data: bytes) -> bytes:
        """The Ed25519 signature (64 bytes) on ``data``."""
        return self._key.sign(data)
