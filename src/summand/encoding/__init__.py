r"""Bytes that everybody agrees on: canonical JSON (RFC 8785), hashes and frames.

Promise: `canonical` gives the same bytes for the same value on every machine; `parse` never evaluates anything and
turns every malformed input into one of our errors; `digest` cannot be confused by moving a byte from one part to the
next, because each part carries its length.

    >>> canonical({"b": 1, "a": [1.0, "é"]})
    b'{"a":[1,"\xc3\xa9"],"b":1}'
"""

from summand.encoding._canonical import canonical, dump, parse, parse_canonical
from summand.encoding._frame import Frame, frame_prefix, pack, unpack
from summand.encoding._hashes import digest, sha256_hex
from summand.encoding._text import from_base64, to_base64

__all__ = [
    "Frame",
    "canonical",
    "digest",
    "dump",
    "frame_prefix",
    "from_base64",
    "pack",
    "parse",
    "parse_canonical",
    "sha256_hex",
    "to_base64",
    "unpack",
]
