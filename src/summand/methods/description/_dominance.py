"""Whether one or two people may make most of a sum, judged on a pooled histogram: then its mean is not told.

Where a column is a magnitude, such as a cost, a mean times its people is a total, and a total that one person dominates
tells that person's value to everybody who knows roughly what the others have.

Source: Hundepool et al. (2012), Statistical Disclosure Control, Wiley, §4.2.2: the (n, k) rule with n = 2 and k = 90 %, and the
p % rule with p = 10; the values are those of ACRO 1.0 (github.com/AI-SDC/ACRO, default.yaml).
"""

from __future__ import annotations

import numpy as np

from summand.methods.description._describe_cells import Cell
from summand.tables import Array

LARGEST_TWO_MAX = 0.9
REST_MIN = 0.1


def may_dominate(cell: Cell, bins: Array, total: float) -> bool:
    """Whether the two largest values may make too much of the total; never for a column with values below zero.

    The two are taken as large as their bins of the histogram allow, so a wide range or a coarse histogram errs on the safe
    side.

    Args:
        cell: A numeric column.
        bins: People in each bin of its first histogram.
        total: The sum of all values.
    """
    keys = cell.keys
    if keys is None or cell.column.range[0] < 0.0 or total <= 0.0:
        return False
    width, people = cell.first_window.width, np.rint(bins)
    occupied = np.flatnonzero(people > 0).tolist()
    if not occupied:
        return False
    first, second = occupied[-1], occupied[-1 if people[occupied[-1]] > 1 or len(occupied) == 1 else -2]
    largest, next_one = (keys.value(min((place + 1) * width, keys.count) - 1) for place in (first, second))
    rest = total - largest - next_one
    return largest + next_one > LARGEST_TWO_MAX * total or rest < REST_MIN * largest
