"""What a log and a replica of it have in common: entries, tree and files behind one checkpoint."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Self

from summand.errors import EntryInvalid, StorageFailed, UsageError
from summand.ledger._checkpoint import Checkpoint
from summand.ledger._merkle import EMPTY_ROOT, HASH_BYTES, Tree, leaf_hash
from summand.ledger._receipt import Receipt
from summand.ledger._storage import TEMPORARY_SUFFIX, Storage
from summand.ledger._tiles import (
    CHECKPOINT_PATH,
    ENTRIES,
    ENTRY_BYTES_MAX,
    TILE_WIDTH,
    Tile,
    decode_bundle,
    encode_bundle,
    encode_bundles,
    tiles_between,
)

_BUNDLES_KEPT = 64
_PARTIALS_MAX = 1024
"""Partial files that may wait for `tidy`: freeing a file can cost more than writing one (discarding file systems)."""


class StoredLog:
    """Entries under a checkpoint, to read and to prove; the parent of `Log` and `Replica`.

    Only what is under the checkpoint on disk is ever shown. Every entry that is read is compared with its leaf hash,
    and the leaf hashes with the checkpoint's root when the files are opened.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._tree = Tree()
        self._note_text = ""
        self._size = 0
        self._root = EMPTY_ROOT
        self._tail: list[bytes] = []  # the entries of the last, partial bundle
        self._tail_bundle = b""  # the same, encoded
        self._partials: dict[tuple[int, int], list[str]] = {}  # the partial files of each tile
        self._bundles: OrderedDict[int, list[bytes]] = OrderedDict()
        self._is_broken = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the folder. Entries that are not under a checkpoint are lost, as they were never acknowledged."""
        if not self._is_broken:
            self.tidy()
        self._storage.close()
        self._is_broken = True

    def tidy(self) -> None:
        """Delete partial tiles whose full tile is under the checkpoint.

        Opening and closing do it, and a commit once many have gathered; a service calls it between studies. If we
        crash here, some are deleted and some are not: nothing reads them.
        """
        full = [key for key in self._partials if Tile(*key, TILE_WIDTH).is_in_tree(self._size)]
        if not full:
            return
        try:
            self._storage.delete([path for key in full for path in self._partials[key]])
        except StorageFailed:
            # The checkpoint is safe and does not need these files: the next time tries again.
            return
        for key in full:
            del self._partials[key]

    @property
    def size(self) -> int:
        """How many entries are under the checkpoint."""
        return self._size

    def entry(self, index: int) -> bytes:
        """The entry of leaf ``index``.

        Raises:
            UsageError: if no such leaf is under the checkpoint.
            EntryInvalid: if the stored bytes are not what the leaf's hash says.
        """
        return self.entries(index, index + 1)[0]

    def entries(self, start: int = 0, stop: int | None = None) -> list[bytes]:
        """The entries of leaves ``start`` to ``stop`` (all that are under the checkpoint, if None).

        Raises:
            UsageError: if not 0 <= start <= stop <= size.
            EntryInvalid: if the stored bytes are not what a leaf's hash says.
        """
        stop = self._size if stop is None else stop
        if not 0 <= start <= stop <= self._size:
            raise UsageError(
                f"Entries {start} to {stop} are not all in a ledger of {self._size}.",
                remedy="Ask for entries that are under the checkpoint.",
            )
        found: list[bytes] = []
        for index in range(start // TILE_WIDTH, -(-stop // TILE_WIDTH)):
            first = index * TILE_WIDTH
            found += self._bundle(index)[max(start - first, 0) : stop - first]
        return found

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """See `Tree.inclusion_proof`; ``size`` up to the checkpoint's, which it is if None."""
        return self._tree.inclusion_proof(index, self._checked_size(size))

    def consistency_proof(self, old: int, new: int | None = None) -> list[bytes]:
        """See `Tree.consistency_proof`; ``new`` up to the checkpoint's size, which it is if None."""
        return self._tree.consistency_proof(old, self._checked_size(new))

    def receipt(self, index: int) -> Receipt:
        """The proof to hand out that leaf ``index`` is under the present checkpoint (c2sp.org/tlog-proof)."""
        return Receipt(index, tuple(self.inclusion_proof(index)), self._note_text)

    def _load(self, note_text: str, checkpoint: Checkpoint) -> None:
        """Read what the checkpoint speaks of, check it against the root, and clear away everything else of ours."""
        for tile in tiles_between(0, checkpoint.size):
            if tile.level == 0:
                self._load_leaves(tile)
        if self._tree.root() != checkpoint.root:
            raise EntryInvalid(
                f"The leaf hashes in tile/0 do not give the root hash of the checkpoint ({checkpoint}).",
                remedy="Find the damaged file with 'summand ledger verify' and restore it from a partner's replica.",
            )
        self._note_text, self._size, self._root = note_text, checkpoint.size, checkpoint.root
        if self._size % TILE_WIDTH:
            self._tail = self._read_bundle(self._size // TILE_WIDTH)
            self._tail_bundle = encode_bundle(self._tail)
        self._discard_leftovers()

    def _load_leaves(self, tile: Tile) -> None:
        data = self._storage.read(tile.path)
        if data is None or len(data) != tile.width * HASH_BYTES:
            raise EntryInvalid(
                f"The file {tile.path} is missing or has the wrong length.",
                remedy="Restore the file from a partner's replica.",
            )
        for start in range(0, len(data), HASH_BYTES):
            self._tree.append(data[start : start + HASH_BYTES])

    def _discard_leftovers(self) -> None:
        """Remove what a crash left: temporary files, and tiles past the checkpoint, which nobody was told of.

        Partial tiles of earlier checkpoints stay until the full one is there, as c2sp.org/tlog-tiles demands; files
        that are not ours stay for good.
        """
        self._discard_temporary_files()
        unwanted = []
        for path in self._storage.paths():
            tile = Tile.from_path(path)
            if tile and not tile.is_in_tree(self._size):
                unwanted.append(path)
            elif tile and tile.width < TILE_WIDTH:
                self._partials.setdefault((tile.level, tile.index), []).append(path)
        if unwanted:
            self._storage.delete(unwanted)
        self.tidy()

    def _discard_temporary_files(self) -> None:
        torn = [path for path in self._storage.paths() if _is_temporary(path)]
        if torn:
            self._storage.delete(torn)

    def _persist(self, entries: Sequence[bytes], checkpoint: Checkpoint, note_text: str) -> None:
        """Write the entries that the tree has past the checkpoint, their tiles, and last the checkpoint over them.

        Raises:
            StorageFailed: if the storage did; whether the new checkpoint is on disk is then unknown, so this object
                takes nothing more, and opening the files again decides.
        """
        tiles = list(tiles_between(self._size, checkpoint.size))
        bundles = encode_bundles(self._size, self._tail_bundle, entries)
        files = {
            tile.path: bundles[tile.index] if tile.level == ENTRIES else _hashes(self._tree, tile) for tile in tiles
        }
        self._is_broken = True  # until the checkpoint is safe
        if files:
            self._storage.write(files)
        # If we crash here, the new tiles lie beside the old ones and the checkpoint is still the old one, whose
        # tiles are untouched: opening again discards the new ones. Nobody was told of these entries.
        self._storage.write({CHECKPOINT_PATH: note_text.encode()})
        # If we crash here, the new checkpoint stands on files that were durable before it. The caller never learned
        # that its entries are in, and finds them there; only partial tiles that full ones replaced are left over.
        self._note_text, self._size, self._root = note_text, checkpoint.size, checkpoint.root
        open_entries = [*self._tail, *entries]
        self._tail = open_entries[len(open_entries) - self._size % TILE_WIDTH :]
        self._tail_bundle = bundles.get(self._size // TILE_WIDTH, b"")
        self._is_broken = False
        for tile in tiles:
            if tile.width < TILE_WIDTH:
                self._partials.setdefault((tile.level, tile.index), []).append(tile.path)
        if sum(map(len, self._partials.values())) > _PARTIALS_MAX:
            self.tidy()

    def _check_usable(self) -> None:
        if self._is_broken:
            raise StorageFailed(
                "This ledger was closed, or its disk failed in the middle of a write.",
                remedy="Open it again, and look which entries are in before adding any.",
            )

    def _check_entries(self, entries: Sequence[bytes]) -> None:
        longest = max(map(len, entries), default=0)
        if longest > ENTRY_BYTES_MAX:
            raise UsageError(
                f"An entry has {longest} bytes; the limit is {ENTRY_BYTES_MAX} (c2sp.org/tlog-tiles).",
                remedy="Record the hash of the document and keep the document beside the ledger.",
            )

    def _checked_size(self, size: int | None) -> int:
        if size is not None and not 0 <= size <= self._size:
            raise UsageError(
                f"The ledger has {self._size} entries under its checkpoint, not {size}.", remedy="Ask for fewer."
            )
        return self._size if size is None else size

    def _bundle(self, index: int) -> list[bytes]:
        if index == self._size // TILE_WIDTH:
            return self._tail
        if index not in self._bundles:
            self._bundles[index] = self._read_bundle(index)
            if len(self._bundles) > _BUNDLES_KEPT:
                self._bundles.popitem(last=False)
        self._bundles.move_to_end(index)
        return self._bundles[index]

    def _read_bundle(self, index: int) -> list[bytes]:
        first = index * TILE_WIDTH
        tile = Tile(ENTRIES, index, min(TILE_WIDTH, self._size - first))
        entries = decode_bundle(self._storage.read(tile.path) or b"", tile.width, tile.path)
        if b"".join(map(leaf_hash, entries)) != self._tree.hashes(0, first, first + tile.width):
            raise EntryInvalid(
                f"An entry in the file {tile.path} is not what its leaf hash says.",
                remedy="Restore the file from a partner's replica.",
            )
        return entries


def _hashes(tree: Tree, tile: Tile) -> bytes:
    return tree.hashes(8 * tile.level, tile.index * TILE_WIDTH, tile.stop)


def _is_temporary(path: str) -> bool:
    target = path.removesuffix(TEMPORARY_SUFFIX)
    return target != path and (target == CHECKPOINT_PATH or Tile.from_path(target) is not None)
