"""From a method's result to what may leave: the only way in which a count gets a JSON form."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from summand.disclosure._suppression import Hidden, Whole, hidden_cells
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

    - Where tables of two ``columns`` stand beside those columns' own ``levels``, a level that is hidden there is hidden in
      them too, whole: else its cells would be added up.

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
    out = {
        _key(key): dict(SUPPRESSED) if key in hidden else _released(value, limits, beside)
        for key, value in values.items()
        if key != "crosstabs"
    }
    if "crosstabs" not in values:
        return out
    levels = _hidden_levels(values.get("columns"), limits)
    out["crosstabs"] = [_crosstab(item, limits, levels) for item in values["crosstabs"]]
    return {_key(key): out[key] for key in values}  # in the method's order


def _hidden_levels(columns: Any, limits: Limits) -> dict[str, tuple[str, ...]]:
    """The levels that each column's own table hides, by column."""
    found: dict[str, tuple[str, ...]] = {}
    for row in columns if isinstance(columns, list | tuple) else ():
        table = row.get("levels") if isinstance(row, Mapping) else None
        if not isinstance(table, CountTable):
            continue
        n, missing = row.get("n"), row.get("missing")
        if isinstance(n, Count) and _is_small(n, limits):
            found[str(row.get("column"))] = tuple(table.rows)
            continue
        beside = (missing.people,) if isinstance(missing, Count) and _is_small(missing, limits) else ()
        _, hidden = _hidden_mask(table, limits, beside)
        found[str(row.get("column"))] = tuple(
            label for label, out in zip(table.rows, hidden.tolist(), strict=True) if any(out)
        )
    return found


def _crosstab(item: Any, limits: Limits, levels: Mapping[str, tuple[str, ...]]) -> Any:
    """One table of two columns, the hidden levels of either hidden whole."""
    if not isinstance(item, Mapping) or not isinstance(item.get("counts"), CountTable):
        return _released(item, limits)
    rows, columns = (levels.get(str(item.get(name)), ()) for name in ("rows", "columns"))
    released = _object({name: value for name, value in item.items() if name != "counts"}, limits)
    return {**released, "counts": _table(item["counts"], limits, (), (rows, columns))}


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


def _table(
    table: CountTable,
    limits: Limits,
    beside: tuple[int, ...],
    whole: tuple[tuple[str, ...], tuple[str, ...]] = ((), ()),
) -> dict[str, Any]:
    """A table's shown cells; ``whole`` are the rows and the columns that are hidden entirely."""
    cells, hidden = _hidden_mask(table, limits, beside)
    hidden[[label in whole[0] for label in table.rows], :] = True
    hidden[:, [label in whole[1] for label in table.columns]] = True
    return {
        "rows": list(table.rows),
        "columns": list(table.columns),
        "cells": [
            [None if hidden[i, j] else int(cells[i, j]) for j in range(cells.shape[1])] for i in range(cells.shape[0])
        ],
        "suppressed_cells": int(hidden.sum()),
    }  # fmt: skip


def _hidden_mask(table: CountTable, limits: Limits, beside: tuple[int, ...]) -> tuple[Whole, Hidden]:
    """A table's cells, and which of them are hidden by the table itself."""
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
    return cells, hidden.copy()


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
