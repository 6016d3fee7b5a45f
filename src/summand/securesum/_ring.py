"""Addition modulo 2^32, 2^64 and 2^128 on whole vectors, in place, one cache-sized block at a time.

A *ring vector* is a one-dimensional little-endian array: d values, then 128 check bits that every site sets to zero
(four words of 32 bits, two of 64, one value of 128). Sums of zeros are zero; a mask that does not cancel is not.

Layout of the 128-bit ring: blocks of 16,384 values (256 KiB), in each block first the low words of all its values,
then the high words; the last block is shorter. So a block's words lie side by side for vector instructions, a block
can be added without the rest, and the bytes in memory are the bytes on the wire.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Words = NDArray[Any]  # uint32 or uint64, little-endian
Term = tuple[bool, Words]  # (added rather than subtracted, a chunk as long as the block)

BLOCK_BYTES = 1 << 18
CHECK_BYTES = 16
_CARRIES_MAX = 100  # an int8 counts carries and borrows between two settlements


class WordRing:
    """Integers modulo 2^32 or 2^64, one machine word each."""

    def __init__(self, bits: int) -> None:
        self.bytes_per_value = bits // 8
        self.dtype = np.dtype(f"<u{self.bytes_per_value}")

    def accumulate(self, block: Words, terms: Iterable[Term]) -> None:
        """Add or subtract every term into ``block``; a term may reuse the memory of the one before."""
        for added, chunk in terms:
            if added:
                np.add(block, chunk, out=block)
            else:
                np.subtract(block, chunk, out=block)

    def check_words(self, vector: Words) -> Words:
        """The check words at the end of a vector."""
        return vector[-(CHECK_BYTES // self.bytes_per_value) :]


class WideRing:
    """Integers modulo 2^128, two 64-bit limbs each."""

    def __init__(self) -> None:
        self.bytes_per_value = 16
        self.dtype = np.dtype("<u8")

    def accumulate(self, block: Words, terms: Iterable[Term]) -> None:
        """As `WordRing.accumulate`. Carries are counted in bytes and settled once, not after every term."""
        count = block.size // 2
        low, high = block[:count], block[count:]
        overflow, carries, pending = np.empty(count, np.bool_), np.zeros(count, np.int8), 0
        for added, chunk in terms:
            if added:
                np.add(low, chunk[:count], out=low)
                np.less(low, chunk[:count], out=overflow)
                np.add(carries, overflow.view(np.int8), out=carries)
                np.add(high, chunk[count:], out=high)
            else:
                np.less(low, chunk[:count], out=overflow)
                np.subtract(low, chunk[:count], out=low)
                np.subtract(carries, overflow.view(np.int8), out=carries)
                np.subtract(high, chunk[count:], out=high)
            pending += 1
            if pending == _CARRIES_MAX:
                high += carries.astype(np.int64).view(np.uint64)
                carries[:], pending = 0, 0
        high += carries.astype(np.int64).view(np.uint64)

    def check_words(self, vector: Words) -> Words:
        """The two limbs of the check value, the last of a vector."""
        last_block = vector[last_block_start(vector) :]
        return last_block[[last_block.size // 2 - 1, -1]]


Ring = WordRing | WideRing


def vector_bytes(ring: Ring, length: int) -> int:
    """How many bytes a vector of ``length`` values has, check bits included."""
    return length * ring.bytes_per_value + CHECK_BYTES


def blocks(vector: Words) -> Iterator[Words]:
    """The vector's blocks in order, as views."""
    step = BLOCK_BYTES // vector.itemsize
    for start in range(0, vector.size, step):
        yield vector[start : start + step]


def last_block_start(vector: Words) -> int:
    """The index of the first word of the last block."""
    step = BLOCK_BYTES // vector.itemsize
    return (vector.size - 1) // step * step


def add_into(ring: Ring, total: Words, addend: Words) -> None:
    """``total += addend`` in the ring, in place; both have the same number of words."""
    for block, chunk in zip(blocks(total), blocks(addend), strict=True):
        ring.accumulate(block, [(True, chunk)])
