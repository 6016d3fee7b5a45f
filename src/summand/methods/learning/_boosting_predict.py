"""What a released boosted model says of new rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from summand.errors import ColumnMissing
from summand.tables import Array


def predict(model: Mapping[str, Any], columns: Mapping[str, Sequence[Any] | NDArray[Any]]) -> Array:
    """The mean outcome of every row under a boosted model: a probability where the outcome has two values.

    Args:
        model: The ``model`` of a result of ``boosting``.
        columns: By name, equally long: numbers with NaN (or None) where missing, categories as text with None.

    Returns:
        Shape (rows,).

    Raises:
        ColumnMissing: if a column of the model is not there.

    Examples:
        >>> tree = {"feature": [0, -1, -1], "threshold": [50.5, None, None], "missing_left": [True, None, None],
        ...         "left": [1, -1, -1], "right": [2, -1, -1], "value": [None, -0.2, 0.4], "levels_left": {}}
        >>> age = {"column": "age", "kind": "number", "low": 0, "high": 110}
        >>> model = {"link": "identity", "base": 1.0, "low": 0.0, "high": 9.0, "features": [age], "trees": [tree]}
        >>> predict(model, {"age": [40, 70, None]}).tolist()
        [0.8, 1.4, 0.8]
    """
    values = [_values(feature, columns) for feature in model["features"]]
    rows = len(values[0]) if values else 0
    margin = np.full(rows, float(model["base"]))
    for tree in model["trees"]:
        margin += _added(tree, model["features"], values)
    if model["link"] == "logit":
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(margin, -700.0, 700.0))))
    mean = np.exp(np.minimum(margin, 700.0)) if model["link"] == "log" else margin
    return np.asarray(np.clip(mean, model["low"], model["high"]))


def _values(feature: Mapping[str, Any], columns: Mapping[str, Any]) -> Array:
    """A column as numbers, NaN where missing; a category as the position of its level."""
    name = str(feature["column"])
    if name not in columns:
        raise ColumnMissing(f"The model needs the column '{name}'.", remedy="Give it, with None where it is missing.")
    if feature["kind"] == "number":
        numbers = np.array([np.nan if value is None else value for value in columns[name]], dtype=np.float64)
        return np.clip(numbers, feature["low"], feature["high"])
    place = {level: float(i) for i, level in enumerate(feature["levels"])}
    return np.array([place.get(_text(value), np.nan) for value in columns[name]], dtype=np.float64)


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)


def _added(tree: Mapping[str, Any], features: Sequence[Mapping[str, Any]], values: Sequence[Array]) -> Array:
    """What one tree adds to the margin of every row."""
    out = np.zeros(len(values[0]))
    waiting: list[tuple[int, NDArray[np.intp]]] = [(0, np.arange(len(out)))]
    while waiting:
        node, rows = waiting.pop()
        place = tree["feature"][node]
        if place < 0:
            out[rows] = tree["value"][node]
            continue
        own = values[place][rows]
        if features[place]["kind"] == "number":
            left = own <= tree["threshold"][node]
        else:
            names = set(tree["levels_left"][str(node)])
            goes = np.array([level in names for level in features[place]["levels"]], dtype=np.bool_)
            left = goes[np.where(np.isnan(own), 0.0, own).astype(np.intp)]
        left = np.where(np.isnan(own), tree["missing_left"][node], left)
        waiting += [(tree["left"][node], rows[left]), (tree["right"][node], rows[~left])]
    return out
