"""The whole ledger, checked from its files alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from summand.errors import CheckpointInvalid, EntryInvalid
from summand.ledger._checkpoint import Checkpoint, open_checkpoint
from summand.ledger._log import read_checkpoint
from summand.ledger._merkle import Tree, leaf_hash
from summand.ledger._note import Note
from summand.ledger._storage import DirectoryStorage, Storage
from summand.ledger._tiles import CHECKPOINT_PATH, ENTRIES, TILE_WIDTH, Tile, decode_bundle, tiles_between
from summand.ledger._verifier_key import ML_DSA_44, VerifierKey

WitnessKeys = Sequence[VerifierKey] | Callable[[Sequence[bytes]], Sequence[VerifierKey]]


@dataclass(frozen=True)
class Report:
    """What was found in order: leaves, root hash (32 bytes), the checkpoint's note, and how many files were checked.

    ``extra_files`` are files that are no part of the ledger under its checkpoint. Nothing is said about their bytes.
    """

    origin: str
    leaf_count: int
    root_hash: bytes
    checkpoint_note: str
    file_count: int
    extra_files: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As JSON, the root hash in hexadecimal."""
        return {**vars(self), "root_hash": self.root_hash.hex(), "extra_files": list(self.extra_files)}


def verify_directory(path: Path, verifier_key: VerifierKey, witness_keys: WitnessKeys = ()) -> Report:
    """Derive every hash of a log or replica again from the entries in its folder; no process needs to run.

    Args:
        path: The folder, with the layout of c2sp.org/tlog-tiles. It is only read.
        verifier_key: The log's key, whose name is the log's origin.
        witness_keys: The keys of all witnesses that cosigned its checkpoint, or a function that finds them in the
            ledger's own entries, which is called once these are verified.

    Raises:
        CheckpointInvalid: if the checkpoint is missing, malformed or not signed by the log, or carries a signature by
            a key that is not given: such a line could be changed unseen.
        EntryInvalid: if a file is missing or any of its bytes is not what the checkpoint commits to; it is named.
    """
    return verify_storage(DirectoryStorage(path, exclusive=False), verifier_key, witness_keys)


def read_entries(path: Path, report: Report) -> list[bytes]:
    """The entries of a log or replica that `verify_directory` reported on, hashed once more as they are read.

    Raises:
        EntryInvalid: if a file is not what the report's root hash commits to.
    """
    storage, tree, found = DirectoryStorage(path, exclusive=False), Tree(), list[bytes]()
    for tile in tiles_between(0, report.leaf_count):
        if tile.level == ENTRIES:
            found.extend(decode_bundle(_read(storage, tile.path), tile.width, tile.path))
    for entry in found:
        tree.append(leaf_hash(entry))
    if tree.root() != report.root_hash:
        _damaged("tile/entries", "its entries are no longer those that were verified")
    return found


def verify_storage(storage: Storage, verifier_key: VerifierKey, witness_keys: WitnessKeys | None) -> Report:
    """As `verify_directory`, from any storage; with ``witness_keys`` None, unknown signers are passed over."""
    # (1) The log signed the checkpoint.
    note_text, checkpoint = _open_stored_checkpoint(storage, verifier_key)
    # (2) The entries give leaf hashes, and these a tree (RFC 9162 §2.1.1).
    tree, tiles, found = Tree(), list(tiles_between(0, checkpoint.size)), list[bytes]()
    for tile in tiles:
        if tile.level == ENTRIES:
            for entry in decode_bundle(_read(storage, tile.path), tile.width, tile.path):
                tree.append(leaf_hash(entry))
                if callable(witness_keys):
                    found.append(entry)
    # (3) The tree has the root hash that the log signed, and every other line on the checkpoint is by a known witness.
    if tree.root() != checkpoint.root:
        _name_the_damaged(storage, tree, checkpoint)
    if witness_keys is not None:
        _check_lines(note_text, verifier_key, witness_keys(found) if callable(witness_keys) else witness_keys)
    # (4) Every tile of hashes is a slice of that tree.
    for tile in tiles:
        if tile.level != ENTRIES:
            _check_tile(storage, tile, tree)
    # (5) Partial files that the log outgrew, where a crash left some, are the beginnings of what followed.
    expected = {CHECKPOINT_PATH, *(tile.path for tile in tiles)}
    others = [path for path in storage.paths() if path not in expected]
    older = [path for path in others if (tile_there := Tile.from_path(path)) and tile_there.is_in_tree(checkpoint.size)]
    for path in older:
        _check_outgrown(storage, path, tree)
    extra = tuple(path for path in others if path not in older)
    count = len(expected) + len(older)
    return Report(checkpoint.origin, checkpoint.size, checkpoint.root, note_text, count, extra)


def _open_stored_checkpoint(storage: Storage, verifier_key: VerifierKey) -> tuple[str, Checkpoint]:
    note_text = read_checkpoint(storage)
    if note_text is None:
        _bad_checkpoint("is missing")
    checkpoint = _opened(note_text, [verifier_key])
    if checkpoint.origin != verifier_key.name:
        _bad_checkpoint(f"is of the log {checkpoint.origin}, not of {verifier_key.name}")
    return note_text, checkpoint


def _check_lines(note_text: str, verifier_key: VerifierKey, witness_keys: Sequence[VerifierKey]) -> None:
    keys = [verifier_key, *witness_keys]
    _opened(note_text, keys)
    known = {(key.name, key.key_id) for key in keys if key.signature_type != ML_DSA_44}
    for line in Note.from_text(note_text).signatures:
        if (line.name, line.key_id) not in known:
            _bad_checkpoint(f"carries a signature by {line.name} that cannot be checked without that witness's key")


def _opened(note_text: str, keys: Sequence[VerifierKey]) -> Checkpoint:
    try:
        return open_checkpoint(note_text, keys)
    except CheckpointInvalid as error:
        raise CheckpointInvalid(f"The file {CHECKPOINT_PATH}: {error.message}", remedy=error.remedy) from None


def _name_the_damaged(storage: Storage, tree: Tree, checkpoint: Checkpoint) -> NoReturn:
    """The first bundle whose entries disagree with the leaf hashes stored beside it; else the checkpoint."""
    for tile in tiles_between(0, checkpoint.size):
        if tile.level == 0 and _read(storage, tile.path) != _slice(tree, tile):
            path = Tile(ENTRIES, tile.index, tile.width).path
            _damaged(path, f"its entries do not hash to {tile.path}, nor all entries to the checkpoint's root hash")
    _bad_checkpoint(f"does not have the root hash of the stored entries ({checkpoint})")


def _check_tile(storage: Storage, tile: Tile, tree: Tree) -> None:
    if _read(storage, tile.path) != _slice(tree, tile):
        _damaged(tile.path, "its hashes are not those of the entries")


def _check_outgrown(storage: Storage, path: str, tree: Tree) -> None:
    tile = Tile.from_path(path)
    assert tile is not None
    if tile.level != ENTRIES:
        return _check_tile(storage, tile, tree)
    entries = decode_bundle(_read(storage, path), tile.width, path)
    if b"".join(map(leaf_hash, entries)) != _slice(tree, tile):
        _damaged(path, "its entries are not those of the ledger")
    return None


def _slice(tree: Tree, tile: Tile) -> bytes:
    return tree.hashes(8 * max(tile.level, 0), tile.index * TILE_WIDTH, tile.stop)


def _read(storage: Storage, path: str) -> bytes:
    data = storage.read(path)
    if data is None:
        _damaged(path, "it is missing")
    return data


def _damaged(path: str, reason: str) -> NoReturn:
    raise EntryInvalid(
        f"The file {path} is not what the ledger's checkpoint commits to: {reason}.",
        remedy="Restore the file from a partner's replica, and find out who changed it.",
    )


def _bad_checkpoint(reason: str) -> NoReturn:
    raise CheckpointInvalid(
        f"The file {CHECKPOINT_PATH} {reason}.", remedy="Restore it from a partner's replica, or give the missing key."
    )
