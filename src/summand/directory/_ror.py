"""ROR identifiers: nine characters, of which the last two are a checksum of the others.

The Research Organization Registry's identifiers (ror.readme.io, "ROR identifier pattern"): ``0``, six characters of
Crockford's base 32 without i, l, o and u, and two digits by ISO/IEC 7064 MOD 97-10 over the number that the first seven
characters write.
"""

from __future__ import annotations

import re

from summand.errors import OrganisationInvalid

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
ADDRESS = "https://ror.org/"
_FORM = re.compile(r"0[a-hj-km-np-tv-z0-9]{6}[0-9]{2}")


def ror_checksum(body: str) -> str:
    """The two check digits of the first seven characters: 98 less (100 n mod 97)."""
    number = 0
    for letter in body:
        number = number * 32 + ALPHABET.index(letter)
    return f"{98 - number * 100 % 97:02d}"


def parse_ror(text: str) -> str:
    """The nine characters behind an identifier or its address, in lower case.

    Raises:
        OrganisationInvalid: if the form or the checksum is wrong.
    """
    bare = text.strip().lower()
    for before in (ADDRESS, "http://ror.org/", "ror.org/", "ror:"):
        bare = bare.removeprefix(before)
    if not _FORM.fullmatch(bare):
        raise OrganisationInvalid(
            f"{text[:60]!r} is no ROR identifier: it is 0, six letters or digits without i, l, o and u, and two digits.",
            remedy="Copy it from ror.org, such as https://ror.org/02qp3tb03.",
        )
    if ror_checksum(bare[:7]) != bare[7:]:
        raise OrganisationInvalid(
            f"The ROR identifier {bare} has a wrong checksum ({bare[7:]}; it should be {ror_checksum(bare[:7])}).",
            remedy="A character was mistyped: copy the identifier again from ror.org.",
        )
    return bare
