"""A linear model with a random intercept: what a site adds at a broadcast variance ratio.

With n rows of a group, means m of (x, r) about the coefficients b of least squares, and the ratio ρ of the variances
between and within groups, the inverse covariance of a group is ``(I - ρ / (1 + n ρ) 11') / σ²``. Hence generalized least
squares needs over all groups ``M(ρ) = Σ (x, r)(x, r)' - Σ n m m' + Σ w m m'`` with ``w = n / (1 + n ρ)``, and the
derivatives of it are ``-Σ w² m m'`` and ``2 Σ w³ m m'``. Those are added times powers of ``κ = ρ + 1 / rows``, which
makes w κ at most 1, so that fixed point holds them from one row to millions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from summand.methods._newton import symmetric, upper
from summand.methods._protocol import Block, Layout
from summand.methods.models._linear import LinearRegression
from summand.methods.models._linear_update import LinearState
from summand.methods.models._mixed_groups import ByGroup, Grouping, add_within
from summand.tables import Array, Batch

LEVELS = 3
"""M and two derivatives."""
CHUNK_ROWS = 8192


@dataclass(frozen=True)
class Moments:
    """The sums of one ratio.

    Attributes:
        matrices: M and the sums of ``w (w κ) m m'`` and ``w (w κ)² m m'``; shape (3, p + 1, p + 1).
        log_determinant: Sum of ``log(1 + n ρ)``.
        weights: Sums of w κ and (w κ)².
    """

    matrices: Array
    log_determinant: float
    weights: tuple[float, float]

    @classmethod
    def of(cls, total: Array, p: int) -> Moments:
        """The sums behind `layout_at`."""
        size = (p + 1) * (p + 2) // 2
        matrices = np.array([symmetric(total[level * size : (level + 1) * size], p + 1) for level in range(LEVELS)])
        return cls(matrices, float(total[-3]), (float(total[-2]), float(total[-1])))


def sums_at(ratio: float, p: int, plain: LinearState) -> Layout:
    """What a site contributes at a ratio.

    Bounds: scaled entries are at most 1 and a residual at most B = 1 + Σ|β|; taking out a part of the means shortens
    cross-products (Cauchy and Schwarz), and w κ is at most 1. ``log(1 + n ρ)`` is at most ``n log(1 + ρ)``.
    """
    size = (p + 1) * (p + 2) // 2
    residual = (1.0 + float(np.abs(plain.beta).sum())) * 1.001
    return (
        Block(
            "products", "1", size, 2.0 * residual**2, "how columns and residuals go together, within and between groups"
        ),
        Block("products 1", "1", size, residual**2, "how that changes with the variance between groups"),
        Block("products 2", "1", size, residual**2, "how that change changes"),
        Block("log-determinant", "nat", 1, 1.001 * float(np.log1p(ratio)) + 1e-3, "how the groups' sizes differ"),
        Block("weights", "1", 2, 1.001, "how the groups' sizes differ"),
    )


def scale_of(ratio: float, rows_max: int) -> float:
    """κ."""
    return ratio + 1.0 / max(rows_max, 1)


def tally_residuals(linear: LinearRegression, grouping: Grouping, batch: Batch, plain: LinearState) -> ByGroup:
    """Products of (x, r) over all rows, and by group rows and sums of (x, r): r about least squares' coefficients."""
    p = len(linear.design)
    products = np.zeros((p + 1, p + 1))
    keys, starts, order = grouping.order(batch)
    columns = np.empty((p + 1, batch.rows))
    for first in range(0, batch.rows, CHUNK_ROWS):
        rows = slice(first, min(first + CHUNK_ROWS, batch.rows))
        part = columns[:, rows]
        linear.design.matrix(batch, rows, out=part[:p])
        part[p] = linear.outcome(batch, rows) - plain.beta @ part[:p]
        products += part @ part.T
    sorted_columns = columns if order is None else columns[:, order]
    rows_of = np.diff(np.append(starts, batch.rows)).astype(np.float64)
    return ByGroup(upper(products), keys, np.column_stack([rows_of, add_within(sorted_columns, starts)]))


def site_sums(partial: ByGroup, ratio: float, rows_max: int) -> Array:
    """A site's summand at a ratio, from its products and its groups' rows and sums."""
    n = partial.sums[:, 0]
    q, scale = partial.sums.shape[1] - 1, scale_of(ratio, rows_max)
    means = partial.sums[:, 1:] / np.maximum(n, 1.0)[:, None]
    within = symmetric(partial.head, q) - (means * n[:, None]).T @ means
    weight = n / (1.0 + n * ratio)
    parts = [upper(within + (means * weight[:, None]).T @ means)]
    parts += [upper((means * (weight * (weight * scale) ** level)[:, None]).T @ means) for level in (1, 2)]
    tail = [np.log1p(n * ratio).sum(), (weight * scale).sum(), ((weight * scale) ** 2).sum()]
    return np.concatenate([*parts, tail])
