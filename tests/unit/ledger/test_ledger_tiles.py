"""The public layout: names and contents of tiles, and proofs rebuilt by a reader that knows nothing but the files."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summand.errors import EntryInvalid
from summand.ledger import Checkpoint, Log, MemoryStorage, Note, Tile, leaf_hash, verify_consistency, verify_inclusion
from summand.ledger._tiles import decode_bundle, encode_bundle, tiles_between
from summand.signing import PrivateKey

KEY = PrivateKey.generate()


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0, 256), "tile/0/000"),
        (Tile(0, 1234067, 256), "tile/0/x001/x234/067"),
        (Tile(1, 1000, 5), "tile/1/x001/000.p/5"),
        (Tile(63, 999, 255), "tile/63/999.p/255"),
        (Tile(-1, 273, 112), "tile/entries/273.p/112"),
    ],
)
def test_paths_are_those_of_the_specification(tile: Tile, path: str) -> None:
    """Levels, indexes and widths are written as c2sp.org/tlog-tiles says, and read back."""
    assert tile.path == path
    assert Tile.from_path(path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "tile/64/000",
        "tile/00/000",
        "tile/0/0",
        "tile/0/x000/000",
        "tile/0/001/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/05",
        "tile/-1/000",
        "tile/entries/000.p",
        "tile/0/000.new",
        "/tile/0/000",
        "tile/0/../0/000",
        "tile/0/٠٠٠",
        "checkpoint",
        "",
    ],
)
def test_other_paths_are_no_tiles(path: str) -> None:
    """A path that the specification does not give is nobody's tile."""
    assert Tile.from_path(path) is None


def test_the_specifications_example_of_70000_leaves() -> None:
    """A tree of 70,000 leaves has the tiles that the specification counts."""
    tiles = [(tile.level, tile.width) for tile in tiles_between(0, 70_000)]
    full = {level: tiles.count((level, 256)) for level in (0, 1, 2)}
    partial = {(level, width) for level, width in tiles if width < 256 and level >= 0}
    assert full == {0: 273, 1: 1, 2: 0}
    assert partial == {(0, 112), (1, 17), (2, 1)}
    assert sorted((tile.level, tile.width) for tile in tiles_between(0, 256)) == [(-1, 256), (0, 256), (1, 1)]


@given(st.integers(0, 200_000), st.integers(0, 70_000))
def test_new_tiles_are_those_the_old_tree_lacks(old: int, more: int) -> None:
    """The tiles between two sizes are the tiles of the new one without those of the old one."""
    new = old + more
    between = list(tiles_between(old, new))
    assert set(between) == set(tiles_between(0, new)) - set(tiles_between(0, old))
    assert len(set(between)) == len(between)


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=256))
def test_bundles_round_trip(entries: list[bytes]) -> None:
    """A bundle gives its entries back; one byte less, one more or another number of entries is refused."""
    data = encode_bundle(entries)
    assert decode_bundle(data, len(entries), "x") == entries
    for torn, width in ((data[:-1], len(entries)), (data + b"\0", len(entries)), (data, len(entries) + 1)):
        with pytest.raises(EntryInvalid):
            decode_bundle(torn, width, "x")


class Reader:
    """Rebuilds hashes from tiles alone, by the specification's definition and with none of our tree code."""

    def __init__(self, files: dict[str, bytes], size: int) -> None:
        self.files, self.size = files, size

    def tile(self, level: int, index: int) -> bytes:
        """The hashes of one tile."""
        width = min(256, (self.size >> 8 * level) - 256 * index)
        digits = [f"{index % 1000:03d}"]
        while index >= 1000:
            index //= 1000
            digits.insert(0, f"x{index % 1000:03d}")
        return self.files[f"tile/{level}/{'/'.join(digits)}" + (f".p/{width}" if width < 256 else "")]

    def subtree(self, start: int, stop: int) -> bytes:
        """MTH of these leaves, from the highest tile that has it."""
        width = stop - start
        if width & (width - 1) == 0 and start % width == 0:
            level = (width.bit_length() - 1) // 8
            if width == 256**level:
                index = start // width
                return self.tile(level, index // 256)[index % 256 * 32 :][:32]
            middle = start + width // 2
        else:
            middle = start + (1 << (width - 1).bit_length() - 1)
        return sha256(b"\1" + self.subtree(start, middle) + self.subtree(middle, stop)).digest()

    def inclusion(self, index: int, start: int, stop: int) -> list[bytes]:
        """PATH of RFC 9162 §2.1.3.1."""
        if stop - start == 1:
            return []
        middle = start + (1 << (stop - start - 1).bit_length() - 1)
        if index < middle:
            return [*self.inclusion(index, start, middle), self.subtree(middle, stop)]
        return [*self.inclusion(index, middle, stop), self.subtree(start, middle)]


@pytest.mark.parametrize(
    "sizes", [(1,), (255,), (256,), (257,), (1, 255, 256, 257, 511, 700), (65_535, 65_536, 65_793)]
)
def test_a_checkpoint_and_tiles_alone_rebuild_the_proofs(sizes: tuple[int, ...]) -> None:
    """At every committed size the files on disk, read by the specification alone, give root, proofs and entries."""
    storage = MemoryStorage()
    log = Log.create_in(storage, "hub.example/ledger", KEY)
    for size in sizes:
        log.append([f"entry {index}".encode() for index in range(log.size, size)])
        log.commit()
        checkpoint = Checkpoint.from_text(Note.from_text(storage.files["checkpoint"].decode()).body)
        reader = Reader(storage.files, checkpoint.size)
        assert reader.subtree(0, size) == checkpoint.root
        for index in {0, size // 2, size - 1}:
            entry = f"entry {index}".encode()
            verify_inclusion(leaf_hash(entry), index, size, reader.inclusion(index, 0, size), checkpoint.root)
            assert reader.inclusion(index, 0, size) == log.inclusion_proof(index)
            assert log.entry(index) == entry
    for old in sizes:
        verify_consistency(old, log.size, log.root(old), log.root(), log.consistency_proof(old))


def test_partial_tiles_stay_until_the_full_one_is_there() -> None:
    """Each checkpoint's partial tiles stay readable until the full tile replaces them, and go then."""
    storage = MemoryStorage()
    log = Log.create_in(storage, "hub.example/ledger", KEY)
    for size in (10, 200, 255):
        log.append([b"x"] * (size - log.size))
        log.commit()
        log.tidy()
    assert {f"tile/0/000.p/{size}" for size in (10, 200, 255)} <= set(storage.paths())
    log.append([b"x"])
    log.commit()
    log.tidy()
    assert storage.paths() == ["checkpoint", "tile/0/000", "tile/1/000.p/1", "tile/entries/000"]
