"""Where the shared data are, and a skip that CI can turn into a failure."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared" / "data"
missing: set[str] = set()


def lacking(what: str, reason: str) -> None:
    """Skip with ``reason``, or fail when the environment says that this machine must have ``what``."""
    if what in os.environ.get("SUMMAND_REQUIRE", "").split(","):
        pytest.fail(f"SUMMAND_REQUIRE asks for {what}: {reason}", pytrace=False)
    missing.add(f"{what}: {reason}")
    pytest.skip(reason, allow_module_level=True)


def shared_data(name: str) -> Path:
    """The path of one file or folder of the shared data; skips where the folder is absent."""
    path = SHARED / name
    if not path.exists():
        lacking("data", f"../shared/data/{name} is not here")
    return path
