"""Where a log's files lie: a folder on disk, or a dictionary with the same manners."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

from summand.errors import StorageFailed, UsageError

TEMPORARY_SUFFIX = ".new"


class Storage(Protocol):
    """Files by their path below one place, such as ``tile/0/000``; what a log asks of its disk."""

    def read(self, path: str) -> bytes | None:
        """The file's bytes; None if there is no such file."""

    def write(self, files: Mapping[str, bytes]) -> None:
        """Make every file durable, whole; files replace those of their name.

        When this returns, all of them survive a crash. If it raises or the machine stops inside it, any of them may
        be there and any may be missing, but none is there in part.
        """

    def delete(self, paths: Iterable[str]) -> None:
        """Remove files; those that are gone already are no error, and a crash may bring some back."""

    def paths(self) -> list[str]:
        """Every file there is, in order."""

    def close(self) -> None:
        """Let others write here."""


class MemoryStorage:
    """Storage in a dictionary, for logs that end with their process."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def read(self, path: str) -> bytes | None:
        """See `Storage.read`."""
        return self.files.get(path)

    def write(self, files: Mapping[str, bytes]) -> None:
        """See `Storage.write`."""
        self.files.update(files)

    def delete(self, paths: Iterable[str]) -> None:
        """See `Storage.delete`."""
        for path in paths:
            self.files.pop(path, None)

    def paths(self) -> list[str]:
        """See `Storage.paths`."""
        return sorted(self.files)

    def close(self) -> None:
        """See `Storage.close`."""


class DirectoryStorage:
    """Storage in a folder of the local file system.

    With ``exclusive`` no other process (or object of this one) can open the folder to write until `close` or the end
    of the process: two writers would sign two histories.

    Raises:
        UsageError: if the folder is open elsewhere.
        StorageFailed: if the disk refuses.
    """

    def __init__(self, directory: Path, *, exclusive: bool) -> None:
        self._root = directory
        self._lock = -1
        if exclusive:
            try:
                directory.mkdir(parents=True, exist_ok=True)
                self._lock = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self.close()
                raise UsageError(
                    f"The ledger in {directory.name} is open in another process.",
                    remedy="Stop that process, or give this one its own folder.",
                ) from None
            except OSError as error:
                raise _storage_failed(directory.name, error) from None

    def read(self, path: str) -> bytes | None:
        """See `Storage.read`."""
        try:
            return (self._root / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise _storage_failed(path, error) from None

    def write(self, files: Mapping[str, bytes]) -> None:
        """See `Storage.write`."""
        targets = {str(self._root / path): content for path, content in files.items()}
        folders: dict[str, None] = {}
        try:
            for target in targets:
                folder = os.path.dirname(target)  # noqa: PTH120 (pathlib costs more here than the write)
                self._make_folder(folder, folders)
                folders[folder] = None
            _write_durably({target + TEMPORARY_SUFFIX: content for target, content in targets.items()})
            # If we crash here or before, only temporary files are left over, which the next opening removes.
            for target in targets:
                os.replace(target + TEMPORARY_SUFFIX, target)  # noqa: PTH105 (as above)
            # If we crash here, each file is there whole or not at all: its bytes were synced before it got its name.
            for folder in folders:
                _sync_folder(folder)
            # From here on every name is as durable as the bytes behind it.
        except OSError as error:
            raise _storage_failed(next(iter(files), "a file"), error) from None

    def delete(self, paths: Iterable[str]) -> None:
        """See `Storage.delete`."""
        try:
            for path in paths:
                (self._root / path).unlink(missing_ok=True)
        except OSError as error:
            raise _storage_failed("a file that is no longer needed", error) from None

    def paths(self) -> list[str]:
        """See `Storage.paths`."""
        return sorted(self._walk())

    def close(self) -> None:
        """See `Storage.close`."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _walk(self) -> Iterator[str]:
        for folder, _, names in os.walk(self._root):
            relative = Path(folder).relative_to(self._root)
            for name in names:
                yield (relative / name).as_posix()

    def _make_folder(self, folder: str, folders: dict[str, None]) -> None:
        """Create a folder and those above it; each parent joins ``folders``, so that the new name is synced too."""
        if folder in folders or os.path.isdir(folder):  # noqa: PTH112 (as above)
            return
        parent = os.path.dirname(folder)  # noqa: PTH120 (as above)
        self._make_folder(parent, folders)
        os.mkdir(folder)  # noqa: PTH102 (as above)
        folders[parent] = None


def _write_durably(files: Mapping[str, bytes]) -> None:
    """Write all, then sync all: the first sync then carries the names of the others along."""
    handles = []
    try:
        for path, content in files.items():
            handles.append(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644))
            view = memoryview(content)
            while view:
                view = view[os.write(handles[-1], view) :]
        for handle in handles:
            os.fsync(handle)
    finally:
        for handle in handles:
            os.close(handle)


def _sync_folder(path: str) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _storage_failed(path: str, error: OSError) -> StorageFailed:
    return StorageFailed(
        f"The disk did not read or keep {path}: {error.strerror or type(error).__name__}.",
        remedy="Free or repair the disk, then start again: the ledger continues from its last checkpoint.",
    )
