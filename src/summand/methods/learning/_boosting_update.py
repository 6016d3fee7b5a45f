"""The coordinator's half of boosting: learn the bins, split the nodes of a level, end a tree, end the model."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from summand.methods.learning._boosting_bins import Binning
from summand.methods.learning._boosting_split import UNBOUNDED, Found, Rules, Splitter
from summand.methods.learning._boosting_state import (
    GROW,
    SCORE,
    BoostingState,
    pack_sums,
    unpack_sums,
    wanted,
)
from summand.methods.learning._boosting_trees import CATEGORY, LEAF, LEVEL, TREE, Level, join, levels_of_tree, trees_of
from summand.tables import Array

ROOT = np.array([[1.0, 0.0, -UNBOUNDED, UNBOUNDED]])


@dataclass(frozen=True)
class Growth:
    """How trees grow.

    Attributes:
        trees: At most so many.
        depth: Of each, at most.
        learning_rate: What part of a Newton step a leaf takes.
        patience: After so many trees without a smaller held-out loss growing ends; 0 for never.
        rules: What a split must obey.
    """

    trees: int
    depth: int
    learning_rate: float
    patience: int
    rules: Rules


def planted(state: BoostingState, binning: Binning, base: float) -> BoostingState:
    """The state at the root of the first tree."""
    nothing = np.zeros(0)
    return dataclasses.replace(
        state, phase=GROW, round=state.round + 1, counts=nothing, order=(), cuts=binning.pack(), base=base,
        frontier=ROOT, losses=nothing,
    )  # fmt: skip


def grown(total: Array, state: BoostingState, binning: Binning, growth: Growth) -> BoostingState:
    """The state after one level of a tree: the next level, the next tree, or the last round."""
    state = dataclasses.replace(state, round=state.round + 1)
    if not state.tree:
        state = _with_losses(state, total[:2], growth)
        total = total[2:]
        if _is_over(state, growth):
            return _judged(state)
    sums = _histograms(total.reshape(-1, binning.total, 3), state, binning)
    nodes = np.flatnonzero(state.active)
    bounds = state.frontier.reshape(-1, 4)[:, 2:]
    found = Splitter(binning, growth.rules)(sums, bounds[nodes])
    if not state.tree and found.feature[0] == LEAF:  # nothing is left to learn
        return _judged(state)
    state = _with_level(state, nodes, found, growth)
    return _descended(state, nodes, found, sums, growth)


def _with_losses(state: BoostingState, losses: Array, growth: Growth) -> BoostingState:
    """What the trees so far leave, and after how many of them the held-out rows were told best."""
    rows = np.concatenate((state.loss_rows, losses[np.newaxis]))
    stops = growth.patience > 0 and state.held_out > 0
    best = int(np.argmin(rows[:, 1])) if stops else len(rows) - 1
    return dataclasses.replace(state, losses=rows, best=best)


def _is_over(state: BoostingState, growth: Growth) -> bool:
    count = len(trees_of(state.trees))
    return count >= growth.trees or count - state.best >= max(growth.patience, 1)


def _judged(state: BoostingState) -> BoostingState:
    """The last round: the trees up to the best are judged."""
    kept = TREE.join(trees_of(state.trees)[: state.best])
    nothing = np.zeros(0)
    return dataclasses.replace(state, phase=SCORE, trees=kept, tree="", frontier=nothing, parents="")


def _histograms(summed: Array, state: BoostingState, binning: Binning) -> Array:
    """The histograms of all nodes that may be split, in order; those not summed are parent less sibling."""
    parents = iter(unpack_sums(state.parents, binning.total)) if state.parents else iter(())
    out = []
    for (node, is_pair), own in zip(wanted(state.active), summed, strict=True):
        del node
        out.append(own)
        if is_pair:
            out.append(next(parents) - own)
    return np.array(out)


def _with_level(state: BoostingState, nodes: NDArray[np.intp], found: Found, growth: Growth) -> BoostingState:
    """The current level as text in the state: splits where one was found, leaves elsewhere."""
    frontier = state.frontier.reshape(-1, 4)
    count = len(frontier)
    feature, cut, kind = np.full(count, LEAF, np.uint8), np.zeros(count, np.uint8), np.zeros(count, np.uint8)
    value = frontier[:, 1].copy()
    if not state.tree:
        value[0] = growth.learning_rate * float(growth.rules.value(found.total[0], frontier[0, 2:]))
    is_split = found.feature != LEAF
    split = nodes[is_split]
    feature[split], cut[split], kind[split] = (
        found.feature[is_split], found.cut[is_split], found.kind[is_split],
    )  # fmt: skip
    value[split] = found.gain[is_split]
    masks = found.masks[is_split & (found.kind == CATEGORY)]
    level = Level(feature, cut, kind, value, masks)
    return dataclasses.replace(state, tree=join(state.tree, level.pack(), LEVEL))


def _descended(
    state: BoostingState, nodes: NDArray[np.intp], found: Found, sums: Array, growth: Growth
) -> BoostingState:
    """The children of a level's splits; where none of them may be split, they are leaves and the tree is finished."""
    rules, chosen = growth.rules, np.flatnonzero(found.feature != LEAF)
    bounds = state.frontier.reshape(-1, 4)[nodes, 2:]
    depth = state.tree.count(LEVEL) + 1
    frontier, parents = np.zeros((2 * len(chosen), 4)), []
    for k, i in enumerate(chosen.tolist()):
        sides = np.stack((found.left[i], found.total[i] - found.left[i]))
        own = _child_bounds(rules, int(found.feature[i]), sides, bounds[i])
        may = (sides[:, 2] >= 2 * rules.rows_min) & (depth < growth.depth)
        frontier[2 * k : 2 * k + 2, 0] = may
        frontier[2 * k : 2 * k + 2, 1] = growth.learning_rate * rules.value(sides, own)
        frontier[2 * k : 2 * k + 2, 2:] = own
        if may.all():
            parents.append(sums[i])
    if frontier[:, 0].any():
        return dataclasses.replace(state, frontier=frontier, parents=pack_sums(np.array(parents)) if parents else "")
    return _finished(state, frontier, growth)


def _child_bounds(rules: Rules, feature: int, sides: Array, bounds: Array) -> Array:
    """Between which the values of two children must lie: the middle of theirs divides them where a direction is set."""
    own = np.stack((bounds, bounds))
    if rules.signs[feature]:
        middle = float(rules.value(sides, own).mean())
        below, above = (0, 1) if rules.signs[feature] > 0 else (1, 0)
        own[below, 1] = own[above, 0] = middle
    return own


def _finished(state: BoostingState, frontier: Array, growth: Growth) -> BoostingState:
    """The tree with its last leaves, and the root of the next."""
    text = state.tree
    if len(frontier):
        count = len(frontier)
        nothing = np.zeros(count, np.uint8)
        last = Level(np.full(count, LEAF, np.uint8), nothing, nothing, frontier[:, 1], np.zeros((0, 256), np.bool_))
        text = join(text, last.pack(), LEVEL)
    trees = join(state.trees, text, TREE)
    root = ROOT.copy()
    root[0, 0] = len(trees_of(trees)) < growth.trees  # after the last tree only losses are summed
    reach = state.reach + _largest_leaf(text)
    return dataclasses.replace(state, trees=trees, tree="", frontier=root, parents="", reach=reach)


def _largest_leaf(text: str) -> float:
    """The most that a tree may add to a margin."""
    leaves = [level.value[level.feature == LEAF] for level in levels_of_tree(text)]
    return float(np.abs(np.concatenate(leaves)).max(initial=0.0))
