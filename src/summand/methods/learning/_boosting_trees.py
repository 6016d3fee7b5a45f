"""Trees while they grow and as text: level by level, so that a level more is a text longer by one piece.

A tree is its levels, joined by ``.``; a model is its trees, joined by ``;``. A level has one record for each of its nodes
and behind them 32 bytes for each split of a category. The children of the k-th split of a level are nodes 2k and 2k + 1
of the next.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from summand.methods.learning._boosting_bins import Binning, Bytes
from summand.tables import Array

LEAF = 255
MISSING_RIGHT, MISSING_LEFT, CATEGORY = 0, 1, 2
TREE, LEVEL = ";", "."
_RECORD = np.dtype([("feature", "u1"), ("cut", "u1"), ("kind", "u1"), ("value", "<f8")])
_MASK_BYTES = 32
# Rows whose bins and places stay in a core's second-level cache.
CHUNK_ROWS = 16_384

Table = NDArray[np.bool_]


@dataclass(frozen=True)
class Level:
    """The nodes of one level of a tree.

    Attributes:
        feature: The feature each node splits, `LEAF` where it does not: shape (nodes,).
        cut: For a number, the last bin that goes left.
        kind: Where what is missing goes, or `CATEGORY`.
        value: A leaf's addition to the margin, else the gain of the split.
        masks: For each split of a category, in order, the bins that go left: shape (splits, 256).
    """

    feature: Bytes
    cut: Bytes
    kind: Bytes
    value: Array
    masks: Table

    @property
    def splits(self) -> NDArray[np.intp]:
        """The places of the nodes that are split."""
        return np.flatnonzero(self.feature != LEAF)

    def tables(self, binning: Binning) -> Table:
        """Which bins go left at each split, in the order of `splits`: shape (splits, 256)."""
        out = np.zeros((len(self.splits), 256), dtype=np.bool_)
        masks = iter(self.masks)
        for row, node in zip(out, self.splits.tolist(), strict=True):
            if self.kind[node] == CATEGORY:
                row[:] = next(masks)
                continue
            row[: int(self.cut[node]) + 1] = True
            cuts = binning.cuts[int(self.feature[node])]
            if cuts.has_missing:
                row[cuts.missing] = self.kind[node] == MISSING_LEFT
        return out

    def pack(self) -> str:
        """As text."""
        records = np.empty(len(self.feature), dtype=_RECORD)
        for name in ("feature", "cut", "kind", "value"):
            records[name] = getattr(self, name)
        masks = np.packbits(self.masks, axis=1).tobytes() if len(self.masks) else b""
        return base64.b64encode(records.tobytes() + masks).decode("ascii")

    @classmethod
    def unpack(cls, text: str, nodes: int) -> Self:
        """The level of so many nodes behind its text."""
        data = base64.b64decode(text)
        records = np.frombuffer(data, dtype=_RECORD, count=nodes)
        rest = np.frombuffer(data, dtype=np.uint8, offset=nodes * _RECORD.itemsize)
        masks = np.unpackbits(rest.reshape(-1, _MASK_BYTES), axis=1).astype(np.bool_)
        return cls(records["feature"], records["cut"], records["kind"], records["value"], masks)


def levels_of_tree(text: str) -> list[Level]:
    """The levels of a tree so far."""
    found, nodes = [], 1
    for piece in text.split(LEVEL) if text else ():
        found.append(Level.unpack(piece, nodes))
        nodes = 2 * len(found[-1].splits)
    return found


def trees_of(text: str) -> list[str]:
    """The texts of a model's trees."""
    return text.split(TREE) if text else []


def join(before: str, piece: str, mark: str) -> str:
    """A text longer by one piece."""
    return f"{before}{mark}{piece}" if before else piece


def leaf_values(levels: list[Level], binning: Binning, bins: Bytes) -> Array:
    """What a finished tree adds to the margin of every row, shape (rows,).

    Args:
        levels: Of the tree.
        binning: How its bins were learned.
        bins: Shape (rows, features).
    """
    out = np.empty(len(bins))
    tables = [level.tables(binning) for level in levels]
    for first in range(0, len(bins), CHUNK_ROWS):
        some = slice(first, first + CHUNK_ROWS)
        out[some] = _walk(levels, tables, bins[some])
    return out


def _walk(levels: list[Level], tables: list[Table], bins: Bytes) -> Array:
    """`leaf_values` of so few rows that they stay in cache."""
    out, flat, width = np.empty(len(bins)), bins.reshape(-1), bins.shape[1]
    rows, node = np.arange(len(bins)), np.zeros(len(bins), dtype=np.intp)
    for level, table in zip(levels, tables, strict=True):
        feature = level.feature.astype(np.intp)[node]
        ends = feature == LEAF
        if ends.any():
            out[rows[ends]] = level.value[node[ends]]
            rows, node, feature = rows[~ends], node[~ends], feature[~ends]
        if not len(rows):
            break
        split = (np.cumsum(level.feature != LEAF) - 1)[node]
        left = table.reshape(-1).take(split * 256 + flat.take(rows * width + feature))
        node = 2 * split + ~left
    return out
