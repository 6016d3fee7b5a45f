"""Whole-number noise with the weights ``exp(-k^2 / (2 scale^2))``, from bits that nobody can foresee.

Short vectors are sampled exactly by OpenDP (`make_gaussian` over whole numbers, the algorithm of Canonne, Kamath & Steinke
2020). It gives some fifty thousand numbers a second, so long ones are sampled here by inversion: 64 bits of an AES-256
keystream under a fresh key pick a place in the table of cumulative weights. Rounding the table to 2^-64 moves each number's
distribution by at most `distance_each`, which the accountant adds to delta. numpy's generators are never used.
"""

from __future__ import annotations

import functools
import importlib
import itertools
import os
from collections.abc import Callable
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from numpy.typing import NDArray

from summand.errors import UsageError

Whole = NDArray[np.int64]
SHORT_MAX = 100_000
"""Numbers that OpenDP samples; longer vectors come from the table."""
TABLE_SCALE_MAX = 2.0**16
_TAILS = 10.0

Draw = Callable[[float, int], Whole]


def discrete_gaussian(scale: float, size: int) -> Whole:
    """Independent draws of a discrete Gaussian.

    Args:
        scale: Its parameter, which is its standard deviation to many digits from 2 up.
        size: How many.

    Returns:
        Shape (size,).

    Raises:
        UsageError: if OpenDP is needed and not installed.
    """
    return by_opendp(scale, size) if size <= SHORT_MAX else by_table(scale, size)


def distance_each(scale: float, size: int) -> float:
    """How far, in total variation, the distribution of each of so many draws is from the true one at most.

    Nothing for OpenDP's. A table has ``20 scale`` places, each rounded to 2^-64, and its weights are right to 2^-63.
    """
    return 0.0 if size <= SHORT_MAX else (2.0 * _TAILS * scale + 2.0) * 2.0**-64


def scale_bits(size: int) -> int:
    """How many binary digits of the noise's standard deviation are whole numbers, for so many numbers.

    The more, the less rounding to whole numbers adds to the sensitivity; the table has a place for every one of them.
    """
    return 24 if size <= SHORT_MAX else 12


def by_opendp(scale: float, size: int) -> Whole:
    """As `discrete_gaussian`, from OpenDP."""
    measurement = _opendp(scale)
    return np.asarray(measurement(np.zeros(size, dtype=np.int64)), dtype=np.int64)


@functools.lru_cache(maxsize=16)
def _opendp(scale: float) -> Any:
    try:
        prelude = importlib.import_module("opendp.prelude")
    except ImportError:
        raise UsageError(
            "The agreement asks for noise, which the package 'opendp' draws; it is not installed here.",
            remedy="Install it at this site: pip install 'summand[dp]'.",
        ) from None
    prelude.enable_features("contrib")
    domain = prelude.vector_domain(prelude.atom_domain(T="i64"))
    return prelude.m.make_gaussian(domain, prelude.l2_distance(T="i64"), scale=float(scale))


def require_sampler() -> None:
    """Return if noise can be drawn here.

    Raises:
        UsageError: if OpenDP is not installed.
    """
    _opendp(1.0)


def by_table(scale: float, size: int, *, key: bytes | None = None) -> Whole:
    """As `discrete_gaussian`, by inversion.

    Args:
        scale: Between 2 and 65,536.
        size: How many.
        key: 32 bytes for a test that repeats; fresh ones from the operating system if not given.

    Source: Devroye (1986), Non-uniform random variate generation, III.2.1, for inversion.
    """
    if not 2.0 <= scale <= TABLE_SCALE_MAX:
        raise UsageError("The table samples scales from 2 to 65,536.", remedy="Report this defect.")
    cipher = Cipher(algorithms.AES(key or os.urandom(32)), modes.CTR(bytes(16)))
    bits = np.frombuffer(cipher.encryptor().update(bytes(8 * size)), dtype=np.uint64)
    first, places = _table(scale)
    return np.searchsorted(places, bits, side="right").astype(np.int64) + first


@functools.lru_cache(maxsize=4)
def _table(scale: float) -> tuple[int, NDArray[np.uint64]]:
    """The smallest number, and the cumulative weights of all but the last as 64-bit fractions."""
    most = int(np.ceil(_TAILS * scale))
    numbers = np.arange(-most, most + 1, dtype=np.longdouble)
    weights = np.exp(-(numbers**2) / (2.0 * np.longdouble(scale) ** 2)) * np.longdouble(2.0**80)
    cumulated = list(itertools.accumulate(int(weight) for weight in weights))  # whole numbers: no error adds up
    return -most, np.array([(part << 64) // cumulated[-1] for part in cumulated[:-1]], dtype=np.uint64)
