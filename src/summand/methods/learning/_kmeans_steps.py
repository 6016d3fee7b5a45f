"""The arithmetic of k-means: seeds from a sketch of the rows, nearest centres, and what a site sums."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from summand.methods.learning._row_hash import mix, uniforms
from summand.tables import Array

Places = NDArray[np.intp]


def drawn(count: int, width: int, seed: int) -> Array:
    """Standard normal numbers that a seed fixes, shape (count, width).

    Source: Box & Muller (1958), Annals of Mathematical Statistics 29(2).
    """
    words = mix(np.arange(2 * count * width, dtype=np.uint64), seed + 1)
    one, other = uniforms(words).reshape(2, count, width)
    return np.asarray(np.sqrt(-2.0 * np.log(one)) * np.cos(2.0 * np.pi * other))


def nearest(z: Array, centres: Array) -> Places:
    """Which centre is nearest to each row, the first of several: shape (rows,).

    Args:
        z: Shape (p, rows).
        centres: Shape (k, p).
    """
    half = (centres * centres).sum(axis=1) / 2.0
    return np.asarray(np.argmax(centres @ z - half[:, np.newaxis], axis=0))


def cell_sums(z: Array, places: Places, cells: int) -> Array:
    """People and sums of the columns by cell: shape (cells, 1 + p)."""
    out = np.empty((cells, 1 + len(z)))
    out[:, 0] = np.bincount(places, minlength=cells)
    for column, row in enumerate(z):
        out[:, 1 + column] = np.bincount(places, weights=row, minlength=cells)
    return out


def distances(z: Array, centres: Array, places: Places) -> Array:
    """The squared distance of each row to its centre, shape (rows,)."""
    away = z - centres[places].T
    return np.asarray((away * away).sum(axis=0))


def silhouettes(z: Array, centres: Array, places: Places, own: Array) -> Array:
    """The simplified silhouette of each row: ``(b - a) / max(a, b)``, distances to its own centre and the next.

    Source: Rousseeuw (1987), Journal of Computational and Applied Mathematics 20; van der Laan, Pollard & Bryan (2003),
        Journal of Statistical Computation and Simulation 73(8), for distances to centres.
    """
    other = np.full(z.shape[1], np.inf)
    for k, centre in enumerate(centres):
        away = z - centre[:, np.newaxis]
        np.minimum(other, np.where(places == k, np.inf, (away * away).sum(axis=0)), out=other)
    a, b = np.sqrt(own), np.sqrt(other)
    largest = np.maximum(a, b)
    return np.asarray(np.divide(b - a, largest, out=np.zeros_like(a), where=largest > 0.0))


def seeded(points: Array, weights: Array, clusters: int, seed: int) -> Array:
    """Seeds for one start, shape (clusters, p): k-means++ over weighted points, drawn by a seed.

    Args:
        points: The means of the sketch's cells, shape (cells, p); at least ``clusters`` of them.
        weights: Their people.

    Source: Arthur & Vassilvitskii (2007), SODA, §2; Bahmani et al. (2012), PVLDB 5(7), for seeding on weighted points.
    """
    draws = uniforms(mix(np.arange(clusters, dtype=np.uint64), seed + 1))
    chosen = [_pick(weights, float(draws[0]))]
    away = ((points - points[chosen[0]]) ** 2).sum(axis=1)
    for k in range(1, clusters):
        chosen.append(_pick(weights * away, float(draws[k])))
        away = np.minimum(away, ((points - points[chosen[-1]]) ** 2).sum(axis=1))
    return points[chosen]


def _pick(weights: Array, draw: float) -> int:
    """The place that a uniform number picks in proportion to weights."""
    reached = np.cumsum(weights)
    return min(int(np.searchsorted(reached, draw * reached[-1], side="right")), len(weights) - 1)
