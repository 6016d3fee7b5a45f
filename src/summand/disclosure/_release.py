"""From a method's result to what may leave: the only way in which a count gets a JSON form."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from summand.disclosure._suppression import hidden_cells
from summand.errors import OwnProtocolError
from summand.tables import Count, CountTable, Limits

SUPPRESSED: dict[str, Any] = {"suppressed": True}
"""What stands in place of a hidden count. In a table's cells a hidden one is null."""


def is_suppressed(value: Any) -> bool:
    """Whether a released value stands for a hidden count."""
    return bool(value == SUPPRESSED)


def release(values: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    """A result's values as JSON values, with small counts hidden.

    - `Count`: the number, or `SUPPRESSED` below ``minimum_cell``, zero included.
    - `CountTable`: ``{"rows", "columns", "cells", "suppressed_cells"}``; a hidden cell is null, the last is how many
      are hidden. See `hidden_cells` for which.
    - Where an object holds the counts ``n`` and ``missing``, their sum is known: either both are shown or both hidden,
      and the missing count as a further cell of each frequency table beside them. Where it holds ``n`` and ``events``
      (in a comparison of groups, ``observed``), the count of those without the event is known too: if it is small, that
      of the events is hidden.
    - Where an object's ``n`` is itself small, nothing about those few people is shown: what stands beside it becomes
      null, but for texts and truth values. Objects in a list that name their ``group`` divide one cohort, whose size is
      known, so their ``n`` are judged as one frequency table.

    With ``minimum_cell`` 0 or 1 all counts are shown. Only counts are judged here; a method rounds its other figures so that
    they give no hidden count away. Two studies with cohorts that differ by a few people can still be subtracted: that
    is a question of which studies run, not of one release.

    Raises:
        OwnProtocolError: a value has no JSON form, or a number is not finite. A defect of the method, not of the data.
    """
    if not isinstance(values, Mapping):
        raise _not_json(type(values).__name__)
    return _object(values, limits)


def _object(values: Mapping[str, Any], limits: Limits, beside: tuple[int, ...] = ()) -> dict[str, Any]:
    """One object; ``beside`` are hidden counts that complete its frequency tables to a known total."""
    n, missing = values.get("n"), values.get("missing")
    if isinstance(n, Count) and _is_small(n, limits):
        return _withheld(values)
    hidden: set[str] = set()
    if isinstance(n, Count) and isinstance(missing, Count) and _is_small(missing, limits):
        hidden, beside = {"n", "missing"}, (missing.people,)
    for name in ("events", "observed"):
        events = values.get(name)
        if isinstance(n, Count) and isinstance(events, Count) and _is_small(Count(n.people - events.people), limits):
            hidden.add(name)
    return {
        _key(key): dict(SUPPRESSED) if key in hidden else _released(value, limits, beside)
        for key, value in values.items()
    }


def _released(value: Any, limits: Limits, beside: tuple[int, ...] = ()) -> Any:
    if isinstance(value, Count):
        return dict(SUPPRESSED) if _is_small(value, limits) else int(value.people)
    if isinstance(value, CountTable):
        return _table(value, limits, beside)
    if isinstance(value, Mapping):
        return _object(value, limits, beside)
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return _groups(value, limits) if _are_groups(value) else [_released(item, limits) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise _not_json("a number that is not finite" if isinstance(value, float) else type(value).__name__)


def _table(table: CountTable, limits: Limits, beside: tuple[int, ...]) -> dict[str, Any]:
    shape = (len(table.rows), len(table.columns))
    cells = np.array(table.cells, dtype=np.int64)
    if cells.size == 0:
        cells = cells.reshape(shape)
    if cells.shape != shape or bool((cells < 0).any()):
        raise _not_json("a table of counts whose cells do not fit its labels")
    if min(shape) == 1 and beside:
        # What is missing completes the table to a total that everybody knows: one more cell, decided with the others.
        whole = np.concatenate([cells.reshape(-1), np.array(beside, dtype=np.int64)])
        hidden = hidden_cells(whole.reshape(-1, 1), limits.minimum_cell)[: cells.size].reshape(shape)
    else:
        hidden = hidden_cells(cells, limits.minimum_cell, margins_known=table.margins_released)
    return {
        "rows": list(table.rows),
        "columns": list(table.columns),
        "cells": [
            [None if hidden[i, j] else int(cells[i, j]) for j in range(shape[1])] for i in range(shape[0])
        ],
        "suppressed_cells": int(hidden.sum()),
    }  # fmt: skip


def _is_small(count: Count, limits: Limits) -> bool:
    return limits.minimum_cell > 1 and count.people < limits.minimum_cell


def _are_groups(items: list[Any] | tuple[Any, ...]) -> bool:
    return bool(items) and all(
        isinstance(item, Mapping) and "group" in item and isinstance(item.get("n"), Count) for item in items
    )


def _groups(items: list[Any] | tuple[Any, ...], limits: Limits) -> list[Any]:
    people = np.array([[item["n"].people] for item in items], dtype=np.int64)
    hidden = hidden_cells(people, limits.minimum_cell).reshape(-1)
    return [_withheld(item) if hide else _object(item, limits) for item, hide in zip(items, hidden, strict=True)]


def _withheld(values: Mapping[str, Any]) -> dict[str, Any]:
    """What is left of an object about too few people."""
    left: dict[str, Any] = {}
    for key, value in values.items():
        kept = value if isinstance(value, str | bool) else None
        left[_key(key)] = dict(SUPPRESSED) if isinstance(value, Count) else kept
    return left


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise _not_json("an object whose key is not a text")
    return key


def _not_json(what: str) -> OwnProtocolError:
    return OwnProtocolError(
        f"A result holds {what}, which has no place in a release.", remedy="Report this defect with the method's name."
    )
