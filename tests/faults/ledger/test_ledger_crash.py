"""A crash before, inside or after every write leaves the old checkpoint or the new one, whole, and loses nothing told."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest

from summand.errors import StorageFailed, SummandError, UsageError
from summand.ledger import Log, MemoryStorage, Replica, Report, VerifierKey, verify_directory
from summand.ledger import _storage as storage_module
from summand.ledger._verify import verify_storage
from summand.signing import PrivateKey

ORIGIN = "hub.example/ledger"
KEY = PrivateKey.generate()
LOG_KEY = VerifierKey.of_log(ORIGIN, KEY.public)
SIZES = (3, 255, 256, 260, 515)
MODES = ("before", "inside", "after")


class FailingStorage(MemoryStorage):
    """Memory that fails at its ``fail_at``-th change: before it, with a part of it, or after all of it."""

    def __init__(self, files: dict[str, bytes], fail_at: int = -1, mode: str = "before", seed: int = 0) -> None:
        super().__init__()
        self.files, self.fail_at, self.mode, self.changes = files, fail_at, mode, 0
        self.random = random.Random(seed)

    def write(self, files: Mapping[str, bytes]) -> None:
        """See `Storage.write`."""
        self._change(list(files.items()), lambda item: self.files.__setitem__(*item))

    def delete(self, paths: Iterable[str]) -> None:
        """See `Storage.delete`."""
        self._change(list(paths), lambda path: self.files.pop(path, None))

    def _change(self, items: list, apply: Callable) -> None:
        fails = self.changes == self.fail_at
        self.changes += 1
        count = len(items)
        if fails:
            count = {"before": 0, "inside": self.random.randrange(count + 1), "after": count}[self.mode]
            self.random.shuffle(items)
        for item in items[:count]:
            apply(item)
        if fails and self.mode == "inside" and items:
            self.files["tile/0/000.new"] = b"torn"
        if fails:
            raise StorageFailed("The disk failed, as this test wants.", remedy="None.")


def entry(index: int) -> bytes:
    return f"entry {index} of the ledger".encode()


def check_whole_log(files: dict[str, bytes]) -> Report:
    """Everything under the checkpoint is derived again, and every entry is the one that belongs there."""
    storage = FailingStorage(dict(files))
    report = verify_storage(storage, LOG_KEY, ())
    log = Log.open_in(storage, ORIGIN, KEY)
    assert log.entries() == [entry(index) for index in range(report.leaf_count)]
    assert verify_storage(storage, LOG_KEY, ()).extra_files == ()
    return report


def run_until_crash(storage: FailingStorage) -> tuple[int, int]:
    """Create or open, and commit up to each size, tidying in between: (size acknowledged, size tried)."""
    told = tried = 0
    try:
        log = Log.create_in(storage, ORIGIN, KEY)
    except StorageFailed:
        return 0, 0
    try:
        for tried in SIZES:
            log.append([entry(index) for index in range(log.size, tried)])
            log.commit()
            told = log.size
            log.tidy()
    except StorageFailed:
        with pytest.raises(SummandError):
            log.commit()
    return told, tried


def _changes_of_the_scenario() -> int:
    storage = FailingStorage({})
    assert run_until_crash(storage) == (SIZES[-1], SIZES[-1])
    return storage.changes


CHANGES = _changes_of_the_scenario()


def test_the_scenario_commits_and_tidies() -> None:
    """The crash tests visit the creation, two writes a commit, and the deletions at both full bundles."""
    assert 1 + 2 * len(SIZES) + 2 == CHANGES


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("fail_at", range(CHANGES))
def test_a_crash_at_any_write_leaves_a_whole_log(fail_at: int, mode: str) -> None:
    """Reopened after a crash at any change, the log verifies, holds all that was acknowledged, and goes on."""
    files: dict[str, bytes] = {}
    storage = FailingStorage(files, fail_at, mode, seed=fail_at)
    told, tried = run_until_crash(storage)
    if "checkpoint" not in files:
        assert told == 0
        assert run_until_crash(FailingStorage(files)) == (SIZES[-1], SIZES[-1])
        return

    report = check_whole_log(files)
    assert told <= report.leaf_count <= max(told, tried)
    log = Log.open_in(FailingStorage(files), ORIGIN, KEY)
    log.append([entry(index) for index in range(log.size, 600)])
    log.commit()
    assert check_whole_log(files).leaf_count == 600


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("fail_at", range(9))
def test_other_entries_after_a_crash_are_no_split_view(fail_at: int, mode: str) -> None:
    """What is appended after a crash may differ from what was lost: no replica ever saw the lost entries."""
    files: dict[str, bytes] = {}
    storage = FailingStorage(files, fail_at, mode, seed=fail_at)
    replica = Replica.open(None, LOG_KEY)
    try:
        log = Log.create_in(storage, ORIGIN, KEY)
        for size in (3, 255, 300):
            log.append([entry(index) for index in range(log.size, size)])
            note = log.commit()
            replica.advance(note, log.entries(replica.size), log.consistency_proof(replica.size))
    except StorageFailed:
        pass
    if "checkpoint" not in files:
        return
    log = Log.open_in(FailingStorage(files), ORIGIN, KEY)
    assert log.size >= replica.size
    log.append([b"something else"] * 300)
    note = log.commit()
    replica.advance(note, log.entries(replica.size), log.consistency_proof(replica.size))
    assert replica.root == log.root()
    assert replica.verify().leaf_count == log.size


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("fail_at", range(10))
def test_a_replica_survives_a_crash_at_any_write(fail_at: int, mode: str) -> None:
    """A replica reopened after a crash stands at its old or its new checkpoint, verifies, and catches up."""
    log = Log.create(None, ORIGIN, KEY)
    messages = []
    for size in (3, 255, 256, 300):
        old = log.size
        log.append([entry(index) for index in range(old, size)])
        messages.append((log.commit(), old, log.consistency_proof(old)))
    files: dict[str, bytes] = {}
    told = 0
    try:
        replica = Replica.open_in(FailingStorage(files, fail_at, mode, seed=fail_at), LOG_KEY)
        for note, old, proof in messages:
            replica.advance(note, log.entries(old)[: _size(note) - old], proof)
            told = replica.size
    except StorageFailed:
        pass
    again = Replica.open_in(FailingStorage(files), LOG_KEY)
    assert again.size >= told
    assert again.size in (0, 3, 255, 256, 300)
    assert again.entries() == [entry(index) for index in range(again.size)]
    again.advance(log.checkpoint_text(), log.entries(again.size), log.consistency_proof(again.size))
    assert again.verify().leaf_count == 300
    assert again.verify().extra_files == ()


def _size(note: str) -> int:
    return int(note.split("\n")[1])


@pytest.mark.parametrize("function", ["fsync", "replace", "write", "open"])
@pytest.mark.parametrize("fail_at", range(12))
def test_a_failing_disk_call_leaves_a_whole_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str, fail_at: int
) -> None:
    """Whichever call of the operating system fails, the folder holds the old log or the new one and reopens."""
    folder = tmp_path / "ledger"
    with Log.create(folder, ORIGIN, KEY) as log:
        log.append([entry(index) for index in range(250)])
        log.commit()
    log = Log.open(folder, ORIGIN, KEY)
    log.append([entry(index) for index in range(250, 260)])
    calls = 0
    real = getattr(os, function)

    def failing(*arguments):
        nonlocal calls
        calls += 1
        if calls == fail_at + 1:
            raise OSError(28, "No space left on device")
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(storage_module.os, function, failing)
        try:
            log.commit()
        except StorageFailed as error:
            assert "No space left" in error.message
    told = log.size
    log.close()

    with Log.open(folder, ORIGIN, KEY) as again:
        assert again.size in {told, 260}
        assert again.entries() == [entry(index) for index in range(again.size)]
        again.append([entry(index) for index in range(again.size, 261)])
        again.commit()
    report = verify_directory(folder, LOG_KEY)
    assert (report.leaf_count, report.extra_files) == (261, ())


def test_the_failed_log_takes_nothing_more() -> None:
    """After a failed write the object refuses every further change, and still shows what is under its checkpoint."""
    storage = FailingStorage({}, fail_at=3, mode="before")
    log = Log.create_in(storage, ORIGIN, KEY)
    log.append([b"a"])
    log.commit()
    note = log.checkpoint_text()
    log.append([b"b"])
    with pytest.raises(StorageFailed):
        log.commit()
    for change in (log.commit, lambda: log.append([b"c"]), lambda: log.attach_cosignatures([], [])):
        with pytest.raises(StorageFailed):
            change()
    assert (log.size, log.entries(), log.checkpoint_text()) == (1, [b"a"], note)


def test_two_writers_are_refused(tmp_path: Path) -> None:
    """A folder that one log holds open is not opened again, for writing by log or replica, until it is closed."""
    log = Log.create(tmp_path / "ledger", ORIGIN, KEY)
    with pytest.raises(UsageError, match="another process"):
        Log.open(tmp_path / "ledger", ORIGIN, KEY)
    with pytest.raises(UsageError, match="another process"):
        Replica.open(tmp_path / "ledger", LOG_KEY)
    log.close()
    Log.open(tmp_path / "ledger", ORIGIN, KEY).close()


WRITER = """
import sys
from pathlib import Path
from summand.ledger import Log
from summand.signing import PrivateKey
log = Log.open(Path(sys.argv[1]), "hub.example/ledger", PrivateKey.load(Path(sys.argv[2])))
while True:
    first = log.size
    log.append([f"entry {index} of the ledger".encode() for index in range(first, first + 7)])
    log.commit()
    print(log.size, flush=True)
"""


@pytest.mark.parametrize("round_count", [4])
def test_kill_minus_nine_loses_nothing_told(tmp_path: Path, round_count: int) -> None:
    """A writer killed at any moment, over and over, keeps every entry it acknowledged; the folder verifies each time."""
    folder, key_path = tmp_path / "ledger", tmp_path / "key.pem"
    KEY.save(key_path)
    Log.create(folder, ORIGIN, KEY).close()
    for number in range(round_count):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder), str(key_path)], stdout=subprocess.PIPE, text=True
        ) as child:
            told = int(child.stdout.readline())
            time.sleep(0.02 + 0.013 * number)
            os.kill(child.pid, signal.SIGKILL)
            told = max([told, *(int(line) for line in child.stdout.read().split("\n")[:-1])])
        report = verify_directory(folder, LOG_KEY)
        assert report.leaf_count >= told
        with Log.open(folder, ORIGIN, KEY) as log:
            assert log.entries() == [entry(index) for index in range(log.size)]
        assert verify_directory(folder, LOG_KEY).extra_files == ()


def test_the_checkpoint_is_written_after_all_it_speaks_of_is_durable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each file is synced before it gets its name, every folder after, and only then is the checkpoint begun."""
    log = Log.create(tmp_path / "ledger", ORIGIN, KEY)
    log.append([entry(index) for index in range(300)])
    calls: list[tuple[str, str]] = []
    paths: dict[int, str] = {}
    real_open, real_sync, real_replace = os.open, os.fsync, os.replace

    def opened(path, *arguments):
        handle = real_open(path, *arguments)
        paths[handle] = os.path.relpath(path, tmp_path / "ledger")
        return handle

    def synced(handle):
        calls.append(("sync", paths[handle]))
        real_sync(handle)

    def replaced(source, target):
        calls.append(("name", os.path.relpath(target, tmp_path / "ledger")))
        real_replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(storage_module.os, "open", opened)
        patch.setattr(storage_module.os, "fsync", synced)
        patch.setattr(storage_module.os, "replace", replaced)
        log.commit()
    log.close()

    tiles = [path for call, path in calls if call == "name" and path != "checkpoint"]
    assert sorted(tiles) == [
        "tile/0/000",
        "tile/0/001.p/44",
        "tile/1/000.p/1",
        "tile/entries/000",
        "tile/entries/001.p/44",
    ]
    begun = calls.index(("sync", "checkpoint.new"))
    for path in tiles:
        named = calls.index(("name", path))
        assert calls.index(("sync", path + ".new")) < named
        for folder in Path(path).parents:
            assert named < calls.index(("sync", folder.as_posix())) < begun
    assert calls[-2:] == [("name", "checkpoint"), ("sync", ".")]
