"""Child processes of a demonstration: started, waited for, and ended whatever happens."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from summand.encoding import dump
from summand.errors import SiteUnreachable

READY_TIMEOUT_SECONDS = 60.0
END_TIMEOUT_SECONDS = 5.0
_POLL_SECONDS = 0.02
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Child:
    """One running process and the file that holds what it prints."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path


class Children:
    """All child processes; `close` ends every one of them."""

    def __init__(self) -> None:
        self._children: list[Child] = []

    def start(self, name: str, module: str, arguments: Sequence[str], log: Path) -> Child:
        """Start ``python -m MODULE`` with these arguments; its standard input stays open as long as this process.

        In a session of its own, so that Ctrl-C reaches this process alone and the children are ended in order. One
        thread each: there are more processes than cores.
        """
        environment = {**os.environ, **dict.fromkeys(_ONE_THREAD, "1"), "PYTHONUNBUFFERED": "1"}
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - our own program, arguments as a list, no shell
                [sys.executable, "-m", module, *arguments],
                stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT, env=environment,
                start_new_session=True,
            )  # fmt: skip
        child = Child(name, process, log)
        self._children.append(child)
        return child

    def tell(self, child: Child, message: Mapping[str, Any]) -> None:
        """Write one line of JSON to a process's standard input.

        Raises:
            SiteUnreachable: if it has ended.
        """
        assert child.process.stdin is not None
        try:
            child.process.stdin.write(dump(dict(message)) + b"\n")
            child.process.stdin.flush()
        except OSError:
            raise _gone(child.name, child.log, "ended early") from None

    def wait_for_line(self, logs: Mapping[str, Path], pattern: str) -> dict[str, str]:
        """Wait until each log has a line that matches; the matched text by name.

        Raises:
            SiteUnreachable: if a process ends, or a log stays silent for a minute; the message has its last line.
        """
        found: dict[str, str] = {}
        deadline = time.monotonic() + READY_TIMEOUT_SECONDS
        while True:
            waiting = {name: log for name, log in logs.items() if name not in found}
            for name, log in waiting.items():
                match = re.search(pattern, _printed(log))
                if match is not None:
                    found[name] = match.group(0)
            if len(found) == len(logs):
                return found
            self.check_alive()
            if time.monotonic() > deadline:
                name, log = next(item for item in waiting.items() if item[0] not in found)
                raise _gone(name, log, f"was not ready within {READY_TIMEOUT_SECONDS:g} seconds")
            time.sleep(_POLL_SECONDS)

    def check_alive(self) -> None:
        """See that every process still runs.

        Raises:
            SiteUnreachable: if one ended.
        """
        for child in self._children:
            if child.process.poll() is not None:
                raise _gone(child.name, child.log, f"ended with exit code {child.process.returncode}")

    def close(self) -> None:
        """End all, the last started first, so that nobody waits for one that is gone: ask, then insist."""
        while self._children:
            child = self._children.pop()
            if child.process.poll() is None:
                child.process.send_signal(signal.SIGTERM)
            try:
                child.process.wait(timeout=END_TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
            if child.process.stdin is not None:
                child.process.stdin.close()


def _printed(log: Path) -> str:
    try:
        return log.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""


def _gone(name: str, log: Path, what: str) -> SiteUnreachable:
    lines = [line for line in _printed(log).splitlines() if line.strip()]
    last = f" It said: {lines[-1][:300]}" if lines else ""
    return SiteUnreachable(f"The process of {name} {what}.{last}", remedy=f"Read the logs in {log.parent}.")
