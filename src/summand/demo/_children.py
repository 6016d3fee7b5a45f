"""Child processes of a demonstration: started, waited for, and ended whatever happens."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from summand.errors import SiteUnreachable

READY_TIMEOUT_SECONDS = 60.0
END_TIMEOUT_SECONDS = 5.0
_POLL_SECONDS = 0.02
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Child:
    """One running ``python -m summand …`` and the file that holds what it prints."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def printed(self) -> str:
        """What it has printed so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")


class Children:
    """All child processes; `close` ends every one of them."""

    def __init__(self) -> None:
        self._children: list[Child] = []

    def start(self, name: str, arguments: Sequence[str], log: Path) -> Child:
        """Start ``python -m summand`` with these arguments.

        In a session of its own, so that Ctrl-C reaches this process alone and the children are ended in order. One
        thread each: there are more processes than cores.
        """
        environment = {**os.environ, **dict.fromkeys(_ONE_THREAD, "1"), "PYTHONUNBUFFERED": "1"}
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - our own program, arguments as a list, no shell
                [sys.executable, "-m", "summand", *arguments],
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=environment,
                start_new_session=True,
            )  # fmt: skip
        child = Child(name, process, log)
        self._children.append(child)
        return child

    def wait_until_ready(self, children: Sequence[Child], pattern: str) -> list[str]:
        """Wait until each has printed a line that matches; the first group of each match.

        Raises:
            SiteUnreachable: if one ends, or stays silent for a minute; the message has its last line.
        """
        found: dict[str, str] = {}
        deadline = time.monotonic() + READY_TIMEOUT_SECONDS
        while len(found) < len(children):
            for child in children:
                match = None if child.name in found else re.search(pattern, child.printed())
                if match is not None:
                    found[child.name] = match.group(1)
                elif child.name not in found and child.process.poll() is not None:
                    raise _gone(child, f"ended with exit code {child.process.returncode}")
            if time.monotonic() > deadline:
                silent = next(child for child in children if child.name not in found)
                raise _gone(silent, f"was not ready within {READY_TIMEOUT_SECONDS:g} seconds")
            time.sleep(_POLL_SECONDS)
        return [found[child.name] for child in children]

    def check_alive(self) -> None:
        """See that every process still runs.

        Raises:
            SiteUnreachable: if one ended.
        """
        for child in self._children:
            if child.process.poll() is not None:
                raise _gone(child, f"ended with exit code {child.process.returncode}")

    @property
    def count(self) -> int:
        """How many were started."""
        return len(self._children)

    def close(self) -> None:
        """End all: ask first, then insist."""
        for child in self._children:
            if child.process.poll() is None:
                child.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + END_TIMEOUT_SECONDS
        for child in self._children:
            try:
                child.process.wait(timeout=max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
        self._children.clear()


def _gone(child: Child, what: str) -> SiteUnreachable:
    lines = [line for line in child.printed().splitlines() if line.strip()]
    last = f" It said: {lines[-1][:300]}" if lines else ""
    return SiteUnreachable(f"The process of {child.name} {what}.{last}", remedy=f"Read its log: {child.log}.")
