"""Choosing the best split of every node of a level from its histograms."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from summand.methods.learning._boosting_bins import Binning
from summand.methods.learning._boosting_trees import CATEGORY, LEAF, MISSING_LEFT, MISSING_RIGHT
from summand.tables import Array

# A split must make the loss smaller by more than rounding.
GAIN_MIN = 1e-9
# Without this much curvature on a side its value would be a quotient of rounding.
CURVATURE_MIN = 1e-3
UNBOUNDED = 1e300


@dataclass(frozen=True)
class Rules:
    """What a split must obey.

    Attributes:
        rows_min: The fewest people on a side.
        l2: Added to every curvature.
        unit: What one person's curvature was divided by, so that `CURVATURE_MIN` means the same for every loss.
        signs: For each feature 1 if the prediction may not fall with it, -1 if it may not rise, else 0.
    """

    rows_min: int
    l2: float
    unit: float
    signs: tuple[int, ...]

    @property
    def is_monotone(self) -> bool:
        """Whether any feature has a direction."""
        return any(self.signs)

    def value(self, sums: Array, bounds: Array) -> Array:
        """The Newton step of people with these sums (..., 3) within bounds (..., 2); 0 without curvature."""
        gradient, curvature = sums[..., 0], sums[..., 1] + self.l2
        step = np.divide(-gradient, curvature, out=np.zeros_like(gradient), where=curvature > 0.0)
        return np.clip(step, bounds[..., 0], bounds[..., 1]) if self.is_monotone else step

    def score(self, sums: Array, bounds: Array) -> Array:
        """By how much a Newton step makes the loss smaller, times two: ``G^2 / (H + l2)``, less within bounds."""
        gradient, curvature = sums[..., 0], sums[..., 1] + self.l2
        if not self.is_monotone:
            return np.divide(gradient**2, curvature, out=np.zeros_like(gradient), where=curvature > 0.0)
        value = self.value(sums, bounds)
        return np.asarray(-(2.0 * gradient + curvature * value) * value)

    def admits(self, left: Array, right: Array) -> NDArray[np.bool_]:
        """Whether both sides have people and curvature enough."""
        enough = np.minimum(left[..., 2], right[..., 2]) >= self.rows_min
        enough &= np.minimum(left[..., 1], right[..., 1]) >= CURVATURE_MIN / self.unit
        return np.asarray(enough)


@dataclass(frozen=True)
class Found:
    """The best split of each node.

    Attributes:
        feature: `LEAF` where none is worth it: shape (nodes,).
        cut, kind: As in a tree's level.
        gain: Of the split.
        masks: For a category, the bins that go left: shape (nodes, 256), all false elsewhere.
        left: Gradient, curvature and people that go left: shape (nodes, 3).
        total: Of the node.
    """

    feature: NDArray[np.uint8]
    cut: NDArray[np.uint8]
    kind: NDArray[np.uint8]
    gain: Array
    masks: NDArray[np.bool_]
    left: Array
    total: Array


@dataclass(frozen=True)
class Splitter:
    """The search over all features.

    Source: Chen & Guestrin (2016), eq. (7), for the gain, Algorithm 3 for the direction of what is missing; Fisher
        (1958), JASA 53(284), for categories: ordered by their mean gradient, the best of all divisions is a cut.
    """

    binning: Binning
    rules: Rules

    @cached_property
    def _numbers(self) -> NDArray[np.intp]:
        return np.array([i for i, f in enumerate(self.binning.features) if f.keys is not None], dtype=np.intp)

    @cached_property
    def _places(self) -> NDArray[np.intp]:
        """For each numeric feature, its bins among all, the end of all where it has fewer: shape (numbers, bins)."""
        binning, none = self.binning, self.binning.total
        most = max((binning.cuts[i].bins for i in self._numbers), default=0)
        out = np.full((len(self._numbers), most), none, dtype=np.intp)
        for row, i in zip(out, self._numbers, strict=True):
            row[: binning.cuts[i].bins] = binning.starts[i] + np.arange(binning.cuts[i].bins)
        return out

    @cached_property
    def _missing(self) -> NDArray[np.intp]:
        """For each numeric feature, the bin of what is missing among all, the end of all if it has none."""
        binning = self.binning
        return np.array(
            [binning.starts[i] + binning.cuts[i].bins if binning.cuts[i].has_missing else binning.total
             for i in self._numbers], dtype=np.intp,
        )  # fmt: skip

    def __call__(self, sums: Array, bounds: Array) -> Found:
        """The best split of every node.

        Args:
            sums: Gradient, curvature and people by bin: shape (nodes, bins of all features, 3).
            bounds: Between which each node's value must lie, shape (nodes, 2).
        """
        nodes, features = len(sums), len(self.binning.features)
        # sums are whole multiples of one small number, so any feature's bins add up to exactly the same total
        total = sums[:, : self.binning.widths[0]].sum(axis=1)
        best = _Best.none(nodes, features)
        if len(self._numbers):
            self._search_numbers(sums, total, bounds, best)
        for place in range(features):
            if self.binning.features[place].keys is None:
                self._search_category(place, sums, total, bounds, best)
        chosen, rows = np.argmax(best.gain, axis=1), np.arange(nodes)
        gain = best.gain[rows, chosen]
        feature = np.where(gain > GAIN_MIN / self.rules.unit, chosen, LEAF)
        masks = np.zeros((nodes, 256), dtype=np.bool_)
        for node, place in enumerate(chosen.tolist()):
            if place in best.masks and feature[node] != LEAF:
                masks[node] = best.masks[place][node]
        return Found(
            feature.astype(np.uint8), best.cut[rows, chosen].astype(np.uint8), best.kind[rows, chosen].astype(np.uint8),
            gain, masks, best.left[rows, chosen], total,
        )  # fmt: skip

    def _gain(self, left: Array, total: Array, bounds: Array, sign: NDArray[np.intp] | int) -> Array:
        """The gain of dividing totals (broadcast) into ``left`` and the rest; -inf where it may not be."""
        rules = self.rules
        right = total - left
        gain = rules.score(left, bounds) + rules.score(right, bounds) - rules.score(total, bounds)
        allowed = rules.admits(left, right)
        if rules.is_monotone:
            allowed &= sign * (rules.value(right, bounds) - rules.value(left, bounds)) >= 0.0
        return np.where(allowed, gain, -np.inf)

    def _search_numbers(self, sums: Array, total: Array, bounds: Array, best: _Best) -> None:
        nodes = len(sums)
        padded = np.concatenate((sums, np.zeros((nodes, 1, 3))), axis=1)
        left = np.cumsum(padded[:, self._places], axis=2)
        missing = padded[:, self._missing]
        everyone, limits = total[:, np.newaxis, np.newaxis], bounds[:, np.newaxis, np.newaxis]
        signs = np.array([self.rules.signs[i] for i in self._numbers], dtype=np.intp)[:, np.newaxis]
        gain = self._gain(left, everyone, limits, signs)
        goes_left = np.zeros(gain.shape, dtype=np.bool_)
        if bool((self._missing < self.binning.total).any()):
            with_missing = left + missing[:, :, np.newaxis]
            other = self._gain(with_missing, everyone, limits, signs)
            goes_left = other > gain
            gain = np.maximum(gain, other)
        cut = np.argmax(gain, axis=2)
        n, f = np.ogrid[:nodes, : len(self._numbers)]
        best.gain[:, self._numbers], best.cut[:, self._numbers] = gain[n, f, cut], cut
        chosen_left = left[n, f, cut]
        is_left = goes_left[n, f, cut]
        # where nobody lacks the value here, whoever does later goes with the larger side
        nobody = missing[..., 2] == 0.0
        is_left = np.where(nobody, 2.0 * chosen_left[..., 2] > total[:, np.newaxis, 2], is_left)
        best.kind[:, self._numbers] = np.where(is_left, MISSING_LEFT, MISSING_RIGHT)
        best.left[:, self._numbers] = chosen_left + is_left[..., np.newaxis] * missing

    def _search_category(self, place: int, sums: Array, total: Array, bounds: Array, best: _Best) -> None:
        nodes, start = len(sums), self.binning.starts[place]
        own = sums[:, start : start + self.binning.widths[place]]
        filled = own[..., 2] > 0.0
        curvature = own[..., 1] + self.rules.l2
        mean = np.divide(own[..., 0], curvature, out=np.zeros_like(curvature), where=curvature > 0.0)
        order = np.argsort(np.where(filled, mean, np.inf), axis=1, kind="stable")
        n = np.arange(nodes)
        left = np.cumsum(own[n[:, np.newaxis], order], axis=1)
        gain = self._gain(left, total[:, np.newaxis], bounds[:, np.newaxis], 0)
        cut = np.argmax(gain, axis=1)
        mask = np.zeros((nodes, 256), dtype=np.bool_)
        rank = np.argsort(order, axis=1)
        chosen = left[n, cut]
        larger = 2.0 * chosen[:, 2] > total[:, 2]
        mask[:, : own.shape[1]] = np.where(filled, rank <= cut[:, np.newaxis], larger[:, np.newaxis])
        best.gain[:, place], best.kind[:, place], best.left[:, place] = gain[n, cut], CATEGORY, chosen
        best.masks[place] = mask


@dataclass
class _Best:
    """The best split of every node at every feature."""

    gain: Array
    cut: NDArray[np.intp]
    kind: NDArray[np.intp]
    left: Array
    masks: dict[int, NDArray[np.bool_]]

    @classmethod
    def none(cls, nodes: int, features: int) -> _Best:
        """Nothing found yet."""
        shape = (nodes, features)
        return cls(
            np.full(shape, -np.inf), np.zeros(shape, np.intp), np.zeros(shape, np.intp), np.zeros((*shape, 3)), {}
        )
