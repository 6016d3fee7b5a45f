"""What a boosted model tells: its trees, what they rest on, and how well they predict."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from summand.methods.description._grid import Keys
from summand.methods.learning._boosting_bins import Binning
from summand.methods.learning._boosting_losses import Loss
from summand.methods.learning._boosting_state import BoostingState
from summand.methods.learning._boosting_trees import (
    CATEGORY,
    LEAF,
    Level,
    levels_of_tree,
    trees_of,
)
from summand.tables import Array, Count, Limits

SCORE_BINS, SCORE_BINS_COARSE = 4096, 256
LINKS = {"logistic": "logit", "squared": "identity", "poisson": "log"}


def score_keys(state: BoostingState, limits: Limits) -> Keys:
    """The bins of the margins by which cases and controls are counted."""
    reach = state.reach * (1.0 + 2.0**-40) + 1e-9
    count = SCORE_BINS if limits.exact_quantiles else SCORE_BINS_COARSE
    return Keys(state.base - reach, 2.0 * reach / (count - 1), count)


def area(cases: Array, controls: Array, *, tied: bool) -> dict[str, float | None]:
    """The area under the ROC curve from cases and controls by bin; pairs within a bin count half.

    Without trees everybody is ``tied``; else the order of two people in a bin is not known, and the area lies between
    ``auc_least`` and ``auc_most``.

    Source: Mann & Whitney (1947), Annals of Mathematical Statistics 18(1).
    """
    pairs = float(cases.sum() * controls.sum())
    if pairs == 0.0:
        return dict.fromkeys(("auc", "auc_least", "auc_most"))
    below = float(cases @ (np.cumsum(controls) - controls))
    same = float(cases @ controls)
    if tied:
        return dict.fromkeys(("auc", "auc_least", "auc_most"), 0.5)
    return {"auc": (below + same / 2) / pairs, "auc_least": below / pairs, "auc_most": (below + same) / pairs}


def fit_rows(state: BoostingState, loss: Loss, areas: list[dict[str, float | None]]) -> list[dict[str, Any]]:
    """How well the model predicts the rows it learned from, and those held out."""
    rows, losses = [], state.loss_rows
    for place, (name, n) in enumerate((("training", state.n), ("held out", state.held_out))):
        if not n:
            continue
        found, nothing = losses[state.best, place] / n, losses[0, place] / n
        row = {"rows": name, "n": Count(n), "loss": loss.metric, "value": float(found) * loss.loss_unit}
        explained = float(1.0 - found / nothing) if nothing > 0.0 else None
        rows.append({**row, "explained": explained, **(areas[place] if areas else {})})
    return rows


def curve_rows(state: BoostingState, loss: Loss) -> list[dict[str, Any]]:
    """The mean loss after 0, 1, … trees."""
    sizes = np.array([max(state.n, 1), max(state.held_out, 1)])
    rows = (state.loss_rows / sizes * loss.loss_unit).tolist()
    return [
        {"trees": count, "training": teaching, "held_out": held if state.held_out else None}
        for count, (teaching, held) in enumerate(rows)
    ]


def importance_rows(binning: Binning, trees: list[list[Level]]) -> list[dict[str, Any]]:
    """By column, the part of all gains that its splits brought, largest first.

    Source: Breiman, Friedman, Olshen & Stone (1984), §5.3; Friedman (2001), §8.1.
    """
    gains, splits = np.zeros(len(binning.features)), np.zeros(len(binning.features), dtype=int)
    for level in (level for tree in trees for level in tree):
        at = level.splits
        np.add.at(gains, level.feature[at], level.value[at])
        np.add.at(splits, level.feature[at], 1)
    whole = float(gains.sum())
    order = np.argsort(-gains, kind="stable").tolist()
    return [
        {
            "column": binning.features[i].column.name,
            "importance": float(gains[i]) / whole if whole > 0.0 else 0.0,
            "splits": int(splits[i]),
        }
        for i in order
    ]


def model_of(binning: Binning, trees: list[list[Level]], loss: Loss, base: float, outcome: str) -> dict[str, Any]:
    """The model as JSON values, as `predict` reads it; nodes are numbered level by level, leaves have feature -1."""
    unit = loss.half_width if loss.name == "squared" else 1.0
    shift = {"logistic": 0.0, "squared": loss.centre, "poisson": math.log(loss.half_width)}[loss.name]
    low, high = {
        "logistic": (0.0, 1.0), "poisson": (0.0, loss.half_width),
        "squared": (loss.centre - loss.half_width, loss.centre + loss.half_width),
    }[loss.name]  # fmt: skip
    return {
        "outcome": outcome, "link": LINKS[loss.name], "base": base * unit + shift, "low": low, "high": high,
        "features": [_feature(binning, place) for place in range(len(binning.features))],
        "trees": [_tree(binning, tree, unit) for tree in trees],
    }  # fmt: skip


def _feature(binning: Binning, place: int) -> dict[str, Any]:
    feature = binning.features[place]
    if feature.keys is None:
        return {"column": feature.column.name, "kind": "category", "levels": list(feature.levels)}
    low, high = feature.column.range
    return {"column": feature.column.name, "kind": "number", "low": low, "high": high}


def _tree(binning: Binning, levels: list[Level], unit: float) -> dict[str, Any]:
    out: dict[str, Any] = {name: [] for name in ("feature", "threshold", "missing_left", "left", "right", "value")}
    categories: dict[str, list[str]] = {}
    first = 0
    for level in levels:
        tables, following, split = level.tables(binning), first + len(level.feature), 0
        for node, place in enumerate(level.feature.tolist()):
            if place == LEAF:
                record: tuple[Any, ...] = (-1, None, None, -1, -1, float(level.value[node]) * unit)
            else:
                cuts, table = binning.cuts[place], tables[split]
                if level.kind[node] == CATEGORY:
                    names = binning.features[place].levels
                    categories[str(first + node)] = [n for n, b in zip(names, cuts.last, strict=True) if table[b]]
                threshold = None if level.kind[node] == CATEGORY else _threshold(binning, place, int(level.cut[node]))
                to_left = bool(table[cuts.missing])
                record = (place, threshold, to_left, following + 2 * split, following + 2 * split + 1, None)
                split += 1
            for name, item in zip(out, record, strict=True):
                out[name].append(item)
        first = following
    return {**out, "levels_left": categories}


def _threshold(binning: Binning, place: int, cut: int) -> float:
    """The value up to which a row goes left: midway between the last key of the bin and the next."""
    keys, last = binning.features[place].keys, binning.cuts[place].last
    assert keys is not None
    if cut >= len(last):
        return binning.features[place].column.range[1]
    return keys.low + (last[cut] + 0.5) * keys.step


def all_levels(state: BoostingState) -> list[list[Level]]:
    """The finished trees of a state."""
    return [levels_of_tree(text) for text in trees_of(state.trees)]
