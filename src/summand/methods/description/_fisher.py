"""Fisher's exact test: of all tables with the margins found, how probable are those no more probable than this one?

Two rows and two columns: the hypergeometric distribution, summed. Larger tables: the columns are dealt one by one; a
*node* is what the rows still have to give, and each way to it keeps its probability so far. From a node the largest and
smallest probability that the rest can have are known, so most ways are settled as a whole: all that follows counts, or
none does (the network algorithm of Mehta & Patel 1983, JASA 78(382), 427-434). The work is bounded; a table that needs more has no exact p-value here.

Source: Fisher (1935), JRSS 98(1); two-sided by probability, as Freeman & Halton (1951), Biometrika 38(1/2).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from summand.errors import NotConverged
from summand.tables import Array

Places = NDArray[np.int64]

STEPS_MAX = 12_000_000
SUPPORT_MAX = 20_000_000
PEOPLE_MAX = 2_000
# Tables whose probabilities agree to this part are equally probable: rounding must not decide (as in R).
TIE = 1e-7


def exact_p_value(table: Array) -> float | None:
    """The two-sided p-value, or None where the table is too large for it.

    Args:
        table: Counts without an empty row or column, shape (r, c), r and c at least 2.
    """
    if table.shape == (2, 2):
        return _two_by_two(table)
    if float(table.sum()) > PEOPLE_MAX:
        return None
    try:
        return _Network(np.rint(table).astype(np.int64)).p_value()
    except NotConverged:
        return None


def _log_factorials(n: int) -> Array:
    from scipy.special import gammaln

    return np.asarray(gammaln(np.arange(n + 1) + 1.0), dtype=np.float64)


def _two_by_two(table: Array) -> float | None:
    """By the hypergeometric probabilities of every possible first cell."""
    from scipy.special import gammaln

    (a, b), (c, d) = np.rint(table).tolist()
    low, high = max(0.0, a - d), min(a + b, a + c)
    if high - low > SUPPORT_MAX:
        return None
    first = np.arange(low, high + 1.0)
    logs = -sum(gammaln(cell + 1.0) for cell in (first, a + b - first, a + c - first, d - a + first))
    chances = np.exp(logs - logs.max())
    at_most = chances <= chances[int(a - low)] * (1.0 + TIE)
    return float(min(1.0, chances[at_most].sum() / chances.sum()))


@dataclass(frozen=True)
class _Stage:
    """The ways from one column's nodes to the next one's.

    Attributes:
        starts: Where each node's ways begin among all, shape (nodes,).
        sizes: How many ways it has, shape (nodes,).
        costs: What each way multiplies the probability by, as a logarithm, shape (ways,).
        after: The node it leads to, shape (ways,).
        whole: The log of the sum over all that may follow a node, shape (nodes,).
    """

    starts: Places
    sizes: Places
    costs: Array
    after: Places
    whole: Array


class _Network:
    """The ways through one table's columns."""

    def __init__(self, table: Places) -> None:
        wide = table if table.shape[0] <= table.shape[1] else table.T
        self.margins = np.sort(wide.sum(axis=1))
        self.columns = np.sort(wide.sum(axis=0))[::-1]
        self.logs = _log_factorials(int(table.sum()))
        self.limit = -float(self.logs[table].sum()) + TIE
        self.work = 0
        self.stages = self._stages()

    def p_value(self) -> float:
        """The chance of tables at most as probable as the one found."""
        extremes = self._extremes()
        node, log, ways = np.zeros(1, dtype=np.int64), np.zeros(1), np.ones(1)
        chance = 0.0
        for stage, (least, most) in zip(self.stages, extremes, strict=True):
            counts = log + most[node] <= self.limit
            settled = log[counts] + stage.whole[node[counts]] - self.stages[0].whole[0]
            chance += float((ways[counts] * np.exp(settled)).sum())
            open_ = ~counts & (log + least[node] <= self.limit)
            if not len(stage.after):
                break
            node, log, ways = self._further(stage, node[open_], log[open_], ways[open_])
        return min(1.0, chance)

    def _further(self, stage: _Stage, node: Places, log: Array, ways: Array) -> tuple[Places, Array, Array]:
        """All ways one column further; those to one node with one probability go on together."""
        sizes = stage.sizes[node]
        self._worked(int(sizes.sum()))
        which = np.repeat(np.arange(len(node)), sizes)
        place = np.arange(len(which)) - np.repeat(np.cumsum(sizes) - sizes, sizes) + stage.starts[node][which]
        logs = log[which] + stage.costs[place]
        keys = stage.after[place] * 2**44 + np.rint(-logs * 1e9).astype(np.int64)
        _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
        weights: Array = np.bincount(inverse, weights=ways[which]).astype(np.float64)
        return stage.after[place][first], logs[first], weights

    def _worked(self, steps: int) -> None:
        self.work += steps
        if self.work > STEPS_MAX:
            raise NotConverged("The exact test takes too much work.", remedy="Merge levels.")

    def _stages(self) -> list[_Stage]:
        # a node's number: what all rows but the largest still have, in mixed radix; the largest follows
        radix = np.cumprod(np.concatenate([[1], self.margins[:-1] + 1]))[:-1]
        if math.prod(int(margin) + 1 for margin in self.margins[:-1]) > 2**40:
            raise NotConverged("The exact test takes too much work.", remedy="Merge levels.")
        rests, found = self.margins[None, :], []
        for k, people in enumerate(self.columns.tolist()):
            left = self.columns[k:]
            whole = self.logs[left.sum()] - self.logs[rests].sum(axis=1) - float(self.logs[left].sum())
            moves = self._deals(people)
            self._worked(len(rests) * len(moves))
            node, move = np.nonzero((rests[:, None, :] >= moves[None, :, :]).all(axis=2))
            after = rests[node] - moves[move]
            _, first, inverse = np.unique(after[:, :-1] @ radix, return_index=True, return_inverse=True)
            sizes = np.bincount(node, minlength=len(rests))
            costs = -self.logs[moves].sum(axis=1)[move]
            found.append(_Stage(np.cumsum(sizes) - sizes, sizes, costs, inverse, whole))
            rests = after[first]
        nothing = np.zeros(0, dtype=np.int64)
        return [*found, _Stage(nothing, nothing, np.zeros(0), nothing, np.zeros(1))]

    def _deals(self, people: int) -> Places:
        """Every way to deal a column to the rows within their margins, shape (ways, rows)."""
        ways = np.zeros((1, 0), dtype=np.int64)
        for k, margin in enumerate(self.margins[:-1].tolist()):
            rest = people - ways.sum(axis=1)
            highest = np.minimum(margin, rest)
            lowest = np.maximum(0, rest - int(self.margins[k + 1 :].sum()))
            sizes = np.maximum(highest - lowest + 1, 0)
            self._worked(int(sizes.sum()))
            which = np.repeat(np.arange(len(ways)), sizes)
            cells = np.arange(len(which)) - np.repeat(np.cumsum(sizes) - sizes, sizes) + lowest[which]
            ways = np.column_stack([ways[which], cells])
        return np.column_stack([ways, people - ways.sum(axis=1)])

    def _extremes(self) -> list[tuple[Array, Array]]:
        """For each node of each stage, the least and most that the log-probability of what follows can be."""
        least, most = np.zeros(1), np.zeros(1)
        found = [(least, most)]
        for stage in self.stages[-2::-1]:
            least = np.minimum.reduceat(stage.costs + least[stage.after], stage.starts)
            most = np.maximum.reduceat(stage.costs + most[stage.after], stage.starts)
            found.append((least, most))
        return found[::-1]
