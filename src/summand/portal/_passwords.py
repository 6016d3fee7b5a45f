"""Passwords: Argon2id by the `cryptography` library, in the form of the Password Hashing Competition.

Parameters: the second recommended option of RFC 9106 §4 (3 passes over 64 MiB), with one lane, since one check must not
hold several cores. A stored hash names its own parameters, so they can be raised without asking anybody for a new
password. Length is the one rule, as NIST SP 800-63B §5.1.1 has it; there is none about kinds of letters.
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from summand.errors import FormRefused

ITERATIONS, LANES, MEMORY_KIB, HASH_BYTES, SALT_BYTES = 3, 1, 65_536, 32, 16
LENGTH_MIN, LENGTH_MAX = 12, 200


def hash_password(password: str) -> str:
    """The text to store for a password; takes about a fifth of a second and 64 MiB.

    Raises:
        FormRefused: if it is shorter than 12 or longer than 200 characters.
    """
    if not LENGTH_MIN <= len(password) <= LENGTH_MAX:
        raise FormRefused(
            f"A password has {LENGTH_MIN} to {LENGTH_MAX} characters.",
            remedy="Take several words that you remember, or let a password manager make one.",
        )
    derive = Argon2id(
        salt=os.urandom(SALT_BYTES), length=HASH_BYTES, iterations=ITERATIONS, lanes=LANES, memory_cost=MEMORY_KIB
    )
    return derive.derive_phc_encoded(password.encode())


def is_password(password: str, stored: str | None) -> bool:
    """Whether this is the password behind ``stored``; takes as long where there is no such account."""
    try:
        Argon2id.verify_phc_encoded(password[:LENGTH_MAX].encode(), stored or _NOBODY)
    except InvalidKey:
        return False
    return stored is not None


_NOBODY = (
    f"$argon2id$v=19$m={MEMORY_KIB},t={ITERATIONS},p={LANES}$AAAAAAAAAAAAAAAAAAAAAA"
    "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)
"""What a password is compared with where nobody has that name, so that the answer takes as long."""
