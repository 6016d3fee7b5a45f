"""The two loops of boosting over rows, compiled where numba is installed (the extra ``fast``), which nothing else needs.

Every sum is a whole multiple of a small power of two and exact, so a compiled loop and scipy's product give the same bits.
Nothing compiled is kept on disk: numba would read it back by pickle.
"""

from __future__ import annotations

import functools
import importlib
from typing import Any, NamedTuple

import numpy as np


class Kernel(NamedTuple):
    """Compiled loops; both let other threads go on.

    Attributes:
        histogram: ``(by_feature, starts, sums, rows, out)``: add gradient, curvature and one of each of some rows at
            each of its bins; shapes (features, n), (features,), (n, 3), (rows,), (bins of all features, 3). Starts are
            unsigned: a place that cannot be negative needs no look at its sign.
        divide: ``(bins, goes_left, rows, left, right)``: some rows by whether their bin of one feature goes left, in
            order; shapes (n,), (256,), and three times (rows,). The number that go left.
    """

    histogram: Any
    divide: Any


@functools.cache
def kernel() -> Kernel | None:
    """The compiled loops; None where numba is not installed, or not for this machine."""
    try:
        compiled = importlib.import_module("numba").njit(nogil=True)
    except (ImportError, OSError):
        return None
    return Kernel(compiled(_histogram), compiled(_divide))


def _histogram(by_feature: Any, starts: Any, sums: Any, rows: Any, out: Any) -> None:  # pragma: no cover — compiled
    # A node's rows lie far apart. One feature's bins of all rows stay in cache, and gradients are brought together once:
    # row by row, with the bins of a row side by side, the same sums take five times as long.
    gradient, curvature = np.empty(len(rows)), np.empty(len(rows))
    for i in range(len(rows)):
        gradient[i], curvature[i] = sums[rows[i], 0], sums[rows[i], 1]
    for feature in range(by_feature.shape[0]):
        for i in range(len(rows)):
            place = starts[feature] + by_feature[feature, rows[i]]
            out[place, 0] += gradient[i]
            out[place, 1] += curvature[i]
            out[place, 2] += 1.0


def _divide(bins: Any, goes_left: Any, rows: Any, left: Any, right: Any) -> int:  # pragma: no cover — compiled
    count = 0
    for i in range(len(rows)):
        row = rows[i]
        if goes_left[bins[row]]:
            left[count] = row
            count += 1
        else:
            right[i - count] = row
    return count
