"""The files of a log (c2sp.org/tlog-tiles): their names, and entry bundles."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

from summand.errors import EntryInvalid

TILE_WIDTH = 256
ENTRIES = -1
"""The "level" of entry bundles, which lie under ``tile/entries`` and are as wide as hash tiles of level 0."""
LEVEL_MAX = 63
ENTRY_BYTES_MAX = (1 << 16) - 1
CHECKPOINT_PATH = "checkpoint"

_LENGTH = struct.Struct(">H")
_PATH = re.compile(r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII)


@dataclass(frozen=True)
class Tile:
    """One tile: its ``level`` (`ENTRIES` for an entry bundle), its ``index`` in the level, its ``width`` (1 to 256)."""

    level: int
    index: int
    width: int

    @property
    def path(self) -> str:
        """Where the tile lies: index 1234067 as ``x001/x234/067``, a partial tile under ``.p/<width>``."""
        index, digits = self.index, f"{self.index % 1000:03d}"
        while index >= 1000:
            index //= 1000
            digits = f"x{index % 1000:03d}/{digits}"
        level = "entries" if self.level == ENTRIES else str(self.level)
        partial = f".p/{self.width}" if self.width < TILE_WIDTH else ""
        return f"tile/{level}/{digits}{partial}"

    @classmethod
    def from_path(cls, path: str) -> Tile | None:
        """The tile behind a path; None if the path is not one that `path` gives."""
        match = _PATH.fullmatch(path)
        if match is None or len(path) > 200:
            return None
        level = ENTRIES if match[1] == "entries" else int(match[1])
        index = int(match[2].replace("/", "").replace("x", ""))
        tile = cls(level, index, int(match[3]) if match[3] else TILE_WIDTH)
        return tile if level <= LEVEL_MAX and tile.path == path else None

    @property
    def stop(self) -> int:
        """The number after its last hash, or entry, within its level."""
        return self.index * TILE_WIDTH + self.width

    def is_in_tree(self, size: int) -> bool:
        """Whether a tree of ``size`` leaves has all that the tile holds."""
        return self.stop <= size >> (8 * max(self.level, 0))


def tiles_between(old: int, new: int) -> Iterator[Tile]:
    """The tiles that a tree of ``new`` leaves has and one of ``old`` leaves has not; bundles first, then by level.

    Source: c2sp.org/tlog-tiles, "Merkle Tree" and "Partial Tiles".
    """
    for level in range(ENTRIES, LEVEL_MAX + 1):
        shift = 8 * max(level, 0)
        old_count, new_count = old >> shift, new >> shift
        if new_count == 0:
            return
        if new_count > old_count:
            for index in range(old_count // TILE_WIDTH, -(-new_count // TILE_WIDTH)):
                yield Tile(level, index, min(TILE_WIDTH, new_count - index * TILE_WIDTH))


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """The bundle of the entries, each behind its length as a big-endian uint16."""
    pack = _LENGTH.pack
    return b"".join([part for entry in entries for part in (pack(len(entry)), entry)])


def encode_bundles(size: int, last_bundle: bytes, entries: Sequence[bytes]) -> dict[int, bytes]:
    """The bundles by index that ``entries`` fall into after ``size`` entries, whose partial bundle is ``last_bundle``."""
    index, room = size // TILE_WIDTH, TILE_WIDTH - size % TILE_WIDTH
    bundles = {index: last_bundle + encode_bundle(entries[:room])}
    for start in range(room, len(entries), TILE_WIDTH):
        index += 1
        bundles[index] = encode_bundle(entries[start : start + TILE_WIDTH])
    return bundles


def decode_bundle(data: bytes, width: int, path: str) -> list[bytes]:
    """The ``width`` entries of the bundle at ``path``.

    Raises:
        EntryInvalid: if the bytes are not exactly that many entries.
    """
    entries, position = [], 0
    while position < len(data):
        start = position + _LENGTH.size
        if start > len(data):
            _torn(path)
        stop = start + _LENGTH.unpack_from(data, position)[0]
        if stop > len(data):
            _torn(path)
        entries.append(data[start:stop])
        position = stop
    if len(entries) != width:
        _torn(path)
    return entries


def _torn(path: str) -> NoReturn:
    raise EntryInvalid(
        f"The file {path} is not the entry bundle that its name says: lengths or number of entries are wrong.",
        remedy="Restore the file from a partner's replica; the ledger's other files are not affected.",
    )
