"""The two loops of boosting over rows, compiled where numba is installed (the extra ``fast``), which nothing else needs.

Every sum is a whole multiple of a small power of two and exact, so a compiled loop and scipy's product give the same bits.
Nothing compiled is kept on disk: numba would read it back by pickle.
"""

from __future__ import annotations

import functools
import importlib
from typing import Any, NamedTuple


class Kernel(NamedTuple):
    """Compiled loops; both let other threads go on.

    Attributes:
        histogram: ``(bins, starts, sums, rows, out)``: add gradient, curvature and one of each of some rows at each of
            its bins; shapes (n, features), (features,), (n, 3), (rows,), (bins of all features, 3). Starts are
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


def _histogram(bins: Any, starts: Any, sums: Any, rows: Any, out: Any) -> None:  # pragma: no cover — compiled
    features = bins.shape[1]
    for i in range(len(rows)):
        row = rows[i]
        gradient, curvature = sums[row, 0], sums[row, 1]
        for feature in range(features):
            place = starts[feature] + bins[row, feature]
            out[place, 0] += gradient
            out[place, 1] += curvature
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
