"""Boosted trees by brute force on pooled rows: every node, column and cut by itself, for the tests alone.

It shares nothing with the engine but the definition: gradients as whole multiples of 2^-bits, so that sums are exact and
equal gains are equal; the first of equal gains in the order of columns and cuts; what is missing to the right first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass
class Settings:
    """What the engine's settings are called there."""

    trees: int
    depth: int
    learning_rate: float
    rows_min: int
    l2: float
    bits: int = 30


def score(g: int, h: int, s: Settings) -> float:
    """G²/(H + l2) of sums in units of 2^-bits."""
    gradient, curvature = g * 2.0**-s.bits, h * 2.0**-s.bits + s.l2
    return gradient**2 / curvature


def divisions(values: np.ndarray, is_category: bool, g: list[int], h: list[int], rows: np.ndarray, s: Settings) -> Any:
    """Every way to divide rows by one column: (label, goes left), in order."""
    own = values[rows]
    if is_category:
        keys = sorted({-1.0 if np.isnan(v) else v for v in own})
        filled = np.where(np.isnan(own), -1.0, own)

        def mean(key: float) -> float:
            inside = rows[filled == key]
            return sum(g[i] for i in inside) * 2.0**-s.bits / (sum(h[i] for i in inside) * 2.0**-s.bits + s.l2)

        # what is missing has the last bin, so among equal means it comes last
        order = sorted(keys, key=lambda key: (mean(key), key if key >= 0 else 1e9))
        for k in range(1, len(order)):
            yield frozenset(order[:k]), np.isin(filled, order[:k])
        return
    missing = np.isnan(own)
    for cut in np.unique(values[~np.isnan(values)]):
        at_most = np.where(missing, False, own <= cut)
        yield (float(cut), False), at_most
        if missing.any():
            yield (float(cut), True), at_most | missing


def grow(rows: np.ndarray, depth: int, columns: list[tuple[np.ndarray, bool]], g: list[int], h: list[int],
         s: Settings) -> dict[str, Any]:  # fmt: skip
    """The tree below a node: ``{"value"}`` of a leaf, else ``{"column", "label", "left", "right"}``."""
    whole_g, whole_h = sum(g[i] for i in rows), sum(h[i] for i in rows)
    leaf = {"value": -s.learning_rate * (whole_g * 2.0**-s.bits) / (whole_h * 2.0**-s.bits + s.l2), "rows": rows}
    if depth == s.depth or len(rows) < 2 * s.rows_min:
        return leaf
    best: Any = (1e-9, None, None, None)
    for place, (values, is_category) in enumerate(columns):
        for label, left in divisions(values, is_category, g, h, rows, s):
            if min(left.sum(), (~left).sum()) < s.rows_min:
                continue
            left_g, left_h = sum(g[i] for i in rows[left]), sum(h[i] for i in rows[left])
            if min(left_h, whole_h - left_h) * 2.0**-s.bits < 1e-3:
                continue
            gain = score(left_g, left_h, s) + score(whole_g - left_g, whole_h - left_h, s) - score(whole_g, whole_h, s)
            if gain > best[0]:
                best = (gain, place, label, left)
    gain, place, label, left = best
    if place is None:
        return leaf
    return {
        "column": place, "label": label, "gain": gain, "rows": rows,
        "left": grow(rows[left], depth + 1, columns, g, h, s),
        "right": grow(rows[~left], depth + 1, columns, g, h, s),
    }  # fmt: skip


def leaves(tree: dict[str, Any], margin: np.ndarray) -> None:
    """Add a tree to the margins of the rows it was grown on."""
    if "value" in tree:
        margin[tree["rows"]] += tree["value"]
        return
    leaves(tree["left"], margin)
    leaves(tree["right"], margin)


def boosted(
    columns: list[tuple[np.ndarray, bool]], y: np.ndarray, s: Settings
) -> tuple[list[dict[str, Any]], np.ndarray]:
    """Trees for an outcome of 0 and 1, and the margins they end at."""
    mean = y.mean()
    margin, trees = np.full(len(y), np.log(mean / (1 - mean))), []
    for _ in range(s.trees):
        p = 1 / (1 + np.exp(-margin))
        g = [round(v) for v in np.rint((p - y) * 2.0**s.bits).tolist()]
        h = [round(v) for v in np.rint(p * (1 - p) * 2.0**s.bits).tolist()]
        trees.append(grow(np.arange(len(y)), 0, columns, g, h, s))
        leaves(trees[-1], margin)
    return trees, margin
