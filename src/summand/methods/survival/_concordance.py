"""Harrell's concordance: of the pairs of people of whom one is known to have the event first, how many were foreseen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from summand.methods._newton import NORMAL_975
from summand.tables import Array

Keys = NDArray[np.int64]
NUMBERS = 6


def concordance_sums(rows: Array) -> Array:
    """Sums over the pairs of a site's rows that can be compared.

    A pair is comparable if one has the event while the other is at risk, and does not have it at the same time;
    concordant if the one with the event had the larger predictor, half so if both had the same.

    Args:
        rows: Shape (6, rows): stratum, start (-1 if from the beginning), stop, event, predictor, case weight.

    Returns:
        Shape (6,): comparable, concordant and tied pairs; and with a_i, b_i each row's sums over its concordant (tied
        ones half) and over its comparable pairs, the sums of a^2, a b and b^2.
    """
    stratum, start, stop, event, predictor, weight = rows
    happened = event > 0.5
    times = np.unique(stop)
    at = 2 * np.searchsorted(times, stop)  # odd keys: after the events of that time
    entry = 2 * np.searchsorted(times, start, side="right") - 1
    bits = max(2 * len(times) + 1, 1).bit_length()
    block = stratum.astype(np.int64) << bits
    value = np.unique(predictor, return_inverse=True)[1].astype(np.int64)
    left = _Side(block + at, value, weight, happened)
    later = _Side(block + at + ~happened, value, weight, np.ones(len(stop), dtype=np.bool_))
    own, other = _pairs(left, later, bits)
    late = start >= 0.0
    if bool(late.any()):
        # whoever starts at or after an event is not at risk at it, though leaving later
        less, less_other = _pairs(left, _Side(block + np.maximum(entry, 0), value, weight, late & (entry >= 0)), bits)
        own, other = own - less, other - less_other
    comparable, tied = weight * (own[0] + other[0]), weight * (own[2] + other[2])
    concordant = weight * (own[1] + other[1]) + tied / 2.0
    pairs = [float((weight * part).sum()) for part in own]
    return np.array([*pairs, concordant @ concordant, concordant @ comparable, comparable @ comparable])


@dataclass(frozen=True)
class _Side:
    """One side of the pairs: keys, predictors by rank, weights, and who is on it."""

    key: Keys
    value: Keys
    weight: Array
    member: NDArray[np.bool_]


def _pairs(left: _Side, right: _Side, bits: int) -> tuple[Array, Array]:
    """For every row as left, and as right: the weight of partners with ``left key < right key`` in the same stratum.

    Two keys differ in a highest bit: level by level, those that have it are compared with those that do not, within
    blocks of equal higher bits. So every pair is met once, in n log n steps.

    Returns:
        Two tables of shape (3, rows): of all partners, of those with left value > right value, and of equal ones.
    """
    rows, span = len(left.key), int(left.value.max(initial=0)) + 1
    of_left, of_right = np.zeros((3, rows)), np.zeros((3, rows))
    for bit in range(bits):
        low = np.flatnonzero(left.member & (((left.key >> bit) & 1) == 0))
        high = np.flatnonzero(right.member & (((right.key >> bit) & 1) == 1))
        if not len(low) or not len(high):
            continue
        blocks = left.key[low] >> (bit + 1), right.key[high] >> (bit + 1)
        below, same, whole = _by_value(
            blocks[0], left.value[low], blocks[1], right.value[high], right.weight[high], span
        )
        of_left[:, low] += [whole, below, same]
        below, same, whole = _by_value(blocks[1], right.value[high], blocks[0], left.value[low], left.weight[low], span)
        of_right[:, high] += [whole, whole - below - same, same]
    return of_left, of_right


def _by_value(
    blocks: Keys, values: Keys, others: Keys, other_values: Keys, weights: Array, span: int
) -> tuple[Array, Array, Array]:
    """For each row: the weight of others of its block with a smaller value, with the same, and of all."""
    order = np.argsort(others * span + other_values, kind="stable")
    keys = (others * span + other_values)[order]
    running = np.concatenate([[0.0], np.cumsum(weights[order])])
    first, end = running[np.searchsorted(keys, blocks * span)], running[np.searchsorted(keys, (blocks + 1) * span)]
    own = blocks * span + values
    until, through = running[np.searchsorted(keys, own)], running[np.searchsorted(keys, own, side="right")]
    return until - first, through - until, end - first


def concordance_values(sums: Array) -> dict[str, Any] | None:
    """The share of comparable pairs that is concordant, ties half; with its infinitesimal jackknife's standard error.

    Source: Harrell et al. (1982), JAMA 247(18); the error: Therneau & Atkinson, "Concordance", of R's survival: the sum
        over people of the squared derivative of the share by their weight.
    """
    comparable, concordant, tied, aa, ab, bb = sums.tolist()
    if not comparable > 0.0:
        return None
    share = (concordant + tied / 2.0) / comparable
    error = math.sqrt(max(aa - 2.0 * share * ab + share**2 * bb, 0.0)) / comparable
    return {
        "concordance": share, "std_error": error,
        "conf_low": max(share - NORMAL_975 * error, 0.0), "conf_high": min(share + NORMAL_975 * error, 1.0),
    }  # fmt: skip
