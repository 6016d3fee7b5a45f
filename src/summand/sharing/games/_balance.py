"""Kohlberg's criterion: whether a split is the nucleolus, whoever computed it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from summand.sharing.games._core import coalition_sums

_POSITIVE = 1e-9


def is_nucleolus_exactly(gains: list[int], parts: list[Fraction]) -> bool:
    """Whether the coalitions at or above each level of excess are balanced.

    1. The parts add up to the whole, and give no player less than it has alone.
    2. At each level, from the highest excess down, there are weights, above 0 for the coalitions at or above it and at
       least 0 for players held at what they have alone, by which the coalitions add up to all players.
    3. Once the coalitions span every split, all lower levels are balanced too, and the check ends.

    Excesses are exact fractions, so a level holds exactly the coalitions that have it. Weights are those of a 0/1
    matrix, found by a linear programme.

    Source: Kohlberg (1971), On the nucleolus of a characteristic function game, theorem 5.
    """
    count = len(parts)
    # 1
    if sum(parts, Fraction(0)) != gains[-1] or any(parts[place] < gains[1 << place] for place in range(count)):
        return False
    sums = coalition_sums(parts)
    excess = {mask: gains[mask] - sums[mask] for mask in range(1, 2**count - 1)}
    alone = [1 << place for place in range(count) if parts[place] == gains[1 << place]]
    masks: list[int] = []
    for level in sorted(set(excess.values()), reverse=True):
        masks += [mask for mask, value in excess.items() if value == level]
        # 2
        if not _is_balanced(masks, alone, count):
            return False
        # 3
        if np.linalg.matrix_rank(_columns(masks, count)) == count:
            break
    return True


def _is_balanced(masks: list[int], alone: list[int], count: int) -> bool:
    from scipy import optimize

    linprog: Any = optimize.linprog
    free = [mask for mask in alone if mask not in masks]
    columns = _columns(masks + free, count)
    # maximise the least weight t: each weight of a coalition is t plus something not negative
    least = columns[:, : len(masks)].sum(axis=1, keepdims=True)
    answer = linprog(
        [0.0] * columns.shape[1] + [-1.0], A_eq=np.hstack([columns, least]), b_eq=np.ones(count), method="highs"
    )
    return bool(answer.status == 0 and answer.x[-1] > _POSITIVE)


def _columns(masks: list[int], count: int) -> npt.NDArray[np.float64]:
    return (np.array(masks)[None, :] >> np.arange(count)[:, None] & 1).astype(float)
