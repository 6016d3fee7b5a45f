"""Efron's sums over the tied events of a time; the symbols are those of `_partial_likelihood`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from summand.tables import Array


@dataclass(frozen=True)
class EfronSums:
    """Per tied time, sums over l of u, c u, u^2, c u^2 and c^2 u^2, times W/d: shape (tied,); and of log u over all."""

    u: Array
    cu: Array
    uu: Array
    cuu: Array
    ccuu: Array
    log_u: float

    @classmethod
    def of(cls, share: Array, counts: Array, weights: Array) -> Self:
        """The sums, from ``D0 / S0``, d and W at each tied time."""
        ranks, mean = _Ranks.of(counts), weights / counts
        u = ranks.u(share)
        cu = ranks.c * u
        return cls(
            mean * ranks.sums(u), mean * ranks.sums(cu), mean * ranks.sums(u * u), mean * ranks.sums(cu * u),
            mean * ranks.sums(cu * cu), float((mean * ranks.sums(np.log(u))).sum()),
        )  # fmt: skip

    @staticmethod
    def hazards(share: Array, counts: Array, weights: Array) -> tuple[Array, Array]:
        """The sums of u and c u alone, times W/d; shape (tied,)."""
        ranks, mean = _Ranks.of(counts), weights / counts
        u = ranks.u(share)
        return mean * ranks.sums(u), mean * ranks.sums(ranks.c * u)

    def judged_by(self, share: Array, other: Array, counts: Array, weights: Array) -> tuple[EfronSums, Array, Array]:
        """The sums with one u of u^2 at another share of the events; and the least and the largest ratio to it by time.

        Args:
            share, other: ``D0 / S0`` of these sums and of the other, shape (tied,).
        """
        ranks, mean = _Ranks.of(counts), weights / counts
        u, thought = ranks.u(share), ranks.u(other)
        product = u * thought
        cu = ranks.c * product
        sums = EfronSums(
            self.u,
            self.cu,
            mean * ranks.sums(product),
            mean * ranks.sums(cu),
            mean * ranks.sums(ranks.c * cu),
            self.log_u,
        )
        # c grows with l, and (1 - c share) / (1 - c other) with it or against it: the extremes are the first, 1, and the last
        last = thought[ranks.starts[1:] - 1] / u[ranks.starts[1:] - 1]
        return sums, np.minimum(last, 1.0), np.maximum(last, 1.0)


@dataclass(frozen=True)
class _Ranks:
    """The l of each tied time, one time behind the other.

    Attributes:
        starts: Where each time's begin, and the end; shape (tied + 1,).
        c: l/d, shape (events,).
    """

    starts: NDArray[np.intp]
    c: Array

    @classmethod
    def of(cls, counts: Array) -> Self:
        whole = counts.astype(np.intp)
        starts = np.concatenate([np.zeros(1, np.intp), np.cumsum(whole)])
        rank = np.arange(starts[-1], dtype=np.float64) - np.repeat(starts[:-1], whole)
        return cls(starts, rank / np.repeat(counts, whole))

    def u(self, share: Array) -> Array:
        return np.asarray(1.0 / (1.0 - self.c * np.repeat(share, np.diff(self.starts))))

    def sums(self, values: Array) -> Array:
        """By time: every tied time has events, so none of the slices is empty."""
        return np.add.reduceat(values, self.starts[:-1]) if len(values) else np.zeros(0)
