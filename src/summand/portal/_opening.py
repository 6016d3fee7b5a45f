"""A hub's portal from the hub's folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from summand.directory import Directory
from summand.hub._folder import HubFolder
from summand.portal._accounts import Accounts
from summand.portal._store import Store

DATABASE, DIRECTORY = "portal.sqlite", "directory.sqlite"


def open_store(folder: Path) -> Store:
    """The portal's database in a hub's folder, made if it is not there.

    Raises:
        UsageError: if it is no hub's folder.
    """
    path = HubFolder(folder).path / DATABASE
    path.touch(mode=0o600)
    return Store(f"sqlite:///{path}")


def open_directory(folder: Path) -> Directory | None:
    """The directory in a hub's folder, None if nobody brought one in (``summand directory import``)."""
    path = folder / DIRECTORY
    return Directory.at(path) if path.exists() else None


@contextmanager
def open_accounts(folder: Path) -> Iterator[Accounts]:
    """The accounts of a hub's portal; the hub may be running.

    Raises:
        UsageError: if it is no hub's folder.
    """
    store = open_store(folder)
    try:
        yield Accounts(store)
    finally:
        store.close()
