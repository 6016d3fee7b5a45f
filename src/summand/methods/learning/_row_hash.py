"""Numbers that look random and depend on a row's own values alone, so that dealing rows to sites changes nothing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from summand.tables import Array, Batch

_Words = NDArray[np.uint64]
_GOLDEN = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1
_MISSING = np.uint64(0x7FF8_0000_0000_0000)


def row_hash(batch: Batch, columns: tuple[str, ...], seed: int) -> _Words:
    """One 64-bit number for each row, from its values in ``columns`` and the seed: shape (rows,).

    Rows with the same values have the same number. Zero has one sign, and a missing number one form.

    Source: Steele, Lea & Flood (2014), Fast splittable pseudorandom number generators, OOPSLA, for the mixing.
    """
    mixed = np.full(batch.rows, _start(seed), dtype=np.uint64)
    for place, name in enumerate(columns):
        mixed ^= _bits(batch.columns[name])
        mixed = mix(mixed, place + 1)
    return mixed


def mix(words: _Words, salt: int) -> _Words:
    """Another number for each word and salt."""
    z = words + np.uint64((salt * _GOLDEN) & _MASK)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def uniforms(words: _Words) -> Array:
    """Each word as a number in the open interval (0, 1), on a grid of 2^-53."""
    return ((words >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


def _start(seed: int) -> np.uint64:
    return np.uint64(mix(np.array([seed & _MASK], dtype=np.uint64), 1)[0])


def _bits(values: NDArray[np.generic]) -> _Words:
    """The bits of numbers, or of positions in levels, as words."""
    if values.dtype == np.int32:
        return values.astype(np.int64).view(np.uint64)
    if values.dtype == np.int64:  # whose row it is
        return np.ascontiguousarray(values).view(np.uint64)
    numbers = np.asarray(values, dtype=np.float64) + 0.0  # -0.0 + 0.0 is 0.0
    return np.where(np.isnan(numbers), _MISSING, numbers.view(np.uint64))
