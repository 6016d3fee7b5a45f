"""No stored bit of a ledger can be changed unseen, and the damaged file is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from summand.errors import CheckpointInvalid, EntryInvalid, UsageError, VerificationError
from summand.ledger import Log, MemoryStorage, Replica, VerifierKey, verify_directory
from summand.ledger._verify import verify_storage
from summand.signing import PrivateKey

ORIGIN = "hub.example/ledger"
KEY, WITNESS_KEY = PrivateKey.generate(), PrivateKey.generate()
LOG_KEY = VerifierKey.of_log(ORIGIN, KEY.public)
WITNESS = VerifierKey.of_witness("site-a.example", WITNESS_KEY.public)


def stored_log(sizes: tuple[int, ...]) -> MemoryStorage:
    """A log committed at each size and cosigned, with the partial tiles of all of them still there."""
    storage = MemoryStorage()
    log = Log.create_in(storage, ORIGIN, KEY)
    for size in sizes:
        log.append([f"e{index}".encode() for index in range(log.size, size)])
        log.commit()
    replica = Replica.open(None, LOG_KEY)
    replica.advance(log.checkpoint_text(), log.entries(), [])
    log.attach_cosignatures([replica.cosign(WITNESS.name, WITNESS_KEY, 1_700_000_000)], [WITNESS])
    return storage


def assert_noticed(storage: MemoryStorage, path: str, changed: bytes) -> None:
    kept = storage.files[path]
    storage.files[path] = changed
    try:
        verify_storage(storage, LOG_KEY, [WITNESS])
    except VerificationError as error:
        assert path in error.message
    else:
        pytest.fail(f"a change in {path} was not noticed")
    finally:
        storage.files[path] = kept


def test_every_flipped_bit_of_a_small_log_is_noticed() -> None:
    """Each bit of each file, one at a time: entries, partial tiles and every part of the checkpoint's lines."""
    storage = stored_log((2, 5))
    assert set(storage.paths()) == {
        "checkpoint",
        "tile/0/000.p/2",
        "tile/0/000.p/5",
        "tile/entries/000.p/2",
        "tile/entries/000.p/5",
    }
    assert verify_storage(storage, LOG_KEY, [WITNESS]).file_count == 5
    for path, content in list(storage.files.items()):
        for bit in range(len(content) * 8):
            changed = bytearray(content)
            changed[bit // 8] ^= 1 << bit % 8
            assert_noticed(storage, path, bytes(changed))


def test_flips_in_full_and_higher_tiles_are_noticed() -> None:
    """One bit in every hash and at every 97th byte of a log with full tiles and a second level."""
    storage = stored_log((200, 600))
    assert "tile/1/000.p/2" in storage.files
    for path, content in list(storage.files.items()):
        for position in {*range(0, len(content), 97), len(content) - 1}:
            changed = bytearray(content)
            changed[position] ^= 0x40
            assert_noticed(storage, path, bytes(changed))


def test_truncated_emptied_and_extended_files_are_noticed() -> None:
    """A file that lost its end or its all, or gained a byte, is named."""
    storage = stored_log((3, 256, 300))
    for path, content in list(storage.files.items()):
        for changed in (content[:-1], b"", content + b"\0", content + content):
            assert_noticed(storage, path, changed)


def test_swapped_files_and_entries_are_noticed() -> None:
    """Two files exchanged, and two entries of one length exchanged, are noticed."""
    storage = stored_log((300,))
    bundle = storage.files["tile/entries/001.p/44"]
    assert_noticed(storage, "tile/entries/001.p/44", bundle[6:12] + bundle[:6] + bundle[12:])
    assert_noticed(storage, "tile/0/000", storage.files["tile/0/000"][32:] + storage.files["tile/0/000"][:32])


def test_a_missing_file_is_named() -> None:
    """Every file that the checkpoint needs is missed by name."""
    storage = stored_log((600,))
    for path in storage.paths():
        content = storage.files.pop(path)
        with pytest.raises(VerificationError, match=path):
            verify_storage(storage, LOG_KEY, [WITNESS])
        storage.files[path] = content
    assert verify_storage(storage, LOG_KEY, [WITNESS]).leaf_count == 600


def test_a_rewritten_history_needs_the_logs_key() -> None:
    """Files that fit together but not to the signed checkpoint are refused, and the checkpoint or a bundle named."""
    honest, forged = stored_log((20,)), stored_log((20,))
    other = Log.create_in(forged_storage := MemoryStorage(), ORIGIN, PrivateKey.generate())
    other.append([b"forged"] * 20)
    other.commit()
    forged.files.update({path: data for path, data in forged_storage.files.items() if path != "checkpoint"})
    with pytest.raises(CheckpointInvalid, match="checkpoint"):
        verify_storage(forged, LOG_KEY, [WITNESS])
    honest.files["checkpoint"] = forged_storage.files["checkpoint"]
    with pytest.raises(CheckpointInvalid, match="checkpoint"):
        verify_storage(honest, LOG_KEY, [WITNESS])


def test_a_signature_that_cannot_be_checked_is_refused() -> None:
    """A cosignature whose witness's key is not given could be changed unseen, so its name is asked for."""
    storage = stored_log((3,))
    with pytest.raises(CheckpointInvalid, match=r"site-a\.example"):
        verify_storage(storage, LOG_KEY, [])


def test_extra_files_are_reported(tmp_path: Path) -> None:
    """Files that the checkpoint does not know are listed and left alone; the ledger itself verifies."""
    with Log.create(tmp_path, ORIGIN, KEY) as log:
        log.append([b"a", b"b"])
        log.commit()
    for name in ("notes.txt", "our.new", "tile/0/000.p/3", "tile/0/000.new", "tile/entries/x001/000"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"?")
    report = verify_directory(tmp_path, LOG_KEY)
    assert report.extra_files == ("notes.txt", "our.new", "tile/0/000.new", "tile/0/000.p/3", "tile/entries/x001/000")
    assert (report.leaf_count, report.file_count) == (2, 3)
    assert report.to_dict()["root_hash"] == report.root_hash.hex()
    with Log.open(tmp_path, ORIGIN, KEY) as log:
        assert log.entries() == [b"a", b"b"]
    assert verify_directory(tmp_path, LOG_KEY).extra_files == ("notes.txt", "our.new")


def test_no_folder_and_no_checkpoint_are_said(tmp_path: Path) -> None:
    """Verifying where no ledger is names the missing checkpoint."""
    for folder in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(CheckpointInvalid, match="checkpoint"):
            verify_directory(folder, LOG_KEY)


def test_a_log_without_its_checkpoint_is_not_created_over(tmp_path: Path) -> None:
    """Tiles whose checkpoint is gone are what is left of a ledger: neither a new log nor a replica clears them away."""
    with Log.create(tmp_path, ORIGIN, KEY) as log:
        log.append([b"a"])
        log.commit()
    (tmp_path / "checkpoint").unlink()
    with pytest.raises(UsageError, match="what is left"):
        Log.create(tmp_path, ORIGIN, KEY)
    with Replica.open(tmp_path, LOG_KEY) as replica:
        assert replica.size == 0
    assert (tmp_path / "tile/entries/000.p/1").exists()


@pytest.mark.parametrize("path", ["tile/0/000.p/44", "tile/entries/000.p/44", "checkpoint"])
def test_a_damaged_log_does_not_open(tmp_path: Path, path: str) -> None:
    """The writer refuses to go on from leaf hashes, a last bundle or a checkpoint that were changed."""
    with Log.create(tmp_path, ORIGIN, KEY) as log:
        log.append([b"a"] * 44)
        log.commit()
    content = bytearray((tmp_path / path).read_bytes())
    content[7] ^= 1
    (tmp_path / path).write_bytes(content)
    with pytest.raises(VerificationError):
        Log.open(tmp_path, ORIGIN, KEY)
    with pytest.raises(VerificationError):
        Replica.open(tmp_path, LOG_KEY)


def test_a_damaged_entry_is_not_read(tmp_path: Path) -> None:
    """An entry in a full bundle that was changed on disk is refused when it is read, and the file named."""
    with Log.create(tmp_path, ORIGIN, KEY) as log:
        log.append([b"abc"] * 300)
        log.commit()
    bundle = tmp_path / "tile/entries/000"
    bundle.write_bytes(bundle.read_bytes().replace(b"abc", b"abd", 1))
    with Log.open(tmp_path, ORIGIN, KEY) as log:
        assert log.entry(299) == b"abc"
        with pytest.raises(EntryInvalid, match="tile/entries/000"):
            log.entry(5)
        with pytest.raises(UsageError):
            log.entry(300)
