"""Hypothesis profiles, and a printed list of what this machine lacks."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

from shared_files import missing

settings.register_profile("ci", max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("deep", max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("SUMMAND_HYPOTHESIS", "ci"))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand what a worker lacks to the process that prints."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["missing"] = sorted(missing)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    """Collect what a worker lacked."""
    missing.update(getattr(node, "workeroutput", {}).get("missing", ()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what this machine lacks, so that a skip is never silent."""
    for line in sorted(missing):
        terminalreporter.write_line(f"lacking here — {line}")
