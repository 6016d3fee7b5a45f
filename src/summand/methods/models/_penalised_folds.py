"""Which fold of a cross-validation a row is in: a hash of its own values and a seed, wherever the row lies.

So folds do not depend on which site holds a row or in which order, no site needs to know another's rows, and rows that
are equal are in one fold. The mixing function is the finaliser of splitmix64.

Source: Steele, Lea & Flood (2014), Fast splittable pseudorandom number generators, OOPSLA, fig. 17.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from summand.tables import Batch

GOLDEN = 0x9E3779B97F4A7C15


def folds_of(batch: Batch, columns: tuple[str, ...], folds: int, seed: int) -> NDArray[np.intp]:
    """The fold of every row, from 0: shape (rows,).

    Args:
        batch: Has ``columns``, without missing values; categories as positions in the dictionary's levels.
        columns: What is hashed, in this order.
        folds: How many there are, at least 1.
        seed: Another one gives other folds.
    """
    state = np.full(batch.rows, (seed * GOLDEN + GOLDEN) % 2**64, dtype=np.uint64)
    for name in columns:
        values = np.asarray(batch.columns[name])
        # adding 0 makes -0 and 0 one number
        bits = (values.astype(np.float64) + 0.0).view(np.uint64)
        state = _mixed((state ^ bits) + np.uint64(GOLDEN))
    return (_mixed(state) % np.uint64(folds)).astype(np.intp)


def _mixed(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    with np.errstate(over="ignore"):  # arithmetic modulo 2^64 is meant
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
