"""What every test may use: the shared data, Hypothesis profiles, and a skip that CI can turn into a failure."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared" / "data"

settings.register_profile("ci", max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("deep", max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("SUMMAND_HYPOTHESIS", "ci"))

_missing: set[str] = set()


def lacking(what: str, reason: str) -> None:
    """Skip with ``reason``, or fail when the environment says that this machine must have ``what``."""
    if what in os.environ.get("SUMMAND_REQUIRE", "").split(","):
        pytest.fail(f"SUMMAND_REQUIRE asks for {what}: {reason}", pytrace=False)
    _missing.add(f"{what}: {reason}")
    pytest.skip(reason)


def shared_data(name: str) -> Path:
    """The path of one file or folder of the shared data; skips where the folder is absent."""
    path = SHARED / name
    if not path.exists():
        lacking("data", f"../shared/data/{name} is not here")
    return path


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what this machine lacks, so that a skip is never silent."""
    for line in sorted(_missing):
        terminalreporter.write_line(f"lacking here — {line}")
