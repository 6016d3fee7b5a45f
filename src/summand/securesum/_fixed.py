"""Fixed point in one machine word: 64 bits rounded to nearest, 32 bits rounded at random without bias."""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import NDArray

from summand.securesum._prg import keystream
from summand.securesum._ring import Words

Floats = NDArray[np.float64]
_CACHED = 1 << 14


def encode64(values: Floats, fraction_bits: int, out: Words) -> None:
    """round(x · 2^f) modulo 2^64 into ``out``; shapes (d,). A part at a time, so that it stays in the cache."""
    scale, signed, scratch = 2.0**fraction_bits, out.view(np.int64), np.empty(min(_CACHED, values.size))
    for start in range(0, values.size, _CACHED):
        part = values[start : start + _CACHED]
        scaled = scratch[: part.size]
        np.multiply(part, scale, out=scaled)  # exact: a power of two
        np.rint(scaled, out=scaled)
        np.copyto(signed[start : start + _CACHED], scaled, casting="unsafe")


def encode32(values: Floats, fraction_bits: int, out: Words) -> None:
    """⌊x · 2^f + u⌋ modulo 2^32 with u uniform in [0, 1): the expectation is x · 2^f, so errors average out.

    u comes from the operating system's randomness, expanded by AES-256: it is no secret, but must not be guessed
    together with the value.
    """
    noise = np.frombuffer(keystream(os.urandom(32), 4 * values.size), "<u4").astype(np.float64)
    noise *= 2.0**-32
    noise += values * 2.0**fraction_bits
    np.floor(noise, out=noise)
    out[:] = noise.astype(np.int64).astype(np.int32).view(np.uint32)


def decode_words(words: Words, fraction_bits: int) -> Floats:
    """The signed integers times 2^−f, rounded to the nearest float64 once; shape (d,)."""
    signed = words.view(np.int64 if words.itemsize == 8 else np.int32)
    values = signed.astype(np.float64)
    values *= 2.0**-fraction_bits
    return values
