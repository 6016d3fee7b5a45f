"""Tests that hold with few clusters: the wild cluster bootstrap, and treatment dealt anew."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np

from summand.tables import Array

ENUMERATED_MAX = 4096
# A draw this close to the observed value is the observed value: it stems from the same clusters, in another order.
TIE = 1e-9
WEBB = np.array([-math.sqrt(1.5), -1.0, -math.sqrt(0.5), math.sqrt(0.5), 1.0, math.sqrt(1.5)])


def integers(seed: int, below: int, size: int) -> Array:
    """Whole numbers from 0 on and below a small limit, the same on every machine: PCG64's raw 64 bits, scaled."""
    raw = np.random.PCG64(seed).random_raw(size)
    return np.asarray(((raw >> np.uint64(32)) * np.uint64(below)) >> np.uint64(32)).astype(np.float64)


def bootstrap_weights(kind: str, clusters: int, draws: int, seed: int) -> Array:
    """Weights of clusters, shape (draws, clusters); every sign once where Rademacher's are few enough.

    Source: Webb (2023), Canadian Journal of Economics 56(3), for the six points; Cameron, Gelbach & Miller (2008),
        Review of Economics and Statistics 90(3), §III.C, for Rademacher's.
    """
    if kind == "rademacher":
        if 2**clusters <= max(ENUMERATED_MAX, draws):
            return np.array(list(itertools.product((1.0, -1.0), repeat=clusters)))
        return 1.0 - 2.0 * integers(seed, 2, draws * clusters).reshape(draws, clusters)
    return WEBB[integers(seed, 6, draws * clusters).astype(np.intp)].reshape(draws, clusters)


def wild_p_value(scores: Array, shares: Array, statistic: float, weights: Array) -> float | None:
    """The wild cluster bootstrap's p-value of one estimate, clusters' scores taken under the hypothesis of no effect.

    One draw gives the estimate ``Σ_k w_k Σ_c a_kc`` and each cluster the score
    ``Σ_c (w_k a_kc − share_kc Σ_l w_l a_lc)``: its residuals about the draw's own cell means.

    Args:
        scores: ``a``: what each cluster adds to the estimate in each cell, shape (clusters, cells).
        shares: The part of each cell's people that are in each cluster, shape (clusters, cells).
        statistic: The observed estimate over its cluster-robust error (without small-sample factors).
        weights: Shape (draws, clusters).

    Source: Cameron, Gelbach & Miller (2008), Review of Economics and Statistics 90(3), §III (restricted, "WCR");
        Roodman et al. (2019), Stata Journal 19(1), eq. 21 to 25.
    """
    totals = weights @ scores
    estimates = totals.sum(axis=1)
    own = weights * scores.sum(axis=1) - totals @ shares.T
    squares = (own * own).sum(axis=1)
    defined = squares > 1e-24 * max(float((scores * scores).sum()), 1e-300)
    if not math.isfinite(statistic) or not defined.any():
        return None
    found = np.abs(estimates[defined]) / np.sqrt(squares[defined])
    return float((found >= abs(statistic) * (1.0 - TIE)).mean())


def assignments(labels: tuple[int, ...], draws: int, seed: int) -> tuple[list[tuple[int, ...]], bool]:
    """Ways to deal the clusters' treatments anew: all distinct ones if few, else so many at random with the observed.

    Returns:
        The assignments, and whether they are all.
    """
    counts = [labels.count(label) for label in sorted(set(labels))]
    ways = math.factorial(len(labels))
    for count in counts:
        ways //= math.factorial(count)
    if ways <= max(ENUMERATED_MAX, draws):
        return sorted(_distinct(labels)), True
    keys = np.random.PCG64(seed).random_raw(draws * len(labels)).reshape(draws, len(labels))
    known = np.array(labels)
    return [labels, *(tuple(known[np.argsort(row, kind="stable")].tolist()) for row in keys)], False


def _distinct(labels: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Every distinct order of some labels."""
    if not labels:
        return [()]
    found = []
    for first in sorted(set(labels)):
        at = labels.index(first)
        found += [(first, *rest) for rest in _distinct(labels[:at] + labels[at + 1 :])]
    return found


def randomisation_p_value(
    labels: tuple[int, ...], statistic: Callable[[tuple[int, ...]], float], draws: int, seed: int
) -> tuple[float, int]:
    """How often a treatment dealt anew to the clusters gives at least as large an estimate, and among how many.

    Source: Fisher (1935), The Design of Experiments, §21; with few clusters: MacKinnon & Webb (2020), Journal of
        Econometrics 218(2).
    """
    ways, _ = assignments(labels, draws, seed)
    observed = abs(statistic(labels))
    found = np.array([abs(statistic(way)) for way in ways])
    return float((found >= observed * (1.0 - TIE)).mean()), len(ways)
