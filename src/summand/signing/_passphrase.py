"""The passphrase under which private keys lie on disk, where there is one.

It comes from a file that ``SUMMAND_KEY_PASSPHRASE_FILE`` names, such as one that the service manager hands over from its
own vault, or from whoever sits at the terminal. Never from an argument or a variable's value: other users see those.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    KeySerializationEncryption,
    NoEncryption,
)

from summand.errors import KeyLocked

PASSPHRASE_FILE = "SUMMAND_KEY_PASSPHRASE_FILE"  # noqa: S105  a name, no passphrase
BYTES_MIN = 12
_asked: list[Callable[[str], str] | None] = [None]


def ask_by(ask: Callable[[str], str] | None) -> None:
    """How to ask a person for a passphrase, given what it opens; None where nobody sits there."""
    _asked[0] = ask


def passphrase_from_file() -> bytes | None:
    """The passphrase in the file that the environment names; None if it names none.

    Raises:
        KeyLocked: if the file cannot be read, others can read it, or what it holds is too short.
    """
    name = os.environ.get(PASSPHRASE_FILE)
    if not name:
        return None
    path = Path(name)
    try:
        readable_by_others = path.stat().st_mode & 0o077
        found = path.read_bytes().strip(b"\r\n")
    except OSError:
        raise _locked(f"The passphrase file that {PASSPHRASE_FILE} names cannot be read.") from None
    if readable_by_others:
        raise _locked(f"The passphrase file that {PASSPHRASE_FILE} names can be read by others: chmod 600 it.")
    return checked(found)


def passphrase_for(what: str) -> bytes:
    """The passphrase that opens a key: from the file, else from the person at the terminal.

    Raises:
        KeyLocked: if there is neither.
    """
    found = passphrase_from_file()
    if found is not None:
        return found
    ask = _asked[0]
    if ask is None:
        raise _locked(f"{what} is locked with a passphrase, and none is given.")
    return ask(what).encode()


def checked(passphrase: bytes) -> bytes:
    """The passphrase itself.

    Raises:
        KeyLocked: if it is shorter than 12 bytes.
    """
    if len(passphrase) < BYTES_MIN:
        raise _locked(f"A passphrase has at least {BYTES_MIN} characters.")
    return passphrase


def encryption(passphrase: bytes | None) -> KeySerializationEncryption:
    """How a key is written: PKCS#8 under PBES2 (RFC 8018 §6.2), or in clear where there is no passphrase."""
    return NoEncryption() if passphrase is None else BestAvailableEncryption(passphrase)


def _locked(message: str) -> KeyLocked:
    return KeyLocked(
        message, remedy=f"Set {PASSPHRASE_FILE} to a file with the passphrase, readable by its owner alone."
    )
