"""A fit inside another method: its state as numbers, so that it travels in the outer state."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar

import numpy as np

from summand.methods._protocol import Block, Layout, State
from summand.tables import Array

Inner = TypeVar("Inner", bound=State)


def packed(state: State) -> Array:
    """The fields of a state of numbers and arrays, one behind the other, shape (numbers,)."""
    parts = [np.ravel(np.asarray(getattr(state, f.name), dtype=np.float64)) for f in dataclasses.fields(state)]
    return np.concatenate(parts)


def unpacked(numbers: Array, like: Inner) -> Inner:
    """The state behind `packed`.

    Args:
        numbers: Shape (numbers,).
        like: A state of the same shapes and kinds, such as the start.
    """
    values: dict[str, Any] = {}
    at = 0
    for f in dataclasses.fields(like):
        model = getattr(like, f.name)
        size = int(np.size(model))
        part = numbers[at : at + size]
        at += size
        values[f.name] = part.reshape(np.shape(model)) if isinstance(model, np.ndarray) else type(model)(part[0])
    return dataclasses.replace(like, **values)


def by_name(total: Array, layout: Layout) -> dict[str, Array]:
    """The numbers of each block of a total."""
    found: dict[str, Array] = {}
    at = 0
    for block in layout:
        found[block.name] = total[at : at + block.size]
        at += block.size
    return found


def filled(*blocks: Block) -> Layout:
    """The blocks that hold any number."""
    return tuple(block for block in blocks if block.size)
