"""Boosted trees under a privacy budget: splits that no data chose, leaves that sums with noise fill."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from summand.methods._placed import check_length
from summand.methods._protocol import Block, Layout, Local, Result, State, length
from summand.methods.description._describe_cells import codes_of
from summand.methods.learning._boosting_losses import Loss
from summand.methods.learning._boosting_result import LINKS
from summand.methods.private._protocol import Private
from summand.tables import Array, Batch, Column

DEPTH_MAX, TREES_MAX = 6, 200
LEAF_MAX = 4.0


@dataclass(frozen=True)
class ForestState(State):
    """How many trees have their leaves, and the leaves' values, one tree behind the other."""

    round: int
    leaves: Array


@dataclass(frozen=True)
class Split:
    """One node's question, the same whatever the data are.

    Attributes:
        column: Of which column.
        threshold: A number up to this goes left; None for a category.
        left: The levels that go left; empty for a number.
        missing_left: Where what is missing goes.
    """

    column: Column
    place: int
    threshold: float | None
    left: tuple[bool, ...]
    missing_left: bool


@dataclass(frozen=True)
class PrivateBoosting(Private):
    """Gradient boosting under a privacy budget.

    All trees are complete to the depth asked, at most 6, with questions drawn from the request's ``seed`` and the
    dictionary alone: a column, and a threshold within its range or a half of its levels. So only leaves are learned, one
    round a tree: the sums of gradients and curvatures, each divided by its bound, of which a person changes one leaf's, with
    sensitivity ``sqrt(2)``. A leaf adds ``-learning_rate G / (H + l2 + noise)``, at most 4 learning rates. ``held_out``,
    ``patience`` and ``rows_min`` have no part in it, since each would cost a release; ``bins`` neither.

    Source: Maddock, Cormode, Wang, Maple & Jha (2022), Federated boosted decision trees with differential privacy, CCS, for
        totally random splits with noisy Newton leaves; Geurts, Ernst & Wehenkel (2006), Extremely randomized trees, Machine
        Learning 63(1).
    """

    state_type: ClassVar[type[State]] = ForestState

    @staticmethod
    def reason_against(method: Any) -> str | None:
        """Why a request has no private form; None if it has."""
        if method.monotone:
            return "random splits keep to no direction"
        if method.loss == "poisson":
            return "the loss poisson has curvatures that say little once noise is added; ask for logistic or squared"
        if method.depth > DEPTH_MAX or method.trees > TREES_MAX:
            return f"random trees have at most {DEPTH_MAX} levels, and a study {TREES_MAX} of them"
        return None

    @property
    def rounds_max(self) -> int:
        """One round for each tree."""
        return int(self.inner.trees) + 2

    def start(self) -> ForestState:
        """No leaf yet."""
        return ForestState(0, np.zeros(0))

    def share(self, state: ForestState) -> float:  # noqa: ARG002
        """All trees cost the same."""
        return 1.0 / float(self.inner.trees)

    def sensitivity(self, state: ForestState) -> float:  # noqa: ARG002
        """One leaf's gradient and curvature, each at most 1."""
        return math.sqrt(2.0) * (1.0 + 2.0**-40)

    @property
    def _loss(self) -> Loss:
        loss: Loss = self.inner.loss_function
        return loss

    @property
    def _bounds(self) -> tuple[float, float]:
        """The most that a row's gradient and curvature may be."""
        return self._loss.gradient_bound, 0.25 if self._loss.name == "logistic" else 1.0

    def layout(self, state: ForestState) -> Layout:  # noqa: ARG002
        """Gradients and curvatures of every leaf."""
        told = "what each leaf of a tree with random splits learns, with noise"
        return (Block("leaves", "1", 2 << self.inner.depth, 1.0 + 2.0**-40, told),)

    @cached_property
    def _splits(self) -> tuple[tuple[Split, ...], ...]:
        """The questions of all nodes of all trees, level by level."""
        nodes = (1 << self.inner.depth) - 1
        rng = np.random.Generator(np.random.PCG64(self.inner.seed))  # no secret: everybody draws the same questions
        return tuple(tuple(self._split(rng) for _ in range(nodes)) for _ in range(self.inner.trees))

    def _split(self, rng: np.random.Generator) -> Split:
        place = int(rng.integers(len(self.inner.features)))
        feature, to_left = self.inner.features[place], bool(rng.integers(2))
        if feature.keys is None:
            half = rng.permutation(len(feature.levels)) < max(1, len(feature.levels) // 2)
            return Split(feature.column, place, None, tuple(half.tolist()), to_left)
        low, high = feature.column.range
        return Split(feature.column, place, low + (high - low) * float(rng.uniform(0.02, 0.98)), (), to_left)

    def _leaf_of(self, batch: Batch, tree: tuple[Split, ...]) -> NDArray[np.intp]:
        """The leaf of every row, from 0: shape (rows,)."""
        goes = np.stack([_goes_left(split, batch) for split in tree]) if tree else np.zeros((0, batch.rows), dtype=bool)
        node, rows = np.zeros(batch.rows, dtype=np.intp), np.arange(batch.rows)
        for _ in range(self.inner.depth):
            node = 2 * node + np.where(goes[node, rows], 1, 2)
        return np.asarray(node - ((1 << self.inner.depth) - 1), dtype=np.intp)

    def tally(self, batch: Batch, state: ForestState, local: Local) -> Array:  # noqa: ARG002
        """Gradients, then curvatures, of one tree's leaves."""
        count = 1 << self.inner.depth
        margin = np.zeros(batch.rows)
        for k, tree in enumerate(self._splits[: state.round]):
            margin += state.leaves[k * count : (k + 1) * count][self._leaf_of(batch, tree)]
        gradient, curvature = self._loss.gradients(margin, self._outcome(batch))
        leaf, (g_most, h_most) = self._leaf_of(batch, self._splits[state.round]), self._bounds
        return np.concatenate(
            [
                np.bincount(leaf, weights=np.clip(gradient / g_most, -1.0, 1.0), minlength=count),
                np.bincount(leaf, weights=np.clip(curvature / h_most, 0.0, 1.0), minlength=count),
            ]
        )

    def _outcome(self, batch: Batch) -> Array:
        if self.inner.indicator is not None:
            return np.asarray(self.inner.indicator(batch), dtype=np.float64)
        return np.clip((batch.number(self.columns[0]) - self._loss.centre) / self._loss.half_width, -1.0, 1.0)

    def update_noisy(self, total: Array, state: ForestState, sigma: float) -> ForestState | Result:
        """The leaves of one tree more, or the result."""
        check_length(total, length(self.layout(state)))
        g_most, h_most = self._bounds
        gradients, curvatures = np.split(total, 2)
        under = np.maximum(curvatures * h_most, 0.0) + self.inner.l2 + sigma * h_most
        steps = np.clip(-gradients * g_most / under, -LEAF_MAX, LEAF_MAX) * self.inner.learning_rate
        leaves = np.concatenate([state.leaves, steps])
        if state.round + 1 < self.inner.trees:
            return ForestState(state.round + 1, leaves)
        label = self.columns[0] if self.inner.indicator is None else self.inner.indicator.label
        values = {
            "outcome": label, "loss": self._loss.name, "trees": self.inner.trees, "noise_sd": sigma,
            "model": self._model(leaves, label),
        }  # fmt: skip
        warnings = ("Splits are random and leaves have noise; the fit is not judged, since that would cost a release.",)
        return Result(self.name, values, warnings)

    def _model(self, leaves: Array, outcome: str) -> dict[str, Any]:
        loss, count = self._loss, 1 << self.inner.depth
        unit = loss.half_width if loss.name == "squared" else 1.0
        base = loss.centre if loss.name == "squared" else 0.0
        low, high = (0.0, 1.0) if loss.name == "logistic" else (base - unit, base + unit)
        trees = [_tree(tree, leaves[k * count : (k + 1) * count] * unit) for k, tree in enumerate(self._splits)]
        return {
            "outcome": outcome, "link": LINKS[loss.name], "base": base, "low": low, "high": high,
            "features": [_feature(feature) for feature in self.inner.features], "trees": trees,
        }  # fmt: skip


def _goes_left(split: Split, batch: Batch) -> NDArray[np.bool_]:
    if split.threshold is not None:
        values = batch.number(split.column.name)
        return np.where(np.isnan(values), split.missing_left, values <= split.threshold)
    codes = codes_of(split.column, batch)
    return np.where(codes < 0, split.missing_left, np.array(split.left)[np.maximum(codes, 0)])


def _feature(feature: Any) -> dict[str, Any]:
    if feature.keys is None:
        return {"column": feature.column.name, "kind": "category", "levels": list(feature.levels)}
    low, high = feature.column.range
    return {"column": feature.column.name, "kind": "number", "low": low, "high": high}


def _tree(splits: tuple[Split, ...], values: Array) -> dict[str, Any]:
    """A complete tree as `predict` reads it."""
    inner = len(splits)
    leaves = len(values)
    return {
        "feature": [split.place for split in splits] + [-1] * leaves,
        "threshold": [split.threshold for split in splits] + [None] * leaves,
        "missing_left": [split.missing_left for split in splits] + [None] * leaves,
        "left": [2 * k + 1 for k in range(inner)] + [-1] * leaves,
        "right": [2 * k + 2 for k in range(inner)] + [-1] * leaves,
        "value": [None] * inner + values.tolist(),
        "levels_left": {
            str(k): [level for level, goes in zip(_levels(split), split.left, strict=True) if goes]
            for k, split in enumerate(splits)
            if split.threshold is None
        },
    }


def _levels(split: Split) -> tuple[str, ...]:
    from summand.methods.description._describe_cells import levels

    return levels(split.column, needed=True)
