"""The reference process seen from the demonstration."""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import sys
import threading
from types import TracebackType
from typing import Any, Self

from summand.demo._case import Case
from summand.errors import NotConverged, OwnProtocolError
from summand.tables import dictionary_from_table_schema

SCORE_LIMIT = 1e-10
TIMEOUT_SECONDS = 120.0


class Reference:
    """Another process that fits the pooled records with an independent library.

    Started early, so that its imports run beside the sites' work; the records are handed over by the first `fit`, which
    asks for the place of the checked result in the ledger.
    """

    def __init__(self, case: Case) -> None:
        self._case = case
        self._answers: queue.Queue[str] = queue.Queue()
        self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell
            [sys.executable, "-m", "summand.demo.reference", case.name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._has_table = False

    @property
    def process_id(self) -> int:
        """The operating system's number of the other process."""
        return self._process.pid

    def fit(self, name: str, *, leaf_index: int) -> dict[str, Any]:
        """One pooled fit.

        Args:
            name: A fit of `summand.demo.reference`.
            leaf_index: Where the hash of the result that it checks stands in the ledger; without one there is nothing
                to check yet.

        Raises:
            NotConverged: if the library failed, or the score at its estimate is not below 1e-10.
            OwnProtocolError: if no result is in the ledger, or the process is gone.
        """
        if leaf_index < 0:
            raise OwnProtocolError("The result is not in the ledger yet.", remedy="Compare it afterwards.")
        if not self._has_table:
            self._send({"table": pooled_table(self._case)})
            self._has_table = True
        self._send({"fit": name})
        try:
            answer: dict[str, Any] = json.loads(self._answers.get(timeout=TIMEOUT_SECONDS))
        except (queue.Empty, ValueError):
            raise OwnProtocolError("The reference process does not answer.", remedy="Run it again.") from None
        _check_converged(name, answer)
        return answer

    def close(self) -> None:
        """End the process."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(timeout=5)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()
        except OSError:
            raise OwnProtocolError("The reference process ended early.", remedy="Run it again.") from None

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put("")


def pooled_table(case: Case) -> dict[str, Any]:
    """All sites' records column by column, numbers or None where missing, with the site of each."""
    dictionary = dictionary_from_table_schema(case.dictionary_name, dict(case.dictionary))
    columns = {
        column.name: [
            None if row[column.name].strip() in ("", *column.missing_codes) else float(row[column.name])
            for site in case.sites
            for row in site.rows
        ]
        for column in dictionary
    }
    return {"site": [site.party for site in case.sites for _ in site.rows], "columns": columns}


def _check_converged(name: str, answer: dict[str, Any]) -> None:
    if "error" in answer:
        raise NotConverged(
            f"The reference fit '{name}' failed: {answer['error']}.", remedy="Check the library's version."
        )
    scores = [answer.get("score_max", 0.0), *(model.get("score_max", 0.0) for model in answer.get("models", ()))]
    if not max(scores) < SCORE_LIMIT:
        raise NotConverged(
            f"The reference fit '{name}' stopped at a score of {max(scores):.1e}, not below {SCORE_LIMIT:.0e}.",
            remedy="Check the library's version.",
        )
