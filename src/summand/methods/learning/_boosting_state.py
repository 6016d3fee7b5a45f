"""What travels between the rounds of boosting."""

from __future__ import annotations

import base64
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from summand.methods._protocol import State
from summand.methods.learning._boosting_bins import Order
from summand.tables import Array

BINS, GROW, SCORE = "bins", "grow", "score"


@dataclass(frozen=True)
class BoostingState(State):
    """Where boosting stands.

    Trees, cuts and histograms are texts: they are many, and as whole multiples of small powers of two they agree to the
    last bit on every machine.

    Attributes:
        phase: ``bins`` while the cuts are learned, ``grow`` while trees grow, ``score`` when they are judged.
        round: 0 at the start.
        n, held_out: Rows the trees learn from, and rows kept from them.
        outcome: Sum of the outcome, on the loss's scale, of the rows of each.
        counts: The first histograms, one after another, while the cuts are learned; then empty.
        missing: How many people lack each feature.
        order: The ranks wanted while the cuts are learned.
        cuts: The bins, once learned.
        base: The margin before any tree.
        reach: The most that the trees so far may move a margin.
        trees: The finished trees.
        tree: The levels of the tree that grows.
        frontier: Of each node of the level below: whether it may be split, its value as a leaf, and the bounds of
            that value: shape (nodes, 4).
        parents: Sums by bin of the nodes above of which both children may be split, in order.
        losses: Summed loss of the rows that teach and of those held out, after 0, 1, … trees: shape (trees, 2).
        best: After how many trees the held-out loss was least.
    """

    phase: str
    round: int
    n: int
    held_out: int
    outcome: tuple[float, float]
    counts: Array
    missing: tuple[int, ...]
    order: Order
    cuts: str
    base: float
    reach: float
    trees: str
    tree: str
    frontier: Array
    parents: str
    losses: Array
    best: int

    @property
    def active(self) -> NDArray[np.bool_]:
        """Which nodes of the current level may be split, shape (nodes,)."""
        return np.asarray(self.frontier.reshape(-1, 4)[:, 0] > 0.0)

    @property
    def loss_rows(self) -> Array:
        """`losses` in its shape."""
        return self.losses.reshape(-1, 2)


def wanted(active: NDArray[np.bool_]) -> list[tuple[int, bool]]:
    """The nodes whose histograms are summed, and whether the other child follows by subtraction from the parent.

    Of two children that may both be split, the left one is summed; the root stands alone.
    """
    if len(active) == 1:
        return [(0, False)] if active[0] else []
    found = []
    for left in range(0, len(active), 2):
        if active[left] and active[left + 1]:
            found.append((left, True))
        elif active[left] or active[left + 1]:
            found.append((left if active[left] else left + 1, False))
    return found


def pack_sums(sums: Array) -> str:
    """Numbers as text, bit by bit."""
    return base64.b64encode(np.ascontiguousarray(sums, dtype="<f8").tobytes()).decode("ascii")


def unpack_sums(text: str, total: int) -> Array:
    """The histograms behind `pack_sums`, shape (nodes, total, 3)."""
    return np.frombuffer(base64.b64decode(text), dtype="<f8").reshape(-1, total, 3)
