"""Least squares with an elastic net penalty, for many penalties at once: coordinate descent, then exactly.

For each of m problems, with A positive semidefinite of shape (q, q) and c of shape (q,), the minimum over b of
``b' A b / 2 - c' b + Σ_j l1_j |b_j| + Σ_j l2_j b_j² / 2``. Coordinate descent finds which coefficients are zero and the
signs of the others; given these the minimum solves linear equations, which leaves no more than rounding. It is accepted
only if the conditions of Karush, Kuhn and Tucker hold.

Source: Friedman, Hastie & Tibshirani (2010), Journal of Statistical Software 33(1), §2 (coordinate descent with
covariance updates).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from summand.tables import Array

CYCLES_MAX = 5_000
# How many cycles between two attempts at the exact solution.
CYCLES_APART = 10
# A coefficient whose score is within this part of its penalty is zero.
AT_REST = 1e-10


def minimum(a: Array, c: Array, l1: Array, l2: Array, start: Array) -> Array:
    """The minima, shape (m, q).

    Args:
        a: Shape (m, q, q).
        c: Shape (m, q).
        l1, l2: The penalties of every coefficient, 0 for one that is free; shape (m, q).
        start: Where to begin, shape (m, q).
    """
    b = start.copy()
    out = b.copy()
    left = np.arange(len(b))
    residual = c - np.einsum("mij,mj->mi", a, b)
    for cycle in range(1, CYCLES_MAX + 1):
        _cycle(a[left], l1[left], l2[left], b_left := b[left], r_left := residual[left])
        b[left], residual[left] = b_left, r_left
        if cycle % CYCLES_APART and cycle > 3:
            continue
        exact, holds = _exact(a[left], c[left], l1[left], l2[left], b[left])
        out[left[holds]] = exact[holds]
        left = left[~holds]
        if not len(left):
            return out
    out[left] = b[left]
    return out


def _cycle(a: Array, l1: Array, l2: Array, b: Array, residual: Array) -> None:
    """One pass over the coefficients of every problem, in place; ``residual`` is ``c - A b``."""
    for j in range(b.shape[1]):
        before = b[:, j].copy()
        own = a[:, j, j]
        raw = residual[:, j] + own * before
        weight = own + l2[:, j]
        size = np.abs(raw) - l1[:, j] * (1.0 + AT_REST)
        kept = (size > 0.0) & (weight > 0.0)
        signed = np.sign(raw) * (np.abs(raw) - l1[:, j])
        b[:, j] = np.divide(signed, weight, out=np.zeros(len(b)), where=kept)
        moved = b[:, j] - before
        residual -= a[:, :, j] * moved[:, None]


def _exact(a: Array, c: Array, l1: Array, l2: Array, b: Array) -> tuple[Array, NDArray[np.bool_]]:
    """The minima with these zeros and signs, and whether they are those of the whole problem."""
    q = b.shape[1]
    free = l1 == 0.0
    active = (b != 0.0) | free
    signs = np.where(free, 0.0, np.sign(b))
    system = np.where(active[:, :, None] & active[:, None, :], a, 0.0)
    places = np.arange(q)
    system[:, places, places] = np.where(active, a[:, places, places] + l2, 1.0)
    right = np.where(active, c - l1 * signs, 0.0)
    solved = _each_solved(system, right)
    solved = np.where(active, solved + _each_solved(system, right - np.einsum("mij,mj->mi", system, solved)), 0.0)
    scores = np.abs(c - np.einsum("mij,mj->mi", a, solved))
    same_signs = (free | ~active | (np.sign(solved) == signs)).all(axis=1)
    at_rest = (active | (scores <= l1 * (1.0 + 10.0 * AT_REST))).all(axis=1)
    return solved, same_signs & at_rest & np.isfinite(solved).all(axis=1)


def _each_solved(systems: Array, right: Array) -> Array:
    """The solutions of many systems of linear equations, shape (m, q); NaN where one is singular."""
    try:
        return np.asarray(np.linalg.solve(systems, right[:, :, None])[:, :, 0])
    except np.linalg.LinAlgError:
        if len(systems) == 1:
            return np.full_like(right, np.nan)
        return np.concatenate([_each_solved(systems[k : k + 1], right[k : k + 1]) for k in range(len(systems))])
