"""Errors of a figure that rests on a fitted model: estimating equations stacked, site intercepts eliminated at home.

A figure solves ``Σ ψ(row; figure, β) = 0`` where β solves ``Σ s(row; β) = 0`` with information I. With
``G = ∂ Σ ψ / ∂β`` and ``h = inverse(I) G``, a row's influence is ``ψ + h · s``, and the sum of its squares over the
squared number (or weight) of people is the variance: the corner of ``inverse(A) B inverse(A)'``.

Where each site has an intercept α of its own, I is an arrow: h_β solves the Schur complement of the sums, and each site
finds its own ``h_α = (G_α − I_αβ h_β) / I_αα`` without sending anything.

Source: Stefanski & Boos (2002), The Calculus of M-Estimation, The American Statistician 56(1), §2 and §3.
"""

from __future__ import annotations

import numpy as np

from summand.methods._newton import symmetric, upper
from summand.methods._protocol import Local
from summand.tables import Array


def eliminated(derivatives: Array, information: Array) -> tuple[Array, Array, Local]:
    """The sums of a site without its own intercept, and what it keeps to find its part of h.

    Args:
        derivatives: G of each figure, shape (figures, 1 + p), the intercept's first.
        information: Shape (1 + p, 1 + p).

    Returns:
        Derivatives, shape (figures, p), and information, shape (p, p), both with the intercept eliminated.
    """
    own, cross = float(information[0, 0]), information[0, 1:]
    if own <= 0.0:
        p = len(cross)
        return np.zeros((len(derivatives), p)), np.zeros((p, p)), no_intercept(len(derivatives), p)
    ratio = cross / own
    kept: Local = {"h_own": derivatives[:, 0], "h_cross": cross, "h_curvature": np.array([own])}
    return derivatives[:, 1:] - np.outer(derivatives[:, 0], ratio), information[1:, 1:] - np.outer(cross, ratio), kept


def no_intercept(figures: int, p: int) -> Local:
    """What a site without an intercept of its own keeps."""
    return {"h_own": np.zeros(figures), "h_cross": np.zeros(p), "h_curvature": np.zeros(1)}


def own_corrections(corrections: Array, mix: Array, local: Local) -> Array:
    """A site's own part of h, shape (figures,).

    Args:
        corrections: h_β, shape (figures, p).
        mix: The figures as combinations of the derivatives that were summed, shape (figures, summed).
        local: What `eliminated` kept.
    """
    curvature = float(np.asarray(local["h_curvature"])[0])
    if curvature <= 0.0:
        return np.zeros(len(corrections))
    own = mix @ np.asarray(local["h_own"], dtype=np.float64)
    return np.asarray((own - corrections @ np.asarray(local["h_cross"], dtype=np.float64)) / curvature)


def cut_tail(partial: Array, figures: int, q: int) -> tuple[Array, Array, Array]:
    """A partial's plain sums, derivatives, shape (figures, q), and information, shape (q, q), which stand at its end."""
    tail = figures * q + q * (q + 1) // 2
    plain, rest = partial[: len(partial) - tail], partial[len(partial) - tail :]
    return plain, rest[: figures * q].reshape(figures, q), symmetric(rest[figures * q :], q)


def joined(plain: Array, derivatives: Array, information: Array) -> Array:
    """The inverse of `cut_tail`."""
    return np.concatenate((plain, derivatives.ravel(), upper(information)))
