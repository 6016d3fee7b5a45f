"""Fixed point with 64 fraction bits in 128-bit two's complement: no scale to agree on, sums correct to the last bit.

Every float64 of at least 2^−12 in size is represented exactly; smaller ones are rounded at 2^−64, so n sites' total is
off by at most n · 2^−65 before its one rounding back to float64.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from summand.securesum._ring import Words, blocks

Floats = NDArray[np.float64]
_TWO_TO_MINUS = np.ldexp(1.0, -np.arange(65))  # 2^0 … 2^−64
_CACHED = 1 << 12  # values at a time, so that a dozen temporary arrays stay in the processor's cache


def encode_wide(values: Floats, vector: Words) -> None:
    """Write ``values``, shape (d,), all of size below 2^62, into a vector of the 128-bit ring."""
    for part, low, high in _parts(values, vector):
        encode_block(part, low, high)


def decode_wide(vector: Words) -> Floats:
    """The float64 nearest to each value of a vector of the 128-bit ring, check value left out; shape (d,)."""
    values = np.empty(vector.size // 2 - 1)
    for part, low, high in _parts(values, vector):
        part[:] = decode_block(low, high)
    return values


def _parts(values: Floats, vector: Words) -> Iterator[tuple[Floats, Words, Words]]:
    """Matching views of the values and of their low and high words."""
    start = 0
    for block in blocks(vector):
        count = block.size // 2
        used = min(count, values.size - start)  # one fewer than count where the block ends with the check value
        for offset in range(0, used, _CACHED):
            stop = min(offset + _CACHED, used)
            yield values[start + offset : start + stop], block[offset:stop], block[count + offset : count + stop]
        start += count


def encode_block(values: Floats, low: Words, high: Words) -> None:
    """Write the limbs of ``values``, all of size below 2^62; shapes (m,).

    The magnitude is split at the binary point (both halves exact), then negated where the sign bit is set.
    """
    size = np.abs(values)
    whole = np.floor(size)
    size -= whole
    size *= 2.0**64
    np.rint(size, out=size)  # below 1, a fraction has at most 53 bits: this never reaches 2^64
    low[:] = size.astype(np.uint64)
    high[:] = whole.astype(np.int64).view(np.uint64)
    sign = np.ascontiguousarray(values).view(np.uint64) >> np.uint64(63)
    if sign.any():
        _negate_where(sign, low, high)


def decode_block(low: Words, high: Words) -> Floats:
    """The float64 nearest to each value, ties to even; shapes (m,).

    The leading 64 bits of the magnitude, with a sticky bit for the rest, are rounded once by the conversion.
    """
    low, high = low.copy(), high.copy()
    sign = high >> np.uint64(63)
    if sign.any():
        _negate_where(sign, low, high)
    exponent = high.astype(np.float64).view(np.uint64) >> np.uint64(52)  # biased by 1023, zero for zero
    shift = np.minimum(np.uint64(1086) - exponent, np.uint64(64))  # leading zeros of the high limb, at most one fewer
    leading = (high << shift) | (low >> (np.uint64(64) - shift))
    leading |= ((low << shift) != 0).astype(np.uint64)
    result: Floats = leading.astype(np.float64)
    result *= _TWO_TO_MINUS[shift.astype(np.intp)]
    np.negative(result, out=result, where=sign != 0)
    return result


def _negate_where(sign: Words, low: Words, high: Words) -> None:
    """Two's complement of the values where ``sign`` is 1: flip all bits, add one, carry into the high limb."""
    flip = np.negative(sign)
    low ^= flip
    high ^= flip
    low += sign
    high += sign & (low == 0).astype(np.uint64)
