"""A batch of rows while trees grow: its bins, margins and places in the tree, made anew from the state if need be.

Nothing here must outlive the process. Whoever comes with a state and the same rows finds the same numbers, whether the
rows were brought to that state step by step or at once; a site that was killed goes on after one pass over its trees.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from summand.methods.learning._boosting_bins import Binning, Bytes
from summand.methods.learning._boosting_kernel import Kernel, kernel
from summand.methods.learning._boosting_losses import Loss
from summand.methods.learning._boosting_state import BoostingState, wanted
from summand.methods.learning._boosting_trees import (
    LEAF,
    LEVEL,
    TREE,
    Level,
    Table,
    leaf_values,
    levels_of_tree,
    trees_of,
)
from summand.tables import Array

# Rows whose bins, keys and sums stay in a core's second-level cache.
CHUNK_ROWS = 8192
SIZES = (128, 512, 2048, CHUNK_ROWS)

Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Grain:
    """Sums of whole multiples of ``2^-bits`` are exact, so neither order nor dealing changes a bit of them."""

    bits: int

    @classmethod
    def of(cls, rows_max: int, bound: float) -> Grain:
        """The finest grain at which a sum over all rows is still exact in float64."""
        return cls(min(30, 52 - int(np.ceil(np.log2(max(rows_max, 2) * bound)))))

    def __call__(self, values: Array) -> Array:
        """Values to the grain."""
        return np.rint(values * 2.0**self.bits) * 2.0**-self.bits


class Histograms:
    """Sums of gradient, curvature and people by bin: a product of a sparse matrix with three columns.

    A row of data is a column of the matrix, with a one at each of its bins; scipy adds the three numbers of the row at
    every such place, in one pass over the bins. The matrices are made once, and only their indices change: a node's
    last rows go through the smallest matrix that holds them, filled up with rows that add zero. A compiled loop does the
    same several times faster where there is one (see `kernel`).

    Args:
        binning: How many bins each feature has.
        loops: The compiled loops; None for scipy.
    """

    def __init__(self, binning: Binning, loops: Kernel | None) -> None:
        self._loops, self._from = loops, binning.starts.astype(np.uint64)
        self._starts, self._total = binning.starts.astype(np.int32), binning.total
        if loops is not None:
            return
        from scipy.sparse import csc_array

        make: Any = csc_array
        features = len(binning.features)
        ones = np.ones(CHUNK_ROWS * features)
        self._bins = np.zeros((CHUNK_ROWS, features), dtype=np.uint8)
        self._sums = np.zeros((CHUNK_ROWS, 3))
        self._matrices: list[tuple[int, NDArray[np.int32], Any]] = []
        for size in SIZES:
            ends = np.arange(0, size * features + 1, features, dtype=np.int32)
            matrix = make(
                (ones[: size * features], np.zeros(size * features, dtype=np.int32), ends),
                shape=(self._total, size), copy=False,
            )  # fmt: skip
            self._matrices.append((size, matrix.indices.reshape(size, features), matrix))

    def __call__(self, bins: Bytes, by_feature: Bytes, sums: Array, rows: Rows) -> Array:
        """The histogram of some rows: shape (bins of all features, 3).

        Args:
            bins, by_feature: Of all rows, shapes (n, features) and (features, n).
            sums: Gradient, curvature and one of all rows, shape (n, 3).
            rows: Which.
        """
        out = np.zeros((self._total, 3))
        if self._loops is not None:
            self._loops.histogram(by_feature, self._from, sums, rows, out)
            return out
        for first in range(0, len(rows), CHUNK_ROWS):
            some = rows[first : first + CHUNK_ROWS]
            width = len(some)
            size, keys, matrix = next(entry for entry in self._matrices if entry[0] >= width)
            np.take(bins, some, axis=0, out=self._bins[:width], mode="clip")
            np.take(sums, some, axis=0, out=self._sums[:width], mode="clip")
            self._sums[width:size] = 0.0
            np.add(self._bins[:width], self._starts, out=keys[:width])
            out += matrix @ self._sums[:size]
        return out


class BoostedRows:
    """The rows of one batch at one state.

    Args:
        bins: Shape (rows, features).
        y: The outcome on the loss's scale, shape (rows,).
        held: Which rows are held out, shape (rows,).
        binning: How the bins were learned.
        cuts: The same as text.
        loss: What is made smaller.
        grain: To which gradients and losses are rounded.
    """

    def __init__(
        self, bins: Bytes, y: Array, held: NDArray[np.bool_], binning: Binning, cuts: str, loss: Loss, grain: Grain
    ) -> None:
        self._bins, self._y, self._binning, self._loss, self._grain = bins, y, binning, loss, grain
        self._cuts = cuts
        self._by_feature = np.ascontiguousarray(bins.T)
        self._teaching, self._held = np.flatnonzero(~held), np.flatnonzero(held)
        self._loops = kernel()
        self._histogram = Histograms(binning, self._loops)
        self._sums = np.ones((len(y), 3))
        self._margin = np.zeros(0)
        self._trees, self._tree = "", ""
        # the rows of each node of the current level; what leaves add; histograms of the level above, and of this one
        self._members: list[Rows] = []
        self._leaves: list[tuple[Rows, float]] = []
        self._parents: dict[int, Array] = {}
        self._known: dict[int, Array] = {}
        self._answer: tuple[tuple[str, str], Array] | None = None

    @property
    def cuts(self) -> str:
        """The bins it was made with, as a state has them."""
        return self._cuts

    @property
    def held(self) -> Rows:
        """The rows that are held out."""
        return self._held

    @property
    def teaching(self) -> Rows:
        """The rows that the trees learn from."""
        return self._teaching

    def margins(self, base: float, trees: str) -> Array:
        """The margin of every row after some trees, shape (rows,)."""
        if self._members and trees == self._trees:
            return self._margin
        margin = np.full(len(self._y), base)
        for text in trees_of(trees):
            margin += leaf_values(levels_of_tree(text), self._binning, self._bins)
        return margin

    def losses(self, margin: Array) -> Array:
        """Summed loss of the rows that teach and of those held out, shape (2,)."""
        found = self._grain(self._loss.losses(margin, self._y))
        return np.array([found[self._teaching].sum(), found[self._held].sum()])

    def sums(self, state: BoostingState) -> Array:
        """The histograms that a state asks for, at the root with the losses before them: a flat array."""
        key = (state.trees, state.tree)
        if self._answer is None or self._answer[0] != key:
            self._enter(state)
            found = [] if state.tree else [self.losses(self._margin)]
            found += self._level(wanted(state.active))
            self._answer = (key, np.concatenate([part.reshape(-1) for part in found]))
        return self._answer[1]

    def _enter(self, state: BoostingState) -> None:
        """Bring margins, gradients and places to a state, from where they are if it follows from there."""
        if not self._follows(state):
            self._margin, self._trees = self.margins(state.base, state.trees), state.trees
            self._plant()
        for piece in _pieces(state.tree)[len(_pieces(self._tree)) :]:
            self._descend(piece)
        self._tree = state.tree

    def _follows(self, state: BoostingState) -> bool:
        """Whether a state goes on in this tree, or in the next after this one, which is then planted."""
        if not self._members:
            return False
        if state.trees == self._trees:
            return state.tree.startswith(self._tree)
        if not state.trees.startswith(self._trees):
            return False
        finished = state.trees[len(self._trees) :].removeprefix(TREE)
        if TREE in finished or not finished.startswith(self._tree):
            return False
        for piece in _pieces(finished)[len(_pieces(self._tree)) :]:
            self._descend(piece)
        for rows, value in self._leaves:
            self._margin[rows] += value
        self._margin[self._held] += leaf_values(levels_of_tree(finished), self._binning, self._bins[self._held])
        self._trees = state.trees
        self._plant()
        return True

    def _plant(self) -> None:
        """Begin a tree: gradients at the margins, all rows that teach at its root."""
        gradient, curvature = self._loss.gradients(self._margin, self._y)
        self._sums[:, 0], self._sums[:, 1] = self._grain(gradient), self._grain(curvature)
        self._tree, self._members, self._leaves = "", [self._teaching], []
        self._parents, self._known = {}, {}

    def _descend(self, piece: str) -> None:
        """Send the rows of a level's nodes to its children; those of its leaves stay."""
        level = Level.unpack(piece, len(self._members))
        for node in np.flatnonzero(level.feature == LEAF).tolist():
            self._leaves.append((self._members[node], float(level.value[node])))
        children: list[Rows] = []
        splits = level.splits.tolist()
        for node, table in zip(splits, level.tables(self._binning), strict=True):
            children += divided(self._by_feature[int(level.feature[node])], table, self._members[node], self._loops)
        self._parents = {k: self._known[node] for k, node in enumerate(splits) if node in self._known}
        self._members, self._known = children, {}

    def _level(self, nodes: list[tuple[int, bool]]) -> list[Array]:
        """The histograms of the nodes wanted; of two children only the one with fewer rows is counted here."""
        found = []
        for node, is_pair in nodes:
            parent, other = self._parents.get(node // 2), node ^ 1
            if parent is not None and len(self._members[other]) < len(self._members[node]):
                counted = self._count(other)
                own, others = parent - counted, counted
            else:
                own = self._count(node)
                others = parent - own if parent is not None else np.zeros(0)
            found.append(own)
            self._known[node] = own
            if is_pair:
                self._known[other] = others if others.size else self._count(other)
        return found

    def _count(self, node: int) -> Array:
        return self._histogram(self._bins, self._by_feature, self._sums, self._members[node])


def divided(bins: Bytes, goes_left: Table, rows: Rows, loops: Kernel | None) -> tuple[Rows, Rows]:
    """Some rows, in order, by whether their bin of one feature goes left.

    Args:
        bins: Of all rows, shape (n,).
        goes_left: Of each bin, shape (256,).
        rows: Which.
        loops: The compiled loops; None for NumPy.
    """
    if loops is None:
        is_left = goes_left.take(bins.take(rows))
        return rows[is_left], rows[~is_left]
    left, right = np.empty_like(rows), np.empty_like(rows)
    count = int(loops.divide(bins, goes_left, rows, left, right))
    return left[:count], right[: len(rows) - count]


def _pieces(tree: str) -> list[str]:
    return tree.split(LEVEL) if tree else []
