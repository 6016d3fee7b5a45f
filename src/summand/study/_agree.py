"""Whether two machines computed the same: structure exactly, numbers to 1e-9 relative.

No two BLAS agree to the last bit, so a site that recomputes `update` on the hub's total compares with this tolerance;
what it then computes at is the exact state that was broadcast.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

TOLERANCE = 1e-9


def agree(mine: Any, theirs: Any, tolerance: float = TOLERANCE, scale: float = 0.0) -> bool:
    """Whether two JSON values agree.

    Integers, texts, booleans and None must be equal; floats may differ by ``tolerance`` relative to the larger of the
    two, and always by 1e-12 of the largest number in the same list (``scale``) or of one: the noise of a sum is
    relative to its largest term.
    """
    if isinstance(mine, dict):
        return (
            isinstance(theirs, dict)
            and mine.keys() == theirs.keys()
            and all(agree(mine[key], theirs[key], tolerance) for key in mine)
        )
    if isinstance(mine, (list, tuple)):
        if not isinstance(theirs, (list, tuple)) or len(mine) != len(theirs):
            return False
        if _are_floats(mine) and _are_floats(theirs):
            return bool(mine == theirs) or _close(np.array(mine), np.array(theirs), tolerance)
        largest = max((abs(item) for item in mine if isinstance(item, float) and math.isfinite(item)), default=0.0)
        return all(agree(a, b, tolerance, largest) for a, b in zip(mine, theirs, strict=True))
    if isinstance(mine, float) or isinstance(theirs, float):
        if not (_is_number(mine) and _is_number(theirs)):
            return False
        return math.isclose(mine, theirs, rel_tol=tolerance, abs_tol=1e-3 * tolerance * max(scale, 1.0))
    return type(mine) is type(theirs) and bool(mine == theirs)


def _are_floats(values: Any) -> bool:
    """Whether a list, or tuple, holds floats alone: the many numbers of a state are compared at once."""
    return set(map(type, values)) == {float}


def _close(mine: NDArray[np.float64], theirs: NDArray[np.float64], tolerance: float) -> bool:
    """`agree` for two lists of as many floats."""
    if not (np.isfinite(mine).all() and np.isfinite(theirs).all()):
        return False
    sizes = np.abs(mine)
    least = 1e-3 * tolerance * max(float(sizes.max()), 1.0)
    return bool((np.abs(mine - theirs) <= np.maximum(tolerance * np.maximum(sizes, np.abs(theirs)), least)).all())


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
